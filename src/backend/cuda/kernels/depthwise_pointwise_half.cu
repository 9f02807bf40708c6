/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_pointwise of kernels.h on halves, with sums of the pointwise in fp32. Grid: x = rows
 * over rows_a_block. Shared: rows_a_block rows of an odd number of pieces of 16 halves, with matrix
 * instructions; without them as depthwise_pointwise.
 */
#include "backend/cuda/kernels/block_rows.h"
#include "backend/cuda/kernels/products.h"

KERNEL(depthwise_pointwise_half, CudaConvArgs)
{
    int32_t first = block_x() * args.rows_a_block;
#if MIENI_HAS_PRODUCTS
    block_products(&args, 1, first);
#else
    BlockWeights weights = half_block_weights(&args);
    block_rows(&args, &weights, 1, 1, first);
#endif
}
