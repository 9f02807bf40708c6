/* SPDX-License-Identifier: Apache-2.0 */
/* A picture that has been checked: every later part may take it as sound. */
#ifndef MIENI_IMAGE_VIEW_H
#define MIENI_IMAGE_VIEW_H

#include "base/base.h"
#include "mien/image.h"

typedef struct MieniView {
    MienImage image;
    int32_t upright_width; /* after rotation */
    int32_t upright_height;
    /*
     * YUV to RGB in integers, for NV12 and I420:
     *   l = y_gain * (Y - y_offset) + 2^15
     *   R = clip8((l + r_v * (V - 128)) >> 16), G = clip8((l + g_u * (U - 128) + g_v * (V - 128))
     * >> 16), B = clip8((l + b_u * (U - 128)) >> 16)
     */
    int32_t y_offset, y_gain, r_v, g_u, g_v, b_u;
    /* Tells pictures apart: two views of one engine with the same number have the same pixels. 0:
     * not numbered. */
    uint64_t serial;
} MieniView;

/* Bytes of a sample of a plane: a pixel, or U and V of NV12; 0 for an unknown format. */
static inline int32_t mieni_sample_bytes(MienPixelFormat format, int plane)
{
    switch (format) {
    case MIEN_PIXEL_RGB24:
    case MIEN_PIXEL_BGR24:
        return 3;
    case MIEN_PIXEL_RGBA32:
    case MIEN_PIXEL_BGRA32:
        return 4;
    case MIEN_PIXEL_NV12:
        return 1 + plane;
    case MIEN_PIXEL_GRAY8:
    case MIEN_PIXEL_I420:
        return 1;
    }
    return 0;
}

/* What a plane must hold: rows of so many bytes. */
typedef struct MieniPlaneSize {
    int32_t rows, row_bytes;
} MieniPlaneSize;

/* Fills the sizes of the planes that a picture's format has; returns their number, 0 for an unknown
 * format. */
int mieni_plane_sizes(const MienImage *image, MieniPlaneSize sizes[3]);

/* Checks a picture and derives what kernels need. On failure `error` says which field is wrong. */
MienStatus mieni_view_init(MieniView *view, const MienImage *image, MienError *error);

/* Bytes of the picture's planes without padding. */
size_t mieni_view_bytes(const MieniView *view);

/* Copies the planes to `pixels`, which has room for mieni_view_bytes, and describes them in `copy`.
 */
void mieni_view_copy(const MieniView *view, uint8_t *pixels, MienImage *copy);

#endif
