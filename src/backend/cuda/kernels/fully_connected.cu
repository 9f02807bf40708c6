/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fully_connected of kernels.h: matrix times vector. Equals ref/fully_connected.c with fused
 * multiply-adds, bit for bit: a sum is one thread's, from the first product to the last. A thread
 * has one channel; the input goes through shared memory in pieces.
 * Grid: x = channels over MIENI_CUDA_THREADS, y = face. Shared: MIENI_CUDA_THREADS floats.
 */
#include "backend/cuda/kernels/convlike.h"

KERNEL(fully_connected, CudaConvArgs)
{
    int32_t n4 = round_up4(args.out.channels), k, i;
    int32_t n_in = args.in.height * args.in.width * args.in.channels;
    int32_t channel = block_x() * MIENI_CUDA_THREADS + thread_index(), face = block_y();
    int32_t is_used = channel < args.out.channels;
    const float *bias = args.weights + (int64_t)n_in * n4;
    float *piece = shared_floats();
    float sum = is_used ? bias[channel] : 0;
    for (k = 0; k < n_in; k += MIENI_CUDA_THREADS) {
        int32_t mine = k + thread_index(), n = n_in - k;
        n = n < MIENI_CUDA_THREADS ? n : MIENI_CUDA_THREADS;
        if (mine < n_in)
            piece[thread_index()] =
                pixel_of(&args.in, face, mine / args.in.channels)[mine % args.in.channels];
        barrier();
        for (i = 0; is_used && i < n; i++)
            sum = fused(piece[i], args.weights[(int64_t)(k + i) * n4 + channel], sum);
        barrier();
    }
    if (is_used) {
        float slope = args.activation == CUDA_PRELU ? bias[n4 + channel] : 0;
        Place place = {face, 0};
        Float4 residual = residual4(&args, place, channel / 4 * 4, 0);
        sum += channel % 4 == 0   ? residual.x
               : channel % 4 == 1 ? residual.y
               : channel % 4 == 2 ? residual.z
                                  : residual.w;
        pixel_of(&args.out, face, 0)[channel] = activate(args.activation, sum, slope);
    } else if (channel < args.out.pixel) {
        pixel_of(&args.out, face, 0)[channel] = 0;
    }
}
