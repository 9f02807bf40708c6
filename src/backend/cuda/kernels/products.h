/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Products with matrix instructions: where a thread of a warp finds its numbers, and what it does
 * with the sums. A piece of weights (pack.c) is 16 numbers deep and 16 columns wide: 8 halves for
 * each thread of the warp.
 */
#ifndef MIENI_BACKEND_CUDA_KERNELS_PRODUCTS_H
#define MIENI_BACKEND_CUDA_KERNELS_PRODUCTS_H

#include "backend/cuda/kernels/convlike.h"

#define MIENI_WARP 32
#define MIENI_WARPS (MIENI_CUDA_THREADS / MIENI_WARP)
#define MIENI_PIECE 256 /* halves */

/* The largest number of tiles of 16 rows that a warp works on at a time. */
#define MAX_TILES 4

typedef struct Sums {
    Float4 low[MAX_TILES], high[MAX_TILES]; /* of rows 16 i + lane / 4 and 16 i + 8 + lane / 4 */
} Sums;

DEVICE int32_t lane_index(void)
{
    return thread_index() % MIENI_WARP;
}

/* The first of the thread's four columns. */
DEVICE int32_t channel_of(int32_t column_block)
{
    return 16 * column_block + lane_index() % 4 * 4;
}

DEVICE int32_t n_column_blocks(const CudaConvArgs *args)
{
    return (args->out.channels + 15) / 16;
}

/* The thread's part of piece `step` of a block of columns. */
DEVICE Half8 piece_of(const CudaConvArgs *args, const Half *weights, int32_t step, int32_t block)
{
    int64_t piece = (int64_t)step * n_column_blocks(args) + block;
    return *(const Half8 *)(const void *)(weights + piece * MIENI_PIECE + lane_index() * 8);
}

DEVICE void begin_sums(const CudaConvArgs *args, const float *bias, int32_t tiles, int32_t block,
                       Sums *sums)
{
    int32_t channel = channel_of(block), i;
    Float4 value = zero4();
    if (channel < args->out.channels)
        value = load4(bias + channel);
    UNROLL
    for (i = 0; i < tiles; i++)
        sums->low[i] = sums->high[i] = value;
}

/* Writes the sums of rows from `first` on. */
DEVICE void finish_sums(const CudaConvArgs *args, const float *slope, int32_t tiles, int32_t first,
                        int32_t block, const Sums *sums)
{
    int32_t channel = channel_of(block), row = first + lane_index() / 4, i;
    int32_t n_rows = n_rows_of(args);
    if (channel >= args->out.pixel)
        return;
    UNROLL
    for (i = 0; i < tiles; i++, row += 16) {
        if (row < n_rows)
            finish4(args, slope, sums->low[i], place_of_row(args, row), channel, 1);
        if (row + 8 < n_rows)
            finish4(args, slope, sums->high[i], place_of_row(args, row + 8), channel, 1);
    }
}

#endif
