/* SPDX-License-Identifier: Apache-2.0 */
#include "media/mp4.h"

#include <stdlib.h>
#include <string.h>

struct MienMediaWriter {
    MienMediaWriterOptions options;
    MieniOutput output;
    MieniMp4 *mp4; /* NULL for pictures */
    int64_t n_frames, last_us;
    bool finished;
};

void mien_media_writer_options_init(MienMediaWriterOptions *options)
{
    if (options)
        *options =
            (MienMediaWriterOptions){.struct_size = sizeof(*options), .frames_per_second = 30.0};
}

static MienStatus check_options(const char *path, const MienMediaWriterOptions *options,
                                MienError *error)
{
    if (!path || !*path || !options)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "no output was named");
    if (options->struct_size < sizeof(*options))
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument",
                                "struct_size: call mien_media_writer_options_init first");
    if (options->format != MIEN_MEDIA_PNG && options->format != MIEN_MEDIA_JPEG &&
        options->format != MIEN_MEDIA_MP4)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument",
                                "%s: the format must be PNG, JPEG or MP4", path);
    if (options->width < 1 || options->height < 1 || options->width > MIEN_IMAGE_MAX_SIDE ||
        options->height > MIEN_IMAGE_MAX_SIDE)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument",
                                "%s: a size of %d x %d cannot be written", path,
                                (int)options->width, (int)options->height);
    /* Also false for what is not a number. */
    if (options->format == MIEN_MEDIA_MP4 &&
        !(options->frames_per_second >= 0.001 && options->frames_per_second <= 10000))
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument",
                                "%s: %g frames a second cannot be written", path,
                                options->frames_per_second);
    if (options->audio_from && strcmp(options->audio_from, "-") == 0)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "audio-source",
                                "%s: sound cannot be taken from standard input, which is read "
                                "only once; name a file or leave the sound away",
                                path);
    return MIEN_OK;
}

MienStatus mien_media_writer_create(const char *path, const MienMediaWriterOptions *options,
                                    MienMediaWriter **writer, MienError *error)
{
    if (!writer)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "writer is NULL");
    *writer = NULL;
    MienStatus status = check_options(path, options, error);
    if (status != MIEN_OK)
        return status;
    MienMediaWriter *created = calloc(1, sizeof(*created));
    if (!created)
        return mieni_media_fail_nomem(error, path);
    created->options = *options;
    created->options.audio_from = NULL; /* the caller's text; not used any more */
    status = mieni_output_open(&created->output, path, error);
    if (status == MIEN_OK && options->format == MIEN_MEDIA_MP4)
        status = mieni_mp4_create(&created->output, options, &created->mp4, error);
    if (status != MIEN_OK) {
        mien_media_writer_destroy(created);
        return status;
    }
    *writer = created;
    return MIEN_OK;
}

static MienStatus check_frame(const MienMediaWriter *writer, const uint8_t *pixels,
                              ptrdiff_t stride_bytes, int64_t timestamp_us, MienError *error)
{
    const char *name = writer->output.name;
    ptrdiff_t row_bytes = 3 * (ptrdiff_t)writer->options.width;
    if (!pixels || (stride_bytes < row_bytes && stride_bytes > -row_bytes))
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument",
                                "%s: rows of %d pixels need at least %td bytes", name,
                                (int)writer->options.width, row_bytes);
    if (writer->finished || (!writer->mp4 && writer->n_frames > 0))
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument",
                                "%s is complete: it takes no more frames", name);
    if (writer->mp4 && (timestamp_us < 0 || timestamp_us > INT64_MAX / 1000000 ||
                        (writer->n_frames > 0 && timestamp_us <= writer->last_us)))
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument",
                                "%s: frame times must rise from 0 or later", name);
    return MIEN_OK;
}

MienStatus mien_media_writer_write(MienMediaWriter *writer, const uint8_t *pixels,
                                   ptrdiff_t stride_bytes, int64_t timestamp_us, MienError *error)
{
    if (!writer)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "writer is NULL");
    MienStatus status = check_frame(writer, pixels, stride_bytes, timestamp_us, error);
    if (status != MIEN_OK)
        return status;
    int width = writer->options.width, height = writer->options.height;
    if (writer->mp4)
        status = mieni_mp4_write(writer->mp4, pixels, stride_bytes, timestamp_us, error);
    else if (writer->options.format == MIEN_MEDIA_PNG)
        status = mieni_png_write(&writer->output, width, height, pixels, stride_bytes, error);
    else
        status = mieni_jpeg_write(&writer->output, width, height, pixels, stride_bytes, error);
    writer->n_frames++;
    writer->last_us = timestamp_us;
    return status;
}

MienStatus mien_media_writer_finish(MienMediaWriter *writer, MienError *error)
{
    if (!writer)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "writer is NULL");
    if (writer->finished || writer->n_frames == 0)
        return mieni_media_fail(error, MIEN_E_ARGUMENT, "argument", "%s cannot be finished: %s",
                                writer->output.name,
                                writer->finished ? "it is already" : "no frame was written");
    writer->finished = true;
    MienStatus status = MIEN_OK;
    if (writer->mp4)
        status = mieni_mp4_finish(writer->mp4, error);
    MienStatus close_status = mieni_output_close(&writer->output, error);
    return status != MIEN_OK ? status : close_status;
}

void mien_media_writer_destroy(MienMediaWriter *writer)
{
    if (!writer)
        return;
    mieni_mp4_destroy(writer->mp4);
    (void)mieni_output_close(&writer->output, NULL);
    free(writer);
}
