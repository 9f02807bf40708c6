/* SPDX-License-Identifier: Apache-2.0 */
#include "media/input.h"
#include "media/still.h"

#include <stdlib.h>
#include <string.h>

struct MienMediaReader {
    MienMediaReaderOptions options;
    MienMediaInfo info;
    MienMediaFrame *first; /* decoded by open, not yet read */
};

/* Enough to tell the kinds of picture apart; a PNM header with long comments goes to FFmpeg. */
#define SNIFF_BYTES 512

void mien_media_reader_options_init(MienMediaReaderOptions *options)
{
    *options = (MienMediaReaderOptions){.struct_size = sizeof(*options), .threads = 1};
}

static bool starts_with(const uint8_t *data, size_t size, const char *magic, size_t magic_bytes)
{
    return size >= magic_bytes && memcmp(data, magic, magic_bytes) == 0;
}

static bool is_jpeg(const uint8_t *data, size_t size)
{
    return starts_with(data, size, "\xff\xd8\xff", 3);
}

static bool is_png(const uint8_t *data, size_t size)
{
    return starts_with(data, size, "\x89PNG\r\n\x1a\n", 8);
}

static void describe_picture(MienMediaReader *reader)
{
    reader->info = (MienMediaInfo){
        .is_picture = true,
        .width = mieni_frame_upright_width(reader->first),
        .height = mieni_frame_upright_height(reader->first),
        .rotation_degrees = reader->first->image.rotation_degrees,
        .n_frames = 1,
        .duration_us = -1,
    };
}

static MienStatus open_still(MienMediaReader *reader, MieniInput *input, MienError *error)
{
    uint8_t *data;
    size_t size;
    MienStatus status = mieni_input_load(input, &data, &size, error);
    if (status != MIEN_OK)
        return status;
    if (is_jpeg(data, size)) {
        status = mieni_jpeg_read(data, size, input->name, &reader->first, error);
    } else if (is_png(data, size)) {
        status = mieni_png_read(data, size, input->name, &reader->first, error);
    } else {
        status = mieni_pnm_read(data, size, input->name, &reader->first, error);
        if (status == MIEN_OK)
            data = NULL;
    }
    free(data);
    if (status == MIEN_OK && reader->options.rgb24)
        status = mieni_frame_make_rgb24(&reader->first, error);
    if (status == MIEN_OK)
        describe_picture(reader);
    return status;
}

static MienStatus open_input(MienMediaReader *reader, MieniInput *input, MienError *error)
{
    ptrdiff_t n = mieni_input_peek(input, SNIFF_BYTES);
    if (n < 0)
        return mieni_input_fail(input, error);
    if (n == 0)
        return mieni_media_fail(error, MIEN_E_FORMAT, "input-empty",
                                "%s is empty; get the file again", input->name);
    const uint8_t *head = input->ahead + input->ahead_at;
    if (is_jpeg(head, (size_t)n) || is_png(head, (size_t)n) || mieni_pnm_is_plain(head, (size_t)n))
        return open_still(reader, input, error);
    return mieni_media_fail(error, MIEN_E_FORMAT, "input-format",
                            "%s is not a picture or video that can be read", input->name);
}

MienStatus mien_media_reader_open(const char *path, const MienMediaReaderOptions *options,
                                  MienMediaReader **reader, MienError *error)
{
    if (!reader)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "reader is NULL");
    *reader = NULL;
    if (!path || !*path)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "no path was given");
    MienMediaReader *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return mieni_media_fail_nomem(error, path);
    mien_media_reader_options_init(&opened->options);
    if (options)
        opened->options = *options;
    MieniInput input;
    MienStatus status = mieni_input_open(&input, path, &opened->options, error);
    if (status == MIEN_OK)
        status = open_input(opened, &input, error);
    mieni_input_close(&input);
    if (status != MIEN_OK) {
        mien_media_reader_destroy(opened);
        return status;
    }
    *reader = opened;
    return MIEN_OK;
}

void mien_media_reader_info(const MienMediaReader *reader, MienMediaInfo *info)
{
    *info = reader->info;
}

MienStatus mien_media_reader_read(MienMediaReader *reader, MienMediaFrame **frame, MienError *error)
{
    (void)error;
    *frame = reader->first;
    reader->first = NULL;
    return MIEN_OK;
}

void mien_media_reader_destroy(MienMediaReader *reader)
{
    if (!reader)
        return;
    mien_media_frame_destroy(reader->first);
    free(reader);
}
