/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv and pointwise of kernels.h. Equals ref/conv.c and ref/pointwise.c with fused multiply-adds,
 * bit for bit. A thread computes 4 channels of 1 or 4 neighbouring pixels; neighbouring threads
 * have neighbouring channels, so that weights are read in one piece.
 * Grid: x = work of a face over MIENI_CUDA_THREADS, y = face.
 */
#include "backend/cuda/kernels/convlike.h"

/* Adds in[channel .. channel + 3] of one pixel times their weights. */
DEVICE Float4 products4(Float4 x, const float *weights, int32_t n4, int32_t n_left, Float4 sum)
{
    sum = fused4(x.x, load4(weights), sum);
    if (n_left > 1)
        sum = fused4(x.y, load4(weights + n4), sum);
    if (n_left > 2)
        sum = fused4(x.z, load4(weights + 2 * n4), sum);
    if (n_left > 3)
        sum = fused4(x.w, load4(weights + 3 * n4), sum);
    return sum;
}

/* `n` pixels from `first` on; n is a constant wherever this is inlined. */
DEVICE void pixels(const CudaConvArgs *args, int32_t n, int32_t face, int32_t first,
                   int32_t channel)
{
    const CudaPlane *in = &args->in, *out = &args->out;
    int32_t n4 = round_up4(out->channels), n_pixels = out->height * out->width;
    int32_t taps = args->kernel_height * args->kernel_width, tap, k, i;
    const float *data = pixel_of(in, face, 0);
    const float *bias = args->weights + (int64_t)taps * in->channels * n4;
    Float4 sums[4];
    UNROLL
    for (i = 0; i < n; i++)
        sums[i] = load4(bias + channel);
    for (tap = 0; tap < taps; tap++) {
        const float *weights = args->weights + (int64_t)tap * in->channels * n4 + channel;
        int64_t from[4]; /* floats from the face's first pixel; -1: outside */
        int32_t ky = tap / args->kernel_width, kx = tap % args->kernel_width;
        UNROLL
        for (i = 0; i < n; i++) {
            int32_t index = first + i;
            int32_t y = index / out->width * args->stride - args->pad_top + ky;
            int32_t x = index % out->width * args->stride - args->pad_left + kx;
            from[i] = -1;
            if (index < n_pixels && y >= 0 && y < in->height && x >= 0 && x < in->width)
                from[i] = (int64_t)(y * in->width + x) * in->pixel;
        }
        for (k = 0; k < in->channels; k += 4) {
            UNROLL
            for (i = 0; i < n; i++)
                if (from[i] >= 0)
                    sums[i] = products4(input4(in, data + from[i], k), weights + (int64_t)k * n4,
                                        n4, in->channels - k, sums[i]);
        }
    }
    UNROLL
    for (i = 0; i < n; i++)
        if (first + i < n_pixels)
            finish4(args, bias, sums[i], face, first + i, channel);
}

KERNEL(conv, CudaConvArgs)
{
    int32_t groups = round_up4(args.out.channels) / 4;
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index();
    int32_t channel = item % groups * 4;
    int32_t first = item / groups * args.pixels_a_thread;
    if (first >= args.out.height * args.out.width)
        return;
    if (args.pixels_a_thread == 4)
        pixels(&args, 4, block_y(), first, channel);
    else
        pixels(&args, 1, block_y(), first, channel);
}
