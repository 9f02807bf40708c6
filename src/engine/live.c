/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mutex guards the queue; pictures are copied under it, so that a buffer has one owner at a
 * time: the queue, or the thread, which swaps the oldest frame for its own. The thread lets go of
 * the mutex while it looks at a frame and while the callback runs.
 */
#include "engine/live.h"

#include <pthread.h>
#include <signal.h>

#include "engine/engine_private.h"

typedef struct LiveFrame {
    uint8_t *pixels;
    size_t capacity; /* bytes of `pixels` */
    MienImage image;
    int64_t timestamp_us;
    uint64_t number; /* from 1, in the order of sending */
} LiveFrame;

struct MieniLive {
    MienEngine *engine;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t work;   /* for the thread: a frame, a reset or the end */
    pthread_cond_t change; /* for all others: a frame was taken, answered or dropped */
    LiveFrame *queue;      /* [capacity], a ring */
    int32_t capacity, head, n_waiting;
    LiveFrame current; /* the thread's own while `busy` */
    bool busy, ending, failed, wants_reset, wants_destroy;
    bool has_time;
    int64_t timestamp_us; /* of the frame sent last */
    uint64_t n_resets;
    int32_t n_guests; /* threads that wait inside a call */
    MienStreamStats stats;
    MienError error; /* of the last call that failed outside of the callback */
};

/* The functions below want the mutex held. */

static void drop_oldest(MieniLive *live)
{
    live->head = (live->head + 1) % live->capacity;
    live->n_waiting--;
    live->stats.dropped++;
}

static void drop_all(MieniLive *live)
{
    while (live->n_waiting > 0)
        drop_oldest(live);
    pthread_cond_broadcast(&live->change);
}

static void wait_for_change(MieniLive *live)
{
    live->n_guests++;
    pthread_cond_wait(&live->change, &live->mutex);
    live->n_guests--;
    if (live->ending)
        pthread_cond_broadcast(&live->change); /* whoever ends the engine waits for its guests */
}

static void forget(MieniLive *live)
{
    live->wants_reset = false;
    mieni_engine_forget(live->engine);
    pthread_cond_broadcast(&live->change);
}

/* Takes the oldest frame, and leaves its buffer in exchange. */
static void take_frame(MieniLive *live)
{
    LiveFrame taken = live->queue[live->head];
    live->queue[live->head] = live->current;
    live->current = taken;
    live->head = (live->head + 1) % live->capacity;
    live->n_waiting--;
    live->busy = true;
    pthread_cond_broadcast(&live->change);
}

/* Without the mutex: looks at the frame and tells the callback. */
static MienStatus answer(MieniLive *live, bool failed)
{
    MienEngine *engine = live->engine;
    const LiveFrame *frame = &live->current;
    const MienResult *result = NULL;
    MienStatus status = MIEN_E_DEVICE; /* the text of the first failure stays */
    if (!failed)
        status = mieni_engine_run(engine, 1, &frame->image, &frame->timestamp_us, NULL, &result);
    engine->options.on_result(engine->options.on_result_user, status,
                              status == MIEN_OK ? result : NULL, frame->timestamp_us);
    return status;
}

static void free_live(MieniLive *live)
{
    for (int32_t i = 0; i < live->capacity && live->queue; i++)
        mieni_free(live->queue[i].pixels);
    mieni_free(live->queue);
    mieni_free(live->current.pixels);
    pthread_cond_destroy(&live->change);
    pthread_cond_destroy(&live->work);
    pthread_mutex_destroy(&live->mutex);
    mieni_free(live);
}

static void wait_for_guests(MieniLive *live)
{
    while (live->n_guests > 0)
        pthread_cond_wait(&live->change, &live->mutex);
}

static void *live_main(void *argument)
{
    MieniLive *live = argument;
    pthread_mutex_lock(&live->mutex);
    while (!live->ending) {
        if (live->n_waiting == 0) {
            pthread_cond_wait(&live->work, &live->mutex);
            continue;
        }
        take_frame(live);
        bool failed = live->failed;
        pthread_mutex_unlock(&live->mutex);
        MienStatus status = answer(live, failed);
        pthread_mutex_lock(&live->mutex);
        live->busy = false;
        live->stats.processed++;
        live->failed |= status == MIEN_E_DEVICE;
        pthread_cond_broadcast(&live->change);
        if (live->wants_reset)
            forget(live);
    }
    bool destroys = live->wants_destroy;
    if (destroys)
        wait_for_guests(live);
    pthread_mutex_unlock(&live->mutex);
    if (destroys) { /* nobody joins this thread */
        MienEngine *engine = live->engine;
        pthread_detach(pthread_self());
        free_live(live);
        mieni_engine_free(engine);
    }
    return NULL;
}

static bool start_thread(MieniLive *live)
{
    sigset_t all, before; /* signals are the business of the caller's threads */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    /* The thread may run before its handle is written: it waits for the mutex. */
    pthread_mutex_lock(&live->mutex);
    bool started = pthread_create(&live->thread, NULL, live_main, live) == 0;
    pthread_mutex_unlock(&live->mutex);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

MienStatus mieni_live_create(MienEngine *engine, MienError *error)
{
    MieniLive *live = mieni_alloc(1, sizeof(*live));
    if (!live)
        return mieni_fail_nomem(error);
    live->engine = engine;
    live->capacity = engine->options.queue_capacity;
    pthread_mutex_init(&live->mutex, NULL);
    pthread_cond_init(&live->work, NULL);
    pthread_cond_init(&live->change, NULL);
    live->queue = mieni_alloc((size_t)live->capacity, sizeof(*live->queue));
    if (!live->queue || !start_thread(live)) {
        free_live(live);
        return mieni_fail_nomem(error);
    }
    engine->live = live;
    return MIEN_OK;
}

bool mieni_live_is_inside(const MieniLive *live)
{
    return pthread_equal(pthread_self(), live->thread);
}

/* The text of a failure, with the mutex held. */
static MienStatus refuse(MieniLive *live, MienStatus status, const char *text)
{
    return mieni_fail(&live->error, status, status == MIEN_E_BUSY ? "busy" : "argument", "%s",
                      text);
}

MienStatus mieni_live_refuse(MieniLive *live, MienStatus status, const char *text)
{
    if (mieni_live_is_inside(live))
        return status;
    pthread_mutex_lock(&live->mutex);
    refuse(live, status, text);
    pthread_mutex_unlock(&live->mutex);
    return status;
}

const char *mieni_live_message(const MieniLive *live)
{
    return mieni_live_is_inside(live) ? live->engine->error.text : live->error.text;
}

const char *mieni_live_reason(const MieniLive *live)
{
    return mieni_live_is_inside(live) ? live->engine->error.reason : live->error.reason;
}

/* Room for one more frame: by dropping the oldest, or by waiting. */
static MienStatus make_room(MieniLive *live)
{
    uint64_t n_resets = live->n_resets;
    while (live->n_waiting == live->capacity &&
           live->engine->options.queue_policy == MIEN_QUEUE_BLOCK) {
        wait_for_change(live);
        if (live->ending || live->n_resets != n_resets)
            return refuse(live, MIEN_E_BUSY,
                          "the engine was reset or destroyed while the frame waited to be taken");
    }
    return MIEN_OK;
}

/* A frame whose picture fits into its buffer. */
static MienStatus reserve(LiveFrame *frame, size_t bytes, MienError *error)
{
    if (frame->capacity >= bytes)
        return MIEN_OK;
    uint8_t *pixels = mieni_alloc(bytes, 1);
    if (!pixels)
        return mieni_fail_nomem(error);
    mieni_free(frame->pixels);
    frame->pixels = pixels;
    frame->capacity = bytes;
    return MIEN_OK;
}

static MienStatus put(MieniLive *live, const MieniView *view, int64_t timestamp_us)
{
    MienStatus status = make_room(live);
    if (status != MIEN_OK)
        return status;
    if (live->failed)
        return mieni_fail(
            &live->error, MIEN_E_DEVICE, "device-lost",
            "the device failed at an earlier frame; the engine can only be destroyed");
    if (live->has_time && timestamp_us <= live->timestamp_us)
        return mieni_fail(
            &live->error, MIEN_E_ARGUMENT, "timestamp",
            "timestamp %lld us is not after %lld us; reset the engine between streams",
            (long long)timestamp_us, (long long)live->timestamp_us);
    /* When the queue is full this is the place of the oldest frame, which goes. */
    LiveFrame *frame = &live->queue[(live->head + live->n_waiting) % live->capacity];
    bool full = live->n_waiting == live->capacity;
    size_t bytes = mieni_view_bytes(view);
    if (full && frame->capacity < bytes) { /* what waits there stays if there is no memory */
        LiveFrame larger = {0};
        status = reserve(&larger, bytes, &live->error);
        if (status != MIEN_OK)
            return status;
        mieni_free(frame->pixels);
        *frame = larger;
    } else {
        status = reserve(frame, bytes, &live->error);
        if (status != MIEN_OK)
            return status;
    }
    if (full)
        drop_oldest(live);
    mieni_view_copy(view, frame->pixels, &frame->image);
    frame->timestamp_us = live->timestamp_us = timestamp_us;
    frame->number = ++live->stats.received;
    live->has_time = true;
    live->n_waiting++;
    pthread_cond_broadcast(&live->change);
    pthread_cond_signal(&live->work);
    return MIEN_OK;
}

MienStatus mien_engine_send(MienEngine *engine, const MienImage *image, int64_t timestamp_us)
{
    MienStatus status = mieni_engine_check_live(engine);
    if (status != MIEN_OK)
        return status;
    MieniLive *live = engine->live;
    if (!image)
        return mieni_live_refuse(live, MIEN_E_ARGUMENT, "image is NULL");
    MieniView view;
    pthread_mutex_lock(&live->mutex);
    status = mieni_view_init(&view, image, &live->error);
    if (status == MIEN_OK)
        status = put(live, &view, timestamp_us);
    pthread_mutex_unlock(&live->mutex);
    return status;
}

/* The oldest frame that has neither been answered nor dropped, or 0. */
static uint64_t oldest(const MieniLive *live)
{
    if (live->busy)
        return live->current.number;
    return live->n_waiting > 0 ? live->queue[live->head].number : 0;
}

MienStatus mien_engine_flush(MienEngine *engine)
{
    MienStatus status = mieni_engine_check_live(engine);
    if (status != MIEN_OK)
        return status;
    MieniLive *live = engine->live;
    pthread_mutex_lock(&live->mutex);
    uint64_t last = live->stats.received;
    while (oldest(live) != 0 && oldest(live) <= last && !live->ending)
        wait_for_change(live);
    pthread_mutex_unlock(&live->mutex);
    return MIEN_OK;
}

MienStatus mien_engine_stream_stats(MienEngine *engine, MienStreamStats *stats)
{
    if (!engine || !engine->live || !stats || stats->struct_size != sizeof(*stats))
        return MIEN_E_ARGUMENT;
    MieniLive *live = engine->live;
    pthread_mutex_lock(&live->mutex);
    *stats = live->stats;
    stats->struct_size = sizeof(*stats);
    stats->waiting = (uint64_t)live->n_waiting;
    pthread_mutex_unlock(&live->mutex);
    return MIEN_OK;
}

void mieni_live_reset(MieniLive *live)
{
    pthread_mutex_lock(&live->mutex);
    live->n_resets++;
    live->has_time = false;
    drop_all(live);
    live->wants_reset = live->busy;
    if (!live->busy)
        forget(live);
    while (live->wants_reset && !mieni_live_is_inside(live) && !live->ending)
        wait_for_change(live);
    pthread_mutex_unlock(&live->mutex);
}

int32_t mieni_live_n_guests(MieniLive *live)
{
    pthread_mutex_lock(&live->mutex);
    int32_t n = live->n_guests;
    pthread_mutex_unlock(&live->mutex);
    return n;
}

bool mieni_live_destroy(MieniLive *live)
{
    bool inside = mieni_live_is_inside(live);
    pthread_t thread = live->thread;
    pthread_mutex_lock(&live->mutex);
    live->ending = true;
    live->wants_destroy |= inside;
    drop_all(live);
    pthread_cond_broadcast(&live->work);
    pthread_mutex_unlock(&live->mutex);
    if (inside)
        return false;
    pthread_join(thread, NULL);
    pthread_mutex_lock(&live->mutex);
    wait_for_guests(live);
    pthread_mutex_unlock(&live->mutex);
    free_live(live);
    return true;
}
