/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_pointwise without matrix instructions: the depthwise part of the block's rows goes into
 * shared memory as [channels][rows] floats, so that the pointwise part reads 4 rows of a channel at
 * once. Then a thread computes 4 channels of 1 or 4
 * rows, or 8 of 8, at a time. `halves` is a constant: whether
 * input and weights are halves.
 */
#ifndef MIENI_BACKEND_CUDA_KERNELS_BLOCK_ROWS_H
#define MIENI_BACKEND_CUDA_KERNELS_BLOCK_ROWS_H

#include "backend/cuda/kernels/conv_rows.h"
#include "backend/cuda/kernels/depthwise.h"

/* Where a block finds its weights. */
typedef struct BlockWeights {
    const void *depthwise, *pointwise; /* floats or halves */
    const float *bias, *slope;
} BlockWeights;

/* Writes four channels of a row. */
DEVICE void put_middle(const CudaConvArgs *args, float *middle, int32_t row, int32_t channel,
                       Float4 value)
{
    float *to = middle + channel * args->rows_a_block + row;
    to[0] = value.x;
    to[args->rows_a_block] = value.y;
    to[2 * args->rows_a_block] = value.z;
    to[3 * args->rows_a_block] = value.w;
}

DEVICE void depthwise_part(const CudaConvArgs *args, const void *weights, int32_t halves,
                           float *middle, int32_t first)
{
    int32_t n_rows = n_rows_of(args), tile = args->rows_a_block;
    int32_t groups = round_up4(args->in.channels) / 4, item;
    for (item = thread_index(); item < tile * groups; item += MIENI_BLOCK_THREADS) {
        int32_t row = item / groups, channel = item % groups * 4;
        Float4 value = zero4();
        if (first + row < n_rows) {
            Place place = place_of_row(args, first + row);
            value = floats_of(depthwise4(args, weights, place, channel, halves), halves);
        }
        put_middle(args, middle, row, channel, value);
    }
}

/* The same for four rows at a time. `stride` is a constant. */
DEVICE void depthwise_runs(const CudaConvArgs *args, const void *weights, int32_t halves,
                           float *middle, int32_t first, int32_t stride)
{
    int32_t n_rows = n_rows_of(args), i;
    int32_t groups = round_up4(args->in.channels) / 4, item;
    for (item = thread_index(); item < args->rows_a_block / 4 * groups;
         item += MIENI_BLOCK_THREADS) {
        int32_t row = item / groups * 4, channel = item % groups * 4;
        int32_t is_there = first + row < n_rows;
        Lanes sums[4];
        if (is_there)
            depthwise_run4(args, weights, place_of_row(args, first + row), channel, stride, halves,
                           sums);
        UNROLL
        for (i = 0; i < 4; i++)
            put_middle(args, middle, row + i, channel,
                       is_there ? floats_of(sums[i], halves) : zero4());
    }
}

DEVICE void finish_row(const CudaConvArgs *args, const float *slope, Float4 sum, int32_t row,
                       int32_t channel, int32_t halves)
{
    if (row < n_rows_of(args))
        finish4(args, slope, sum, place_of_row(args, row), channel, halves);
}

/* `n` rows and 4 `m` channels, which are constants: 4 and 1, or 8 and 2. */
DEVICE void tile_rows(const CudaConvArgs *args, const BlockWeights *weights, const float *middle,
                      int32_t n, int32_t m, int32_t first, int32_t row, int32_t channel,
                      int32_t halves)
{
    int32_t n4 = round_up4(args->out.channels), k, i, j;
    int32_t both = m == 2 && channel + 4 < n4; /* the last 8 channels may be 4 */
    Float4 sums[2][8], w[2];
    w[1] = zero4();
    UNROLL
    for (i = 0; i < n; i++) {
        sums[0][i] = load4(weights->bias + channel);
        sums[1][i] = both ? load4(weights->bias + channel + 4) : zero4();
    }
    for (k = 0; k < args->in.channels; k++) {
        const float *from = middle + k * args->rows_a_block + row;
        w[0] = weights4(weights->pointwise, (int64_t)k * n4 + channel, halves);
        if (both)
            w[1] = weights4(weights->pointwise, (int64_t)k * n4 + channel + 4, halves);
        UNROLL
        for (i = 0; i < n; i += 4) {
            Float4 x = load4(from + i);
            UNROLL
            for (j = 0; j < m; j++) {
                sums[j][i] = fused4(x.x, w[j], sums[j][i]);
                sums[j][i + 1] = fused4(x.y, w[j], sums[j][i + 1]);
                sums[j][i + 2] = fused4(x.z, w[j], sums[j][i + 2]);
                sums[j][i + 3] = fused4(x.w, w[j], sums[j][i + 3]);
            }
        }
    }
    UNROLL
    for (i = 0; i < n; i++) {
        finish_row(args, weights->slope, sums[0][i], first + row + i, channel, halves);
        if (both)
            finish_row(args, weights->slope, sums[1][i], first + row + i, channel + 4, halves);
    }
}

DEVICE void one_row(const CudaConvArgs *args, const BlockWeights *weights, const float *middle,
                    int32_t first, int32_t row, int32_t channel, int32_t halves)
{
    int32_t n4 = round_up4(args->out.channels), k;
    Float4 sum = load4(weights->bias + channel);
    for (k = 0; k < args->in.channels; k++)
        sum = fused4(middle[k * args->rows_a_block + row],
                     weights4(weights->pointwise, (int64_t)k * n4 + channel, halves), sum);
    finish_row(args, weights->slope, sum, first + row, channel, halves);
}

/*
 * What a block does: rows_a_block rows from `first` on. `wide` is a constant: whether a thread may
 * have several rows of the depthwise and 8 of the pointwise.
 */
DEVICE void block_rows(const CudaConvArgs *args, const BlockWeights *weights, int32_t halves,
                       int32_t wide, int32_t first)
{
    int32_t n = args->rows_a_thread;
    int32_t channels = wide && n == 8 ? 8 : 4; /* of a thread */
    int32_t groups = (args->out.channels + channels - 1) / channels, item;
    float *middle = shared_floats();
    if (!wide || n == 1 || !has_runs(args))
        depthwise_part(args, weights->depthwise, halves, middle, first);
    else if (args->stride == 1)
        depthwise_runs(args, weights->depthwise, halves, middle, first, 1);
    else
        depthwise_runs(args, weights->depthwise, halves, middle, first, 2);
    barrier();
    for (item = thread_index(); item < args->rows_a_block / n * groups;
         item += MIENI_BLOCK_THREADS) {
        int32_t row = item / groups * n, channel = item % groups * channels;
        if (wide && n == 8)
            tile_rows(args, weights, middle, 8, 2, first, row, channel, halves);
        else if (n == 4)
            tile_rows(args, weights, middle, 4, 1, first, row, channel, halves);
        else
            one_row(args, weights, middle, first, row, channel, halves);
    }
}

/* Where depthwise_pointwise has its weights. */
DEVICE BlockWeights block_weights(const CudaConvArgs *args)
{
    int32_t taps = args->kernel_height * args->kernel_width;
    int32_t n4 = round_up4(args->out.channels);
    const float *pointwise = args->weights + (taps + 1) * round_up4(args->in.channels);
    const float *bias = pointwise + (int64_t)args->in.channels * n4;
    BlockWeights weights = {args->weights, pointwise, bias, bias + n4};
    return weights;
}

/* The same for halves, without matrix instructions. */
DEVICE BlockWeights half_block_weights(const CudaConvArgs *args)
{
    int32_t taps = args->kernel_height * args->kernel_width;
    const Half *depthwise = half_weights(args);
    BlockWeights weights = {depthwise,
                            depthwise + half_depthwise(taps, round_up4(args->in.channels)),
                            args->weights, args->weights + round_up4(args->out.channels)};
    return weights;
}

#endif
