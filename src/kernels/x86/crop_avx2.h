/* SPDX-License-Identifier: Apache-2.0 */
/* Where 8 pixels of a crop's row come from; shared by the files of the crop. */
#ifndef MIENI_KERNELS_X86_CROP_AVX2_H
#define MIENI_KERNELS_X86_CROP_AVX2_H

#include "kernels/x86/avx2.h"

#define CROP_HALF (UINT64_C(1) << (MIENI_CROP_SHIFT - 1))

/* Positions along a row of the crop, and which the left upper tap may have if all four are to lie
 * in the picture, with room for fetches of 8 bytes. */
typedef struct CropLine {
    uint64_t first_x, first_y; /* of column 0 */
    uint64_t step_x, step_y;   /* from column to column */
    bool can_be_inside;
    uint64_t last_column, last_row;
} CropLine;

/* The pixel that a position falls into once it is rounded; huge if negative. A tie that goes to
 * even stays in its pixel. */
static inline uint64_t crop_whole(uint64_t position)
{
    return (uint64_t)((int64_t)(position + CROP_HALF) >> (MIENI_CROP_SHIFT + 5));
}

/* Whether all taps of the 8 pixels from `column` on lie inside: the first and the last say it. */
static inline bool crop_is_inside(const CropLine *line, int32_t column)
{
    uint64_t first = (uint64_t)column, last = first + 7;
    return line->can_be_inside &&
           crop_whole(line->first_x + first * line->step_x) <= line->last_column &&
           crop_whole(line->first_x + last * line->step_x) <= line->last_column &&
           crop_whole(line->first_y + first * line->step_y) <= line->last_row &&
           crop_whole(line->first_y + last * line->step_y) <= line->last_row;
}

/*
 * Crops packed pixels from `column` on, 8 at a time while they lie inside (the first do), to an
 * `out` of three floats a pixel. Returns the column behind the last. The picture's offsets fit 32
 * bits.
 */
int32_t mieni_crop_inside_avx2(const MieniView *view, const MieniCrop *crop, const CropLine *line,
                               const MieniPlane *out, int32_t row, int32_t column);

/* The positions of 8 columns as crop_round takes them: 0, 1, 4, 5 and 2, 3, 6, 7 in two vectors,
 * with half a unit added. They wrap beyond the crop's width, where no lane counts. */
typedef struct CropPositions {
    __m256i low_x, high_x, low_y, high_y;
    __m256i eight_x, eight_y; /* steps */
} CropPositions;

MIENI_INLINE CropPositions crop_positions(const CropLine *line, int32_t column)
{
    uint64_t x = line->first_x + (uint64_t)column * line->step_x + CROP_HALF, dx = line->step_x;
    uint64_t y = line->first_y + (uint64_t)column * line->step_y + CROP_HALF, dy = line->step_y;
    CropPositions at = {.eight_x = _mm256_set1_epi64x((int64_t)(8 * dx)),
                        .eight_y = _mm256_set1_epi64x((int64_t)(8 * dy)),
                        .low_x = _mm256_setr_epi64x((int64_t)x, (int64_t)(x + dx),
                                                    (int64_t)(x + 4 * dx), (int64_t)(x + 5 * dx)),
                        .low_y = _mm256_setr_epi64x((int64_t)y, (int64_t)(y + dy),
                                                    (int64_t)(y + 4 * dy), (int64_t)(y + 5 * dy))};
    at.high_x = _mm256_add_epi64(at.low_x, _mm256_set1_epi64x((int64_t)(2 * dx)));
    at.high_y = _mm256_add_epi64(at.low_y, _mm256_set1_epi64x((int64_t)(2 * dy)));
    return at;
}

/* The next 8. */
MIENI_INLINE void crop_advance(CropPositions *at)
{
    at->low_x = _mm256_add_epi64(at->low_x, at->eight_x);
    at->high_x = _mm256_add_epi64(at->high_x, at->eight_x);
    at->low_y = _mm256_add_epi64(at->low_y, at->eight_y);
    at->high_y = _mm256_add_epi64(at->high_y, at->eight_y);
}

/* Positions / 2^MIENI_CROP_SHIFT, to which a half has been added already, halves to even; the
 * result fits 32 bits. Where nothing is left behind the point it was a tie: an odd result goes back
 * by one. */
MIENI_INLINE __m256i crop_round(__m256i low, __m256i high)
{
    __m256 a = _mm256_castsi256_ps(low), b = _mm256_castsi256_ps(high);
    __m256i whole = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xDD));
    __m256i rest = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88));
    __m256i tie = _mm256_cmpeq_epi32(rest, _mm256_setzero_si256());
    return _mm256_andnot_si256(_mm256_srli_epi32(tie, 31), whole);
}

#endif
