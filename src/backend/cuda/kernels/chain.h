/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several convolutions one behind the other, each on what the one before it left: small layers,
 * whose launches would take longer than they do. n_blocks blocks have a face: a cluster of them
 * where the device has clusters, else one; a single step may have any number. Branches of a network
 * run beside each other. A value is the same as from the kernels for one step.
 * Grid: x = n_blocks, y = face, z = branch. Shared: what the largest step needs.
 */
#ifndef MIENI_BACKEND_CUDA_KERNELS_CHAIN_H
#define MIENI_BACKEND_CUDA_KERNELS_CHAIN_H

#define MIENI_BLOCK_THREADS MIENI_CUDA_CHAIN_THREADS
#define MIENI_ROWS_OF_FACE
#include "backend/cuda/kernels/block_rows.h"
#include "backend/cuda/kernels/products.h"

/* The steps of the block's branch. */
DEVICE const CudaConvArgs *branch_steps(const CudaChainArgs *args)
{
    return args->steps + block_z() * args->n_steps;
}

/* Rows of the block's face that it takes first; the next ones are n_blocks times as many later. */
DEVICE int32_t first_row(const CudaConvArgs *step)
{
    return block_y() * step->out.height * step->out.width + block_x() * step->rows_a_block;
}

DEVICE void chain_rows(const CudaConvArgs *step, int32_t n_blocks, int32_t halves)
{
    int32_t begin = block_y() * step->out.height * step->out.width, item, row;
    int32_t n = n_rows_of(step) - begin, groups = round_up4(step->out.channels) / 4;
    if (step->rows_a_block > 0) {
        BlockWeights weights = halves ? half_block_weights(step) : block_weights(step);
        for (row = first_row(step); row < n_rows_of(step); row += n_blocks * step->rows_a_block) {
            block_rows(step, &weights, halves, 0, row);
            barrier(); /* shared memory is free again */
        }
    } else {
        const void *weights =
            halves ? (const void *)half_weights(step) : (const void *)step->weights;
        const float *bias = halves ? step->weights : conv_bias(step);
        n = (n + step->rows_a_thread - 1) / step->rows_a_thread * groups;
        for (item = block_x() * MIENI_BLOCK_THREADS + thread_index(); item < n;
             item += n_blocks * MIENI_BLOCK_THREADS)
            conv_item(step, weights, bias, bias + round_up4(step->out.channels), halves, begin,
                      item);
    }
}

#if MIENI_HAS_PRODUCTS
DEVICE void chain_products(const CudaConvArgs *step, int32_t n_blocks)
{
    int32_t begin = block_y() * step->out.height * step->out.width, item, row;
    int32_t n = (n_rows_of(step) - begin + 15) / 16 * n_column_blocks(step);
    if (step->rows_a_block > 0) {
        for (row = first_row(step); row < n_rows_of(step); row += n_blocks * step->rows_a_block) {
            block_products(step, 0, row);
            barrier();
        }
    } else {
        for (item = block_x() * MIENI_WARPS + thread_index() / MIENI_WARP; item < n;
             item += n_blocks * MIENI_WARPS)
            conv_products(step, 0, begin, item);
    }
}
#endif

#endif
