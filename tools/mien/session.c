/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "message.h"

/* What is to be told to the outputs once the pictures before it are computed. */
typedef struct Event {
    enum { EVENT_BEGIN, EVENT_FRAME, EVENT_END } kind;
    CliSource *source;
    MienMediaFrame *media; /* EVENT_FRAME */
    int64_t index;
    CliEnd end; /* EVENT_END; `error` is owned */
} Event;

typedef struct Session {
    const CliSessionOptions *options;
    CliSessionResult *result;
    MienEngine *engines[2]; /* by MienMode; made when first needed */
    CliProgress progress;
    bool progress_begun;
    /* Pictures that wait to be computed together, with what happens between them. */
    Event *events;
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
    if (session->engines[mode])
        return CLI_OK;
    CliRun *run = session->options->run;
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.mode = mode;
    options.model = session->options->model;
    options.detector = session->options->detector;
    options.max_faces = run->max_faces;
    options.min_detection_confidence = (float)run->min_detection_confidence;
    options.min_tracking_confidence = (float)run->min_tracking_confidence;
    options.threads = run->threads;
    options.log = log_line;
    options.log_level = session->options->verbose ? MIEN_LOG_INFO : MIEN_LOG_WARN;
    MienError error = {0};
    MienStatus status = mien_engine_create(&options, &session->engines[mode], &error);
    if (status != MIEN_OK)
        return cli_fail(exit_of(status), "%s", error.text);
    run->info.struct_size = sizeof(run->info);
    mien_engine_info(session->engines[mode], &run->info);
    if (!session->progress_begun)
        cli_progress_init(&session->progress, session->options->progress,
                          run->info.device_landmarks, run->n_sources);
    session->progress_begun = true;
    return CLI_OK;
}

static CliExit engine_failed(const Session *session, MienMode mode, const CliSource *source,
                             MienStatus status)
{
    const char *text = mien_engine_message(session->engines[mode]);
    return cli_fail(exit_of(status), "%s: %s", source->path,
                    *text ? text : mien_status_text(status));
}

static CliExit emit_frame(Session *session, const CliSource *source, const CliFrame *frame)
{
    size_t n_faces = mien_result_n_faces(frame->result);
    if (n_faces)
        session->result->any_face = true;
    CliExit status = cli_outputs_frame(session->options->outputs, source, frame);
    cli_progress_frame(&session->progress, n_faces);
    return status;
}

static CliExit emit_event(Session *session, Event *event, const MienResult *result)
{
    CliOutputs *outputs = session->options->outputs;
    switch (event->kind) {
    case EVENT_BEGIN:
        cli_progress_source(&session->progress, event->source->index, event->source->info.n_frames);
        return cli_outputs_source_begin(outputs, event->source);
    case EVENT_FRAME:
        return emit_frame(session, event->source,
                          &(CliFrame){event->index, mien_media_frame_timestamp_us(event->media),
                                      event->media, result});
    case EVENT_END:
        return cli_outputs_source_end(outputs, event->source, &event->end);
    }
    return CLI_INTERNAL;
}

static void drop_event(Event *event)
{
    mien_media_frame_destroy(event->media);
    if (event->kind == EVENT_END) {
        free((char *)event->end.error);
        free(event->source);
    }
}

/* Computes the waiting pictures as one batch and tells the outputs everything that waits. */
static CliExit flush(Session *session)
{
    size_t n = 0;
    const CliSource *first = NULL;
    for (size_t i = 0; i < session->n_events; i++) {
        if (session->events[i].kind != EVENT_FRAME)
            continue;
        if (!first)
            first = session->events[i].source;
        session->images[n++] = *mien_media_frame_image(session->events[i].media);
    }
    CliExit status = CLI_OK;
    if (n) {
        MienStatus computed = mien_engine_process_batch(
            session->engines[MIEN_MODE_IMAGE], n, session->images, NULL, NULL, session->results);
        if (computed != MIEN_OK)
            status = engine_failed(session, MIEN_MODE_IMAGE, first, computed);
    }
    size_t k = 0;
    for (size_t i = 0; i < session->n_events; i++) {
        Event *event = &session->events[i];
        const MienResult *result =
            event->kind == EVENT_FRAME && status == CLI_OK ? session->results[k++] : NULL;
        if (status == CLI_OK)
            status = emit_event(session, event, result);
        drop_event(event);
    }
    session->n_events = 0;
    session->n_frames = 0;
    return status;
}

/* Takes over what the event points to. */
static CliExit push(Session *session, Event event)
{
    if (session->n_events == session->capacity) {
        size_t capacity = session->capacity ? 2 * session->capacity : 16;
        Event *events = realloc(session->events, capacity * sizeof(*events));
        if (!events) {
            drop_event(&event);
            return cli_fail(CLI_INTERNAL, "out of memory");
        }
        session->events = events;
        session->capacity = capacity;
    }
    session->events[session->n_events++] = event;
    session->n_frames += event.kind == EVENT_FRAME;
    return session->n_frames == (size_t)session->options->run->batch ? flush(session) : CLI_OK;
}

/* One frame of a tracked video; it depends on the one before and cannot wait. */
static CliExit process_tracked(Session *session, const CliSource *source, int64_t index,
                               MienMediaFrame *media)
{
    MienEngine *engine = session->engines[MIEN_MODE_VIDEO];
    CliExit status = flush(session);
    if (status == CLI_OK) {
        int64_t timestamp_us = mien_media_frame_timestamp_us(media);
        const MienResult *result = NULL;
        MienStatus computed =
            mien_engine_process(engine, mien_media_frame_image(media), timestamp_us, &result);
        status = computed == MIEN_OK
                     ? emit_frame(session, source, &(CliFrame){index, timestamp_us, media, result})
                     : engine_failed(session, MIEN_MODE_VIDEO, source, computed);
    }
    mien_media_frame_destroy(media);
    return status;
}

/* Reads a source to its end, its first damage or a signal. */
static CliExit read_frames(Session *session, MienMediaReader *reader, CliSource *source,
                           CliEnd *end)
{
    for (;;) {
        MienMediaFrame *media = NULL;
        MienError error = {0};
        MienStatus status = mien_media_reader_read(reader, &media, &error);
        if (status == MIEN_E_BUSY && cli_interrupted(NULL)) {
            end->interrupted = true;
            return CLI_OK;
        }
        if (status != MIEN_OK) {
            cli_fail(CLI_INPUT, "%s; the %lld frames before are kept", error.text,
                     (long long)end->n_frames);
            end->n_errors++;
            end->error = strdup(error.text);
            return CLI_OK;
        }
        if (!media)
            return CLI_OK;
        int64_t index = end->n_frames++;
        CliExit done = source->is_tracked
                           ? process_tracked(session, source, index, media)
                           : push(session, (Event){EVENT_FRAME, source, media, index, {0}});
        if (done != CLI_OK)
            return done;
        if (cli_interrupted(NULL) && !source->info.is_picture) {
            end->interrupted = true;
            return CLI_OK;
        }
    }
}

static CliExit run_source(Session *session, size_t index)
{
    const CliInput *input = &session->options->inputs->items[index];
    MienMediaReaderOptions options;
    mien_media_reader_options_init(&options);
    options.interrupted = cli_interrupted;
    MienMediaReader *reader = NULL;
    MienError error = {0};
    MienStatus opened =
        input->fault ? MIEN_E_IO : mien_media_reader_open(input->path, &options, &reader, &error);
    if (opened != MIEN_OK) {
        if (opened == MIEN_E_BUSY && cli_interrupted(NULL))
            return CLI_OK;
        session->result->n_failed++;
        cli_fail(CLI_INPUT, "%s", input->fault ? input->fault : error.text);
        return CLI_OK;
    }
    CliSource *source = calloc(1, sizeof(*source));
    CliEnd end = {0};
    CliExit status = source ? CLI_OK : cli_fail(CLI_INTERNAL, "out of memory");
    if (source) {
        *source = (CliSource){.path = input->path, .index = index};
        mien_media_reader_info(reader, &source->info);
        source->is_tracked = !source->info.is_picture && !session->options->run->is_static;
        MienMode mode = source->is_tracked ? MIEN_MODE_VIDEO : MIEN_MODE_IMAGE;
        status = make_engine(session, mode);
        if (status == CLI_OK && mode == MIEN_MODE_VIDEO)
            mien_engine_reset(session->engines[mode]);
    }
    if (status == CLI_OK)
        status = push(session, (Event){EVENT_BEGIN, source, NULL, 0, {0}});
    if (status == CLI_OK)
        status = read_frames(session, reader, source, &end);
    session->result->n_opened += end.n_frames > 0;
    session->result->n_failed += end.n_errors > 0;
    mien_media_reader_destroy(reader);
    if (!source)
        return status;
    /* The end is noted also after a failure: it owns the source. */
    CliExit ended = push(session, (Event){EVENT_END, source, NULL, 0, end});
    return status == CLI_OK ? ended : status;
}

static void destroy(Session *session)
{
    for (size_t i = 0; i < session->n_events; i++)
        drop_event(&session->events[i]);
    for (int mode = 0; mode < 2; mode++)
        mien_engine_destroy(session->engines[mode]);
    free(session->events);
    free(session->images);
    free((void *)session->results);
}

CliExit cli_session_run(const CliSessionOptions *options, CliSessionResult *result)
{
    Session session = {.options = options, .result = result};
    *result = (CliSessionResult){0};
    size_t batch = (size_t)options->run->batch;
    session.images = calloc(batch, sizeof(*session.images));
    session.results = calloc(batch, sizeof(*session.results));
    CliExit status =
        session.images && session.results ? CLI_OK : cli_fail(CLI_INTERNAL, "out of memory");
    for (size_t i = 0; i < options->inputs->n && status == CLI_OK && !cli_interrupted(NULL); i++)
        status = run_source(&session, i);
    if (status == CLI_OK)
        status = flush(&session);
    if (session.progress_begun)
        cli_progress_end(&session.progress);
    destroy(&session);
    return status;
}
