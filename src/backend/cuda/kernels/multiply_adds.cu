/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the device can do at best: multiply-adds on registers alone, CUDA_LOOP_CHAINS of them in
 * turns that do not wait for each other. What is measured is compared with this. A thread writes
 * one float. Grid: x = blocks.
 */
#include "backend/cuda/kernels/device.h"

KERNEL(multiply_adds, CudaLoopArgs)
{
    int32_t item = block_x() * MIENI_CUDA_THREADS + thread_index();
    float sums[CUDA_LOOP_CHAINS], total = 0;
    UNROLL for (int32_t k = 0; k < CUDA_LOOP_CHAINS; k++)
        sums[k] = (float)(item + k);
    for (int32_t i = 0; i < args.iterations; i++)
        UNROLL for (int32_t k = 0; k < CUDA_LOOP_CHAINS; k++)
            sums[k] = fused(sums[k], args.factor, args.term);
    UNROLL for (int32_t k = 0; k < CUDA_LOOP_CHAINS; k++)
        total += sums[k];
    args.out[item] = total;
}
