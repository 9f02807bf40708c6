/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that fails in the middle of a call: no result is set and no stream has moved. That shows
 * because this one can go on; of a real one nothing more is asked than to be closed. Where the
 * options say so it is opened again, and the call gives what it would have given.
 */
#include "engine/engine_private.h"
#include "engine/frames.h"

#define N_FRAMES 7

/* The CPU, but that run number `runs_until_failure` from now fails. */
static int runs_until_failure;

static MienStatus failing_run(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error)
{
    if (runs_until_failure-- == 0)
        return mieni_fail(error, MIEN_E_DEVICE, "device-lost", "the device is lost");
    return mieni_backend_cpu.plan_run(plan, n, jobs, error);
}

/* It opens so often, and then no more. */
static int opens_until_failure, n_opened, n_closed;

static MienStatus failing_open(int32_t index, const MieniDeviceOptions *options,
                               MieniDevice **device, MienError *error)
{
    if (opens_until_failure-- == 0) {
        opens_until_failure = 0;
        *device = NULL;
        return mieni_fail(error, MIEN_E_DEVICE, "gpu-lost", "it stays away");
    }
    n_opened++;
    return mieni_backend_cpu.open(index, options, device, error);
}

static void counting_close(MieniDevice *device)
{
    n_closed += device != NULL;
    mieni_backend_cpu.close(device);
}

static MieniBackend failing_backend;

/* With a bundle every stage there is may fail, and what was smoothed must not have moved. */
static MienEngine *open_engine(MienMode mode, int32_t threads, bool bundle, MienOnDeviceLoss loss)
{
    MienEngineOptions options = fixture_options(mode);
    options.max_faces = 2;
    options.threads = threads;
    options.on_device_loss = loss;
    if (bundle) {
        options.model = fixture_model(BUNDLE);
        options.blendshapes = options.transform = true;
        options.smoothing = MIEN_SMOOTHING_MEDIAPIPE;
    }
    MienEngine *engine = fixture_engine(&options);
    failing_backend = mieni_backend_cpu;
    failing_backend.plan_run = failing_run;
    failing_backend.open = failing_open;
    failing_backend.close = counting_close;
    opens_until_failure = -1;
    n_opened = n_closed = 0;
    engine->choice.backend = &failing_backend;
    runs_until_failure = -1;
    return engine;
}

/* Two streams in turns, with several frames of each. */
typedef struct Batch {
    MienImage images[N_FRAMES];
    int64_t times_us[N_FRAMES];
    uint32_t streams[N_FRAMES];
    const MienResult *results[N_FRAMES];
} Batch;

static Batch make_batch(int64_t begin_us)
{
    MienImage portrait = frames_portrait();
    Batch batch;
    for (int i = 0; i < N_FRAMES; i++) {
        batch.images[i] =
            frames_window(&portrait, 2 * i, i, portrait.width - 40, portrait.height - 40);
        batch.times_us[i] = begin_us + i;
        batch.streams[i] = i % 3 == 1;
        batch.results[i] = NULL;
    }
    batch.images[3] = fixture_blank(portrait.width - 40, portrait.height - 40);
    return batch;
}

static MienStatus process(MienEngine *engine, Batch *batch)
{
    return mien_engine_process_batch(engine, N_FRAMES, batch->images, batch->times_us,
                                     batch->streams, batch->results);
}

static void keep(const Batch *batch, MienResult *kept[N_FRAMES])
{
    for (int i = 0; i < N_FRAMES; i++)
        assert_int_equal(mien_result_clone(batch->results[i], &kept[i]), MIEN_OK);
}

/* Fails run after run of the second batch of a video, and goes on each time. */
static void check_mode(MienMode mode, int32_t threads, bool bundle)
{
    MienResult *want[N_FRAMES];
    MienEngine *engine = open_engine(mode, threads, bundle, MIEN_ON_DEVICE_LOSS_FAIL);
    Batch first = make_batch(0), second = make_batch(100);
    assert_int_equal(process(engine, &first), MIEN_OK);
    assert_int_equal(process(engine, &second), MIEN_OK);
    assert_int_equal(mien_result_n_faces(second.results[0]), 1);
    keep(&second, want);

    int n_failed = 0;
    for (bool done = false; !done;) {
        mien_engine_reset(engine);
        assert_int_equal(process(engine, &first), MIEN_OK);
        second = make_batch(100);
        runs_until_failure = n_failed;
        MienStatus status = process(engine, &second);
        runs_until_failure = -1;
        done = status == MIEN_OK;
        if (!done) {
            n_failed++;
            assert_int_equal(status, MIEN_E_DEVICE);
            assert_line(mien_engine_message(engine), "the device is lost");
            for (int i = 0; i < N_FRAMES; i++)
                assert_null(second.results[i]);
            assert_int_equal(process(engine, &second), MIEN_OK);
        }
        for (int i = 0; i < N_FRAMES; i++)
            assert_same_result("after a failure", second.results[i], want[i]);
    }
    assert_true(n_failed >= 4); /* detector and landmarks, several times */
    for (int i = 0; i < N_FRAMES; i++)
        mien_result_destroy(want[i]);
    mien_engine_destroy(engine);
}

static void failing_device_changes_nothing(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 3; threads += 2) {
        check_mode(MIEN_MODE_IMAGE, threads, false);
        check_mode(MIEN_MODE_VIDEO, threads, false);
        check_mode(MIEN_MODE_VIDEO, threads, true);
    }
}

static int32_t n_reopened(const MienEngine *engine)
{
    MienEngineInfo info = {.struct_size = sizeof(info)};
    assert_int_equal(mien_engine_info(engine, &info), MIEN_OK);
    assert_string_equal(info.device_landmarks, "cpu");
    assert_true(*info.isa);
    return info.n_reopened;
}

/* Fails run after run of the second batch; each time the device is opened again. */
static void check_reopening(MienMode mode, bool bundle)
{
    MienResult *want[N_FRAMES];
    MienEngine *engine = open_engine(mode, 1, bundle, MIEN_ON_DEVICE_LOSS_REOPEN);
    Batch first = make_batch(0), second = make_batch(100);
    assert_int_equal(process(engine, &first), MIEN_OK);
    assert_int_equal(process(engine, &second), MIEN_OK);
    keep(&second, want);
    for (int32_t n_failed = 0, before = -1; n_failed != before; n_failed = n_reopened(engine)) {
        before = n_failed;
        mien_engine_reset(engine);
        assert_int_equal(process(engine, &first), MIEN_OK);
        runs_until_failure = n_failed;
        second = make_batch(100);
        assert_int_equal(process(engine, &second), MIEN_OK);
        for (int i = 0; i < N_FRAMES; i++)
            assert_same_result("opened again", second.results[i], want[i]);
        runs_until_failure = -1;
    }
    assert_true(n_reopened(engine) >= 4);
    assert_int_equal(n_opened, n_reopened(engine));
    for (int i = 0; i < N_FRAMES; i++)
        mien_result_destroy(want[i]);
    mien_engine_destroy(engine);
    assert_int_equal(n_closed, n_opened + 1);
}

static void lost_device_is_opened_again(void **state)
{
    (void)state;
    check_reopening(MIEN_MODE_IMAGE, false);
    check_reopening(MIEN_MODE_VIDEO, true);
}

/* Also of a device that fails in each try, or that is no more, there is an end. */
static void tries_are_bounded(void **state)
{
    (void)state;
    MienEngine *engine = open_engine(MIEN_MODE_VIDEO, 1, false, MIEN_ON_DEVICE_LOSS_REOPEN);
    Batch batch = make_batch(0);
    assert_int_equal(process(engine, &batch), MIEN_OK);
    MienResult *kept, *copy;
    assert_int_equal(mien_result_clone(batch.results[0], &kept), MIEN_OK);
    assert_int_equal(mien_result_clone(kept, &copy), MIEN_OK);
    opens_until_failure = 0;
    runs_until_failure = 0;
    batch = make_batch(100);
    assert_int_equal(process(engine, &batch), MIEN_E_DEVICE);
    assert_line(mien_engine_message(engine), "it stays away");
    assert_null(batch.results[0]);
    assert_int_equal(n_reopened(engine), 0);
    /* It is not asked again. */
    opens_until_failure = -1;
    assert_int_equal(process(engine, &batch), MIEN_E_DEVICE);
    assert_line(mien_engine_message(engine), "create a new engine");
    assert_int_equal(n_opened, 0);
    assert_same_result("kept", kept, copy);
    mien_result_destroy(kept);
    mien_result_destroy(copy);
    mien_engine_destroy(engine);
}

static void options_are_checked(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    options.on_device_loss = (MienOnDeviceLoss)2;
    MienEngine *engine;
    MienError error;
    assert_int_equal(mien_engine_create(&options, &engine, &error), MIEN_E_ARGUMENT);
    assert_error(&error, MIEN_E_ARGUMENT, "on_device_loss");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_device_changes_nothing),
        cmocka_unit_test(lost_device_is_opened_again),
        cmocka_unit_test(tries_are_bounded),
        cmocka_unit_test(options_are_checked),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
