/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layer normalisation and transposition, the parts of a mixer block that are no matrix products.
 * Sums go over the channels of one pixel, 8 at a time; what is transposed goes through blocks of 8
 * pixels by 8 channels in registers. Pixels behind the last are read as the last one again and
 * written as zeros.
 */
#include "kernels/x86/avx2.h"

#include <math.h>

/* The rows of a block become its columns. */
MIENI_INLINE void transpose_block(__m256 r[8])
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

/* 8 channels from `c` on of the 8 pixels from `first` on, a register a channel. */
MIENI_INLINE void load_block(const MieniPlane *in, int32_t first, int32_t c, __m256 block[8])
{
    int32_t n = in->height * in->width;
    for (int32_t i = 0; i < 8; i++) {
        int32_t at = MIENI_MIN(first + i, n - 1);
        block[i] = avx2_load(mieni_plane_at(in, at / in->width, at % in->width) + c,
                             (ptrdiff_t)in->channels - c);
    }
    transpose_block(block);
}

static float sum_of_lanes(__m256 x)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

/* Mean and 1 / sqrt(variance + epsilon) of one pixel. */
static void measure(const float *x, int32_t n, float epsilon, float *mean, float *scale)
{
    __m256 sum = _mm256_setzero_ps(), squares = _mm256_setzero_ps();
    for (int32_t c = 0; c < n; c += 8)
        sum = _mm256_add_ps(sum, avx2_load(x + c, n - c));
    *mean = sum_of_lanes(sum) / (float)n;
    __m256 middle = _mm256_set1_ps(*mean);
    for (int32_t c = 0; c < n; c += 8) {
        __m256 mask = _mm256_castsi256_ps(avx2_mask(n - c));
        __m256 off = _mm256_and_ps(_mm256_sub_ps(avx2_load(x + c, n - c), middle), mask);
        squares = _mm256_fmadd_ps(off, off, squares);
    }
    *scale = 1.0f / sqrtf(sum_of_lanes(squares) / (float)n + epsilon);
}

static void clear_lanes(float *pixel, int32_t channels, ptrdiff_t stride)
{
    for (ptrdiff_t c = channels; c < stride; c++)
        pixel[c] = 0.0f;
}

static void norm_rows(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    int32_t n = in->channels;
    for (int32_t i = 0; i < in->height * in->width; i++) {
        const float *x = mieni_plane_at(in, i / in->width, i % in->width);
        float *y = mieni_plane_at(out, i / in->width, i % in->width);
        float mean, scale;
        measure(x, n, spec->epsilon, &mean, &scale);
        __m256 middle = _mm256_set1_ps(mean), factor = _mm256_set1_ps(scale);
        for (int32_t c = 0; c < n; c += 8) {
            __m256 gain = _mm256_mul_ps(factor, avx2_load(spec->gain + c, n - c));
            __m256 value = _mm256_mul_ps(_mm256_sub_ps(avx2_load(x + c, n - c), middle), gain);
            avx2_store(y + c, MIENI_MIN(n - c, 8), value);
        }
        clear_lanes(y, n, out->pixel_stride);
    }
}

static void norm_transposed(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    int32_t n_pixels = in->height * in->width, n = in->channels;
    for (int32_t i = 0; i < n_pixels; i += 8) {
        float mean[8], scale[8];
        for (int32_t k = 0; k < 8; k++) {
            int32_t at = MIENI_MIN(i + k, n_pixels - 1);
            measure(mieni_plane_at(in, at / in->width, at % in->width), n, spec->epsilon, &mean[k],
                    &scale[k]);
        }
        __m256 middle = _mm256_loadu_ps(mean), factor = _mm256_loadu_ps(scale);
        ptrdiff_t lanes = MIENI_MIN(n_pixels - i, 8);
        for (int32_t c = 0; c < n; c += 8) {
            __m256 block[8];
            load_block(in, i, c, block);
            for (int32_t k = 0; k < MIENI_MIN(n - c, 8); k++) {
                __m256 gain = _mm256_mul_ps(factor, _mm256_broadcast_ss(spec->gain + c + k));
                avx2_store(mieni_plane_at(out, 0, c + k) + i, lanes,
                           _mm256_mul_ps(_mm256_sub_ps(block[k], middle), gain));
            }
        }
    }
    for (int32_t c = 0; c < n; c++)
        clear_lanes(mieni_plane_at(out, 0, c), n_pixels, out->pixel_stride);
}

void mieni_layer_norm_avx2(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    if (spec->transposed)
        norm_transposed(spec, in, out);
    else
        norm_rows(spec, in, out);
}

void mieni_transpose_avx2(const MieniPlane *in, float scale, const MieniPlane *add,
                          const MieniPlane *out)
{
    __m256 factor = _mm256_set1_ps(scale);
    for (int32_t i = 0; i < in->width; i += 8) {
        ptrdiff_t lanes = MIENI_MIN(in->width - i, 8);
        for (int32_t c = 0; c < in->channels; c += 8) {
            __m256 block[8];
            load_block(in, i, c, block);
            for (int32_t k = 0; k < MIENI_MIN(in->channels - c, 8); k++) {
                __m256 value = _mm256_mul_ps(block[k], factor);
                if (add->data)
                    value =
                        _mm256_add_ps(value, avx2_load(mieni_plane_at(add, 0, c + k) + i, lanes));
                avx2_store(mieni_plane_at(out, 0, c + k) + i, lanes, value);
            }
        }
    }
    for (int32_t c = 0; c < in->channels; c++)
        clear_lanes(mieni_plane_at(out, 0, c), in->width, out->pixel_stride);
}
