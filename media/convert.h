/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to RGB24, through swscale where they are YCbCr or of an unusual format. */
#ifndef MIENI_MEDIA_CONVERT_H
#define MIENI_MEDIA_CONVERT_H

#include <libavutil/pixfmt.h>

#include "media/media.h"

/* Planes as FFmpeg describes them. */
typedef struct MieniPlanes {
    enum AVPixelFormat format;
    int width, height;
    const uint8_t *data[4];
    int strides_bytes[4];
    MienColorMatrix matrix;
    MienColorRange range;
} MieniPlanes;

/* Converts without turning. Fails with MIEN_E_UNSUPPORTED if swscale does not know the format. */
MienStatus mieni_planes_to_rgb24(const MieniPlanes *planes, uint8_t *pixels, ptrdiff_t stride_bytes,
                                 MienError *error);

/* Converts and turns upright: `pixels` is upright height x width x 3. */
MienStatus mieni_image_to_rgb24(const MienImage *image, uint8_t *pixels, ptrdiff_t stride_bytes,
                                MienError *error);

/* swscale's name of a matrix. */
int mieni_sws_colorspace(MienColorMatrix matrix);

/* What makes swscale exact: its default trades up to 8 levels for speed. */
#define MIENI_SWS_FLAGS (SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP)

#endif
