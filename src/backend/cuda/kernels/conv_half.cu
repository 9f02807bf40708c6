/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv, pointwise and fully_connected of kernels.h on halves, with sums in fp32.
 *
 * With matrix instructions a convolution with several taps is a product of depth taps * in.pixel,
 * whose rows are put together on the way. Grid: x = tiles of 16 rows_a_thread rows * blocks of 16
 * columns over the warps of a block.
 * Without them it is conv, which reads halves. Grid: as there.
 */
#include "backend/cuda/kernels/products.h"

KERNEL(conv_half, CudaConvArgs)
{
#if MIENI_HAS_PRODUCTS
    conv_products(&args, 1, 0, block_x() * MIENI_WARPS + thread_index() / MIENI_WARP);
#else
    conv_thread(&args, half_weights(&args), args.weights,
                args.weights + round_up4(args.out.channels), 1);
#endif
}
