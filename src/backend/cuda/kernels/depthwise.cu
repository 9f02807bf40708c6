/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise of kernels.h. Equals ref/depthwise.c with fused multiply-adds, bit for bit. A thread
 * computes 4 channels of a pixel. Grid: x = work of a face over MIENI_CUDA_THREADS, y = face.
 */
#include "backend/cuda/kernels/convlike.h"

KERNEL(depthwise, CudaConvArgs)
{
    int32_t lanes = round_up4(args.out.channels);
    int32_t taps = args.kernel_height * args.kernel_width;
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index();
    int32_t channel = item % (lanes / 4) * 4, index = item / (lanes / 4);
    if (index < args.out.height * args.out.width)
        finish4(&args, args.weights + taps * lanes,
                depthwise4(&args, args.weights, block_y(), index, channel), block_y(), index,
                channel);
}
