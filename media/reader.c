/* SPDX-License-Identifier: Apache-2.0 */
#include "media/input.h"
#include "media/still.h"
#include "media/video.h"

#include <stdlib.h>
#include <string.h>

struct MienMediaReader {
    MienMediaReaderOptions options;
    MienMediaInfo info;
    MieniInput input;
    MieniVideo *video;        /* NULL for a picture that was decoded whole */
    MienMediaFrame *ahead[2]; /* decoded by open, not yet read; the earlier one first */
    MienStatus failure;       /* of the read that open did ahead; told after ahead[] */
    MienError failure_text;
};

/* Enough to tell the kinds of picture apart; a PNM header with long comments goes to FFmpeg. */
#define SNIFF_BYTES 512

/* Most first frames of a camera's stream are smaller. */
#define JPEG_LOOK_BYTES (64 * 1024)

/* Small boxes may stand before those that matter. */
#define MAX_MP4_HEAD_BYTES (1 << 20)

void mien_media_reader_options_init(MienMediaReaderOptions *options)
{
    if (options)
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
    reader->info.is_picture = true;
    reader->info.n_frames = 1;
    reader->info.duration_us = -1;
    reader->info.frames_per_second = 0;
}

static MienStatus open_still(MienMediaReader *reader, MienError *error)
{
    MieniInput *input = &reader->input;
    uint8_t *data;
    size_t size;
    MienStatus status = mieni_input_load(input, &data, &size, error);
    if (status != MIEN_OK)
        return status;
    if (is_jpeg(data, size)) {
        status = mieni_jpeg_read(data, size, input->name, &reader->ahead[0], error);
    } else if (is_png(data, size)) {
        status = mieni_png_read(data, size, input->name, &reader->ahead[0], error);
    } else {
        status = mieni_pnm_read(data, size, input->name, &reader->ahead[0], error);
        if (status == MIEN_OK)
            data = NULL;
    }
    free(data);
    describe_picture(reader);
    return status;
}

/*
 * Tells whether this is an MP4 file whose table of contents stands behind its data. Such a file
 * cannot be read from a pipe: the data would be gone when the table comes.
 */
static bool is_mp4_with_late_table(MieniInput *input)
{
    for (uint64_t at = 0; at < MAX_MP4_HEAD_BYTES;) {
        ptrdiff_t n = mieni_input_peek(input, (size_t)at + 8);
        if (n < 0 || (size_t)n < at + 8)
            return false;
        const uint8_t *box = input->ahead + input->ahead_at + at;
        uint64_t size = (uint64_t)box[0] << 24 | box[1] << 16 | box[2] << 8 | box[3];
        if (at == 0 && memcmp(box + 4, "ftyp", 4) != 0)
            return false;
        if (memcmp(box + 4, "moov", 4) == 0 || memcmp(box + 4, "moof", 4) == 0)
            return false;
        if (memcmp(box + 4, "mdat", 4) == 0)
            return true;
        if (size < 8)
            return false;
        at += size;
    }
    return false;
}

static MienStatus open_video(MienMediaReader *reader, MienError *error)
{
    MienStatus status = MIEN_OK;
    if (!reader->input.seekable && is_mp4_with_late_table(&reader->input))
        status = mieni_input_spool(&reader->input, error);
    if (status != MIEN_OK)
        return status;
    status = mieni_video_open(&reader->input, reader->options.threads, &reader->video, error);
    if (status == MIEN_OK)
        status = mieni_video_read(reader->video, &reader->ahead[0], error);
    if (status != MIEN_OK)
        return status;
    mieni_video_describe(reader->video, &reader->info);
    if (!mieni_video_may_be_picture(reader->video))
        return MIEN_OK;
    /* Whether it is one shows only behind it. Bytes behind a picture file's picture are nothing to
     * complain about; a GIF that breaks off is. */
    reader->failure = mieni_video_read(reader->video, &reader->ahead[1], &reader->failure_text);
    if (!reader->ahead[1])
        describe_picture(reader);
    if (mieni_video_is_picture_file(reader->video) && !reader->ahead[1])
        reader->failure = MIEN_OK;
    return MIEN_OK;
}

/* Reads ahead until it is clear whether a JPEG is a picture or the first frame of a stream. */
static MienStatus look_at_jpeg(MieniInput *input, bool *is_stream, MienError *error)
{
    size_t wanted = JPEG_LOOK_BYTES;
    for (;;) {
        ptrdiff_t n = mieni_input_peek(input, wanted);
        if (n < 0)
            return mieni_input_fail(input, error);
        MieniJpegLook look = mieni_jpeg_look(input->ahead + input->ahead_at, (size_t)n);
        *is_stream = look == MIENI_JPEG_STREAM;
        if (look != MIENI_JPEG_NEEDS_MORE || (size_t)n < wanted)
            return MIEN_OK;
        wanted += wanted / 2;
    }
}

static MienStatus open_input(MienMediaReader *reader, MienError *error)
{
    MieniInput *input = &reader->input;
    ptrdiff_t n = mieni_input_peek(input, SNIFF_BYTES);
    if (n < 0)
        return mieni_input_fail(input, error);
    if (n == 0)
        return mieni_media_fail(error, MIEN_E_FORMAT, "input-empty",
                                "%s is empty; get the file again", input->name);
    const uint8_t *head = input->ahead + input->ahead_at;
    input->declared_length = mieni_declared_length(head, (size_t)n);
    bool is_still = is_png(head, (size_t)n) || mieni_pnm_is_plain(head, (size_t)n);
    if (is_jpeg(head, (size_t)n)) {
        bool is_stream;
        MienStatus status = look_at_jpeg(input, &is_stream, error);
        if (status != MIEN_OK)
            return status;
        is_still = !is_stream;
    }
    return is_still ? open_still(reader, error) : open_video(reader, error);
}

/* Gives a decoded frame the form that its reader wants. */
static MienStatus finish_frame(const MienMediaReader *reader, MienMediaFrame **frame,
                               MienError *error)
{
    (*frame)->shown_width = reader->info.width;
    (*frame)->shown_height = reader->info.height;
    return reader->options.rgb24 ? mieni_frame_make_rgb24(frame, error) : MIEN_OK;
}

static MienStatus open_reader(MienMediaReader *reader, const char *path, MienError *error)
{
    MienStatus status = mieni_input_open(&reader->input, path, &reader->options, error);
    if (status == MIEN_OK)
        status = open_input(reader, error);
    if (status != MIEN_OK)
        return status;
    reader->info.width = mieni_frame_upright_width(reader->ahead[0]);
    reader->info.height = mieni_frame_upright_height(reader->ahead[0]);
    for (int i = 0; i < 2 && reader->ahead[i] && status == MIEN_OK; i++)
        status = finish_frame(reader, &reader->ahead[i], error);
    reader->info.rotation_degrees = reader->ahead[0]->image.rotation_degrees;
    return status;
}

MienStatus mien_media_reader_open(const char *path, const MienMediaReaderOptions *options,
                                  MienMediaReader **reader, MienError *error)
{
    if (!reader)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "reader is NULL");
    *reader = NULL;
    if (!path || !*path)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "no input was named");
    if (options && options->struct_size < sizeof(*options))
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument",
                                "struct_size: call mien_media_reader_options_init first");
    MienMediaReader *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return mieni_media_fail_nomem(error, path);
    opened->input.fd = -1;
    mien_media_reader_options_init(&opened->options);
    if (options)
        opened->options = *options;
    MienStatus status = open_reader(opened, path, error);
    if (status != MIEN_OK) {
        mien_media_reader_destroy(opened);
        return status;
    }
    *reader = opened;
    return MIEN_OK;
}

void mien_media_reader_info(const MienMediaReader *reader, MienMediaInfo *info)
{
    if (info)
        *info = reader ? reader->info : (MienMediaInfo){0};
}

MienStatus mien_media_reader_read(MienMediaReader *reader, MienMediaFrame **frame, MienError *error)
{
    if (!reader || !frame)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "reader or frame is NULL");
    *frame = reader->ahead[0];
    if (*frame) {
        reader->ahead[0] = reader->ahead[1];
        reader->ahead[1] = NULL;
        return MIEN_OK;
    }
    if (reader->failure != MIEN_OK) {
        if (error)
            *error = reader->failure_text;
        return reader->failure;
    }
    if (!reader->video || reader->info.is_picture)
        return MIEN_OK;
    MienStatus status = mieni_video_read(reader->video, frame, error);
    if (status == MIEN_OK && *frame)
        status = finish_frame(reader, frame, error);
    if (status != MIEN_OK) {
        mien_media_frame_destroy(*frame);
        *frame = NULL;
    }
    return status;
}

void mien_media_reader_destroy(MienMediaReader *reader)
{
    if (!reader)
        return;
    mien_media_frame_destroy(reader->ahead[0]);
    mien_media_frame_destroy(reader->ahead[1]);
    mieni_video_destroy(reader->video);
    mieni_input_close(&reader->input);
    free(reader);
}
