/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions with matrix instructions: a warp has 16 columns and 16 times 1, 2 or 4 rows. A piece
 * of weights (pack.c) is 16 numbers deep and 16 columns wide: 8 halves for each thread of the warp.
 */
#ifndef MIENI_BACKEND_CUDA_KERNELS_PRODUCTS_H
#define MIENI_BACKEND_CUDA_KERNELS_PRODUCTS_H

#include "backend/cuda/kernels/conv_rows.h"
#include "backend/cuda/kernels/depthwise.h"

#if MIENI_HAS_PRODUCTS

#define MIENI_WARP 32
#define MIENI_WARPS (MIENI_BLOCK_THREADS / MIENI_WARP)
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

/* A row that a thread reads: its pixel of tap (0, 0), which may be outside of the plane. */
typedef struct Source {
    const Half *pixel;
    int32_t y, x; /* y is far away if there is no such row */
} Source;

DEVICE Source source_of(const CudaConvArgs *args, int32_t row)
{
    const CudaPlane *in = &args->in;
    Source source;
    Place place = place_of_row(args, row);
    source.y = place.index / args->out.width * args->stride - args->pad_top;
    source.x = place.index % args->out.width * args->stride - args->pad_left;
    source.pixel = half_pixel_of(in, place.face, source.y * in->width + source.x);
    if (row >= n_rows_of(args))
        source.y = -(1 << 20);
    return source;
}

/* Four numbers of a row at a tap. */
DEVICE Half4 source4(const CudaPlane *in, const Source *source, int32_t ky, int32_t kx,
                     int32_t channel)
{
    int32_t y = source->y + ky, x = source->x + kx;
    if (y < 0 || y >= in->height || x < 0 || x >= in->width)
        return zero_half4();
    return load_half4(source->pixel + (ky * in->width + kx) * in->pixel + channel);
}

/* `tiles` is a constant wherever this is inlined. */
DEVICE void conv_product(const CudaConvArgs *args, int32_t tiles, int32_t first, int32_t block)
{
    const CudaPlane *in = &args->in;
    int32_t channel = lane_index() % 4 * 4, ky = 0, kx = 0, step, i;
    int32_t n_steps = (args->kernel_height * args->kernel_width * in->pixel + 15) / 16;
    Source low[MAX_TILES], high[MAX_TILES];
    Sums sums;
    begin_sums(args, args->weights, tiles, block, &sums);
    UNROLL
    for (i = 0; i < tiles; i++) {
        low[i] = source_of(args, first + 16 * i + lane_index() / 4);
        high[i] = source_of(args, first + 16 * i + 8 + lane_index() / 4);
    }
    for (step = 0; step < n_steps; step++, channel += 16) {
        Half8 weights = piece_of(args, half_weights(args), step, block);
        while (channel >= in->pixel) { /* the next tap */
            channel -= in->pixel;
            kx++;
            if (kx == args->kernel_width) {
                kx = 0;
                ky++;
            }
        }
        UNROLL
        for (i = 0; i < tiles; i++) {
            Half4 a = zero_half4(), b = zero_half4();
            if (ky < args->kernel_height) {
                a = source4(in, &low[i], ky, kx, channel);
                b = source4(in, &high[i], ky, kx, channel);
            }
            warp_product(a, b, weights, &sums.low[i], &sums.high[i]);
        }
    }
    finish_sums(args, args->weights + round_up4(args->out.channels), tiles, first, block, &sums);
}

/* Item of tiles of rows, from row `begin` on, times blocks of columns: one a warp. */
DEVICE void conv_products(const CudaConvArgs *args, int32_t wide, int32_t begin, int32_t item)
{
    int32_t blocks = n_column_blocks(args);
    int32_t first = begin + item / blocks * args->rows_a_thread * 16, block = item % blocks;
    if (first >= n_rows_of(args))
        return;
    if (wide && args->rows_a_thread == 4)
        conv_product(args, 4, first, block);
    else
        conv_product(args, 1, first, block);
}

/* Halves of a row: an odd number of pieces of 16. */
DEVICE int32_t shared_row(const CudaConvArgs *args)
{
    return (((args->in.channels + 15) / 16) | 1) * 16;
}

DEVICE void depthwise_rows(const CudaConvArgs *args, const Half *weights, Half *middle,
                           int32_t first)
{
    int32_t groups = (args->in.channels + 15) / 16 * 4, n_rows = n_rows_of(args), item;
    for (item = thread_index(); item < args->rows_a_block * groups; item += MIENI_BLOCK_THREADS) {
        int32_t row = item / groups, channel = item % groups * 4;
        Half4 value = zero_half4();
        if (first + row < n_rows && channel < args->in.channels)
            value = depthwise4(args, weights, place_of_row(args, first + row), channel, 1).halves;
        store_half4(middle + row * shared_row(args) + channel, value);
    }
}

/* The same for four rows at a time. `stride` is a constant. */
DEVICE void depthwise_half_runs(const CudaConvArgs *args, const Half *weights, Half *middle,
                                int32_t first, int32_t stride)
{
    int32_t groups = (args->in.channels + 15) / 16 * 4, n_rows = n_rows_of(args), item, i;
    for (item = thread_index(); item < args->rows_a_block / 4 * groups;
         item += MIENI_BLOCK_THREADS) {
        int32_t row = item / groups * 4, channel = item % groups * 4;
        Lanes sums[4];
        UNROLL
        for (i = 0; i < 4; i++)
            sums[i].halves = zero_half4();
        if (first + row < n_rows && channel < args->in.channels)
            depthwise_run4(args, weights, place_of_row(args, first + row), channel, stride, 1,
                           sums);
        UNROLL
        for (i = 0; i < 4; i++)
            store_half4(middle + (row + i) * shared_row(args) + channel, sums[i].halves);
    }
}

/* `tiles` is a constant wherever this is inlined. */
DEVICE void block_product(const CudaConvArgs *args, const Half *weights, const Half *middle,
                          int32_t tiles, int32_t first, int32_t row, int32_t block)
{
    int32_t n_steps = (args->in.channels + 15) / 16, n = shared_row(args), step, i;
    const Half *from = middle + (row + lane_index() / 4) * n + lane_index() % 4 * 4;
    Sums sums;
    begin_sums(args, args->weights, tiles, block, &sums);
    for (step = 0; step < n_steps; step++) {
        Half8 piece = piece_of(args, weights, step, block);
        UNROLL
        for (i = 0; i < tiles; i++)
            warp_product(load_half4(from + 16 * i * n + 16 * step),
                         load_half4(from + (16 * i + 8) * n + 16 * step), piece, &sums.low[i],
                         &sums.high[i]);
    }
    finish_sums(args, args->weights + round_up4(args->out.channels), tiles, first + row, block,
                &sums);
}

/* What a block does with rows_a_block rows from `first` on: their depthwise part goes into shared
 * memory as halves, row by row. `wide` is a constant: whether there may be more than 16. */
DEVICE void block_products(const CudaConvArgs *args, int32_t wide, int32_t first)
{
    int32_t blocks = n_column_blocks(args), rows = 16 * args->rows_a_thread, item;
    int32_t taps = args->kernel_height * args->kernel_width;
    const Half *depthwise = half_weights(args);
    const Half *pointwise = depthwise + half_depthwise(taps, round_up4(args->in.channels));
    Half *middle = (Half *)(void *)shared_floats();
    if (!wide || args->rows_a_block < 64 || !has_runs(args))
        depthwise_rows(args, depthwise, middle, first);
    else if (args->stride == 1)
        depthwise_half_runs(args, depthwise, middle, first, 1);
    else
        depthwise_half_runs(args, depthwise, middle, first, 2);
    barrier();
    for (item = thread_index() / MIENI_WARP; item < args->rows_a_block / rows * blocks;
         item += MIENI_WARPS) {
        int32_t row = item / blocks * rows, block = item % blocks;
        if (wide && args->rows_a_thread == 4)
            block_product(args, pointwise, middle, 4, first, row, block);
        else if (wide && args->rows_a_thread == 2)
            block_product(args, pointwise, middle, 2, first, row, block);
        else
            block_product(args, pointwise, middle, 1, first, row, block);
    }
}

#endif

#endif
