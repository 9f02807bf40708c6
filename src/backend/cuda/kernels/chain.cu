/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of convolutions in fp32, see chain.h. */
#include "backend/cuda/kernels/chain.h"

KERNEL(chain, CudaChainArgs)
{
    int32_t i;
    for (i = 0; i < args.n_steps; i++) {
        chain_rows(&branch_steps(&args)[i], args.n_blocks, 0);
        cluster_barrier();
    }
}
