/* SPDX-License-Identifier: Apache-2.0 */
#include "media/still.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

typedef struct PngReader {
    const uint8_t *data;
    size_t size, at;
    const char *name;
    MienError *error;
    MienStatus status;
    MienMediaFrame *frame;
    int orientation; /* EXIF, 1..8 */
    jmp_buf failed;
} PngReader;

static void on_error(png_structp png, png_const_charp text)
{
    PngReader *reader = png_get_error_ptr(png);
    if (reader->at >= reader->size)
        reader->status = mieni_media_fail(reader->error, MIEN_E_FORMAT, "input-truncated",
                                          "%s is cut short: a PNG picture without its end; get "
                                          "the file again",
                                          reader->name);
    else
        reader->status = mieni_media_fail(reader->error, MIEN_E_FORMAT, "input-damaged",
                                          "%s is damaged near byte %zu: %s; get the file again",
                                          reader->name, reader->at, text);
    longjmp(reader->failed, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep to, size_t size)
{
    PngReader *reader = png_get_io_ptr(png);
    if (reader->size - reader->at < size) {
        reader->at = reader->size;
        png_error(png, "cut short");
    }
    memcpy(to, reader->data + reader->at, size);
    reader->at += size;
}

/* Asks for 8 bits a sample and for gray, RGB or RGBA; the rest of PNG's kinds become one of them.
 * Gamma and transparency are left alone. */
static MienPixelFormat choose_format(png_structp png, png_infop info)
{
    int color_type = png_get_color_type(png, info);
    if (png_get_bit_depth(png, info) == 16)
        png_set_scale_16(png);
    if (color_type == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    if (color_type == PNG_COLOR_TYPE_GRAY)
        png_set_expand_gray_1_2_4_to_8(png);
    if (color_type == PNG_COLOR_TYPE_GRAY_ALPHA)
        png_set_gray_to_rgb(png);
    if (color_type == PNG_COLOR_TYPE_PALETTE)
        png_set_strip_alpha(png);
    (void)png_set_interlace_handling(png);
    png_read_update_info(png, info);
    switch (png_get_channels(png, info)) {
    case 1:
        return MIEN_PIXEL_GRAY8;
    case 3:
        return MIEN_PIXEL_RGB24;
    case 4:
        return MIEN_PIXEL_RGBA32;
    default:
        png_error(png, "unknown kind of pixels");
    }
}

static void read_orientation(PngReader *reader, png_structp png, png_infop info)
{
#ifdef PNG_eXIf_SUPPORTED
    png_bytep exif = NULL;
    png_uint_32 size = 0;
    if (png_get_eXIf_1(png, info, &size, &exif) && exif)
        reader->orientation = mieni_exif_orientation(exif, size);
#else
    (void)reader;
    (void)png;
    (void)info;
#endif
}

/* Everything that libpng may jump out of. What it makes is in `reader`, so that it survives. */
static bool decode(PngReader *reader, png_structp png, png_infop info)
{
    if (setjmp(reader->failed))
        return false;
    png_set_read_fn(png, reader, on_read);
    /* libpng's own limit of a million a side would hide ours and its text. */
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_read_info(png, info);
    uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
    reader->status = mieni_media_check_size(width, height, reader->name, reader->error);
    if (reader->status != MIEN_OK)
        return false;
    MienPixelFormat format = choose_format(png, info);
    reader->frame = mieni_frame_alloc(format, (int)width, (int)height);
    if (!reader->frame) {
        reader->status = mieni_media_fail_nomem(reader->error, reader->name);
        return false;
    }
    uint8_t *pixels = mieni_frame_pixels(reader->frame);
    ptrdiff_t stride_bytes = reader->frame->image.strides_bytes[0];
    int n_passes = png_get_interlace_type(png, info) == PNG_INTERLACE_ADAM7 ? 7 : 1;
    for (int pass = 0; pass < n_passes; pass++)
        for (uint32_t y = 0; y < height; y++)
            png_read_row(png, pixels + (ptrdiff_t)y * stride_bytes, NULL);
    png_read_end(png, info);
    read_orientation(reader, png, info);
    return true;
}

MienStatus mieni_png_read(const uint8_t *data, size_t size, const char *name,
                          MienMediaFrame **frame, MienError *error)
{
    PngReader reader = {.data = data, .size = size, .name = name, .error = error, .orientation = 1};
    *frame = NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return mieni_media_fail_nomem(error, name);
    }
    bool done = decode(&reader, png, info);
    png_destroy_read_struct(&png, &info, NULL);
    if (done)
        reader.status =
            mieni_frame_orient(&reader.frame, mieni_orientation_of_exif(reader.orientation), error);
    if (reader.status != MIEN_OK) {
        mien_media_frame_destroy(reader.frame);
        return reader.status;
    }
    *frame = reader.frame;
    return MIEN_OK;
}
