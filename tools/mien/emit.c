/* SPDX-License-Identifier: Apache-2.0 */
/* The last stage of a run: tells the outputs and the user what there is to tell, in order. */
#include "message.h"
#include "pipeline.h"

typedef struct Emit {
    CliPipeline *pipeline;
    CliProgress progress;
    bool progress_begun;
} Emit;

static CliExit begin(Emit *emit, const CliSource *source)
{
    const CliSessionOptions *options = emit->pipeline->options;
    if (!emit->progress_begun)
        cli_progress_init(&emit->progress, options->progress,
                          cli_run_info(options->run, source)->device_landmarks,
                          options->run->n_sources);
    emit->progress_begun = true;
    cli_progress_source(&emit->progress, source->index, source->info.n_frames);
    return cli_outputs_source_begin(options->outputs, source);
}

static CliExit frame(Emit *emit, const CliEvent *event)
{
    CliFrame frame = {event->index, mien_media_frame_timestamp_us(event->media), event->media,
                      event->result};
    size_t n_faces = mien_result_n_faces(event->result);
    if (n_faces)
        emit->pipeline->result.any_face = true;
    CliExit status = cli_outputs_frame(emit->pipeline->options->outputs, event->source, &frame);
    cli_progress_frame(&emit->progress, n_faces);
    return status;
}

static CliExit end(Emit *emit, const CliEvent *event)
{
    CliSessionResult *result = &emit->pipeline->result;
    CliEnd how = event->end;
    how.error = event->text;
    if (how.n_errors)
        cli_fail(CLI_INPUT, "%s; the %lld frames before are kept", event->text ? event->text : "",
                 (long long)how.n_frames);
    result->n_opened += how.n_frames > 0;
    result->n_failed += how.n_errors > 0;
    return cli_outputs_source_end(emit->pipeline->options->outputs, event->source, &how);
}

static CliExit emit_event(Emit *emit, const CliEvent *event)
{
    switch (event->kind) {
    case CLI_EVENT_BEGIN:
        return begin(emit, event->source);
    case CLI_EVENT_FRAME:
        return frame(emit, event);
    case CLI_EVENT_END:
        return end(emit, event);
    case CLI_EVENT_FAULT:
        cli_fail(CLI_INPUT, "%s", event->text ? event->text : "out of memory");
        emit->pipeline->result.n_failed++;
        return CLI_OK;
    }
    return CLI_INTERNAL;
}

void *cli_emit_stage(void *argument)
{
    Emit emit = {.pipeline = argument};
    CliExit status = CLI_OK;
    for (CliEvent *event; status == CLI_OK && (event = cli_queue_pop(emit.pipeline->computed));) {
        status = emit_event(&emit, event);
        cli_event_destroy(event);
    }
    if (status != CLI_OK)
        cli_pipeline_stop(emit.pipeline);
    emit.pipeline->emit_status = status;
    if (emit.progress_begun)
        cli_progress_end(&emit.progress, status == CLI_OK && !atomic_load(&emit.pipeline->stopped));
    return NULL;
}
