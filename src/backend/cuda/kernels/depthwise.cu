/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise of kernels.h. Equals ref/depthwise.c with fused multiply-adds, bit for bit. A thread
 * computes 4 channels of a row. Grid: x = rows * n4 / 4 over MIENI_CUDA_THREADS.
 */
#include "backend/cuda/kernels/depthwise.h"

KERNEL(depthwise, CudaConvArgs)
{
    int32_t lanes = round_up4(args.out.channels);
    int32_t taps = args.kernel_height * args.kernel_width;
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index();
    int32_t channel = item % (lanes / 4) * 4, row = item / (lanes / 4);
    Place place = place_of_row(&args, row);
    if (row < n_rows_of(&args))
        finish4(&args, args.weights + (taps + 1) * lanes,
                depthwise4(&args, args.weights, place, channel, 0).floats, place, channel, 0);
}
