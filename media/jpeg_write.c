/* SPDX-License-Identifier: Apache-2.0 */
#include "media/output.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

/* Thin coloured lines on a face: full chroma resolution and hardly any loss. */
#define QUALITY 93
#define BUFFER_BYTES 65536

typedef struct JpegWriter {
    struct jpeg_compress_struct jpeg; /* first: libjpeg's callbacks get this */
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    MieniOutput *output;
    MienError *error;
    MienStatus status;
    jmp_buf failed;
    uint8_t buffer[BUFFER_BYTES];
} JpegWriter;

static void on_error(j_common_ptr common)
{
    JpegWriter *writer = (JpegWriter *)common;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    writer->status = mieni_media_fail(writer->error, MIEN_E_INTERNAL, "jpeg-write",
                                      "cannot write %s: %s", writer->output->name, text);
    longjmp(writer->failed, 1);
}

static void on_message(j_common_ptr common, int level)
{
    (void)common;
    (void)level;
}

static void empty_buffer(JpegWriter *writer, size_t size)
{
    if (!mieni_output_write(writer->output, writer->buffer, size)) {
        writer->status = mieni_output_fail(writer->output, writer->error);
        longjmp(writer->failed, 1);
    }
    writer->destination.next_output_byte = writer->buffer;
    writer->destination.free_in_buffer = BUFFER_BYTES;
}

static void on_begin(j_compress_ptr jpeg)
{
    empty_buffer((JpegWriter *)jpeg, 0);
}

static boolean on_full(j_compress_ptr jpeg)
{
    empty_buffer((JpegWriter *)jpeg, BUFFER_BYTES);
    return TRUE;
}

static void on_end(j_compress_ptr jpeg)
{
    JpegWriter *writer = (JpegWriter *)jpeg;
    empty_buffer(writer, BUFFER_BYTES - writer->destination.free_in_buffer);
}

/* Everything that libjpeg may jump out of. */
static void encode(JpegWriter *writer, int width, int height, const uint8_t *pixels,
                   ptrdiff_t stride_bytes)
{
    struct jpeg_compress_struct *jpeg = &writer->jpeg;
    if (setjmp(writer->failed))
        return;
    jpeg_create_compress(jpeg);
    jpeg->dest = &writer->destination;
    jpeg->image_width = (JDIMENSION)width;
    jpeg->image_height = (JDIMENSION)height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, QUALITY, TRUE);
    jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        /* libjpeg's type lacks a const; it does not write here. */
        JSAMPROW row =
            (JSAMPROW)(uintptr_t)(pixels + (ptrdiff_t)jpeg->next_scanline * stride_bytes);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

MienStatus mieni_jpeg_write(MieniOutput *output, int width, int height, const uint8_t *pixels,
                            ptrdiff_t stride_bytes, MienError *error)
{
    JpegWriter *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return mieni_media_fail_nomem(error, output->name);
    writer->output = output;
    writer->error = error;
    writer->jpeg.err = jpeg_std_error(&writer->errors);
    writer->errors.error_exit = on_error;
    writer->errors.emit_message = on_message;
    writer->destination.init_destination = on_begin;
    writer->destination.empty_output_buffer = on_full;
    writer->destination.term_destination = on_end;
    encode(writer, width, height, pixels, stride_bytes);
    jpeg_destroy_compress(&writer->jpeg);
    MienStatus status = writer->status;
    free(writer);
    return status;
}
