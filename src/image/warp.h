/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map from crop to picture as OpenCV 4 has it, to the last bit of a double: MediaPipe cuts with
 * OpenCV, and where a position lies half-way between two steps of 1/32 pixel, the noise of these
 * doubles decides how it is rounded. Only + - * / in a fixed order: every machine gets the same.
 * Source: documentation of getPerspectiveTransform, invert and warpPerspective; checked bit by bit
 * by tools/golden/check.py.
 */
#ifndef MIENI_IMAGE_WARP_H
#define MIENI_IMAGE_WARP_H

#include <stdbool.h>
#include <stdint.h>

/* Corners of a crop in the picture, in pixels. */
typedef struct MieniCorners {
    float bottom_left[2], top_left[2], top_right[2], bottom_right[2]; /* x, y */
} MieniCorners;

/*
 * Picture position of the crop's pixel (i, j): x = (m[0] i + m[1] j + m[2]) / w, y likewise with
 * m[3..5], w = m[6] i + m[7] j + m[8], in pixels.
 */
typedef struct MieniWarp {
    double m[9];
    int32_t width, height; /* of the crop */
} MieniWarp;

/* False if the corners do not span an area. */
bool mieni_warp_init(MieniWarp *warp, const MieniCorners *corners, int32_t width, int32_t height);

/* Position of a pixel in 1/32 pixel as warpPerspective computes it, not yet rounded. */
void mieni_warp_position(const MieniWarp *warp, int32_t column, int32_t row, double position[2]);

#endif
