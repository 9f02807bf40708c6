/* SPDX-License-Identifier: Apache-2.0 */
/* Annotated pictures and video. A picture of a video is its first frame with a face, or its first
 * frame if there is none. */
#include "output/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

typedef struct Annotated {
    MienMediaWriter *writer;
    uint8_t *held; /* the first frame, until one with a face comes */
    bool has_face; /* the picture is written */
} Annotated;

static CliExit open_annotated(CliOutput *output)
{
    output->state = calloc(1, sizeof(Annotated));
    return output->state ? CLI_OK : cli_fail(CLI_INTERNAL, "out of memory");
}

/* The library names the file that it writes, which may be a temporary one: the user gets to see the
 * name that he gave, once. */
static CliExit failed(const CliOutput *output, const MienError *error)
{
    static const char begin[] = "cannot write ";
    const char *text = error->text, *path = output->target.path;
    if (!strncmp(text, begin, strlen(begin)))
        text += strlen(begin);
    if (!strncmp(text, path, strlen(path)) && text[strlen(path)] == ':')
        text += strlen(path) + 1 + strspn(text + strlen(path) + 1, " ");
    else
        text = error->text;
    return cli_fail(error->status == MIEN_E_NOMEM ? CLI_INTERNAL : CLI_OUTPUT,
                    "cannot write %s: %s", output->target.name, text);
}

static CliExit create_writer(CliOutput *output, const CliSource *source)
{
    Annotated *annotated = output->state;
    MienMediaWriterOptions options;
    mien_media_writer_options_init(&options);
    options.format = output->format->media;
    options.width = source->info.width;
    options.height = source->info.height;
    if (source->info.frames_per_second > 0)
        options.frames_per_second = source->info.frames_per_second;
    if (source->info.has_audio && strcmp(source->path, "-") != 0)
        options.audio_from = source->path;
    MienError error = {0};
    MienStatus status =
        mien_media_writer_create(output->target.path, &options, &annotated->writer, &error);
    return status == MIEN_OK ? CLI_OK : failed(output, &error);
}

static CliExit write_pixels(CliOutput *output, const CliSource *source, const uint8_t *pixels,
                            int64_t timestamp_us)
{
    Annotated *annotated = output->state;
    CliExit status = annotated->writer ? CLI_OK : create_writer(output, source);
    if (status != CLI_OK)
        return status;
    MienError error = {0};
    if (mien_media_writer_write(annotated->writer, pixels, (ptrdiff_t)source->info.width * 3,
                                timestamp_us, &error) != MIEN_OK)
        return failed(output, &error);
    return CLI_OK;
}

static CliExit write_video_frame(CliOutput *output, const CliSource *source, const CliFrame *frame)
{
    CliExit status = cli_annotate(output->run, source, frame);
    if (status != CLI_OK)
        return status;
    return write_pixels(output, source, output->run->canvas.pixels, frame->timestamp_us);
}

static CliExit write_picture_frame(CliOutput *output, const CliSource *source,
                                   const CliFrame *frame)
{
    Annotated *annotated = output->state;
    bool has_face = mien_result_n_faces(frame->result) > 0;
    if (annotated->has_face || (annotated->held && !has_face))
        return CLI_OK;
    CliExit status = cli_annotate(output->run, source, frame);
    if (status != CLI_OK)
        return status;
    if (has_face || source->info.is_picture) {
        annotated->has_face = true;
        return write_pixels(output, source, output->run->canvas.pixels, 0);
    }
    size_t size = (size_t)source->info.width * (size_t)source->info.height * 3;
    annotated->held = malloc(size);
    if (!annotated->held)
        return cli_fail(CLI_INTERNAL, "out of memory");
    memcpy(annotated->held, output->run->canvas.pixels, size);
    return CLI_OK;
}

static CliExit end_annotated(CliOutput *output, const CliSource *source, const CliEnd *end)
{
    (void)end;
    Annotated *annotated = output->state;
    if (annotated->has_face || !annotated->held)
        return CLI_OK;
    return write_pixels(output, source, annotated->held, 0);
}

static CliExit close_annotated(CliOutput *output)
{
    Annotated *annotated = output->state;
    MienError error = {0};
    if (!annotated->writer)
        return cli_fail(CLI_OUTPUT, "cannot write %s: there is no frame", output->target.name);
    if (mien_media_writer_finish(annotated->writer, &error) != MIEN_OK)
        return failed(output, &error);
    return CLI_OK;
}

static void destroy_annotated(CliOutput *output)
{
    Annotated *annotated = output->state;
    if (!annotated)
        return;
    mien_media_writer_destroy(annotated->writer);
    free(annotated->held);
    free(annotated);
}

#define ANNOTATED_FORMAT(name_, extension_, media_, seeking_, frame_)                              \
    {                                                                                              \
        .name = name_, .extension = extension_, .one_source = true, .needs_seeking = seeking_,     \
        .media = media_, .open = open_annotated, .frame = frame_, .source_end = end_annotated,     \
        .close = close_annotated, .destroy = destroy_annotated,                                    \
    }

const CliFormat cli_format_png =
    ANNOTATED_FORMAT("png", "png", MIEN_MEDIA_PNG, false, write_picture_frame);
const CliFormat cli_format_jpeg =
    ANNOTATED_FORMAT("jpeg", "jpg", MIEN_MEDIA_JPEG, false, write_picture_frame);
const CliFormat cli_format_mp4 =
    ANNOTATED_FORMAT("mp4", "mp4", MIEN_MEDIA_MP4, true, write_video_frame);
