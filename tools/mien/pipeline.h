/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stages of a run pass on. Three threads work side by side, joined by bounded queues: one
 * reads and decodes (read.c), one computes (session.c, the caller's), one writes (emit.c). Messages
 * travel as events too, so that everything is told in the order of the inputs.
 */
#ifndef MIEN_TOOL_PIPELINE_H
#define MIEN_TOOL_PIPELINE_H

#include <stdatomic.h>

#include "engines.h"
#include "output/output.h"
#include "progress.h"
#include "queue.h"
#include "session.h"

typedef enum CliEventKind {
    CLI_EVENT_BEGIN, /* of a source */
    CLI_EVENT_FRAME,
    CLI_EVENT_END,  /* of a source */
    CLI_EVENT_FAULT /* an input that is none */
} CliEventKind;

typedef struct CliEvent {
    CliEventKind kind;
    const CliSource *source; /* NULL: CLI_EVENT_FAULT */
    MienMediaFrame *media;   /* CLI_EVENT_FRAME. Owner: the event */
    int64_t index;           /* CLI_EVENT_FRAME */
    MienResult *result;      /* CLI_EVENT_FRAME, from the second queue on. Owner: the event */
    CliEnd end;              /* CLI_EVENT_END */
    char *text;              /* of an error, or NULL. Owner: the event */
} CliEvent;

typedef struct CliPipeline {
    const CliSessionOptions *options;
    CliSource *sources;      /* [options->inputs->n]; those that were opened are filled */
    CliEngines *engines;     /* opened when first needed, kept until all has ended */
    CliQueue *decoded;       /* of CliEvent */
    CliQueue *computed;      /* of CliEvent */
    atomic_bool stopped;     /* a stage has failed: the others leave */
    CliExit emit_status;     /* of the writing stage; read after it has ended */
    CliSessionResult result; /* the same */
} CliPipeline;

/* NULL after a message if there is no memory. */
CliEvent *cli_event_create(CliEventKind kind, const CliSource *source);

/* Bytes that an event keeps alive, roughly. */
size_t cli_event_bytes(const CliEvent *event);

/* For cli_queue_destroy, too. NULL is fine. */
void cli_event_destroy(void *event);

/* Pushes an event, or destroys it if the queue was cancelled and returns false. */
bool cli_event_push(CliQueue *queue, CliEvent *event);

/* Makes all stages leave. */
void cli_pipeline_stop(CliPipeline *pipeline);

/* The threads; the argument is the pipeline. */
void *cli_read_stage(void *pipeline);
void *cli_emit_stage(void *pipeline);

#endif
