/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the convolution-like reference kernels share: one weight layout, one scratch layout, one
 * last step.
 *
 * Packed weights are [depthwise][weights transposed to [k][out_channels]][bias][slope]; transposed,
 * because a loop over output channels is one that a compiler may vectorise without changing the
 * order of any sum. Scratch is [out_channels] sums and [in_channels] results of a depthwise part.
 */
#ifndef MIENI_KERNELS_REF_CONVLIKE_H
#define MIENI_KERNELS_REF_CONVLIKE_H

#include "kernels/kernels.h"

/*
 * A sum has one order, that of MediaPipe's CPU inference: it begins with the bias, taps of a
 * depthwise follow column by column, products of a dense part in the order of the weights, then the
 * residual. With fused multiply-adds the result is MediaPipe's, bit for bit; so are those of the
 * vector kernels. Where a CPU has no such instruction fmaf() is far too slow, so plain C does
 * without; tests compile these files a second time with MIENI_REF_FUSED, and compare with that.
 */
#ifdef MIENI_REF_FUSED
#include <math.h>
#define REF_NAME(name) mieni_##name##_fused
#define ref_multiply_add fmaf
#else
#define REF_NAME(name) mieni_##name##_ref
static inline float ref_multiply_add(float x, float y, float sum)
{
    return x * y + sum;
}
#endif

typedef struct RefWeights {
    const float *depthwise;      /* [kernel_height][kernel_width][in_channels] */
    const float *depthwise_bias; /* [in_channels] */
    const float *weights;        /* [k][out_channels] */
    const float *bias;           /* [out_channels] */
    const float *slope;          /* [out_channels], NULL unless PRELU */
} RefWeights;

/* Which parts an operation has: `k` products a sum in its dense part (0: none), and `taps` places
 * in its depthwise part (0: none). */
typedef struct RefParts {
    size_t taps, k;
} RefParts;

static inline size_t ref_packed_floats(const MieniConvShape *shape, RefParts parts)
{
    size_t n = (size_t)shape->out_channels;
    size_t vectors = shape->activation == MIENI_ACTIVATION_PRELU ? 2 : 1;
    size_t depthwise_rows = parts.taps ? parts.taps + 1 : 0;
    return depthwise_rows * (size_t)shape->in_channels + (parts.k + vectors) * n;
}

static inline void ref_pack(const MieniConvShape *shape, RefParts parts,
                            const MieniConvWeights *weights, float *packed)
{
    size_t n = (size_t)shape->out_channels;
    size_t n_depthwise = parts.taps * (size_t)shape->in_channels;

    for (size_t i = 0; i < n_depthwise; i++)
        packed[i] = weights->depthwise[i];
    packed += n_depthwise;
    if (parts.taps) {
        const float *bias = parts.k ? weights->depthwise_bias : weights->bias;
        memcpy(packed, bias, (size_t)shape->in_channels * sizeof(float));
        packed += shape->in_channels;
    }
    for (size_t k = 0; k < parts.k; k++)
        for (size_t i = 0; i < n; i++)
            packed[k * n + i] = mieni_weight(weights, i * parts.k + k);
    packed += parts.k * n;
    memcpy(packed, weights->bias, n * sizeof(float));
    if (shape->activation == MIENI_ACTIVATION_PRELU)
        memcpy(packed + n, weights->slope, n * sizeof(float));
}

static inline RefWeights ref_unpack(const MieniConvShape *shape, RefParts parts,
                                    const float *packed)
{
    size_t n = (size_t)shape->out_channels;
    RefWeights weights;
    weights.depthwise = packed;
    weights.depthwise_bias = packed + parts.taps * (size_t)shape->in_channels;
    weights.weights = weights.depthwise_bias + (parts.taps ? shape->in_channels : 0);
    weights.bias = weights.weights + parts.k * n;
    weights.slope = shape->activation == MIENI_ACTIVATION_PRELU ? weights.bias + n : NULL;
    return weights;
}

static inline size_t ref_scratch_floats(const MieniConvShape *shape)
{
    return (size_t)shape->out_channels + (size_t)shape->in_channels;
}

/* Outputs that are summed together: few enough for the registers of any processor. */
#define REF_BLOCK 16

/* Adds in[j] * rows[j][0 .. n - 1] to sums for all j < k, in rising order. */
static inline void ref_accumulate(float *restrict sums, const float *restrict rows,
                                  const float *restrict in, size_t k, size_t n)
{
    size_t begin = 0;
    for (; begin + REF_BLOCK <= n; begin += REF_BLOCK) {
        float block[REF_BLOCK];
        memcpy(block, sums + begin, sizeof(block));
        for (size_t j = 0; j < k; j++)
            for (size_t i = 0; i < REF_BLOCK; i++)
                block[i] = ref_multiply_add(in[j], rows[j * n + begin + i], block[i]);
        memcpy(sums + begin, block, sizeof(block));
    }
    for (size_t j = 0; j < k && begin < n; j++)
        for (size_t i = begin; i < n; i++)
            sums[i] = ref_multiply_add(in[j], rows[j * n + i], sums[i]);
}

/* Adds the residual, applies the activation and writes pixel (y, x): channels begin .. end - 1 of
 * `sums`, and zeros behind the last channel. */
void REF_NAME(conv_finish)(const MieniConvArgs *args, const float *slope, float *sums, int32_t y,
                           int32_t x, int32_t begin, int32_t end);

/* The depthwise part at output pixel (y, x), added to sums[in_channels]. */
void REF_NAME(depthwise_pixel)(const MieniConvArgs *args, const float *depthwise, float *sums,
                               int32_t y, int32_t x);

#endif
