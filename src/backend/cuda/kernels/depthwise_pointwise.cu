/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_pointwise of kernels.h. Equals ref/depthwise_pointwise.c with fused multiply-adds, bit
 * for bit. Grid: x = rows over rows_a_block. Shared: rows_a_block * k4 floats.
 */
#include "backend/cuda/kernels/block_rows.h"

KERNEL(depthwise_pointwise, CudaConvArgs)
{
    int32_t taps = args.kernel_height * args.kernel_width;
    int32_t n4 = round_up4(args.out.channels);
    const float *pointwise = args.weights + (taps + 1) * round_up4(args.in.channels);
    const float *bias = pointwise + (int64_t)args.in.channels * n4;
    BlockWeights weights = {args.weights, pointwise, bias, bias + n4};
    block_rows(&args, &weights, 0);
}
