/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline.h"

#include <stdlib.h>

#include "message.h"

CliEvent *cli_event_create(CliEventKind kind, const CliSource *source)
{
    CliEvent *event = calloc(1, sizeof(*event));
    if (!event) {
        cli_fail(CLI_INTERNAL, "out of memory");
        return NULL;
    }
    event->kind = kind;
    event->source = source;
    return event;
}

size_t cli_event_bytes(const CliEvent *event)
{
    if (!event->media)
        return sizeof(*event);
    return (size_t)event->source->info.width * (size_t)event->source->info.height * 3;
}

void cli_event_destroy(void *pointer)
{
    CliEvent *event = pointer;
    if (!event)
        return;
    mien_media_frame_destroy(event->media);
    mien_result_destroy(event->result);
    free(event->text);
    free(event);
}

bool cli_event_push(CliQueue *queue, CliEvent *event)
{
    if (cli_queue_push(queue, event, cli_event_bytes(event)))
        return true;
    cli_event_destroy(event);
    return false;
}

void cli_pipeline_stop(CliPipeline *pipeline)
{
    atomic_store(&pipeline->stopped, true);
    cli_queue_cancel(pipeline->decoded);
    cli_queue_cancel(pipeline->computed);
}
