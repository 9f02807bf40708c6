/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A picture in the caller's memory: pixel format, strides, colour description, rotation. Nothing is
 * copied and nothing is owned; the engine reads the planes only during the call that they are
 * passed to.
 *
 *     MienImage image;
 *     mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, pixels, stride_bytes);
 */
#ifndef MIEN_IMAGE_H
#define MIEN_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum MienPixelFormat {
    MIEN_PIXEL_RGB24 = 1,  /**< 3 bytes a pixel: R, G, B */
    MIEN_PIXEL_BGR24 = 2,  /**< 3 bytes a pixel: B, G, R (OpenCV's order) */
    MIEN_PIXEL_RGBA32 = 3, /**< 4 bytes a pixel; alpha is ignored, not blended */
    MIEN_PIXEL_BGRA32 = 4, /**< 4 bytes a pixel; alpha is ignored, not blended */
    MIEN_PIXEL_GRAY8 = 5,  /**< 1 byte a pixel, used as R = G = B */
    MIEN_PIXEL_NV12 =
        6, /**< plane 0: Y; plane 1: interleaved U, V at half width and height (rounded up) */
    MIEN_PIXEL_I420 = 7 /**< plane 0: Y; planes 1, 2: U, V at half width and height (rounded up) */
} MienPixelFormat;

/** YCbCr matrix of NV12 and I420; other formats ignore it. Source: ITU-T H.273, table 4. */
typedef enum MienColorMatrix {
    MIEN_MATRIX_BT601 = 0, /**< Kr 0.299, Kb 0.114 */
    MIEN_MATRIX_BT709 = 1, /**< Kr 0.2126, Kb 0.0722 */
    MIEN_MATRIX_BT2020 = 2 /**< Kr 0.2627, Kb 0.0593, non-constant luminance */
} MienColorMatrix;

/** Value range of NV12 and I420 pictures; other formats ignore it. */
typedef enum MienColorRange {
    MIEN_RANGE_LIMITED = 0, /**< Y 16..235, U and V 16..240 */
    MIEN_RANGE_FULL = 1     /**< 0..255 (JPEG) */
} MienColorRange;

/** Largest width and height that the engine takes, in pixels. */
#define MIEN_IMAGE_MAX_SIDE 32767

/** How many bytes past the last pixel of a row kernels may read: none. Pictures need no padding. */
#define MIEN_READ_PAD_BYTES 0

typedef struct MienImage {
    /** sizeof(MienImage), set by mien_image_init. */
    size_t struct_size;
    MienPixelFormat format;
    /** Pixels as stored, before rotation; 1..MIEN_IMAGE_MAX_SIDE. */
    int32_t width;
    /** Rows as stored, before rotation; 1..MIEN_IMAGE_MAX_SIDE. */
    int32_t height;
    /** Top row of each plane of the format; others are ignored.
     * Owner: caller, borrowed for the call. */
    const uint8_t *planes[3];
    /** From one row of a plane to the next; may be negative. */
    ptrdiff_t strides_bytes[3];
    /** (default MIEN_MATRIX_BT601) */
    MienColorMatrix color_matrix;
    /** (default MIEN_RANGE_LIMITED) */
    MienColorRange color_range;
    /** Clockwise turn that makes the stored picture upright: 0, 90, 180, 270 (default 0) */
    int32_t rotation_degrees;
    /** A further clockwise turn for the detector alone: the faces stand upright after it, but the
     * results stay those of the picture without it, as with rotation_degrees of MediaPipe's
     * ImageProcessingOptions. 0, 90, 180, 270 (default 0) */
    int32_t detector_rotation_degrees;
} MienImage;

/**
 * Describes a picture whose planes lie in one block of memory.
 *
 * For NV12 and I420 the chroma planes are taken to follow the luma plane without a gap, with the
 * stride of NV12's second plane equal to `stride_bytes` and that of I420's chroma planes half of
 * it, rounded up. Set the fields yourself for any other layout. Checks nothing; the engine does.
 *
 * @param image         Written; never NULL.
 * @param pixels        Owner: caller, borrowed by the calls that `image` is passed to.
 * @param stride_bytes  From one row to the next; 0 means rows without padding. Negative only for
 *                      formats of one plane, with `pixels` at the top row, the last in memory.
 *
 * Threads: any thread.
 */
MIEN_API void mien_image_init(MienImage *image, MienPixelFormat format, int32_t width,
                              int32_t height, const void *pixels, ptrdiff_t stride_bytes);

#ifdef __cplusplus
}
#endif
#endif
