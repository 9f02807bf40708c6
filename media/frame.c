/* SPDX-License-Identifier: Apache-2.0 */
#include "media/media.h"

#include <stdlib.h>

/* swscale's vector code may read behind the last row, but not this far. */
#define PAD_BYTES 64

MienMediaFrame *mieni_frame_create(MienPixelFormat format, int width, int height, void *owner,
                                   void (*release)(void *owner))
{
    MienMediaFrame *frame = calloc(1, sizeof(*frame));
    if (!frame) {
        release(owner);
        return NULL;
    }
    frame->image.struct_size = sizeof(frame->image);
    frame->image.format = format;
    frame->image.width = width;
    frame->image.height = height;
    frame->owner = owner;
    frame->release = release;
    return frame;
}

MienMediaFrame *mieni_frame_alloc(MienPixelFormat format, int width, int height)
{
    size_t pixel_bytes = format == MIEN_PIXEL_GRAY8 ? 1 : format == MIEN_PIXEL_RGB24 ? 3 : 4;
    size_t stride_bytes = (size_t)width * pixel_bytes;
    if ((size_t)height > (PTRDIFF_MAX - PAD_BYTES) / stride_bytes)
        return NULL;
    uint8_t *pixels = malloc(stride_bytes * (size_t)height + PAD_BYTES);
    if (!pixels)
        return NULL;
    MienMediaFrame *frame = mieni_frame_create(format, width, height, pixels, free);
    if (!frame)
        return NULL;
    frame->image.planes[0] = pixels;
    frame->image.strides_bytes[0] = (ptrdiff_t)stride_bytes;
    return frame;
}

uint8_t *mieni_frame_pixels(MienMediaFrame *frame)
{
    return frame->owner;
}

static bool is_turned(const MienMediaFrame *frame)
{
    return frame->image.rotation_degrees == 90 || frame->image.rotation_degrees == 270;
}

int mieni_frame_upright_width(const MienMediaFrame *frame)
{
    return is_turned(frame) ? frame->image.height : frame->image.width;
}

int mieni_frame_upright_height(const MienMediaFrame *frame)
{
    return is_turned(frame) ? frame->image.width : frame->image.height;
}

const MienImage *mien_media_frame_image(const MienMediaFrame *frame)
{
    return frame ? &frame->image : NULL;
}

int64_t mien_media_frame_timestamp_us(const MienMediaFrame *frame)
{
    return frame ? frame->timestamp_us : 0;
}

void mien_media_frame_destroy(MienMediaFrame *frame)
{
    if (!frame)
        return;
    frame->release(frame->owner);
    free(frame);
}
