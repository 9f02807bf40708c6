/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layer normalisation and transposition, the parts of a mixer block that are no matrix products. 8
 * pixels at a time: their sums are added up lane by lane in blocks of 8 pixels by 8 channels, which
 * are turned round in registers, as is what comes out transposed. Pixels behind the last are read
 * as the last one again and written as zeros.
 */
#include "kernels/x86/avx2.h"

/* Where the 8 pixels from number `first` on are. */
static void locate(const MieniPlane *plane, int32_t first, float *at[8])
{
    int32_t n = plane->height * plane->width, y = first / plane->width, x = first % plane->width;
    for (int32_t i = 0; i < 8; i++) {
        at[i] = mieni_plane_at(plane, y, x);
        if (first + i + 1 < n && ++x == plane->width) {
            x = 0;
            y++;
        }
    }
}

/* 8 channels from `c` on of 8 pixels, a register a channel. */
MIENI_INLINE void load_block(float *const at[8], ptrdiff_t c, ptrdiff_t n, __m256 block[8])
{
    for (int32_t i = 0; i < 8; i++)
        block[i] = avx2_load(at[i] + c, n - c);
    avx2_transpose(block);
}

/* What a pixel has room for, up to 8 lanes: the first n of a vector, then zeros. */
MIENI_INLINE void put(float *to, ptrdiff_t room, ptrdiff_t n, __m256 value)
{
    if (n < 8)
        value = _mm256_and_ps(value, _mm256_castsi256_ps(avx2_mask(n)));
    avx2_store(to, room, value);
}

/* Lanes behind the last vector of n channels. */
static void clear_lanes(float *pixel, int32_t n, ptrdiff_t stride)
{
    for (ptrdiff_t c = avx2_round_up_8(n); c < stride; c++)
        pixel[c] = 0.0f;
}

/* The sum of each row, a lane a row. */
MIENI_INLINE __m256 sum_rows(__m256 r[8])
{
    avx2_transpose(r);
    __m256 low = _mm256_add_ps(_mm256_add_ps(r[0], r[1]), _mm256_add_ps(r[2], r[3]));
    __m256 high = _mm256_add_ps(_mm256_add_ps(r[4], r[5]), _mm256_add_ps(r[6], r[7]));
    return _mm256_add_ps(low, high);
}

/* Sums of a pixel's channels, and of their squared distances from `middle`, lane by lane. */
MIENI_INLINE __m256 lanes_sum(const float *x, ptrdiff_t n)
{
    __m256 sum = n % 8 ? avx2_load(x + n / 8 * 8, n % 8) : _mm256_setzero_ps();
    for (ptrdiff_t c = 0; c + 8 <= n; c += 8)
        sum = _mm256_add_ps(sum, _mm256_loadu_ps(x + c));
    return sum;
}

MIENI_INLINE __m256 lanes_squares(const float *x, ptrdiff_t n, __m256 middle)
{
    __m256 squares = _mm256_setzero_ps();
    for (ptrdiff_t c = 0; c + 8 <= n; c += 8) {
        __m256 off = _mm256_sub_ps(_mm256_loadu_ps(x + c), middle);
        squares = _mm256_fmadd_ps(off, off, squares);
    }
    if (n % 8) {
        __m256 off = _mm256_sub_ps(avx2_load(x + n / 8 * 8, n % 8), middle);
        off = _mm256_and_ps(off, _mm256_castsi256_ps(avx2_mask(n % 8)));
        squares = _mm256_fmadd_ps(off, off, squares);
    }
    return squares;
}

/* Mean and 1 / sqrt(variance + epsilon) of 8 pixels, a lane a pixel. */
static void measure(float *const at[8], ptrdiff_t n, float epsilon, float mean[8], float scale[8])
{
    const __m256 count = _mm256_set1_ps((float)n);
    __m256 rows[8];
    for (int32_t i = 0; i < 8; i++)
        rows[i] = lanes_sum(at[i], n);
    _mm256_storeu_ps(mean, _mm256_div_ps(sum_rows(rows), count));
    for (int32_t i = 0; i < 8; i++)
        rows[i] = lanes_squares(at[i], n, _mm256_broadcast_ss(mean + i));
    __m256 variance = _mm256_div_ps(sum_rows(rows), count);
    __m256 root = _mm256_sqrt_ps(_mm256_add_ps(variance, _mm256_set1_ps(epsilon)));
    _mm256_storeu_ps(scale, _mm256_div_ps(_mm256_set1_ps(1.0f), root));
}

MIENI_INLINE __m256 normed(__m256 x, __m256 mean, __m256 scale, __m256 gain)
{
    return _mm256_mul_ps(_mm256_sub_ps(x, mean), _mm256_mul_ps(scale, gain));
}

static void norm_rows(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    int32_t n_pixels = in->height * in->width, n = in->channels, whole = n / 8 * 8;
    for (int32_t first = 0; first < n_pixels; first += 8) {
        float *at[8], *to[8], mean[8], scale[8];
        locate(in, first, at);
        locate(out, first, to);
        measure(at, n, spec->epsilon, mean, scale);
        for (int32_t i = 0; i < MIENI_MIN(n_pixels - first, 8); i++) {
            const float *x = at[i];
            float *y = to[i];
            __m256 middle = _mm256_set1_ps(mean[i]), factor = _mm256_set1_ps(scale[i]);
            for (int32_t c = 0; c < whole; c += 8)
                _mm256_storeu_ps(y + c, normed(_mm256_loadu_ps(x + c), middle, factor,
                                               _mm256_loadu_ps(spec->gain + c)));
            if (whole < n)
                put(y + whole, out->pixel_stride - whole, n - whole,
                    normed(avx2_load(x + whole, n - whole), middle, factor,
                           avx2_load(spec->gain + whole, n - whole)));
            clear_lanes(y, n, out->pixel_stride);
        }
    }
}

/* 8 pixels of up to 8 channels from `c` on, turned round. Inlined once with n_channels and n_pixels
 * of 8, so that the block stays in registers. */
MIENI_INLINE void turn_normed(const MieniNormSpec *spec, float *const at[8], int32_t c,
                              const int32_t n_channels, const int32_t n_pixels, __m256 middle,
                              __m256 factor, float *to, ptrdiff_t room, ptrdiff_t stride)
{
    __m256 block[8];
    load_block(at, c, c + n_channels, block);
    for (int32_t k = 0; k < n_channels; k++) {
        __m256 gain = _mm256_broadcast_ss(spec->gain + c + k);
        put(to + k * stride, room, n_pixels, normed(block[k], middle, factor, gain));
    }
}

static void norm_transposed(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    int32_t all_pixels = in->height * in->width, all_channels = in->channels;
    ptrdiff_t stride = out->pixel_stride;
    for (int32_t first = 0; first < all_pixels; first += 8) {
        float *at[8], mean[8], scale[8];
        locate(in, first, at);
        measure(at, all_channels, spec->epsilon, mean, scale);
        __m256 middle = _mm256_loadu_ps(mean), factor = _mm256_loadu_ps(scale);
        int32_t n_pixels = MIENI_MIN(all_pixels - first, 8);
        for (int32_t c = 0; c < all_channels; c += 8) {
            int32_t n_channels = MIENI_MIN(all_channels - c, 8);
            float *to = mieni_plane_at(out, 0, c) + first;
            if (n_pixels == 8 && n_channels == 8)
                turn_normed(spec, at, c, 8, 8, middle, factor, to, 8, stride);
            else
                turn_normed(spec, at, c, n_channels, n_pixels, middle, factor, to, stride - first,
                            stride);
        }
    }
    for (int32_t c = 0; c < all_channels; c++)
        clear_lanes(mieni_plane_at(out, 0, c), all_pixels, stride);
}

void mieni_layer_norm_avx2(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    if (spec->transposed)
        norm_transposed(spec, in, out);
    else
        norm_rows(spec, in, out);
}

/* What is added, NULL for nothing, has the layout of the output but for its stride. */
MIENI_INLINE void turn(float *const at[8], int32_t c, const int32_t n_channels,
                       const int32_t n_pixels, __m256 factor, const float *add,
                       ptrdiff_t add_stride, float *to, ptrdiff_t room, ptrdiff_t stride)
{
    __m256 block[8];
    load_block(at, c, c + n_channels, block);
    for (int32_t k = 0; k < n_channels; k++) {
        __m256 value = _mm256_mul_ps(block[k], factor);
        if (add)
            value = _mm256_add_ps(value, avx2_load(add + k * add_stride, n_pixels));
        put(to + k * stride, room, n_pixels, value);
    }
}

void mieni_transpose_avx2(const MieniPlane *in, float scale, const MieniPlane *add,
                          const MieniPlane *out)
{
    const __m256 factor = _mm256_set1_ps(scale);
    ptrdiff_t stride = out->pixel_stride;
    for (int32_t first = 0; first < in->width; first += 8) {
        float *at[8];
        locate(in, first, at);
        int32_t n_pixels = MIENI_MIN(in->width - first, 8);
        for (int32_t c = 0; c < in->channels; c += 8) {
            int32_t n_channels = MIENI_MIN(in->channels - c, 8);
            const float *from = add->data ? mieni_plane_at(add, 0, c) + first : NULL;
            float *to = mieni_plane_at(out, 0, c) + first;
            if (n_pixels == 8 && n_channels == 8)
                turn(at, c, 8, 8, factor, from, add->pixel_stride, to, 8, stride);
            else
                turn(at, c, n_channels, n_pixels, factor, from, add->pixel_stride, to,
                     stride - first, stride);
        }
    }
    for (int32_t c = 0; c < in->channels; c++)
        clear_lanes(mieni_plane_at(out, 0, c), in->width, stride);
}
