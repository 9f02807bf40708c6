/* SPDX-License-Identifier: Apache-2.0 */
/* A whole crop in one call, for tests. */
#ifndef MIEN_TESTS_IMAGE_CROP_IMAGE_H
#define MIEN_TESTS_IMAGE_CROP_IMAGE_H

#include "image/crop.h"
#include "kernels/ref/ref.h"
#include "support/test.h"

/* Values 0..255 unchanged, so that results compare as bytes. */
static inline MieniCropSpec byte_spec(int32_t width, int32_t height, MieniBorder border,
                                      bool keep_aspect)
{
    return (MieniCropSpec){.width = width,
                           .height = height,
                           .border = border,
                           .keep_aspect = keep_aspect,
                           .range_min = 0,
                           .range_max = 255};
}

/* Returns [height][width][3]; free it. */
static inline float *crop_image(const MienImage *image, MieniRect rect, const MieniCropSpec *spec)
{
    MieniView view;
    MienError error = {0};
    if (mieni_view_init(&view, image, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    MieniCrop crop;
    assert_int_equal(mieni_crop_init(&crop, &view, &rect, spec), MIEN_OK);
    float *pixels = malloc(sizeof(float) * 3 * (size_t)spec->width * (size_t)spec->height);
    assert_non_null(pixels);
    MieniPlane plane = {.data = pixels,
                        .height = spec->height,
                        .width = spec->width,
                        .channels = 3,
                        .row_stride = 3 * spec->width,
                        .pixel_stride = 3};
    mieni_crop_ref(&view, &crop, &plane, 0, spec->height);
    return pixels;
}

#endif
