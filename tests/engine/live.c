/* SPDX-License-Identifier: Apache-2.0 */
/* MIEN_MODE_LIVE_STREAM: results, the queue, the end at any moment, and misuse. Meant for the
 * thread sanitizer too. */
#include <pthread.h>
#include <time.h>

#include "engine/engine_private.h"
#include "engine/frames.h"

#define MAX_ANSWERS 64

/* What the callback saw. cmocka's assertions belong to the main thread. */
typedef struct Log {
    pthread_mutex_t mutex;
    pthread_cond_t change;
    bool held; /* the callback waits while this is set */
    bool inside;
    int n;
    int64_t times_us[MAX_ANSWERS];
    MienStatus statuses[MAX_ANSWERS];
    MienResult *results[MAX_ANSWERS];
    /* Called in the callback, with the log unlocked; returns what the first wrong status was. */
    MienStatus (*act)(struct Log *log);
    MienEngine *engine;
    MienStatus acted;
} Log;

static void log_begin(Log *log)
{
    memset(log, 0, sizeof(*log));
    pthread_mutex_init(&log->mutex, NULL);
    pthread_cond_init(&log->change, NULL);
}

static void log_finish(Log *log)
{
    for (int i = 0; i < log->n; i++)
        mien_result_destroy(log->results[i]);
    pthread_cond_destroy(&log->change);
    pthread_mutex_destroy(&log->mutex);
}

static void on_result(void *user, MienStatus status, const MienResult *result, int64_t timestamp_us)
{
    Log *log = user;
    pthread_mutex_lock(&log->mutex);
    log->inside = true;
    pthread_cond_broadcast(&log->change);
    while (log->held)
        pthread_cond_wait(&log->change, &log->mutex);
    if (log->n < MAX_ANSWERS) {
        log->times_us[log->n] = timestamp_us;
        log->statuses[log->n] = status;
        if (result)
            mien_result_clone(result, &log->results[log->n]);
        log->n++;
    }
    pthread_mutex_unlock(&log->mutex);
    if (log->act)
        log->acted = log->act(log);
    pthread_mutex_lock(&log->mutex);
    log->inside = false;
    pthread_cond_broadcast(&log->change);
    pthread_mutex_unlock(&log->mutex);
}

static void log_hold(Log *log, bool held)
{
    pthread_mutex_lock(&log->mutex);
    log->held = held;
    pthread_cond_broadcast(&log->change);
    pthread_mutex_unlock(&log->mutex);
}

/* Waits until a callback has begun. */
static void log_wait_inside(Log *log)
{
    pthread_mutex_lock(&log->mutex);
    while (!log->inside)
        pthread_cond_wait(&log->change, &log->mutex);
    pthread_mutex_unlock(&log->mutex);
}

static MienEngineOptions live_options(Log *log)
{
    MienEngineOptions options = fixture_options(MIEN_MODE_LIVE_STREAM);
    options.on_result = on_result;
    options.on_result_user = log;
    return options;
}

static MienEngine *live_engine(Log *log, int32_t capacity, MienQueuePolicy policy)
{
    MienEngineOptions options = live_options(log);
    options.queue_capacity = capacity;
    options.queue_policy = policy;
    log->engine = fixture_engine(&options);
    return log->engine;
}

static MienStreamStats stats_of(MienEngine *engine)
{
    MienStreamStats stats = {.struct_size = sizeof(stats)};
    assert_int_equal(mien_engine_stream_stats(engine, &stats), MIEN_OK);
    return stats;
}

static void nap(long microseconds)
{
    const struct timespec time = {0, microseconds * 1000};
    nanosleep(&time, NULL);
}

/* The pictures may be gone when send has returned, and the answers are those of a video. */
static void answers_are_those_of_a_video(void **state)
{
    (void)state;
    enum { N = 12 };
    MienImage portrait = frames_portrait();
    MienEngineOptions options = fixture_options(MIEN_MODE_VIDEO);
    MienEngine *video = fixture_engine(&options);
    Log log;
    log_begin(&log);
    MienEngine *live = live_engine(&log, 3, MIEN_QUEUE_BLOCK);
    size_t bytes = (size_t)portrait.strides_bytes[0] * (size_t)portrait.height;
    uint8_t *pixels = malloc(bytes);
    assert_non_null(pixels);
    MienResult *want[N];
    for (int i = 0; i < N; i++) {
        MienImage image =
            frames_window(&portrait, 2 * i, i, portrait.width - 40, portrait.height - 40);
        want[i] = fixture_keep(video, &image, 10 * i);
        memcpy(pixels, portrait.planes[0], bytes);
        image.planes[0] = pixels + (image.planes[0] - portrait.planes[0]);
        assert_int_equal(mien_engine_send(live, &image, 10 * i), MIEN_OK);
        memset(pixels, 0x55, bytes);
    }
    assert_int_equal(mien_engine_flush(live), MIEN_OK);
    assert_int_equal(log.n, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(log.statuses[i], MIEN_OK);
        assert_int_equal(log.times_us[i], 10 * i);
        assert_same_result("live", log.results[i], want[i]);
        mien_result_destroy(want[i]);
    }
    assert_int_equal(mien_result_n_faces(log.results[N - 1]), 1);
    MienStreamStats stats = stats_of(live);
    assert_true(stats.received == N && stats.processed == N && stats.dropped == 0 &&
                stats.waiting == 0);
    mien_engine_destroy(live);
    mien_engine_destroy(video);
    log_finish(&log);
    free(pixels);
}

/* While one frame is looked at, the newest that wait stay and the others go. */
static void newest_frames_stay(void **state)
{
    (void)state;
    for (int32_t capacity = 1; capacity <= 3; capacity += 2) {
        Log log;
        log_begin(&log);
        log_hold(&log, true);
        MienEngine *engine = live_engine(&log, capacity, MIEN_QUEUE_NEWEST);
        MienImage small = fixture_blank(64, 48), large = fixture_blank(320, 240);
        assert_int_equal(mien_engine_send(engine, &small, 1), MIEN_OK);
        log_wait_inside(&log);
        for (int i = 2; i <= 9; i++)
            assert_int_equal(mien_engine_send(engine, i % 2 ? &large : &small, i), MIEN_OK);
        MienStreamStats stats = stats_of(engine);
        assert_int_equal(stats.received, 9);
        assert_int_equal(stats.dropped, 8 - capacity);
        assert_int_equal(stats.waiting, capacity);
        assert_int_equal(stats.processed, 0);
        log_hold(&log, false);
        assert_int_equal(mien_engine_flush(engine), MIEN_OK);
        assert_int_equal(log.n, 1 + capacity);
        for (int i = 0; i < capacity; i++)
            assert_int_equal(log.times_us[1 + i], 10 - capacity + i);
        stats = stats_of(engine);
        assert_int_equal(stats.processed, 1 + capacity);
        assert_int_equal(stats.waiting, 0);
        mien_engine_destroy(engine);
        log_finish(&log);
    }
}

/* The caller's part in another thread. */
typedef struct Caller {
    pthread_t thread;
    MienEngine *engine;
    MienImage image;
    int64_t first, step, n;
    int n_ok, n_busy, n_argument, n_other;
} Caller;

static void count(Caller *caller, MienStatus status)
{
    caller->n_ok += status == MIEN_OK;
    caller->n_busy += status == MIEN_E_BUSY;
    caller->n_argument += status == MIEN_E_ARGUMENT;
    caller->n_other += status != MIEN_OK && status != MIEN_E_BUSY && status != MIEN_E_ARGUMENT;
}

static void *send_frames(void *argument)
{
    Caller *caller = argument;
    for (int64_t i = 0; i < caller->n; i++)
        count(caller,
              mien_engine_send(caller->engine, &caller->image, caller->first + i * caller->step));
    return NULL;
}

static void *flush_frames(void *argument)
{
    Caller *caller = argument;
    count(caller, mien_engine_flush(caller->engine));
    return NULL;
}

static void start(Caller *caller, void *(*run)(void *))
{
    assert_int_equal(pthread_create(&caller->thread, NULL, run, caller), 0);
}

static void blocked_sender_is_let_go(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        Log log;
        log_begin(&log);
        log_hold(&log, true);
        MienEngine *engine = live_engine(&log, 1, MIEN_QUEUE_BLOCK);
        Caller caller = {.engine = engine, .image = fixture_blank(64, 48), .step = 1, .n = 3};
        Caller flusher = {.engine = engine};
        start(&caller, send_frames);
        log_wait_inside(&log);
        while (stats_of(engine).waiting < 1) /* the second waits, the third blocks */
            nap(200);
        start(&flusher, flush_frames);
        while (mieni_live_n_guests(engine->live) < 2)
            nap(200);
        if (way == 0) /* goes on when there is room */
            log_hold(&log, false);
        if (way == 1) {
            Caller opener = {.engine = engine};
            start(&opener, flush_frames);
            log_hold(&log, false);
            mien_engine_reset(engine);
            pthread_join(opener.thread, NULL);
        }
        if (way == 2) {
            log_hold(&log, false);
            mien_engine_destroy(engine);
        }
        pthread_join(caller.thread, NULL);
        pthread_join(flusher.thread, NULL);
        assert_int_equal(flusher.n_ok, 1);
        if (way == 0)
            assert_int_equal(caller.n_ok, 3);
        assert_int_equal(caller.n_ok + caller.n_busy, 3);
        if (way != 2)
            mien_engine_destroy(engine);
        log_finish(&log);
    }
}

/* Ends that come at any moment find the engine in any state. */
static void ends_at_any_moment(void **state)
{
    (void)state;
    MienImage image = fixture_blank(64, 48);
    for (int i = 0; i < 12; i++) {
        Log log;
        log_begin(&log);
        MienEngine *engine = live_engine(&log, 1 + i % 3, MIEN_QUEUE_NEWEST);
        for (int k = 0; k < i; k++)
            assert_int_equal(mien_engine_send(engine, &image, k), MIEN_OK);
        nap(i * 150);
        mien_engine_destroy(engine);
        int n = log.n;
        nap(500);
        assert_int_equal(log.n, n); /* nothing comes after the end */
        log_finish(&log);
    }
}

/* Time may begin again after a reset, and what was followed is forgotten. */
static void reset_forgets(void **state)
{
    (void)state;
    Log log;
    log_begin(&log);
    MienEngine *engine = live_engine(&log, 1, MIEN_QUEUE_BLOCK);
    MienImage portrait = frames_portrait();
    assert_int_equal(mien_engine_send(engine, &portrait, 100), MIEN_OK);
    assert_int_equal(mien_engine_send(engine, &portrait, 200), MIEN_OK);
    assert_int_equal(mien_engine_flush(engine), MIEN_OK);
    mien_engine_reset(engine);
    assert_int_equal(mien_engine_send(engine, &portrait, 0), MIEN_OK);
    assert_int_equal(mien_engine_flush(engine), MIEN_OK);
    assert_int_equal(log.n, 3);
    assert_int_equal(log.times_us[2], 0);
    assert_int_equal(mien_result_face(log.results[2], 0)->face_id, 0);
    MienStreamStats stats = stats_of(engine);
    assert_int_equal(stats.received, 3);
    assert_int_equal(stats.processed, 3);
    mien_engine_destroy(engine);
    log_finish(&log);
}

/* What the callback may do, and what it may not. Returns the first status that is not as told. */
static MienStatus call_back(Log *log)
{
    MienImage image;
    const MienResult *result = NULL;
    static const uint8_t pixels[12];
    MienEngineInfo info = {.struct_size = sizeof(info)};
    MienStreamStats stats = {.struct_size = sizeof(stats)};
    mien_image_init(&image, MIEN_PIXEL_RGB24, 2, 2, pixels, 0);
    const MienStatus got[] = {
        mien_engine_send(log->engine, &image, INT64_MAX),
        mien_engine_flush(log->engine),
        mien_engine_process(log->engine, &image, INT64_MAX, &result),
        mien_engine_process_batch(log->engine, 0, NULL, NULL, NULL, NULL),
    };
    for (size_t i = 0; i < sizeof(got) / sizeof(got[0]); i++)
        if (got[i] != MIEN_E_BUSY)
            return MIEN_E_INTERNAL;
    if (mien_engine_info(log->engine, &info) != MIEN_OK ||
        mien_engine_stream_stats(log->engine, &stats) != MIEN_OK ||
        !mien_engine_message(log->engine) || stats.received < 1)
        return MIEN_E_INTERNAL;
    return MIEN_OK;
}

static MienStatus call_reset(Log *log)
{
    mien_engine_reset(log->engine);
    return MIEN_OK;
}

static MienStatus call_destroy(Log *log)
{
    mien_engine_destroy(log->engine);
    return MIEN_OK;
}

static void callback_that_calls_back(void **state)
{
    (void)state;
    MienImage image = fixture_blank(64, 48);
    Log log;
    log_begin(&log);
    log.act = call_back;
    log.acted = MIEN_E_FORMAT;
    MienEngine *engine = live_engine(&log, 2, MIEN_QUEUE_BLOCK);
    assert_int_equal(mien_engine_send(engine, &image, 1), MIEN_OK);
    assert_int_equal(mien_engine_flush(engine), MIEN_OK);
    assert_int_equal(log.acted, MIEN_OK);
    log.act = call_reset;
    for (int i = 0; i < 3; i++) { /* each reset lets time begin again */
        assert_int_equal(mien_engine_send(engine, &image, 2), MIEN_OK);
        assert_int_equal(mien_engine_flush(engine), MIEN_OK);
    }
    assert_int_equal(log.n, 4);
    log.act = call_destroy;
    log_hold(&log, true);
    assert_int_equal(mien_engine_send(engine, &image, 2), MIEN_OK);
    log_wait_inside(&log);
    log_hold(&log, false);
    pthread_mutex_lock(&log.mutex);
    while (log.inside)
        pthread_cond_wait(&log.change, &log.mutex);
    pthread_mutex_unlock(&log.mutex);
    nap(20000); /* the engine's thread frees it and ends */
    assert_int_equal(log.n, 5);
    log_finish(&log);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    MienImage image = fixture_blank(64, 48), wrong = image;
    MienStreamStats stats = {.struct_size = sizeof(stats)}, small = {.struct_size = 8};
    wrong.width = 0;
    assert_int_equal(mien_engine_send(NULL, &image, 0), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_flush(NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_stream_stats(NULL, &stats), MIEN_E_ARGUMENT);

    Log log;
    log_begin(&log);
    MienEngine *engine = live_engine(&log, 1, MIEN_QUEUE_BLOCK);
    assert_int_equal(mien_engine_flush(engine), MIEN_OK); /* nothing to wait for */
    assert_int_equal(mien_engine_send(engine, NULL, 0), MIEN_E_ARGUMENT);
    assert_line(mien_engine_message(engine), "image is NULL");
    assert_int_equal(mien_engine_send(engine, &wrong, 0), MIEN_E_ARGUMENT);
    assert_line(mien_engine_message(engine), "width");
    assert_int_equal(mien_engine_send(engine, &image, 5), MIEN_OK);
    assert_int_equal(mien_engine_send(engine, &image, 5), MIEN_E_ARGUMENT);
    assert_line(mien_engine_message(engine), "timestamp 5 us is not after 5 us");
    const MienResult *result = NULL;
    assert_int_equal(mien_engine_process(engine, &image, 6, &result), MIEN_E_ARGUMENT);
    assert_null(result);
    assert_line(mien_engine_message(engine), "mien_engine_send");
    assert_int_equal(mien_engine_stream_stats(engine, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_stream_stats(engine, &small), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_flush(engine), MIEN_OK);
    assert_int_equal(stats_of(engine).received, 1);
    mien_engine_destroy(engine);

    MienEngineOptions options = live_options(&log);
    options.on_result = NULL;
    MienError error = {0};
    assert_int_equal(mien_engine_create(&options, &engine, &error), MIEN_E_ARGUMENT);
    assert_error(&error, MIEN_E_ARGUMENT, "on_result");
    options = fixture_options(MIEN_MODE_VIDEO);
    options.on_result = on_result;
    assert_int_equal(mien_engine_create(&options, &engine, &error), MIEN_E_ARGUMENT);
    options.on_result = NULL;
    engine = fixture_engine(&options);
    assert_int_equal(mien_engine_send(engine, &image, 0), MIEN_E_ARGUMENT);
    assert_line(mien_engine_message(engine), "LIVE_STREAM");
    assert_int_equal(mien_engine_flush(engine), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_stream_stats(engine, &stats), MIEN_E_ARGUMENT);
    mien_engine_destroy(engine);
    log_finish(&log);
}

/* Several threads may send; frames that come too late are refused. */
static void many_senders(void **state)
{
    (void)state;
    Log log;
    log_begin(&log);
    MienEngine *engine = live_engine(&log, 2, MIEN_QUEUE_NEWEST);
    Caller callers[3];
    for (int i = 0; i < 3; i++) {
        callers[i] = (Caller){
            .engine = engine, .image = fixture_blank(64, 48), .first = i, .step = 3, .n = 40};
        start(&callers[i], send_frames);
    }
    int n_ok = 0;
    for (int i = 0; i < 3; i++) {
        pthread_join(callers[i].thread, NULL);
        n_ok += callers[i].n_ok;
        assert_int_equal(callers[i].n_ok + callers[i].n_argument, 40);
    }
    assert_int_equal(mien_engine_flush(engine), MIEN_OK);
    MienStreamStats stats = stats_of(engine);
    assert_int_equal(stats.received, n_ok);
    assert_int_equal(stats.processed + stats.dropped, n_ok);
    for (int i = 1; i < log.n; i++)
        assert_true(log.times_us[i] > log.times_us[i - 1]);
    mien_engine_destroy(engine);
    log_finish(&log);
}

/* Two threads in one engine: one of them is refused, and nothing breaks. */
static void *process_frames(void *argument)
{
    Caller *caller = argument;
    for (int64_t i = 0; i < caller->n; i++) {
        const MienResult *result;
        if (i % 8 == 7)
            mien_engine_reset(caller->engine);
        count(caller, mien_engine_process(caller->engine, &caller->image, i, &result));
    }
    return NULL;
}

static void two_threads_in_one_engine(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienEngine *engine = fixture_engine(&options);
    Caller callers[2];
    for (int i = 0; i < 2; i++) {
        callers[i] = (Caller){.engine = engine, .image = fixture_blank(320, 240), .n = 100};
        start(&callers[i], process_frames);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].n_ok + callers[i].n_busy, 100);
    }
    printf("refused: %d and %d of 100\n", callers[0].n_busy, callers[1].n_busy);
    assert_true(callers[0].n_busy + callers[1].n_busy > 0);
    mien_engine_destroy(engine);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_a_video),
        cmocka_unit_test(newest_frames_stay),
        cmocka_unit_test(blocked_sender_is_let_go),
        cmocka_unit_test(ends_at_any_moment),
        cmocka_unit_test(reset_forgets),
        cmocka_unit_test(callback_that_calls_back),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(many_senders),
        cmocka_unit_test(two_threads_in_one_engine),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
