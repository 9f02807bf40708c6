/* SPDX-License-Identifier: Apache-2.0 */
#include "media/convert.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libswscale/swscale.h>

int mieni_sws_colorspace(MienColorMatrix matrix)
{
    switch (matrix) {
    case MIEN_MATRIX_BT709:
        return SWS_CS_ITU709;
    case MIEN_MATRIX_BT2020:
        return SWS_CS_BT2020;
    default:
        return SWS_CS_ITU601;
    }
}

MienStatus mieni_planes_to_rgb24(const MieniPlanes *planes, uint8_t *pixels, ptrdiff_t stride_bytes,
                                 MienError *error)
{
    if (stride_bytes > INT_MAX || stride_bytes < INT_MIN || !sws_isSupportedInput(planes->format))
        return mieni_media_fail(error, MIEN_E_UNSUPPORTED, "pixel-format",
                                "the pixel format cannot be converted; convert the file to one of "
                                "8 bits a channel");
    struct SwsContext *sws =
        sws_getContext(planes->width, planes->height, planes->format, planes->width, planes->height,
                       AV_PIX_FMT_RGB24, MIENI_SWS_FLAGS, NULL, NULL, NULL);
    if (!sws)
        return mieni_media_fail(error, MIEN_E_UNSUPPORTED, "pixel-format",
                                "%d x %d pixels of this format cannot be converted", planes->width,
                                planes->height);
    const int *from = sws_getCoefficients(mieni_sws_colorspace(planes->matrix));
    const int *to = sws_getCoefficients(SWS_CS_DEFAULT);
    /* Refused only where neither side has a matrix. */
    (void)sws_setColorspaceDetails(sws, from, planes->range == MIEN_RANGE_FULL, to, 1, 0, 1 << 16,
                                   1 << 16);
    uint8_t *const to_planes[4] = {pixels};
    const int to_strides[4] = {(int)stride_bytes};
    int n_rows = sws_scale(sws, planes->data, planes->strides_bytes, 0, planes->height, to_planes,
                           to_strides);
    sws_freeContext(sws);
    if (n_rows != planes->height)
        return mieni_media_fail(error, MIEN_E_INTERNAL, "conversion",
                                "converting a picture to RGB has failed");
    return MIEN_OK;
}

/* Where the upright picture's pixels lie in the stored one: first + x * step_x + y * step_y. */
typedef struct Walk {
    const uint8_t *first;
    ptrdiff_t step_x, step_y;
} Walk;

static Walk walk_upright(const MienImage *image, ptrdiff_t pixel_bytes)
{
    const uint8_t *origin = image->planes[0];
    ptrdiff_t right = pixel_bytes, down = image->strides_bytes[0];
    ptrdiff_t last_column = (image->width - 1) * right, last_row = (image->height - 1) * down;
    switch (image->rotation_degrees) {
    case 90:
        return (Walk){origin + last_row, -down, right};
    case 180:
        return (Walk){origin + last_column + last_row, -right, -down};
    case 270:
        return (Walk){origin + last_column, down, -right};
    default:
        return (Walk){origin, right, down};
    }
}

/* Copies an upright block of at most BLOCK x BLOCK pixels: the cache lines of a column of the
 * stored picture are then used before they are lost. */
enum { BLOCK = 32 };

static void copy_block(const Walk *walk, const uint8_t channels[3], int x0, int y0, int width,
                       int height, uint8_t *to, ptrdiff_t stride_bytes)
{
    for (int y = y0; y < y0 + height; y++) {
        const uint8_t *from = walk->first + x0 * walk->step_x + y * walk->step_y;
        uint8_t *out = to + y * stride_bytes + 3 * (ptrdiff_t)x0;
        for (int x = 0; x < width; x++) {
            out[0] = from[channels[0]];
            out[1] = from[channels[1]];
            out[2] = from[channels[2]];
            out += 3;
            from += walk->step_x;
        }
    }
}

static void packed_to_rgb24(const MienImage *image, uint8_t *pixels, ptrdiff_t stride_bytes)
{
    static const uint8_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {0, 0, 0}};
    bool is_bgr = image->format == MIEN_PIXEL_BGR24 || image->format == MIEN_PIXEL_BGRA32;
    bool is_gray = image->format == MIEN_PIXEL_GRAY8;
    bool has_alpha = image->format == MIEN_PIXEL_RGBA32 || image->format == MIEN_PIXEL_BGRA32;
    const uint8_t *order = orders[is_gray ? 2 : is_bgr ? 1 : 0];
    Walk walk = walk_upright(image, is_gray ? 1 : has_alpha ? 4 : 3);
    bool turned = image->rotation_degrees == 90 || image->rotation_degrees == 270;
    int width = turned ? image->height : image->width;
    int height = turned ? image->width : image->height;
    if (image->format == MIEN_PIXEL_RGB24 && image->rotation_degrees == 0) {
        for (int y = 0; y < height; y++)
            memcpy(pixels + y * stride_bytes, walk.first + y * walk.step_y, 3 * (size_t)width);
        return;
    }
    for (int y = 0; y < height; y += BLOCK)
        for (int x = 0; x < width; x += BLOCK)
            copy_block(&walk, order, x, y, width - x < BLOCK ? width - x : BLOCK,
                       height - y < BLOCK ? height - y : BLOCK, pixels, stride_bytes);
}

static MienStatus yuv_to_rgb24(const MienImage *image, uint8_t *pixels, ptrdiff_t stride_bytes,
                               MienError *error)
{
    bool is_nv12 = image->format == MIEN_PIXEL_NV12;
    MieniPlanes planes = {.format = is_nv12 ? AV_PIX_FMT_NV12 : AV_PIX_FMT_YUV420P,
                          .width = image->width,
                          .height = image->height,
                          .matrix = image->color_matrix,
                          .range = image->color_range};
    for (int i = 0; i < (is_nv12 ? 2 : 3); i++) {
        if (image->strides_bytes[i] > INT_MAX || image->strides_bytes[i] < INT_MIN)
            return mieni_media_fail(error, MIEN_E_ARGUMENT, "stride", "a stride is too large");
        planes.data[i] = image->planes[i];
        planes.strides_bytes[i] = (int)image->strides_bytes[i];
    }
    return mieni_planes_to_rgb24(&planes, pixels, stride_bytes, error);
}

MienStatus mieni_image_to_rgb24(const MienImage *image, uint8_t *pixels, ptrdiff_t stride_bytes,
                                MienError *error)
{
    bool is_yuv = image->format == MIEN_PIXEL_NV12 || image->format == MIEN_PIXEL_I420;
    if (!is_yuv) {
        packed_to_rgb24(image, pixels, stride_bytes);
        return MIEN_OK;
    }
    if (image->rotation_degrees == 0)
        return yuv_to_rgb24(image, pixels, stride_bytes, error);
    MienMediaFrame *stored = mieni_frame_alloc(MIEN_PIXEL_RGB24, image->width, image->height);
    if (!stored)
        return mieni_media_fail_nomem(error, "turning a picture");
    MienStatus status =
        yuv_to_rgb24(image, mieni_frame_pixels(stored), stored->image.strides_bytes[0], error);
    stored->image.rotation_degrees = image->rotation_degrees;
    if (status == MIEN_OK)
        packed_to_rgb24(&stored->image, pixels, stride_bytes);
    mien_media_frame_destroy(stored);
    return status;
}

/* For a frame whose size is not that of the first one: the caller's memory is for that size. */
static MienStatus resize_to_rgb24(const MienMediaFrame *frame, uint8_t *pixels,
                                  ptrdiff_t stride_bytes)
{
    int width = mieni_frame_upright_width(frame), height = mieni_frame_upright_height(frame);
    MienMediaFrame *upright = mieni_frame_alloc(MIEN_PIXEL_RGB24, width, height);
    if (!upright)
        return MIEN_E_NOMEM;
    uint8_t *from = mieni_frame_pixels(upright);
    ptrdiff_t from_stride = upright->image.strides_bytes[0];
    MienStatus status = mieni_image_to_rgb24(&frame->image, from, from_stride, NULL);
    struct SwsContext *sws =
        sws_getContext(width, height, AV_PIX_FMT_RGB24, frame->shown_width, frame->shown_height,
                       AV_PIX_FMT_RGB24, MIENI_SWS_FLAGS, NULL, NULL, NULL);
    if (status == MIEN_OK && (!sws || stride_bytes > INT_MAX || stride_bytes < INT_MIN))
        status = MIEN_E_UNSUPPORTED;
    if (status == MIEN_OK)
        sws_scale(sws, (const uint8_t *const[4]){from}, (const int[4]){(int)from_stride}, 0, height,
                  (uint8_t *const[4]){pixels}, (const int[4]){(int)stride_bytes});
    sws_freeContext(sws);
    mien_media_frame_destroy(upright);
    return status;
}

MienStatus mien_media_frame_to_rgb24(const MienMediaFrame *frame, uint8_t *pixels,
                                     ptrdiff_t stride_bytes)
{
    if (!frame || !pixels)
        return MIEN_E_ARGUMENT;
    bool is_shown_size =
        !frame->shown_width || (frame->shown_width == mieni_frame_upright_width(frame) &&
                                frame->shown_height == mieni_frame_upright_height(frame));
    if (!is_shown_size)
        return resize_to_rgb24(frame, pixels, stride_bytes);
    return mieni_image_to_rgb24(&frame->image, pixels, stride_bytes, NULL);
}

MienStatus mieni_frame_make_rgb24(MienMediaFrame **frame, MienError *error)
{
    const MienImage *image = &(*frame)->image;
    if (image->format == MIEN_PIXEL_RGB24 && image->rotation_degrees == 0)
        return MIEN_OK;
    MienMediaFrame *upright = mieni_frame_alloc(MIEN_PIXEL_RGB24, mieni_frame_upright_width(*frame),
                                                mieni_frame_upright_height(*frame));
    if (!upright)
        return mieni_media_fail_nomem(error, "converting a picture");
    MienStatus status = mieni_image_to_rgb24(image, mieni_frame_pixels(upright),
                                             upright->image.strides_bytes[0], error);
    if (status != MIEN_OK) {
        mien_media_frame_destroy(upright);
        return status;
    }
    upright->timestamp_us = (*frame)->timestamp_us;
    mien_media_frame_destroy(*frame);
    *frame = upright;
    return MIEN_OK;
}
