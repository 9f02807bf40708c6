/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is allocated per frame, and every allocation may fail. */
#include "base/base.h"
#include "engine/frames.h"

#define N_FRAMES 6

static MienEngineOptions make_options(MienMode mode, const char *model, const char *detector,
                                      int32_t threads)
{
    MienEngineOptions options = fixture_options(mode);
    options.model = fixture_model(model);
    options.detector = fixture_model(detector);
    options.max_faces = 2;
    options.threads = threads;
    return options;
}

/* Faces, none, small, large, one pixel. */
static void make_images(MienImage images[N_FRAMES])
{
    MienImage portrait = frames_portrait();
    images[0] = portrait;
    images[1] = fixture_blank(portrait.width, portrait.height);
    images[2] = frames_window(&portrait, 0, 0, portrait.width - 30, portrait.height - 41);
    images[3] = portrait;
    images[4] = fixture_blank(1920, 1080);
    images[5] = fixture_blank(1, 1);
}

static void frames_allocate_nothing(void **state)
{
    (void)state;
    MienImage images[N_FRAMES];
    make_images(images);
    for (int variant = 0; variant < 8; variant++) {
        MienEngineOptions options =
            make_options((MienMode)(variant & 1), variant & 2 ? ATTENTION : MESH,
                         variant & 4 ? FULL_RANGE : SHORT_RANGE, 1 + (variant & 3));
        MienEngine *engine = fixture_engine(&options);
        uint64_t at_create = mieni_alloc_count();
        fixture_process(engine, &images[5], -1);
        uint64_t after_first = mieni_alloc_count();
        assert_true(after_first > at_create); /* so the counter counts */
        size_t n_faces = 0;
        for (int i = 0; i < N_FRAMES; i++)
            n_faces += mien_result_n_faces(fixture_process(engine, &images[i], i));
        assert_int_equal(mieni_alloc_count(), after_first);
        assert_int_equal(n_faces, 3);
        mien_engine_destroy(engine);
    }
}

static void batches_allocate_only_when_they_grow(void **state)
{
    (void)state;
    MienImage images[N_FRAMES];
    make_images(images);
    static const uint32_t streams[N_FRAMES] = {1, 1, 2, 1, 2, 1};
    MienEngineOptions options = make_options(MIEN_MODE_VIDEO, MESH, SHORT_RANGE, 2);
    MienEngine *engine = fixture_engine(&options);
    const MienResult *results[N_FRAMES];
    int64_t times[N_FRAMES], time = 0;
    for (size_t n = N_FRAMES; n > 0; n--) {
        for (size_t i = 0; i < n; i++)
            times[i] = ++time;
        uint64_t before_batch = mieni_alloc_count();
        assert_int_equal(mien_engine_process_batch(engine, n, images, times, streams, results),
                         MIEN_OK);
        if (n == N_FRAMES)
            assert_true(mieni_alloc_count() > before_batch);
        else
            assert_int_equal(mieni_alloc_count(), before_batch);
    }
    /* Nor does a call that fails. */
    uint64_t before = mieni_alloc_count();
    assert_int_equal(mien_engine_process_batch(engine, 1, images, times, streams, results),
                     MIEN_E_ARGUMENT);
    assert_int_equal(mieni_alloc_count(), before);
    mien_engine_destroy(engine);
}

/* Tries to create an engine with allocation `n` failing; returns NULL if that hit. */
static MienEngine *create_failing(const MienEngineOptions *options, int64_t n, bool persistent)
{
    MienEngine *engine = (MienEngine *)&n;
    MienError error = {0};
    mieni_alloc_fail_at(n, persistent);
    MienStatus status = mien_engine_create(options, &engine, &error);
    mieni_alloc_fail_at(-1, false);
    if (status == MIEN_OK)
        return engine;
    assert_int_equal(status, MIEN_E_NOMEM);
    assert_null(engine);
    assert_error(&error, MIEN_E_NOMEM, "");
    return NULL;
}

static void check_create(const char *model, const char *detector, int32_t threads)
{
    MienImage image = fixture_blank(99, 77);
    MienEngineOptions options = make_options(MIEN_MODE_VIDEO, model, detector, threads);
    MienEngine *engine = NULL;
    int64_t n = 0;
    for (; !engine; n++)
        engine = create_failing(&options, n, n % 2);
    test_in_range(n, 100, 2000);
    fixture_process(engine, &image, 0);
    mien_engine_destroy(engine);
}

static void create_survives_a_lack_of_memory(void **state)
{
    (void)state;
    check_create(MESH, SHORT_RANGE, 3);
    check_create(ATTENTION, FULL_RANGE, 1);
}

/* Two streams: one is being followed, the other is new. */
typedef struct Batch {
    MienImage images[3];
    int64_t times[3];
    uint32_t streams[3];
    const MienResult *results[3];
} Batch;

static MienStatus process(MienEngine *engine, Batch *batch)
{
    return mien_engine_process_batch(engine, 3, batch->images, batch->times, batch->streams,
                                     batch->results);
}

/* An engine that follows the portrait in stream 0. */
static MienEngine *open_following(const MienEngineOptions *options)
{
    MienImage portrait = frames_portrait();
    MienEngine *engine = fixture_engine(options);
    assert_int_equal(mien_result_n_faces(fixture_process(engine, &portrait, 10)), 1);
    return engine;
}

static void process_survives_a_lack_of_memory(void **state)
{
    (void)state;
    MienImage portrait = frames_portrait();
    MienImage window = frames_window(&portrait, 5, 3, portrait.width - 20, portrait.height - 20);
    Batch batch = {
        .images = {portrait, window, portrait}, .times = {20, 1, 30}, .streams = {0, 9, 0}};
    MienEngineOptions options = make_options(MIEN_MODE_VIDEO, MESH, SHORT_RANGE, 1);
    MienEngine *engine = open_following(&options);
    assert_int_equal(process(engine, &batch), MIEN_OK);
    MienResult *want[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(mien_result_clone(batch.results[i], &want[i]), MIEN_OK);
    mien_engine_destroy(engine);

    int64_t n = 0;
    for (bool done = false; !done; n++) {
        engine = open_following(&options);
        memset(batch.results, 0, sizeof(batch.results));
        mieni_alloc_fail_at(n, n % 2);
        MienStatus status = process(engine, &batch);
        mieni_alloc_fail_at(-1, false);
        done = status == MIEN_OK;
        if (!done) {
            assert_int_equal(status, MIEN_E_NOMEM);
            assert_line(mien_engine_message(engine), "out of memory");
            assert_null(batch.results[0]);
            assert_int_equal(process(engine, &batch), MIEN_OK);
        }
        for (int i = 0; i < 3; i++)
            assert_same_result("after a lack of memory", batch.results[i], want[i]);
        mien_engine_destroy(engine);
    }
    test_in_range(n, 8, 40);
    for (int i = 0; i < 3; i++)
        mien_result_destroy(want[i]);
}

/* KiB of a file that are in this process's memory; -1 if it is not mapped. */
static long resident_kib(const char *file)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    char line[4096];
    long sum = -1;
    bool inside = false;
    while (fgets(line, sizeof(line), maps)) {
        long kib;
        char first[64];
        if (sscanf(line, "%63s", first) == 1 && first[strlen(first) - 1] != ':')
            inside = strstr(line, file) != NULL;
        else if (inside && sscanf(line, "Rss: %ld", &kib) == 1)
            sum = (sum < 0 ? 0 : sum) + kib;
    }
    fclose(maps);
    return sum;
}

/* The device has the weights; the file's own pages are only read by the next engine, and for the
 * hash. */
static void check_file_leaves_memory(const MienEngineOptions *options, const char *name)
{
    const long most_kib = 64; /* what describes the network */
    MienImage portrait = frames_portrait();
    for (int i = 0; i < 2; i++) {
        MienEngine *engine = fixture_engine(options);
        assert_int_equal(mien_result_n_faces(fixture_process(engine, &portrait, i)), 1);
        test_in_range(resident_kib(name), 0, most_kib);
        mien_model_sha256(options->model); /* reads all of it, the first time */
        test_in_range(resident_kib(name), 0, most_kib);
        mien_engine_destroy(engine);
    }
}

static void files_leave_memory_once_they_are_packed(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    options.model = fixture_model("face_landmarker.task");
    check_file_leaves_memory(&options, "face_landmarker.task");
    options.blendshapes = true;
    check_file_leaves_memory(&options, "face_landmarker.task");
    options = fixture_options(MIEN_MODE_IMAGE);
    check_file_leaves_memory(&options, "face_landmark.tflite");
    check_file_leaves_memory(&options, "face_detection_short_range.tflite");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_allocate_nothing),
        cmocka_unit_test(batches_allocate_only_when_they_grow),
        cmocka_unit_test(create_survives_a_lack_of_memory),
        cmocka_unit_test(process_survives_a_lack_of_memory),
        cmocka_unit_test(files_leave_memory_once_they_are_packed),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
