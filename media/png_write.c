/* SPDX-License-Identifier: Apache-2.0 */
#include "media/output.h"

#include <setjmp.h>
#include <stdio.h>

#include <png.h>

/* Nearly as small as zlib's default of 6, in half the time. */
#define COMPRESSION_LEVEL 4

typedef struct PngWriter {
    MieniOutput *output;
    MienError *error;
    MienStatus status;
    jmp_buf failed;
} PngWriter;

static void on_error(png_structp png, png_const_charp text)
{
    PngWriter *writer = png_get_error_ptr(png);
    if (writer->output->write_errno)
        writer->status = mieni_output_fail(writer->output, writer->error);
    else
        writer->status = mieni_media_fail(writer->error, MIEN_E_INTERNAL, "png-write",
                                          "cannot write %s: %s", writer->output->name, text);
    longjmp(writer->failed, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_write(png_structp png, png_bytep data, size_t size)
{
    PngWriter *writer = png_get_io_ptr(png);
    if (!mieni_output_write(writer->output, data, size))
        png_error(png, "write");
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* Everything that libpng may jump out of. */
static void encode(PngWriter *writer, png_structp png, png_infop info, int width, int height,
                   const uint8_t *pixels, ptrdiff_t stride_bytes)
{
    if (setjmp(writer->failed))
        return;
    png_set_write_fn(png, writer, on_write, on_flush);
    png_set_compression_level(png, COMPRESSION_LEVEL);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < height; y++)
        png_write_row(png, pixels + y * stride_bytes);
    png_write_end(png, info);
}

MienStatus mieni_png_write(MieniOutput *output, int width, int height, const uint8_t *pixels,
                           ptrdiff_t stride_bytes, MienError *error)
{
    PngWriter writer = {.output = output, .error = error};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return mieni_media_fail_nomem(error, output->name);
    }
    encode(&writer, png, info, width, height, pixels, stride_bytes);
    png_destroy_write_struct(&png, &info);
    return writer.status;
}
