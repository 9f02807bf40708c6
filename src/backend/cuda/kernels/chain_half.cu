/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of convolutions on halves, see chain.h. */
#include "backend/cuda/kernels/chain.h"

KERNEL(chain_half, CudaChainArgs)
{
    int32_t i;
    for (i = 0; i < args.n_steps; i++) {
#if MIENI_HAS_PRODUCTS
        chain_products(&args.steps[i], args.n_blocks);
#else
        chain_rows(&args.steps[i], args.n_blocks, 1);
#endif
        cluster_barrier();
    }
}
