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

/* The value that 8 bits stand for, of 8 pixels or channels. */
MIENI_INLINE __m256 crop_value(const MieniCrop *crop, __m256i pixel)
{
    __m256 value = _mm256_cvtepi32_ps(pixel);
    __m256 most = _mm256_mul_ps(value, _mm256_set1_ps(crop->scale));
    __m256 rest = _mm256_mul_ps(value, _mm256_set1_ps(crop->scale_rest));
    return _mm256_add_ps(_mm256_add_ps(most, _mm256_set1_ps(crop->offset)), rest);
}

/*
 * Crops those groups of a row whose taps all lie inside the picture, if its format is packed and
 * `out` has three floats a pixel; the picture's offsets fit 32 bits. Returns a bit for each that is
 * done, the first group's the lowest.
 */
uint32_t mieni_crop_inside_avx2(const MieniView *view, const MieniCrop *crop,
                                const CropGroups *groups, const MieniPlane *out, int32_t row);

#endif
