/* SPDX-License-Identifier: Apache-2.0 */
#include "media/still.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* A progressive file may ask for the whole picture to be walked again and again. */
#define MAX_SCANS 500

/* swscale's vector code may read past a row's end, but not this far. */
#define PLANE_PAD_BYTES 64

typedef struct JpegReader {
    struct jpeg_decompress_struct jpeg; /* first: libjpeg's callbacks get this */
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    const char *name;
    MienError *error;
    MienStatus status;
    MienMediaFrame *frame;
    uint8_t *row; /* of a CMYK picture */
    jmp_buf failed;
} JpegReader;

static bool is_unsupported(int code)
{
    return code == JERR_SOF_UNSUPPORTED || code == JERR_ARITH_NOTIMPL ||
           code == JERR_NOT_COMPILED || code == JERR_BAD_PRECISION ||
           code == JERR_CONVERSION_NOTIMPL || code == JERR_FRACT_SAMPLE_NOTIMPL ||
           code == JERR_CCIR601_NOTIMPL;
}

/* Fails with libjpeg's own words, which say what is wrong with the data. */
static void on_error(j_common_ptr common)
{
    JpegReader *reader = (JpegReader *)common;
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    int code = common->err->msg_code;
    if (code == JERR_OUT_OF_MEMORY)
        reader->status = mieni_media_fail_nomem(reader->error, reader->name);
    else if (is_unsupported(code))
        reader->status = mieni_media_fail(reader->error, MIEN_E_UNSUPPORTED, "jpeg-kind",
                                          "%s: this kind of JPEG cannot be read (%s); save it as "
                                          "a common JPEG or PNG",
                                          reader->name, text);
    else if (code == JWRN_JPEG_EOF || code == JERR_INPUT_EOF)
        reader->status = mieni_media_fail(reader->error, MIEN_E_FORMAT, "input-truncated",
                                          "%s is cut short: a JPEG picture without its end; get "
                                          "the file again",
                                          reader->name);
    else
        reader->status =
            mieni_media_fail(reader->error, MIEN_E_FORMAT, "input-damaged",
                             "%s is damaged: %s; get the file again", reader->name, text);
    longjmp(reader->failed, 1);
}

/* Warnings that mean lost pixels are failures; those about harmless sloppiness are not. */
static void on_message(j_common_ptr common, int level)
{
    int code = common->err->msg_code;
    if (level < 0 &&
        (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
         code == JWRN_MUST_RESYNC || code == JWRN_ARITH_BAD_CODE))
        on_error(common);
}

static void on_progress(j_common_ptr common)
{
    JpegReader *reader = (JpegReader *)common;
    if (reader->jpeg.input_scan_number > MAX_SCANS) {
        common->err->msg_code = JERR_EOI_EXPECTED;
        on_error(common);
    }
}

/* I420 as stored: luma 2 x 2, two chroma planes. */
static bool is_420(const struct jpeg_decompress_struct *jpeg)
{
    const jpeg_component_info *c = jpeg->comp_info;
    return jpeg->jpeg_color_space == JCS_YCbCr && jpeg->num_components == 3 &&
           c[0].h_samp_factor == 2 && c[0].v_samp_factor == 2 && c[1].h_samp_factor == 1 &&
           c[1].v_samp_factor == 1 && c[2].h_samp_factor == 1 && c[2].v_samp_factor == 1;
}

static void fail_nomem(JpegReader *reader)
{
    reader->status = mieni_media_fail_nomem(reader->error, reader->name);
    longjmp(reader->failed, 1);
}

/* Planes are as large as whole blocks make them, because libjpeg writes whole blocks. */
static void alloc_i420(JpegReader *reader)
{
    size_t luma_stride = ((size_t)reader->jpeg.image_width + 15) / 16 * 16;
    size_t luma_rows = ((size_t)reader->jpeg.image_height + 15) / 16 * 16;
    size_t luma_bytes = luma_stride * luma_rows;
    if (luma_bytes > PTRDIFF_MAX / 2)
        fail_nomem(reader);
    uint8_t *pixels = malloc(luma_bytes + luma_bytes / 2 + PLANE_PAD_BYTES);
    if (!pixels)
        fail_nomem(reader);
    reader->frame = mieni_frame_create(MIEN_PIXEL_I420, (int)reader->jpeg.image_width,
                                       (int)reader->jpeg.image_height, pixels, free);
    if (!reader->frame)
        fail_nomem(reader);
    MienImage *image = &reader->frame->image;
    image->planes[0] = pixels;
    image->planes[1] = pixels + luma_bytes;
    image->planes[2] = pixels + luma_bytes + luma_bytes / 4;
    image->strides_bytes[0] = (ptrdiff_t)luma_stride;
    image->strides_bytes[1] = image->strides_bytes[2] = (ptrdiff_t)luma_stride / 2;
    image->color_matrix = MIEN_MATRIX_BT601;
    image->color_range = MIEN_RANGE_FULL;
}

static void read_i420(JpegReader *reader)
{
    enum { LUMA_ROWS = 2 * DCTSIZE };
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    jpeg->raw_data_out = TRUE;
    jpeg->out_color_space = JCS_YCbCr;
    jpeg->do_fancy_upsampling = FALSE;
    jpeg_start_decompress(jpeg);
    alloc_i420(reader);
    uint8_t *pixels = mieni_frame_pixels(reader->frame);
    const MienImage *image = &reader->frame->image;
    JSAMPROW rows[3][LUMA_ROWS];
    JSAMPARRAY planes[3] = {rows[0], rows[1], rows[2]};
    while (jpeg->output_scanline < jpeg->output_height) {
        ptrdiff_t first = (ptrdiff_t)jpeg->output_scanline;
        for (int plane = 0; plane < 3; plane++) {
            ptrdiff_t from = plane == 0 ? first : first / 2;
            for (int i = 0; i < (plane == 0 ? LUMA_ROWS : DCTSIZE); i++)
                rows[plane][i] = pixels + (image->planes[plane] - pixels) +
                                 (from + i) * image->strides_bytes[plane];
        }
        jpeg_read_raw_data(jpeg, planes, LUMA_ROWS);
    }
}

/* Ink to light. Adobe's programs store CMYK inverted, everyone else does not. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t width, bool inverted)
{
    unsigned flip = inverted ? 0 : 255;
    for (size_t x = 0; x < width; x++, cmyk += 4, rgb += 3)
        for (int channel = 0; channel < 3; channel++)
            rgb[channel] = (uint8_t)(((cmyk[channel] ^ flip) * (cmyk[3] ^ flip) + 127) / 255);
}

static void read_rows(JpegReader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    bool is_gray = jpeg->num_components == 1;
    bool is_cmyk = jpeg->num_components == 4;
    jpeg->out_color_space = is_gray ? JCS_GRAYSCALE : is_cmyk ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(jpeg);
    reader->frame = mieni_frame_alloc(is_gray ? MIEN_PIXEL_GRAY8 : MIEN_PIXEL_RGB24,
                                      (int)jpeg->output_width, (int)jpeg->output_height);
    if (is_cmyk)
        reader->row = malloc(4 * (size_t)jpeg->output_width);
    if (!reader->frame || (is_cmyk && !reader->row))
        fail_nomem(reader);
    uint8_t *pixels = mieni_frame_pixels(reader->frame);
    ptrdiff_t stride_bytes = reader->frame->image.strides_bytes[0];
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *to = pixels + (ptrdiff_t)jpeg->output_scanline * stride_bytes;
        JSAMPROW row = is_cmyk ? reader->row : to;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (is_cmyk)
            cmyk_to_rgb(row, to, jpeg->output_width, jpeg->saw_Adobe_marker);
    }
}

static int find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    static const uint8_t magic[6] = "Exif\0";
    for (const struct jpeg_marker_struct *marker = jpeg->marker_list; marker; marker = marker->next)
        if (marker->data_length > sizeof(magic) && memcmp(marker->data, magic, sizeof(magic)) == 0)
            return mieni_exif_orientation(marker->data + sizeof(magic),
                                          marker->data_length - sizeof(magic));
    return 1;
}

/* Everything that libjpeg may jump out of. What it makes is in `reader`, so that it survives. */
static bool decode(JpegReader *reader, const uint8_t *data, size_t size, int *orientation)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    if (setjmp(reader->failed))
        return false;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &reader->progress;
    jpeg_mem_src(jpeg, data, (unsigned long)size);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    reader->status =
        mieni_media_check_size(jpeg->image_width, jpeg->image_height, reader->name, reader->error);
    if (reader->status != MIEN_OK)
        return false;
    if (is_420(jpeg))
        read_i420(reader);
    else
        read_rows(reader);
    *orientation = find_orientation(jpeg);
    jpeg_finish_decompress(jpeg);
    return true;
}

MienStatus mieni_jpeg_read(const uint8_t *data, size_t size, const char *name,
                           MienMediaFrame **frame, MienError *error)
{
    *frame = NULL;
    JpegReader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return mieni_media_fail_nomem(error, name);
    reader->name = name;
    reader->error = error;
    reader->jpeg.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = on_error;
    reader->errors.emit_message = on_message;
    reader->progress.progress_monitor = on_progress;
    int orientation = 1;
    bool done = decode(reader, data, size, &orientation);
    jpeg_destroy_decompress(&reader->jpeg);
    MienStatus status = reader->status;
    if (done)
        status = mieni_frame_orient(&reader->frame, mieni_orientation_of_exif(orientation), error);
    if (status == MIEN_OK)
        *frame = reader->frame;
    else
        mien_media_frame_destroy(reader->frame);
    free(reader->row);
    free(reader);
    return status;
}
