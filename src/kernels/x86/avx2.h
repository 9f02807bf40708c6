/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the AVX2 kernels: their names, and what they share.
 *
 * These files are compiled for AVX2, FMA and F16C. They may include only headers with types, macros
 * and static functions, so that no wide instruction gets into code that other CPUs run.
 */
#ifndef MIENI_KERNELS_X86_AVX2_H
#define MIENI_KERNELS_X86_AVX2_H

#include <immintrin.h>

#include "kernels/kernels.h"

#if defined(__GNUC__)
#define MIENI_INLINE static inline __attribute__((always_inline))
#else
#define MIENI_INLINE static inline
#endif

extern const MieniConvKernel mieni_conv_avx2;
extern const MieniConvKernel mieni_pointwise_avx2;
extern const MieniConvKernel mieni_depthwise_avx2;
extern const MieniConvKernel mieni_depthwise_pointwise_avx2;
extern const MieniConvKernel mieni_fully_connected_avx2;

void mieni_crop_avx2(const MieniView *view, const MieniCrop *crop, const MieniPlane *out,
                     int32_t row_begin, int32_t row_end);
void mieni_resize_add_avx2(const MieniPlane *in, const MieniPlane *add, const MieniPlane *out,
                           int32_t row_begin, int32_t row_end);
void mieni_layer_norm_avx2(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out);
void mieni_transpose_avx2(const MieniPlane *in, float scale, const MieniPlane *add,
                          const MieniPlane *out);
void mieni_sample_bilinear_avx2(const MieniPlane *in, const float matrix[16],
                                const MieniPlane *out);
double mieni_fma_loop_avx2(int64_t iterations);

/* A mask of the first n lanes; n may be anything. */
static inline __m256i avx2_mask(ptrdiff_t n)
{
    static const int32_t window[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    ptrdiff_t inside = n < 0 ? 0 : n > 8 ? 8 : n;
    return _mm256_loadu_si256((const __m256i *)(const void *)(window + 8 - inside));
}

/* 8 floats as halves, rounded to the nearest. */
MIENI_INLINE __m128i avx2_to_halves(__m256 values)
{
    return _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT);
}

/* 8 halves as floats. */
MIENI_INLINE __m256 avx2_load_halves(const char *from)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)from));
}

static inline int32_t avx2_round_up_8(int32_t n)
{
    return (n + 7) / 8 * 8;
}

/* How many lanes of a pixel that begin at `channel` may be touched: all 8 in a padded plane. */
static inline ptrdiff_t avx2_lanes(const MieniPlane *plane, int32_t channel)
{
    return MIENI_MIN(plane->pixel_stride - channel, 8);
}

/* The first `lanes` floats (all 8 if more), zeros behind them; no over-read. */
MIENI_INLINE __m256 avx2_load(const float *from, ptrdiff_t lanes)
{
    return lanes >= 8 ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, avx2_mask(lanes));
}

/* True if halves can stand for all n weights, bit for bit. */
static inline bool avx2_are_halves(const MieniConvWeights *weights, size_t n)
{
    for (size_t i = 0; i < n && !weights->halves; i += 8) {
        __m256 value = avx2_load(weights->weights + i, (ptrdiff_t)(n - i));
        __m256 back = _mm256_cvtph_ps(avx2_to_halves(value));
        __m256i differ = _mm256_xor_si256(_mm256_castps_si256(value), _mm256_castps_si256(back));
        if (!_mm256_testz_si256(differ, differ))
            return false;
    }
    return true;
}

/* The rows of a block become its columns. */
MIENI_INLINE void avx2_transpose(__m256 r[8])
{
    __m256 a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        a[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
        b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
        b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
        b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
        r[i + 4] = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
    }
}

MIENI_INLINE void avx2_store(float *to, ptrdiff_t lanes, __m256 value)
{
    if (lanes >= 8)
        _mm256_storeu_ps(to, value);
    else
        _mm256_maskstore_ps(to, avx2_mask(lanes), value);
}

/* All but the sigmoid, which mieni_conv_tail_avx2 does. */
MIENI_INLINE __m256 avx2_activate(MieniActivation activation, __m256 x, __m256 slope)
{
    if (activation == MIENI_ACTIVATION_PRELU)
        return _mm256_blendv_ps(x, _mm256_mul_ps(x, slope), x);
    if (activation == MIENI_ACTIVATION_RELU)
        return _mm256_max_ps(_mm256_setzero_ps(), x); /* in this order NaN stays NaN */
    return x;
}

/* Does `statements` with `activation` as a constant; nothing for those that change nothing here. */
#define WITH_ACTIVATION(which, statements)                                                         \
    if ((which) == MIENI_ACTIVATION_PRELU) {                                                       \
        const MieniActivation activation = MIENI_ACTIVATION_PRELU;                                 \
        statements                                                                                 \
    } else if ((which) == MIENI_ACTIVATION_RELU) {                                                 \
        const MieniActivation activation = MIENI_ACTIVATION_RELU;                                  \
        statements                                                                                 \
    }

/* How many lanes of the residual count for the 8 output channels from `channel` on. */
static inline ptrdiff_t avx2_residual_lanes(const MieniConvArgs *args, int32_t channel)
{
    ptrdiff_t left = args->shape->residual_channels - channel;
    if (args->shape->residual == MIENI_RESIDUAL_NONE || left <= 0)
        return 0;
    return args->residual.pixel_stride % 8 == 0 ? 8 : left; /* padded planes hold zeros */
}

/* The residual of one output pixel: from, and the distances to the right and lower neighbours if it
 * is pooled (0 where there is none). */
MIENI_INLINE __m256 avx2_residual(MieniResidual kind, const float *from, ptrdiff_t right,
                                  ptrdiff_t down, ptrdiff_t lanes)
{
    __m256 value = avx2_load(from, lanes);
    if (kind == MIENI_RESIDUAL_ADD)
        return value;
    __m256 top = _mm256_max_ps(value, avx2_load(from + right, lanes));
    __m256 bottom =
        _mm256_max_ps(avx2_load(from + down, lanes), avx2_load(from + down + right, lanes));
    return _mm256_max_ps(top, bottom);
}

/* True if mieni_conv_tail_avx2 has anything to do. */
static inline bool avx2_has_tail(const MieniConvArgs *args)
{
    return args->shape->activation == MIENI_ACTIVATION_SIGMOID ||
           args->out.pixel_stride > avx2_round_up_8(args->shape->out_channels);
}

/* What is too rare for the kernels themselves, after them: the sigmoid of channels begin .. end - 1
 * of one pixel, and zeros in lanes that no vector of the last channels covers. */
void mieni_conv_tail_avx2(const MieniConvArgs *args, float *out, int32_t begin, int32_t end);

/*
 * Rows first_row .. first_row + n_rows - 1 of the weights [...][k] as columns [k][width], zeros
 * behind the last row: as floats, or as halves. width: a multiple of 8.
 */
void mieni_pack_columns_avx2(const MieniConvWeights *weights, int32_t first_row, int32_t n_rows,
                             size_t k, int32_t width, bool halves, void *columns);

#endif
