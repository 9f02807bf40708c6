/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a crop takes its pixels from: the affine map from crop to picture, as integers that every
 * device shares.
 *
 * For destination pixel (i, j) the source position in units of 1/32 pixel is
 *   X = round_half_even((m[0] * i + m[1] * j + m[2]) / 2^MIENI_CROP_SHIFT), Y likewise with
 * m[3..5], where the centre of source pixel (0, 0) has X = Y = 0. Positions are those of the
 * picture as stored: the picture's own rotation is part of the map. Source: reference sampler of
 * MediaPipe's CPU path (OpenCV warp, no half-pixel shift).
 */
#ifndef MIENI_IMAGE_CROP_H
#define MIENI_IMAGE_CROP_H

#include "image/geometry.h"
#include "image/view.h"

#define MIENI_CROP_SHIFT 32

typedef enum MieniBorder {
    MIENI_BORDER_REPLICATE, /* outside the picture the nearest pixel counts */
    MIENI_BORDER_ZERO       /* outside the picture each tap is 0 in R, G and B */
} MieniBorder;

typedef struct MieniCrop {
    int64_t m[6];
    int32_t width, height; /* of the crop, pixels */
    MieniBorder border;
    float scale, offset; /* value = pixel * scale + offset, two roundings */
} MieniCrop;

/* What a network wants of its crop. */
typedef struct MieniCropSpec {
    int32_t width, height; /* pixels */
    MieniBorder border;
    bool keep_aspect;           /* widen the rectangle to the crop's aspect ratio (letterbox) */
    float range_min, range_max; /* of the values that 0 and 255 become */
} MieniCropSpec;

/*
 * Computes the map for a rectangle of the upright picture. With keep_aspect, `rect` is widened in
 * place to what is really cut out, so that results can be projected back with it.
 *
 * Returns MIEN_E_ARGUMENT if the rectangle is not finite, has no area, or is too far out for the
 * fixed-point range.
 */
MienStatus mieni_crop_init(MieniCrop *crop, const MieniView *view, MieniRect *rect,
                           const MieniCropSpec *spec);

#endif
