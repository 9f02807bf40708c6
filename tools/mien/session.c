/* SPDX-License-Identifier: Apache-2.0 */
/* The middle stage of a run, and the stages' beginning and end. */
#include "session.h"

#include <pthread.h>
#include <stdlib.h>

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
    size_t max_frames; /* --batch pictures for each device */
    /* [max_frames] */
    const char **names;
    MienImage *images;
    const MienResult **results;
    int64_t n_reopened; /* devices, as it was told last */
} Session;

static void log_line(void *user, MienLogLevel level, const char *area, const char *line)
{
    (void)user;
    if (level <= MIEN_LOG_WARN)
        cli_warn("%s: %s", area, line);
    else
        cli_detail("%s: %s", area, line);
}

/* What all engines of the run are made with. */
static CliExit make_engines(CliPipeline *pipeline)
{
    const CliSessionOptions *from = pipeline->options;
    const CliRun *run = from->run;
    MienEngineOptions options;
    mien_engine_options_init(&options);
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
    if (from->cpu_mask)
        options.cpu_mask = *from->cpu_mask;
    options.on_device_loss = from->on_device_loss;
    options.log = log_line;
    options.log_level = from->verbose ? MIEN_LOG_INFO : MIEN_LOG_WARN;
    return cli_engines_create(&options, &pipeline->engines);
}

/* A run with one kind of source makes only the engines for that. */
static CliExit open_engines(Session *session, MienMode mode)
{
    CliPipeline *pipeline = session->pipeline;
    CliRun *run = pipeline->options->run;
    CliExit status = cli_engines_open(pipeline->engines, mode);
    /* Once: the writing stage reads it when it sees a source, while this one is at the next. */
    if (status == CLI_OK && !run->infos[mode])
        run->infos[mode] = cli_engines_info(pipeline->engines, mode);
    return status;
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
    for (size_t i = 0; i < session->n_events; i++) {
        const CliEvent *event = session->events[i];
        if (event->kind != CLI_EVENT_FRAME)
            continue;
        session->names[n] = event->source->path;
        session->images[n++] = *mien_media_frame_image(event->media);
    }
    if (!n)
        return CLI_OK;
    CliExit status = cli_engines_look(session->pipeline->engines, n, session->names,
                                      session->images, session->results);
    n = 0;
    for (size_t i = 0; i < session->n_events && status == CLI_OK; i++)
        if (session->events[i]->kind == CLI_EVENT_FRAME)
            status = keep_result(session->events[i], session->results[n++]);
    return status;
}

/* The end of a source tells how often a device was opened again since the last such end. */
static void pass_on(Session *session, CliEvent *event)
{
    if (event->kind == CLI_EVENT_END) {
        int64_t n = cli_engines_n_reopened(session->pipeline->engines);
        event->end.n_reopened = n - session->n_reopened;
        session->n_reopened = n;
    }
    cli_event_push(session->pipeline->computed, event);
}

/* Computes the waiting pictures as one batch and passes on everything that waits. */
static CliExit flush(Session *session)
{
    CliExit status = compute_batch(session);
    for (size_t i = 0; i < session->n_events; i++) {
        if (status == CLI_OK)
            pass_on(session, session->events[i]);
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
    bool is_full = session->n_frames == session->max_frames;
    return is_full || session->n_frames == 0 ? flush(session) : CLI_OK;
}

/* One frame of a tracked video; it depends on the one before and cannot wait. */
static CliExit process_tracked(Session *session, CliEvent *event)
{
    const MienResult *result = NULL;
    CliExit status = cli_engines_follow(session->pipeline->engines, event->source->path,
                                        mien_media_frame_image(event->media),
                                        mien_media_frame_timestamp_us(event->media), &result);
    return status == CLI_OK ? keep_result(event, result) : status;
}

/* Takes over the event. */
static CliExit compute(Session *session, CliEvent *event)
{
    bool is_tracked = event->source && event->source->is_tracked;
    CliExit status = CLI_OK;
    if (event->kind == CLI_EVENT_BEGIN) {
        status = open_engines(session, is_tracked ? MIEN_MODE_VIDEO : MIEN_MODE_IMAGE);
        if (status == CLI_OK && is_tracked)
            cli_engines_reset(session->pipeline->engines);
    }
    if (status == CLI_OK && !is_tracked)
        return wait_with(session, event);
    if (status == CLI_OK)
        status = flush(session);
    if (status == CLI_OK && event->kind == CLI_EVENT_FRAME)
        status = process_tracked(session, event);
    if (status == CLI_OK)
        pass_on(session, event);
    else
        cli_event_destroy(event);
    return status;
}

static CliExit compute_stage(CliPipeline *pipeline)
{
    Session session = {.pipeline = pipeline};
    CliExit status = make_engines(pipeline);
    if (status == CLI_OK) {
        size_t n = cli_engines_n_devices(pipeline->engines);
        session.max_frames = n * (size_t)pipeline->options->run->batch;
        session.names = calloc(session.max_frames, sizeof(*session.names));
        session.images = calloc(session.max_frames, sizeof(*session.images));
        session.results = calloc(session.max_frames, sizeof(*session.results));
        if (!session.names || !session.images || !session.results)
            status = cli_fail(CLI_INTERNAL, "out of memory");
    }
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
    free((void *)session.names);
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
    cli_engines_destroy(pipeline.engines);
    free(pipeline.sources);
    *result = pipeline.result;
    return status;
}
