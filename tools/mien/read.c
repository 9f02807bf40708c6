/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage of a run: opens the inputs one after the other and decodes their frames. */
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "pipeline.h"

static int must_leave(void *user)
{
    CliPipeline *pipeline = user;
    return cli_interrupted(NULL) || atomic_load(&pipeline->stopped);
}

/* Makes and pushes an event; false if the stage must leave. `text` is copied. */
static bool push(CliPipeline *pipeline, CliEventKind kind, const CliSource *source,
                 const CliEnd *end, const char *text)
{
    CliEvent *event = cli_event_create(kind, source);
    if (!event) {
        cli_pipeline_stop(pipeline);
        return false;
    }
    if (end)
        event->end = *end;
    if (text)
        event->text = strdup(text);
    return cli_event_push(pipeline->decoded, event);
}

static bool push_frame(CliPipeline *pipeline, const CliSource *source, MienMediaFrame *media,
                       int64_t index)
{
    CliEvent *event = cli_event_create(CLI_EVENT_FRAME, source);
    if (!event) {
        mien_media_frame_destroy(media);
        cli_pipeline_stop(pipeline);
        return false;
    }
    event->media = media;
    event->index = index;
    return cli_event_push(pipeline->decoded, event);
}

/* Reads a source to its end, its first damage or a signal. False if the stage must leave. */
static bool read_frames(CliPipeline *pipeline, MienMediaReader *reader, const CliSource *source)
{
    CliEnd end = {0};
    MienError error = {0};
    for (;;) {
        MienMediaFrame *media = NULL;
        MienStatus status = mien_media_reader_read(reader, &media, &error);
        if (atomic_load(&pipeline->stopped)) {
            mien_media_frame_destroy(media);
            return false;
        }
        if (status == MIEN_E_BUSY && cli_interrupted(NULL)) {
            end.interrupted = true;
            break;
        }
        if (status != MIEN_OK)
            end.n_errors++;
        if (!media)
            break;
        if (!push_frame(pipeline, source, media, end.n_frames++))
            return false;
        if (cli_interrupted(NULL) && !source->info.is_picture) {
            end.interrupted = true;
            break;
        }
        if (end.n_frames == pipeline->options->max_frames)
            break;
    }
    return push(pipeline, CLI_EVENT_END, source, &end, end.n_errors ? error.text : NULL);
}

static bool read_source(CliPipeline *pipeline, size_t index)
{
    const CliInput *input = &pipeline->options->inputs->items[index];
    if (input->fault)
        return push(pipeline, CLI_EVENT_FAULT, NULL, NULL, input->fault);
    MienMediaReaderOptions options;
    mien_media_reader_options_init(&options);
    options.interrupted = must_leave;
    options.user = pipeline;
    MienMediaReader *reader = NULL;
    MienError error = {0};
    MienStatus status = mien_media_reader_open(input->path, &options, &reader, &error);
    if (status == MIEN_E_BUSY && must_leave(pipeline))
        return false;
    if (status != MIEN_OK)
        return push(pipeline, CLI_EVENT_FAULT, NULL, NULL, error.text);
    CliSource *source = &pipeline->sources[index];
    *source = (CliSource){.path = input->path, .index = index};
    mien_media_reader_info(reader, &source->info);
    source->is_tracked = !source->info.is_picture && !pipeline->options->run->is_static;
    bool go_on = push(pipeline, CLI_EVENT_BEGIN, source, NULL, NULL) &&
                 read_frames(pipeline, reader, source);
    mien_media_reader_destroy(reader);
    return go_on;
}

void *cli_read_stage(void *argument)
{
    CliPipeline *pipeline = argument;
    size_t n = pipeline->options->inputs->n;
    for (size_t i = 0; i < n && !cli_interrupted(NULL) && read_source(pipeline, i); i++)
        continue;
    cli_queue_close(pipeline->decoded);
    return NULL;
}
