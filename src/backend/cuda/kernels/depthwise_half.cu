/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise of kernels.h on halves; what comes behind the taps is in fp32. A thread computes 4
 * channels of a row. Grid: x = rows * n4 / 4 over MIENI_CUDA_THREADS.
 */
#include "backend/cuda/kernels/depthwise.h"

KERNEL(depthwise_half, CudaConvArgs)
{
    int32_t lanes = round_up4(args.out.channels);
    const Half *weights = (const Half *)(const void *)(args.weights + 2 * lanes);
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index();
    int32_t channel = item % (lanes / 4) * 4, row = item / (lanes / 4);
    Place place = place_of_row(&args, row);
    if (row < n_rows_of(&args))
        finish4(&args, args.weights + lanes,
                widen4(depthwise4(&args, weights, place, channel, 1).halves), place, channel, 1);
}
