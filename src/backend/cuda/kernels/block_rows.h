/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_pointwise without matrix instructions: the depthwise part of the block's rows goes into
 * shared memory as [channels][rows] floats, so that the pointwise part reads 4 rows of a channel at
 * once. Then a thread computes 4 channels of 1 or 4 rows at a time. `halves` is a constant: whether
 * input and weights are halves.
 */
#ifndef MIENI_BACKEND_CUDA_KERNELS_BLOCK_ROWS_H
#define MIENI_BACKEND_CUDA_KERNELS_BLOCK_ROWS_H

#include "backend/cuda/kernels/conv_rows.h"

/* Where a block finds its weights. */
typedef struct BlockWeights {
    const void *depthwise, *pointwise; /* floats or halves */
    const float *bias, *slope;
} BlockWeights;

DEVICE void depthwise_part(const CudaConvArgs *args, const void *weights, int32_t halves,
                           float *middle, int32_t first)
{
    int32_t n_rows = n_rows_of(args), tile = args->rows_a_block;
    int32_t groups = round_up4(args->in.channels) / 4, item;
    for (item = thread_index(); item < tile * groups; item += MIENI_CUDA_THREADS) {
        int32_t row = item / groups, channel = item % groups * 4;
        Float4 value = zero4();
        if (first + row < n_rows) {
            Place place = place_of_row(args, first + row);
            value = halves ? widen4(depthwise_half4(args, (const Half *)weights, place, channel))
                           : depthwise4(args, (const float *)weights, place, channel);
        }
        middle[channel * tile + row] = value.x;
        middle[(channel + 1) * tile + row] = value.y;
        middle[(channel + 2) * tile + row] = value.z;
        middle[(channel + 3) * tile + row] = value.w;
    }
}

DEVICE void finish_row(const CudaConvArgs *args, const float *slope, Float4 sum, int32_t row,
                       int32_t channel, int32_t halves)
{
    if (row < n_rows_of(args))
        finish4(args, slope, sum, place_of_row(args, row), channel, halves);
}

DEVICE void four_rows(const CudaConvArgs *args, const BlockWeights *weights, const float *middle,
                      int32_t first, int32_t row, int32_t channel, int32_t halves)
{
    int32_t n4 = round_up4(args->out.channels), k;
    Float4 a = load4(weights->bias + channel), b = a, c = a, d = a;
    for (k = 0; k < args->in.channels; k++) {
        Float4 w = weights4(weights->pointwise, (int64_t)k * n4 + channel, halves);
        Float4 x = load4(middle + k * args->rows_a_block + row);
        a = fused4(x.x, w, a);
        b = fused4(x.y, w, b);
        c = fused4(x.z, w, c);
        d = fused4(x.w, w, d);
    }
    finish_row(args, weights->slope, a, first + row, channel, halves);
    finish_row(args, weights->slope, b, first + row + 1, channel, halves);
    finish_row(args, weights->slope, c, first + row + 2, channel, halves);
    finish_row(args, weights->slope, d, first + row + 3, channel, halves);
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

/* What a block of a grid of rows / rows_a_block does. */
DEVICE void block_rows(const CudaConvArgs *args, const BlockWeights *weights, int32_t halves)
{
    int32_t first = block_x() * args->rows_a_block;
    int32_t groups = round_up4(args->out.channels) / 4, item;
    int32_t n_items = args->rows_a_block / args->rows_a_thread * groups;
    float *middle = shared_floats();
    depthwise_part(args, weights->depthwise, halves, middle, first);
    barrier();
    for (item = thread_index(); item < n_items; item += MIENI_CUDA_THREADS) {
        int32_t row = item / groups * args->rows_a_thread, channel = item % groups * 4;
        if (args->rows_a_thread == 4)
            four_rows(args, weights, middle, first, row, channel, halves);
        else
            one_row(args, weights, middle, first, row, channel, halves);
    }
}

#endif
