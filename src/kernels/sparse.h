/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sparse pointwise products of all instruction sets share: weights of which most are zero,
 * with only the others stored. Leaving out a zero changes no finite sum, so the result is that of
 * the dense product. Types and static functions only, so that each set's files may include it.
 *
 * A lane is a pixel, as weights have nothing in common from one output channel to the next. Up to
 * SPARSE_BLOCK_PIXELS pixels are turned round, so that a channel of all of them lies side by side;
 * then each output channel adds up its few products, some channels at a time, which are turned
 * back.
 */
#ifndef MIENI_KERNELS_SPARSE_H
#define MIENI_KERNELS_SPARSE_H

#include "kernels/gemm.h"

#define SPARSE_BLOCK_PIXELS 64
#define SPARSE_MAX_DENSITY 0.4

/* Before packed weights that are dense or sparse; the first is 1 for sparse ones, else 0. */
#define SPARSE_HEADER_FLOATS 16

/* One weight that is not zero, and where its factors are. */
typedef struct SparseProduct {
    float weight;
    uint32_t offset; /* floats, in the turned block */
} SparseProduct;

/* Packed weights: how many products each output channel has, and all of them, in the order of the
 * input channels. Arrays of channels are padded to MIENI_LANES, with zeros. */
typedef struct SparseWeights {
    const float *bias, *slope;
    const int32_t *counts;
    const SparseProduct *products;
} SparseWeights;

/* The pixels of a block in all planes. Behind the last one `in` is that of the first. */
typedef struct SparseBlock {
    int32_t n;
    const float *in[SPARSE_BLOCK_PIXELS];
    float *out[SPARSE_BLOCK_PIXELS];
    const float *residual[SPARSE_BLOCK_PIXELS];
} SparseBlock;

static inline size_t sparse_padded(int32_t channels)
{
    return mieni_round_up((size_t)channels, MIENI_LANES);
}

/* True if a product of this shape may have sparse weights; with fewer than min_weights, turning
 * costs more than zeros do. */
static inline bool sparse_suits(const MieniConvShape *shape, int32_t min_weights)
{
    return shape->residual != MIENI_RESIDUAL_MAXPOOL && shape->in_channels % MIENI_LANES == 0 &&
           (int64_t)shape->in_channels * shape->out_channels >= min_weights;
}

/* The turned block; channels in vectors of up to 16. */
static inline size_t sparse_scratch_floats(const MieniConvShape *shape)
{
    return mieni_round_up((size_t)shape->in_channels, 16) * SPARSE_BLOCK_PIXELS;
}

/* Packs into as much memory as dense panels would take: (in_channels + 2) floats for each padded
 * output channel. False: the weights are not sparse enough, nothing is written. */
static inline bool sparse_pack(const MieniConvShape *shape, const MieniConvWeights *weights,
                               float *packed)
{
    size_t n = (size_t)shape->out_channels, k = (size_t)shape->in_channels, n_products = 0;
    size_t padded = sparse_padded(shape->out_channels);
    for (size_t i = 0; i < n * k; i++)
        n_products += mieni_weight(weights, i) != 0;
    if ((double)n_products > SPARSE_MAX_DENSITY * (double)(n * k) ||
        2 * n_products > (k - 1) * padded)
        return false;

    memset(packed, 0, 3 * padded * sizeof(float));
    memcpy(packed, weights->bias, n * sizeof(float));
    if (weights->slope)
        memcpy(packed + padded, weights->slope, n * sizeof(float));
    int32_t *counts = (int32_t *)(void *)(packed + 2 * padded);
    SparseProduct *product = (SparseProduct *)(void *)(packed + 3 * padded);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++) {
            float weight = mieni_weight(weights, i * k + j);
            if (weight == 0)
                continue;
            *product++ = (SparseProduct){weight, (uint32_t)(j * SPARSE_BLOCK_PIXELS)};
            counts[i]++;
        }
    return true;
}

static inline SparseWeights sparse_weights(const MieniConvShape *shape, const float *packed)
{
    size_t padded = sparse_padded(shape->out_channels);
    return (SparseWeights){.bias = packed,
                           .slope = packed + padded,
                           .counts = (const int32_t *)(const void *)(packed + 2 * padded),
                           .products = (const SparseProduct *)(const void *)(packed + 3 * padded)};
}

/* Finds the block's pixels in all planes, `first` of the output being its first. */
static inline void sparse_locate(const MieniConvArgs *args, const GemmInput *input,
                                 int32_t row_begin, int32_t first, SparseBlock *block)
{
    int32_t width = args->shape->out_width, y = first / width, x = first % width;
    for (int32_t i = 0; i < block->n; i++) {
        block->in[i] = input->in + (y - row_begin) * input->row + x * input->pixel;
        block->out[i] = mieni_plane_at(&args->out, y, x);
        if (args->shape->residual != MIENI_RESIDUAL_NONE)
            block->residual[i] = mieni_plane_at(&args->residual, y, x);
        if (++x == width) {
            x = 0;
            y++;
        }
    }
    for (int32_t i = block->n; i < SPARSE_BLOCK_PIXELS; i++)
        block->in[i] = block->in[0];
}

/* How many pixels each block has when n are cut into nearly equal ones of whole vectors. */
static inline int32_t sparse_block_pixels(int32_t n, int32_t lanes)
{
    int32_t n_blocks = MIENI_MAX((n + SPARSE_BLOCK_PIXELS - 1) / SPARSE_BLOCK_PIXELS, 1);
    return ((n + n_blocks - 1) / n_blocks + lanes - 1) / lanes * lanes;
}

/* All output channels of a block's pixels. turned: sparse_scratch_floats. */
typedef void (*SparseBlockFn)(const MieniConvArgs *args, const SparseBlock *block,
                              const float *packed, float *turned);
/* What is too rare for run_block: mieni_conv_tail_*. */
typedef void (*SparseTailFn)(const MieniConvArgs *args, float *out, int32_t begin, int32_t end);

/* Cuts output rows into blocks, of whole vectors where that can be. tail: NULL if there is none. */
static inline void sparse_run(const MieniConvArgs *args, const GemmInput *input,
                              const float *packed, float *turned, int32_t row_begin,
                              int32_t row_end, int32_t lanes, SparseBlockFn run_block,
                              SparseTailFn tail)
{
    int32_t width = args->shape->out_width, first = row_begin * width, end = row_end * width;
    int32_t most = sparse_block_pixels(end - first, lanes);
    SparseBlock block;

    for (; first < end; first += block.n) {
        block.n = MIENI_MIN(most, end - first);
        sparse_locate(args, input, row_begin, first, &block);
        run_block(args, &block, packed, turned);
        for (int32_t i = 0; i < block.n && tail; i++)
            tail(args, block.out[i], 0, args->shape->out_channels);
    }
}

#endif
