/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the crop share: places of a row, 8 neighbouring pixels a vector. */
#ifndef MIENI_KERNELS_X86_CROP_AVX2_H
#define MIENI_KERNELS_X86_CROP_AVX2_H

#include "kernels/x86/avx2.h"

#define CROP_MAX_GROUPS 32 /* as many as are found before the first is fetched */

/* Groups of 8 pixels from `column` on, in units of 1/32 pixel. */
typedef struct CropGroups {
    int32_t column, n;
    __m256i x[CROP_MAX_GROUPS], y[CROP_MAX_GROUPS];
} CropGroups;

/*
 * The value that 8 bits stand for, of 8 pixels or channels. once: crop->scale_rest is not 0. Then
 * products are exact (mieni_crop_set_range), so that fusing them with sums changes nothing.
 */
MIENI_INLINE __m256 crop_value(const MieniCrop *crop, __m256i pixel, const bool once)
{
    const __m256 scale = _mm256_set1_ps(crop->scale), offset = _mm256_set1_ps(crop->offset);
    __m256 value = _mm256_cvtepi32_ps(pixel);
    if (!once)
        return _mm256_add_ps(_mm256_mul_ps(value, scale), offset);
    __m256 most = _mm256_fmadd_ps(value, scale, offset);
    return _mm256_fmadd_ps(value, _mm256_set1_ps(crop->scale_rest), most);
}

/* 8 pixels without gaps: R, G, B, R, G, B, … */
MIENI_INLINE void crop_store_interleaved(float *to, __m256 r, __m256 g, __m256 b)
{
    /* Each channel once in the order in which three vectors take every third lane of it. */
    r = _mm256_permutevar8x32_ps(r, _mm256_setr_epi32(0, 3, 6, 1, 4, 7, 2, 5));
    g = _mm256_permutevar8x32_ps(g, _mm256_setr_epi32(5, 0, 3, 6, 1, 4, 7, 2));
    b = _mm256_permutevar8x32_ps(b, _mm256_setr_epi32(2, 5, 0, 3, 6, 1, 4, 7));
    _mm256_storeu_ps(to, _mm256_blend_ps(_mm256_blend_ps(r, g, 0x92), b, 0x24));
    _mm256_storeu_ps(to + 8, _mm256_blend_ps(_mm256_blend_ps(r, g, 0x24), b, 0x49));
    _mm256_storeu_ps(to + 16, _mm256_blend_ps(_mm256_blend_ps(r, g, 0x49), b, 0x92));
}

/* Left upper taps in 16 bits each: rows in the low, columns in the high half of a doubleword. */
MIENI_INLINE __m256i crop_corners(__m256i x, __m256i y)
{
    return _mm256_blend_epi16(_mm256_srai_epi32(y, 5), _mm256_slli_epi32(x, 11), 0xAA);
}

/* Bytes from the plane's begin on to a sample of it, with factors as crop_pair makes them. */
MIENI_INLINE __m256i crop_offsets(__m256i corners, __m256i factors)
{
    return _mm256_madd_epi16(corners, factors);
}

/* Two numbers in the halves of each doubleword. */
MIENI_INLINE __m256i crop_pair(int32_t low, int32_t high)
{
    return _mm256_set1_epi32((int32_t)((uint32_t)low & 0xFFFF) | (int32_t)((uint32_t)high << 16));
}

/* The weights of left and right, a byte each, twice. */
MIENI_INLINE __m256i crop_column_weights(__m256i x)
{
    const __m256i four = _mm256_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12, 0, 0,
                                          0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12);
    __m256i fx = _mm256_shuffle_epi8(_mm256_and_si256(x, _mm256_set1_epi32(31)), four);
    return _mm256_add_epi8(_mm256_sign_epi8(fx, _mm256_set1_epi16(0x01FF)), _mm256_set1_epi16(32));
}

/* The weights of above and below, a half each. */
MIENI_INLINE __m256i crop_row_weights(__m256i y)
{
    __m256i fy = _mm256_and_si256(y, _mm256_set1_epi32(31));
    return _mm256_add_epi32(_mm256_sub_epi32(_mm256_slli_epi32(fy, 16), fy), _mm256_set1_epi32(32));
}

/* True if columns and rows of the picture fit the 16 bits of crop_corners. */
static inline bool crop_is_small(const MienImage *image)
{
    bool small = image->width <= INT16_MAX && image->height <= INT16_MAX;
    for (int i = 0; i < 3 && image->planes[i]; i++)
        small =
            small && image->strides_bytes[i] <= INT16_MAX && image->strides_bytes[i] >= -INT16_MAX;
    return small;
}

/* True if places of a row from `begin` to `end` lie in 0 .. last, those between them too, which
 * leave the line by `slack` at most. */
static inline bool crop_is_between(int32_t begin, int32_t end, int64_t slack, int32_t last)
{
    return MIENI_MIN(begin, end) - slack >= 0 &&
           MIENI_MAX(begin, end) + slack < (last + INT64_C(1)) * 32;
}

/* How far places may leave the line between a row's ends, 1/32 pixel: a parabola by square * n^2 /
 * 4, and what ties and roundings make. */
static inline int64_t crop_slack(const MieniCrop *crop, const int64_t *terms, int32_t n)
{
    int64_t square = terms[3] < 0 ? -terms[3] : terms[3];
    int64_t tie = terms[6] < 0 ? -terms[6] : terms[6];
    return ((square * n * n / 4 + tie) >> crop->shift) + 2;
}

/* Returns the groups of 8 pixels whose left upper taps lie in 0 .. right, 0 .. bottom. */
static inline uint32_t crop_inside(const MieniCrop *crop, const CropGroups *groups, int32_t right,
                                   int32_t bottom)
{
    const int32_t *x = (const int32_t *)(const void *)groups->x;
    const int32_t *y = (const int32_t *)(const void *)groups->y;
    int32_t n = MIENI_MIN(8 * groups->n, crop->width - groups->column);
    uint32_t all = n / 8 == 32 ? UINT32_MAX : (UINT32_C(1) << n / 8) - 1, inside = 0;
    if (crop_is_between(x[0], x[n - 1], crop_slack(crop, crop->x, n), right) &&
        crop_is_between(y[0], y[n - 1], crop_slack(crop, crop->y, n), bottom))
        return all;
    const __m256i last_x = _mm256_set1_epi32(right), last_y = _mm256_set1_epi32(bottom);
    for (int32_t i = 0; i < groups->n; i++) {
        __m256i left = _mm256_srai_epi32(groups->x[i], 5), top = _mm256_srai_epi32(groups->y[i], 5);
        /* Negative ones are large without their sign. */
        __m256i near = _mm256_and_si256(_mm256_cmpeq_epi32(_mm256_min_epu32(left, last_x), left),
                                        _mm256_cmpeq_epi32(_mm256_min_epu32(top, last_y), top));
        inside |= (uint32_t)(_mm256_movemask_epi8(near) == -1) << i;
    }
    return inside & all;
}

/*
 * Crop those groups of a row whose taps all lie inside the picture, if `out` has three floats a
 * pixel; the picture's offsets fit 32 bits. Return a bit for each that is done, the first group's
 * the lowest. The first for packed pixels, the other for YUV and GRAY8.
 */
uint32_t mieni_crop_inside_avx2(const MieniView *view, const MieniCrop *crop,
                                const CropGroups *groups, const MieniPlane *out, int32_t row);
uint32_t mieni_crop_inside_yuv_avx2(const MieniView *view, const MieniCrop *crop,
                                    const CropGroups *groups, const MieniPlane *out, int32_t row);

#endif
