/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_pointwise of kernels.h on halves. A block has rows_a_block rows.
 *
 * With matrix instructions their depthwise part goes into shared memory as halves, row by row; a
 * row is as long as shared_row() says, so that a warp reads it without two threads at one bank.
 * Then a warp has 16 columns, and 16 rows_a_thread rows at a time, so that it reads a piece of
 * weights once for all of them. Shared: rows_a_block rows.
 * Without them it is depthwise_pointwise, which reads halves. Shared: as there.
 */
#include "backend/cuda/kernels/block_rows.h"
#include "backend/cuda/kernels/products.h"

#if MIENI_HAS_PRODUCTS

/* Halves of a row: an odd number of pieces of 16. */
DEVICE int32_t shared_row(const CudaConvArgs *args)
{
    return (((args->in.channels + 15) / 16) | 1) * 16;
}

DEVICE void depthwise_rows(const CudaConvArgs *args, const Half *weights, Half *middle,
                           int32_t first)
{
    int32_t groups = (args->in.channels + 15) / 16 * 4, n_rows = n_rows_of(args), item;
    for (item = thread_index(); item < args->rows_a_block * groups; item += MIENI_CUDA_THREADS) {
        int32_t row = item / groups, channel = item % groups * 4;
        Half4 value = zero_half4();
        if (first + row < n_rows && channel < args->in.channels)
            value = depthwise_half4(args, weights, place_of_row(args, first + row), channel);
        store_half4(middle + row * shared_row(args) + channel, value);
    }
}

/* The same for four rows at a time. `stride` is a constant. */
DEVICE void depthwise_half_runs(const CudaConvArgs *args, const Half *weights, Half *middle,
                                int32_t first, int32_t stride)
{
    int32_t groups = (args->in.channels + 15) / 16 * 4, n_rows = n_rows_of(args), item, i;
    for (item = thread_index(); item < args->rows_a_block / 4 * groups;
         item += MIENI_CUDA_THREADS) {
        int32_t row = item / groups * 4, channel = item % groups * 4;
        Half4 sums[4];
        UNROLL
        for (i = 0; i < 4; i++)
            sums[i] = zero_half4();
        if (first + row < n_rows && channel < args->in.channels)
            depthwise_half_run4(args, weights, place_of_row(args, first + row), channel, stride,
                                sums);
        UNROLL
        for (i = 0; i < 4; i++)
            store_half4(middle + (row + i) * shared_row(args) + channel, sums[i]);
    }
}

/* `tiles` is a constant wherever this is inlined. */
DEVICE void product(const CudaConvArgs *args, const Half *weights, const Half *middle,
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

KERNEL(depthwise_pointwise_half, CudaConvArgs)
{
    int32_t first = block_x() * args.rows_a_block, item;
    int32_t taps = args.kernel_height * args.kernel_width;
    int32_t blocks = n_column_blocks(&args), rows = 16 * args.rows_a_thread;
    int32_t n_items = args.rows_a_block / rows * blocks;
    const Half *depthwise =
        (const Half *)(const void *)(args.weights + 2 * round_up4(args.out.channels));
    const Half *pointwise = depthwise + half_depthwise(taps, round_up4(args.in.channels));
    Half *middle = (Half *)(void *)shared_floats();
    if (args.rows_a_block < 64 || !has_runs(&args))
        depthwise_rows(&args, depthwise, middle, first);
    else if (args.stride == 1)
        depthwise_half_runs(&args, depthwise, middle, first, 1);
    else
        depthwise_half_runs(&args, depthwise, middle, first, 2);
    barrier();
    for (item = thread_index() / MIENI_WARP; item < n_items; item += MIENI_WARPS) {
        int32_t row = item / blocks * rows, block = item % blocks;
        if (args.rows_a_thread == 4)
            product(&args, pointwise, middle, 4, first, row, block);
        else if (args.rows_a_thread == 2)
            product(&args, pointwise, middle, 2, first, row, block);
        else
            product(&args, pointwise, middle, 1, first, row, block);
    }
}

#else

KERNEL(depthwise_pointwise_half, CudaConvArgs)
{
    int32_t taps = args.kernel_height * args.kernel_width, k4 = round_up4(args.in.channels);
    int32_t n4 = round_up4(args.out.channels);
    const Half *depthwise = (const Half *)(const void *)(args.weights + 2 * n4);
    BlockWeights weights = {depthwise, depthwise + half_depthwise(taps, k4), args.weights,
                            args.weights + n4};
    block_rows(&args, &weights, 1);
}

#endif
