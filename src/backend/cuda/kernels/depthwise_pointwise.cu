/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_pointwise of kernels.h. Equals ref/depthwise_pointwise.c with fused multiply-adds, bit
 * for bit. Grid: x = rows over rows_a_block. Shared: rows_a_block * k4 floats.
 */
#include "backend/cuda/kernels/block_rows.h"

KERNEL(depthwise_pointwise, CudaConvArgs)
{
    BlockWeights weights = block_weights(&args);
    block_rows(&args, &weights, 0, 1, block_x() * args.rows_a_block);
}
