/* SPDX-License-Identifier: Apache-2.0 */
/* The middle stage of a run, and the stages' beginning and end. */
#include "session.h"

#include <pthread.h>
#include <stdlib.h>

#include "examine.h"
#include "message.h"
#include "pipeline.h"

/* Enough to keep the stages busy; more would only delay the end after Ctrl-C. */
#define QUEUE_ITEMS 6
#define QUEUE_BYTES ((size_t)256 << 20)

typedef struct Session {
    CliPipeline *pipeline;
    /* Events that wait for their pictures to be computed together. */
    CliEvent **events;
    size_t n_events, capacity, n_frames;
    /* [batch] */
    MienImage *images;
    const MienResult **results;
} Session;

static void log_line(void *user, MienLogLevel level, const char *area, const char *line)
{
    (void)user;
    if (level <= MIEN_LOG_WARN)
        cli_warn("%s: %s", area, line);
    else
        cli_detail("%s: %s", area, line);
}

static CliExit exit_of(MienStatus status)
{
    switch (status) {
    case MIEN_E_DEVICE:
        return CLI_DEVICE;
    case MIEN_E_FORMAT:
    case MIEN_E_UNSUPPORTED:
        return CLI_MODEL;
    default:
        return CLI_INTERNAL;
    }
}

/* Pictures and tracked video need engines of their own; a run with one kind makes only one. */
static CliExit make_engine(Session *session, MienMode mode)
{
    if (session->pipeline->engines[mode])
        return CLI_OK;
    const CliSessionOptions *from = session->pipeline->options;
    CliRun *run = from->run;
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.mode = mode;
    options.model = from->model;
    options.detector = from->detector;
    options.max_faces = run->max_faces;
    options.min_detection_confidence = (float)run->min_detection_confidence;
    options.min_tracking_confidence = (float)run->min_tracking_confidence;
    options.min_presence_confidence = (float)run->min_presence_confidence;
    options.smoothing = run->smoothing;
    options.blendshapes = run->blendshapes;
    options.transform = run->transform;
    options.fov_degrees = (float)run->fov_degrees;
    options.threads = run->threads;
    options.precision = run->precision;
    options.device = from->device;
    options.allow_software = from->allow_software;
    options.log = log_line;
    options.log_level = from->verbose ? MIEN_LOG_INFO : MIEN_LOG_WARN;
    MienError error = {0};
    MienStatus status = mien_engine_create(&options, &session->pipeline->engines[mode], &error);
    /* Everything else was checked before: a bad argument is a name that no device has. */
    if (status == MIEN_E_DEVICE)
        return cli_refuse_device(from->device ? from->device : "cpu", &error);
    if (status != MIEN_OK)
        return cli_fail(status == MIEN_E_ARGUMENT ? CLI_USAGE : exit_of(status), "%s", error.text);
    /* The same for both engines; once set, the writing stage reads it. */
    if (!run->info.struct_size) {
        run->info.struct_size = sizeof(run->info);
        mien_engine_info(session->pipeline->engines[mode], &run->info);
        if (*run->info.device_choice)
            cli_note("device %s: %s", run->info.device_requested, run->info.device_choice);
    }
    return CLI_OK;
}

static CliExit engine_failed(const Session *session, MienMode mode, const CliSource *source,
                             MienStatus status)
{
    const char *text = mien_engine_message(session->pipeline->engines[mode]);
    return cli_fail(exit_of(status), "%s: %s", source->path,
                    *text ? text : mien_status_text(status));
}

/* Gives an event a result of its own: the engine's is only borrowed. */
static CliExit keep_result(CliEvent *event, const MienResult *result)
{
    if (mien_result_clone(result, &event->result) != MIEN_OK)
        return cli_fail(CLI_INTERNAL, "out of memory");
    return CLI_OK;
}

static CliExit compute_batch(Session *session)
{
    size_t n = 0;
    const CliSource *first = NULL;
    for (size_t i = 0; i < session->n_events; i++) {
        const CliEvent *event = session->events[i];
        if (event->kind != CLI_EVENT_FRAME)
            continue;
        if (!first)
            first = event->source;
        session->images[n++] = *mien_media_frame_image(event->media);
    }
    if (!n)
        return CLI_OK;
    MienStatus computed = mien_engine_process_batch(session->pipeline->engines[MIEN_MODE_IMAGE], n,
                                                    session->images, NULL, NULL, session->results);
    if (computed != MIEN_OK)
        return engine_failed(session, MIEN_MODE_IMAGE, first, computed);
    CliExit status = CLI_OK;
    n = 0;
    for (size_t i = 0; i < session->n_events && status == CLI_OK; i++)
        if (session->events[i]->kind == CLI_EVENT_FRAME)
            status = keep_result(session->events[i], session->results[n++]);
    return status;
}

/* Computes the waiting pictures as one batch and passes on everything that waits. */
static CliExit flush(Session *session)
{
    CliExit status = compute_batch(session);
    for (size_t i = 0; i < session->n_events; i++) {
        if (status == CLI_OK)
            cli_event_push(session->pipeline->computed, session->events[i]);
        else
            cli_event_destroy(session->events[i]);
    }
    session->n_events = 0;
    session->n_frames = 0;
    return status;
}

/* Takes over the event. */
static CliExit wait_with(Session *session, CliEvent *event)
{
    if (session->n_events == session->capacity) {
        size_t capacity = session->capacity ? 2 * session->capacity : 16;
        CliEvent **events = realloc(session->events, capacity * sizeof(CliEvent *));
        if (!events) {
            cli_event_destroy(event);
            return cli_fail(CLI_INTERNAL, "out of memory");
        }
        session->events = events;
        session->capacity = capacity;
    }
    session->events[session->n_events++] = event;
    session->n_frames += event->kind == CLI_EVENT_FRAME;
    /* Only a picture is worth waiting with. */
    bool is_full = session->n_frames == (size_t)session->pipeline->options->run->batch;
    return is_full || session->n_frames == 0 ? flush(session) : CLI_OK;
}

/* One frame of a tracked video; it depends on the one before and cannot wait. */
static CliExit process_tracked(Session *session, CliEvent *event)
{
    MienEngine *engine = session->pipeline->engines[MIEN_MODE_VIDEO];
    const MienResult *result = NULL;
    MienStatus computed = mien_engine_process(engine, mien_media_frame_image(event->media),
                                              mien_media_frame_timestamp_us(event->media), &result);
    if (computed != MIEN_OK)
        return engine_failed(session, MIEN_MODE_VIDEO, event->source, computed);
    return keep_result(event, result);
}

/* Takes over the event. */
static CliExit compute(Session *session, CliEvent *event)
{
    bool is_tracked = event->source && event->source->is_tracked;
    CliExit status = CLI_OK;
    if (event->kind == CLI_EVENT_BEGIN) {
        MienMode mode = is_tracked ? MIEN_MODE_VIDEO : MIEN_MODE_IMAGE;
        status = make_engine(session, mode);
        if (status == CLI_OK && is_tracked)
            mien_engine_reset(session->pipeline->engines[mode]);
    }
    if (status == CLI_OK && !is_tracked)
        return wait_with(session, event);
    if (status == CLI_OK)
        status = flush(session);
    if (status == CLI_OK && event->kind == CLI_EVENT_FRAME)
        status = process_tracked(session, event);
    if (status == CLI_OK)
        cli_event_push(session->pipeline->computed, event);
    else
        cli_event_destroy(event);
    return status;
}

static CliExit compute_stage(CliPipeline *pipeline)
{
    Session session = {.pipeline = pipeline};
    size_t batch = (size_t)pipeline->options->run->batch;
    session.images = calloc(batch, sizeof(*session.images));
    session.results = calloc(batch, sizeof(*session.results));
    CliExit status =
        session.images && session.results ? CLI_OK : cli_fail(CLI_INTERNAL, "out of memory");
    for (CliEvent *event; status == CLI_OK && (event = cli_queue_pop(pipeline->decoded));)
        status = compute(&session, event);
    if (status == CLI_OK)
        status = flush(&session);
    if (status != CLI_OK)
        cli_pipeline_stop(pipeline);
    cli_queue_close(pipeline->computed);
    for (size_t i = 0; i < session.n_events; i++)
        cli_event_destroy(session.events[i]);
    free(session.events);
    free(session.images);
    free((void *)session.results);
    return status;
}

/* Runs the three stages; the caller's thread computes. */
static CliExit run_stages(CliPipeline *pipeline)
{
    pthread_t reader, writer;
    if (pthread_create(&writer, NULL, cli_emit_stage, pipeline) != 0)
        return cli_fail(CLI_INTERNAL, "a thread cannot be started");
    bool has_reader = pthread_create(&reader, NULL, cli_read_stage, pipeline) == 0;
    CliExit status = CLI_OK;
    if (!has_reader) {
        status = cli_fail(CLI_INTERNAL, "a thread cannot be started");
        cli_pipeline_stop(pipeline);
    } else {
        status = compute_stage(pipeline);
        pthread_join(reader, NULL);
    }
    pthread_join(writer, NULL);
    if (status == CLI_OK)
        status = pipeline->emit_status;
    /* What stopped the stages without a status of its own was a lack of memory. */
    return status == CLI_OK && atomic_load(&pipeline->stopped) ? CLI_INTERNAL : status;
}

CliExit cli_session_run(const CliSessionOptions *options, CliSessionResult *result)
{
    CliPipeline pipeline = {.options = options};
    atomic_init(&pipeline.stopped, false);
    pipeline.sources = calloc(options->inputs->n, sizeof(*pipeline.sources));
    pipeline.decoded = cli_queue_create(QUEUE_ITEMS, QUEUE_BYTES);
    pipeline.computed = cli_queue_create(QUEUE_ITEMS, QUEUE_BYTES);
    CliExit status = pipeline.sources && pipeline.decoded && pipeline.computed
                         ? run_stages(&pipeline)
                         : cli_fail(CLI_INTERNAL, "out of memory");
    cli_queue_destroy(pipeline.decoded, cli_event_destroy);
    cli_queue_destroy(pipeline.computed, cli_event_destroy);
    for (int mode = 0; mode < 2; mode++)
        mien_engine_destroy(pipeline.engines[mode]);
    free(pipeline.sources);
    *result = pipeline.result;
    return status;
}
