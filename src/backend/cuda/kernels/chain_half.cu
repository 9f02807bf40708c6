/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of convolutions on halves, see chain.h. */
#include "backend/cuda/kernels/chain.h"

KERNEL(chain_half, CudaChainArgs)
{
    int32_t i;
    for (i = 0; i < args.n_steps; i++) {
#if MIENI_HAS_PRODUCTS
        chain_products(&branch_steps(&args)[i], args.n_blocks);
#else
        chain_rows(&branch_steps(&args)[i], args.n_blocks, 1);
#endif
        cluster_barrier();
    }
}
