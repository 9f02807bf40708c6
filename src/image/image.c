/* SPDX-License-Identifier: Apache-2.0 */
#include "image/view.h"

void mien_image_init(MienImage *image, MienPixelFormat format, int32_t width, int32_t height,
                     const void *pixels, ptrdiff_t stride_bytes)
{
    if (!image)
        return;
    memset(image, 0, sizeof(*image));
    image->struct_size = sizeof(*image);
    image->format = format;
    image->width = width;
    image->height = height;
    image->color_matrix = MIEN_MATRIX_BT601;
    image->color_range = MIEN_RANGE_LIMITED;

    /* Sizes that no address can be computed from are left to the check that the engine does. */
    const ptrdiff_t limit = PTRDIFF_MAX / (2 * MIEN_IMAGE_MAX_SIDE);
    if (width < 1 || width > MIEN_IMAGE_MAX_SIDE || height < 1 || height > MIEN_IMAGE_MAX_SIDE ||
        stride_bytes > limit || stride_bytes < -limit)
        return;
    bool tight = stride_bytes == 0;
    ptrdiff_t stride = tight ? (ptrdiff_t)width * mieni_sample_bytes(format, 0) : stride_bytes;
    const uint8_t *bytes = pixels;
    image->planes[0] = bytes;
    image->strides_bytes[0] = stride;
    if (!bytes || (format != MIEN_PIXEL_NV12 && format != MIEN_PIXEL_I420))
        return;

    ptrdiff_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    image->planes[1] = bytes + stride * height;
    if (format == MIEN_PIXEL_NV12) {
        image->strides_bytes[1] = tight ? 2 * half_width : stride;
        return;
    }
    ptrdiff_t half_stride = tight ? half_width : stride / 2 + stride % 2;
    image->strides_bytes[1] = image->strides_bytes[2] = half_stride;
    image->planes[2] = image->planes[1] + half_stride * half_height;
}
