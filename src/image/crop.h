/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a crop takes its pixels from, as integers that every device shares.
 *
 * For destination pixel (i, j) the source position in units of 1/32 pixel is
 *   X = round_half_even((x[0] + x[1] i + x[2] j + x[3] i^2 + x[4] i j + x[5] j^2
 *                        + x[6] column_ties[i] + x[7] row_ties[j]) / 2^shift),
 * Y likewise with y, where the centre of source pixel (0, 0) has X = Y = 0. The squares are what is
 * left of a homography whose perspective is a rounding error; the last two terms break ties.
 * Positions are those of the picture as stored: the picture's own rotation is part of the map.
 * Source: reference sampler of MediaPipe's CPU path (OpenCV warp, no half-pixel shift).
 */
#ifndef MIENI_IMAGE_CROP_H
#define MIENI_IMAGE_CROP_H

#include "image/geometry.h"
#include "image/view.h"

/* Range of the shift: as many bits as the positions leave room for. */
#define MIENI_CROP_MIN_SHIFT 32
#define MIENI_CROP_MAX_SHIFT 44

#define MIENI_CROP_TERMS 8
#define MIENI_CROP_MAX_TIES 256 /* longer sides round halves to even */

typedef enum MieniBorder {
    MIENI_BORDER_REPLICATE, /* outside the picture the nearest pixel counts */
    MIENI_BORDER_ZERO       /* outside the picture each tap is 0 in R, G and B */
} MieniBorder;

typedef struct MieniCrop {
    int64_t x[MIENI_CROP_TERMS], y[MIENI_CROP_TERMS];
    int32_t shift;
    int32_t width, height; /* of the crop, pixels */
    /* A bit a column and a row, the lowest of the first word first. */
    uint32_t column_ties[MIENI_CROP_MAX_TIES / 32], row_ties[MIENI_CROP_MAX_TIES / 32];
    MieniRect region; /* what is cut out, in pixels of the upright picture */
    MieniBorder border;
    float scale, scale_rest, offset; /* value = (pixel * scale + offset) + pixel * scale_rest */
} MieniCrop;

static inline int64_t mieni_crop_tie(const uint32_t *ties, int32_t at)
{
    return at < MIENI_CROP_MAX_TIES ? ties[at / 32] >> at % 32 & 1 : 0;
}

/* The sum of x or y at a pixel without the ties, in 2^-shift of 1/32 pixel. */
static inline int64_t mieni_crop_sum(const int64_t terms[MIENI_CROP_TERMS], int64_t column,
                                     int64_t row)
{
    return terms[0] + (terms[1] + terms[3] * column + terms[4] * row) * column +
           (terms[2] + terms[5] * row) * row;
}

/* The same with them. */
static inline int64_t mieni_crop_position(const MieniCrop *crop,
                                          const int64_t terms[MIENI_CROP_TERMS], int32_t column,
                                          int32_t row)
{
    return mieni_crop_sum(terms, column, row) +
           terms[6] * mieni_crop_tie(crop->column_ties, column) +
           terms[7] * mieni_crop_tie(crop->row_ties, row);
}

/* In 1/32 pixel, halves to even. */
static inline int32_t mieni_crop_round(int64_t position, int32_t shift)
{
    const int64_t almost_half = (INT64_C(1) << (shift - 1)) - 1;
    return (int32_t)((position + almost_half + ((position >> shift) & 1)) >> shift);
}

/*
 * Makes values pixel * scale + offset. Rounded once, as by a fused operation, the scale is split
 * into its leading 16 bits and the rest: 8 bits of a pixel times either are exact, so is the first
 * sum, and the last sum is the only rounding, whatever a compiler fuses.
 */
static inline void mieni_crop_set_range(MieniCrop *crop, float scale, float offset, bool round_once)
{
    uint32_t bits;
    memcpy(&bits, &scale, sizeof(bits));
    if (round_once)
        bits &= ~UINT32_C(255);
    memcpy(&crop->scale, &bits, sizeof(bits));
    crop->scale_rest = scale - crop->scale;
    crop->offset = offset;
}

static inline float mieni_crop_value(const MieniCrop *crop, int32_t pixel)
{
    float value = (float)pixel;
    return (value * crop->scale + crop->offset) + value * crop->scale_rest;
}

/* What a network wants of its crop. */
typedef struct MieniCropSpec {
    int32_t width, height; /* pixels */
    MieniBorder border;
    bool keep_aspect;           /* widen the rectangle to the crop's aspect ratio (letterbox) */
    float range_min, range_max; /* of the values that 0 and 255 become */
    /* MediaPipe's package with Face Mesh cuts with OpenCV 4, the one with the Face Landmarker with
     * OpenCV 5: corners and range are rounded in other places. */
    bool as_opencv5;
} MieniCropSpec;

/*
 * Computes the map for a rectangle of the upright picture.
 *
 * Returns MIEN_E_ARGUMENT if the rectangle is not finite, has no area, or is too far out for the
 * fixed-point range.
 */
MienStatus mieni_crop_init(MieniCrop *crop, const MieniView *view, const MieniRect *rect,
                           const MieniCropSpec *spec);

#endif
