/* SPDX-License-Identifier: Apache-2.0 */
/* MIEN_MODE_IMAGE: single calls, batches and any number of threads give the same bits. */
#include "engine/frames.h"

#define MAX_BATCH 16

static const char *const files[] = {
    "aflw-test.jpg",   "grass.jpg", "alex-lacamoire.png", "lin-manuel-miranda.png",
    "obama-1080p.jpg", "obama.jpg", "obama2.jpg",         "two_people.jpg",
};

/* Pictures of all sizes, with and without faces; returns how many. */
static size_t make_batch(MienImage images[MAX_BATCH])
{
    size_t n = 0;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        images[n++] = frames_picture(files[i]);
    images[n++] = fixture_blank(1, 1);
    images[n++] = fixture_blank(1, 300);
    images[n++] = fixture_blank(1031, 2);
    images[n] = frames_window(&images[7], 3, 1, 300, 500);
    return n + 1;
}

static MienEngine *open_engine(const char *model, const char *detector, int32_t threads)
{
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    options.model = fixture_model(model);
    options.detector = fixture_model(detector);
    options.max_faces = 4;
    options.threads = threads;
    return fixture_engine(&options);
}

static void check_batch(const char *model, const char *detector)
{
    MienImage images[MAX_BATCH];
    MienResult *want[MAX_BATCH];
    size_t n = make_batch(images), n_faces = 0;
    MienEngine *single = open_engine(model, detector, 1);
    for (size_t i = 0; i < n; i++) {
        want[i] = fixture_keep(single, &images[i], 0);
        n_faces += mien_result_n_faces(want[i]);
    }
    mien_engine_destroy(single);
    assert_true(n_faces >= 8);
    assert_int_equal(mien_result_n_faces(want[1]), 0);
    assert_int_equal(mien_result_n_faces(want[7]), 2);

    for (int32_t threads = 1; threads <= 3; threads++) {
        MienEngine *engine = open_engine(model, detector, threads);
        const MienResult *results[MAX_BATCH];
        assert_int_equal(mien_engine_process_batch(engine, n, images, NULL, NULL, results),
                         MIEN_OK);
        for (size_t i = 0; i < n; i++)
            assert_same_result("batch", results[i], want[i]);
        for (size_t i = 0; i < n; i++)
            assert_same_result("single", fixture_process(engine, &images[i], 0), want[i]);
        mien_engine_destroy(engine);
    }
    for (size_t i = 0; i < n; i++)
        mien_result_destroy(want[i]);
}

static void batch_equals_single_calls(void **state)
{
    (void)state;
    check_batch(MESH, SHORT_RANGE);
}

static void batch_equals_single_calls_with_the_other_models(void **state)
{
    (void)state;
    check_batch(ATTENTION, FULL_RANGE);
}

/* A smaller batch after a larger one has nothing of it left, nor has a larger one after that. */
static void batches_may_have_any_size(void **state)
{
    (void)state;
    MienImage images[MAX_BATCH];
    size_t n = make_batch(images);
    MienEngine *engine = open_engine(MESH, SHORT_RANGE, 2), *single;
    single = open_engine(MESH, SHORT_RANGE, 1);
    const size_t begins[] = {2, 5, 0, 7, 1}, counts[] = {3, 1, n, 2, n - 1};
    for (size_t k = 0; k < 5; k++) {
        const MienResult *results[MAX_BATCH];
        assert_int_equal(
            mien_engine_process_batch(engine, counts[k], images + begins[k], NULL, NULL, results),
            MIEN_OK);
        for (size_t i = 0; i < counts[k]; i++)
            assert_same_result("batch", results[i],
                               fixture_process(single, &images[begins[k] + i], 0));
    }
    mien_engine_destroy(engine);
    mien_engine_destroy(single);
}

static void empty_batch_does_nothing(void **state)
{
    (void)state;
    for (int mode = 0; mode <= 1; mode++) {
        MienEngineOptions options = fixture_options((MienMode)mode);
        MienEngine *engine = fixture_engine(&options);
        MienImage image = fixture_blank(8, 8);
        int64_t time = 0;
        uint32_t stream = 3;
        const MienResult *result = NULL;
        assert_int_equal(mien_engine_process_batch(engine, 0, NULL, NULL, NULL, NULL), MIEN_OK);
        fixture_process(engine, &image, 10);
        assert_int_equal(mien_engine_process_batch(engine, 0, &image, &time, &stream, &result),
                         MIEN_OK);
        assert_null(result);
        fixture_process(engine, &image, 11);
        mien_engine_destroy(engine);
    }
}

static void max_faces_bounds_the_faces(void **state)
{
    (void)state;
    MienImage image = frames_picture("two_people.jpg");
    MienResult *both = NULL;
    for (int32_t max_faces = 4; max_faces >= 1; max_faces--) {
        MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
        options.max_faces = max_faces;
        MienEngine *engine = fixture_engine(&options);
        const MienResult *result = fixture_process(engine, &image, 0);
        if (!both)
            assert_int_equal(mien_result_clone(result, &both), MIEN_OK);
        if (max_faces > 1) {
            assert_int_equal(mien_result_n_faces(result), 2);
            assert_same_result("more room", result, both);
        } else {
            assert_int_equal(mien_result_n_faces(result), 1);
            /* The one with the highest score. */
            const MienFace *face = mien_result_face(result, 0), *best = mien_result_face(both, 0);
            assert_memory_equal(face->landmarks, best->landmarks,
                                (size_t)face->n_landmarks * sizeof(*face->landmarks));
        }
        mien_engine_destroy(engine);
    }
    mien_result_destroy(both);
}

static void confidences_are_thresholds(void **state)
{
    (void)state;
    MienImage image = frames_portrait();
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienEngine *engine = fixture_engine(&options);
    const MienResult *result = fixture_process(engine, &image, 0);
    assert_int_equal(mien_result_n_faces(result), 1);
    float score = mien_result_face(result, 0)->score;
    float presence = mien_result_face(result, 0)->presence;
    mien_engine_destroy(engine);

    /* A score at the bound is enough, a presence at the bound is not. */
    const struct {
        float detection, tracking;
        size_t n_faces;
    } cases[] = {{score, 0.5f, 1},
                 {score + 1e-6f, 0.5f, 0},
                 {0.5f, presence - 1e-6f, 1},
                 {0.5f, presence, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        options.min_detection_confidence = cases[i].detection;
        options.min_tracking_confidence = cases[i].tracking;
        engine = fixture_engine(&options);
        assert_int_equal(mien_result_n_faces(fixture_process(engine, &image, 0)), cases[i].n_faces);
        mien_engine_destroy(engine);
    }
}

/* Time and streams mean nothing here, but timestamps come back. */
static void pictures_are_independent(void **state)
{
    (void)state;
    MienImage portrait = frames_portrait();
    MienImage images[3] = {portrait, fixture_blank(300, 200), portrait};
    const int64_t times[3] = {30, 20, 10};
    const uint32_t streams[3] = {5, 5, 5};
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienEngine *engine = fixture_engine(&options);
    const MienResult *results[3];
    for (int round = 0; round < 2; round++) {
        assert_int_equal(mien_engine_process_batch(engine, 3, images, times, streams, results),
                         MIEN_OK);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(mien_result_timestamp_us(results[i]), times[i]);
            assert_int_equal(mien_result_n_faces(results[i]), i != 1);
        }
        assert_int_equal(mien_result_face(results[0], 0)->face_id, 0);
        assert_int_equal(mien_result_face(results[2], 0)->face_id, 0);
    }
    mien_engine_destroy(engine);
}

static void failing_batch_sets_no_result(void **state)
{
    (void)state;
    MienImage portrait = frames_portrait();
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienEngine *engine = fixture_engine(&options);
    MienResult *want = fixture_keep(engine, &portrait, 0);
    for (int bad = 0; bad < 3; bad++) {
        MienImage images[3] = {portrait, portrait, portrait};
        const MienResult *results[3] = {NULL, NULL, NULL};
        images[bad].planes[0] = NULL;
        assert_int_equal(mien_engine_process_batch(engine, 3, images, NULL, NULL, results),
                         MIEN_E_ARGUMENT);
        assert_line(mien_engine_message(engine), "planes[0]");
        for (int i = 0; i < 3; i++)
            assert_null(results[i]);
        assert_same_result("afterwards", fixture_process(engine, &portrait, 0), want);
    }
    mien_result_destroy(want);
    mien_engine_destroy(engine);
}

static void null_pointers_are_refused(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_VIDEO);
    MienEngine *engine = fixture_engine(&options);
    MienImage image = fixture_blank(20, 20);
    int64_t time = 1;
    const MienResult *result = NULL;
    assert_int_equal(mien_engine_process(NULL, &image, 1, &result), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process(engine, NULL, 1, &result), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process(engine, &image, 1, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process_batch(NULL, 0, NULL, NULL, NULL, NULL), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_process_batch(engine, 1, &image, NULL, NULL, &result),
                     MIEN_E_ARGUMENT);
    assert_line(mien_engine_message(engine), "timestamps_us");
    assert_int_equal(mien_engine_process_batch(engine, 1, NULL, &time, NULL, &result),
                     MIEN_E_ARGUMENT);
    assert_line(mien_engine_message(engine), "images");
    assert_int_equal(mien_engine_process_batch(engine, 1, &image, &time, NULL, NULL),
                     MIEN_E_ARGUMENT);
    assert_line(mien_engine_message(engine), "results");
    assert_null(result);
    fixture_process(engine, &image, 1);
    mien_engine_destroy(engine);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_equals_single_calls),
        cmocka_unit_test(batch_equals_single_calls_with_the_other_models),
        cmocka_unit_test(batches_may_have_any_size),
        cmocka_unit_test(empty_batch_does_nothing),
        cmocka_unit_test(max_faces_bounds_the_faces),
        cmocka_unit_test(confidences_are_thresholds),
        cmocka_unit_test(pictures_are_independent),
        cmocka_unit_test(failing_batch_sets_no_result),
        cmocka_unit_test(null_pointers_are_refused),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
