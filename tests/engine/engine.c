/* SPDX-License-Identifier: Apache-2.0 */
/* Creating an engine: what is refused and how, what the engine says about itself. */
#include <math.h>

#include "engine/fixture.h"

/* Spoils one option. */
typedef struct Spoiler {
    void (*spoil)(MienEngineOptions *options);
    MienStatus status;
    const char *word; /* in the error's text */
} Spoiler;

static void ignore_result(void *user, MienStatus status, const MienResult *result,
                          int64_t timestamp_us)
{
    (void)user;
    (void)status;
    (void)result;
    (void)timestamp_us;
}

#define SPOIL(name, statement)                                                                     \
    static void name(MienEngineOptions *options)                                                   \
    {                                                                                              \
        statement;                                                                                 \
    }
SPOIL(no_size, options->struct_size = 0)
SPOIL(small_size, options->struct_size--)
SPOIL(large_size, options->struct_size++)
SPOIL(bad_mode, options->mode = (MienMode)3)
SPOIL(negative_mode, options->mode = (MienMode)-1)
SPOIL(no_model, options->model = options->detector = NULL)
SPOIL(no_detector, options->detector = NULL)
SPOIL(no_faces, options->max_faces = 0)
SPOIL(negative_faces, options->max_faces = INT32_MIN)
SPOIL(too_many_faces, options->max_faces = 1025)
SPOIL(low_detection, options->min_detection_confidence = nextafterf(0, -1))
SPOIL(high_detection, options->min_detection_confidence = nextafterf(1, 2))
SPOIL(nan_detection, options->min_detection_confidence = NAN)
SPOIL(low_tracking, options->min_tracking_confidence = -INFINITY)
SPOIL(high_tracking, options->min_tracking_confidence = INFINITY)
SPOIL(nan_tracking, options->min_tracking_confidence = -NAN)
SPOIL(no_threads, options->threads = 0)
SPOIL(too_many_threads, options->threads = 65)
SPOIL(high_presence, options->min_presence_confidence = 1.5f)
SPOIL(nan_presence, options->min_presence_confidence = NAN)
SPOIL(low_fov, options->fov_degrees = 0.5f)
SPOIL(high_fov, options->fov_degrees = 171)
SPOIL(nan_fov, options->fov_degrees = NAN)
SPOIL(bad_smoothing, options->smoothing = (MienSmoothing)4)
SPOIL(negative_smoothing, options->smoothing = (MienSmoothing)-1)
SPOIL(bad_precision, options->precision = (MienPrecision)3)
SPOIL(negative_precision, options->precision = (MienPrecision)-1)
SPOIL(detector_with_transform, options->model = NULL; options->transform = true)
SPOIL(mesh_with_blendshapes, options->blendshapes = true)
SPOIL(live_without_callback, options->mode = MIEN_MODE_LIVE_STREAM)
SPOIL(no_queue, options->mode = MIEN_MODE_LIVE_STREAM; options->on_result = ignore_result;
      options->queue_capacity = 0)
SPOIL(bad_policy, options->mode = MIEN_MODE_LIVE_STREAM; options->on_result = ignore_result;
      options->queue_policy = (MienQueuePolicy)2)
SPOIL(callback_without_live, options->on_result = ignore_result)
SPOIL(swapped, MienModel *model = options->model; options->model = options->detector;
      options->detector = model)
SPOIL(detector_twice, options->model = options->detector)
SPOIL(mesh_twice, options->detector = options->model)
SPOIL(other_detector_twice, options->model = options->detector = fixture_model(FULL_RANGE))
#undef SPOIL

static const Spoiler spoilers[] = {
    {no_size, MIEN_E_ARGUMENT, "struct_size"},
    {small_size, MIEN_E_ARGUMENT, "struct_size"},
    {large_size, MIEN_E_ARGUMENT, "struct_size"},
    {bad_mode, MIEN_E_ARGUMENT, "mode"},
    {negative_mode, MIEN_E_ARGUMENT, "mode"},
    {no_model, MIEN_E_ARGUMENT, "option model"},
    {no_detector, MIEN_E_ARGUMENT, "option detector"},
    {no_faces, MIEN_E_ARGUMENT, "max_faces"},
    {negative_faces, MIEN_E_ARGUMENT, "max_faces"},
    {too_many_faces, MIEN_E_ARGUMENT, "max_faces"},
    {low_detection, MIEN_E_ARGUMENT, "min_detection_confidence"},
    {high_detection, MIEN_E_ARGUMENT, "min_detection_confidence"},
    {nan_detection, MIEN_E_ARGUMENT, "min_detection_confidence"},
    {low_tracking, MIEN_E_ARGUMENT, "min_tracking_confidence"},
    {high_tracking, MIEN_E_ARGUMENT, "min_tracking_confidence"},
    {nan_tracking, MIEN_E_ARGUMENT, "min_tracking_confidence"},
    {no_threads, MIEN_E_ARGUMENT, "threads"},
    {too_many_threads, MIEN_E_ARGUMENT, "threads"},
    {high_presence, MIEN_E_ARGUMENT, "min_presence_confidence"},
    {nan_presence, MIEN_E_ARGUMENT, "min_presence_confidence"},
    {low_fov, MIEN_E_ARGUMENT, "fov_degrees"},
    {high_fov, MIEN_E_ARGUMENT, "fov_degrees"},
    {nan_fov, MIEN_E_ARGUMENT, "fov_degrees"},
    {bad_smoothing, MIEN_E_ARGUMENT, "smoothing"},
    {negative_smoothing, MIEN_E_ARGUMENT, "smoothing"},
    {bad_precision, MIEN_E_ARGUMENT, "precision"},
    {negative_precision, MIEN_E_ARGUMENT, "precision"},
    {detector_with_transform, MIEN_E_ARGUMENT, "option model"},
    {mesh_with_blendshapes, MIEN_E_UNSUPPORTED, "option blendshapes: the model is no bundle"},
    {live_without_callback, MIEN_E_ARGUMENT, "on_result"},
    {no_queue, MIEN_E_ARGUMENT, "queue_capacity"},
    {bad_policy, MIEN_E_ARGUMENT, "queue_policy"},
    {callback_without_live, MIEN_E_ARGUMENT, "on_result"},
    {swapped, MIEN_E_UNSUPPORTED, "option detector (wants a face detector"},
    {detector_twice, MIEN_E_UNSUPPORTED, "option model (wants a landmark network"},
    {mesh_twice, MIEN_E_UNSUPPORTED, "no face detector with 2304 anchors"},
    {other_detector_twice, MIEN_E_UNSUPPORTED, "no face mesh"},
};

static void refused(const MienEngineOptions *options, MienStatus status, const char *word)
{
    MienEngine *engine = (MienEngine *)&spoilers;
    MienError error = {0};
    if (mien_engine_create(options, &engine, &error) != status || engine)
        fail_msg("%s: status %s, text '%s'", word, mien_status_name(error.status), error.text);
    assert_error(&error, status, word);
    /* Nobody has to ask for the text. */
    engine = (MienEngine *)&spoilers;
    assert_int_equal(mien_engine_create(options, &engine, NULL), status);
    assert_null(engine);
}

static void wrong_options_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spoilers) / sizeof(spoilers[0]); i++) {
        MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
        spoilers[i].spoil(&options);
        refused(&options, spoilers[i].status, spoilers[i].word);
    }
}

/* A bundle is a landmark network and a detector. */
static void bundle_is_enough(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienEngineInfo info = {.struct_size = sizeof(info)};
    options.model = fixture_model(BUNDLE);
    for (int i = 0; i < 3; i++) {
        if (i == 1)
            options.detector = NULL;
        if (i == 2)
            options.detector = options.model;
        MienEngine *engine = fixture_engine(&options);
        assert_int_equal(mien_engine_info(engine, &info), MIEN_OK);
        assert_int_equal(info.n_landmarks, 478);
        assert_string_equal(info.device_landmarks, "cpu");
        mien_engine_destroy(engine);
    }
    /* Its detector goes with other networks too. */
    options.model = fixture_model(MESH);
    mien_engine_destroy(fixture_engine(&options));
}

/* Without a landmark network faces are boxes with six key points. */
static void detector_alone_is_enough(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienEngineInfo info = {.struct_size = sizeof(info)};
    options.model = NULL;
    MienEngine *engine = fixture_engine(&options);
    assert_int_equal(mien_engine_info(engine, &info), MIEN_OK);
    assert_int_equal(info.n_landmarks, 0);
    assert_string_equal(info.device_detector, "cpu");
    assert_string_equal(info.device_landmarks, "");
    mien_engine_destroy(engine);
}

static void null_pointers_are_refused(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienEngine *engine = (MienEngine *)&options;
    MienError error = {0};
    assert_int_equal(mien_engine_create(NULL, &engine, &error), MIEN_E_ARGUMENT);
    assert_null(engine);
    assert_error(&error, MIEN_E_ARGUMENT, "NULL");
    assert_int_equal(mien_engine_create(&options, NULL, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_engine_create(NULL, NULL, NULL), MIEN_E_ARGUMENT);
    mien_engine_destroy(NULL);
    mien_engine_reset(NULL);
    assert_string_equal(mien_engine_message(NULL), "");
}

/* The bounds of every range are part of it. */
static void extreme_options_are_taken(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_VIDEO);
    MienImage blank = fixture_blank(64, 48);
    const int32_t faces[] = {1, 1024}, threads[] = {64, 1};
    for (int i = 0; i < 2; i++) {
        options.max_faces = faces[i];
        options.threads = threads[i];
        options.min_detection_confidence = options.min_tracking_confidence = (float)i;
        options.cpu_mask = i ? MIEN_CPU_ALL : 0;
        MienEngine *engine = fixture_engine(&options);
        fixture_process(engine, &blank, INT64_MIN);
        fixture_process(engine, &blank, INT64_MAX);
        mien_engine_destroy(engine);
    }
}

static void info_tells_what_runs_where(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        int32_t n_landmarks;
    } cases[] = {{MESH, 468}, {ATTENTION, 478}};
    for (size_t i = 0; i < 2; i++) {
        MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
        options.model = fixture_model(cases[i].model);
        options.cpu_mask = 0;
        MienEngine *engine = fixture_engine(&options);
        MienEngineInfo info = {.struct_size = sizeof(info)};
        assert_int_equal(mien_engine_info(engine, &info), MIEN_OK);
        assert_int_equal(info.struct_size, sizeof(info));
        assert_string_equal(info.device_requested, "cpu");
        assert_string_equal(info.device_crop, "cpu");
        assert_string_equal(info.device_detector, "cpu");
        assert_string_equal(info.device_landmarks, "cpu");
        assert_string_equal(info.isa, "ref");
        assert_int_equal(info.n_landmarks, cases[i].n_landmarks);

        info = (MienEngineInfo){.struct_size = sizeof(info) - 1};
        assert_int_equal(mien_engine_info(engine, &info), MIEN_E_ARGUMENT);
        assert_null(info.isa);
        assert_int_equal(mien_engine_info(engine, NULL), MIEN_E_ARGUMENT);
        assert_int_equal(mien_engine_info(NULL, &info), MIEN_E_ARGUMENT);
        mien_engine_destroy(engine);
    }
}

/* The engine holds its own references, and its options are a copy. */
static void models_and_options_may_go(void **state)
{
    (void)state;
    MienModel *mesh, *detector;
    assert_int_equal(mien_model_load_file(test_need_data("models/" MESH), &mesh, NULL), MIEN_OK);
    assert_int_equal(mien_model_load_file(test_need_data("models/" SHORT_RANGE), &detector, NULL),
                     MIEN_OK);
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.model = mesh;
    options.detector = detector;
    MienEngine *engine = fixture_engine(&options);
    memset(&options, 0xff, sizeof(options));
    mien_model_destroy(mesh);
    mien_model_destroy(detector);
    MienImage blank = fixture_blank(200, 100);
    assert_int_equal(mien_result_n_faces(fixture_process(engine, &blank, 5)), 0);
    mien_engine_destroy(engine);
}

static void message_is_that_of_the_last_failure(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienEngine *engine = fixture_engine(&options);
    assert_string_equal(mien_engine_message(engine), "");
    MienImage image = fixture_blank(10, 10);
    image.width = 0;
    const MienResult *result = NULL;
    assert_int_equal(mien_engine_process(engine, &image, 0, &result), MIEN_E_ARGUMENT);
    assert_null(result);
    assert_line(mien_engine_message(engine), "width");
    image.width = 10;
    image.rotation_degrees = 45;
    assert_int_equal(mien_engine_process(engine, &image, 0, &result), MIEN_E_ARGUMENT);
    assert_line(mien_engine_message(engine), "rotation_degrees");
    mien_engine_destroy(engine);
}

typedef struct Log {
    int n_lines;
    MienLogLevel worst;
    char last[600];
} Log;

static void collect(void *user, MienLogLevel level, const char *area, const char *line)
{
    Log *log = user;
    assert_true(strlen(area) > 0);
    assert_null(strchr(line, '\n'));
    if (!log->n_lines++ || level < log->worst)
        log->worst = level;
    snprintf(log->last, sizeof(log->last), "%s", line);
}

static void log_gets_what_it_asked_for(void **state)
{
    (void)state;
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    MienImage image = fixture_blank(10, 10);
    for (int level = MIEN_LOG_NONE; level <= MIEN_LOG_INFO; level++) {
        Log log = {0};
        options.log = collect;
        options.log_user = &log;
        options.log_level = (MienLogLevel)level;
        MienEngine *engine = fixture_engine(&options);
        assert_int_equal(log.n_lines > 0, level >= MIEN_LOG_INFO);
        log.n_lines = 0;
        fixture_process(engine, &image, 0);
        assert_int_equal(log.n_lines, 0);
        const MienResult *result;
        MienImage wrong = image;
        wrong.format = (MienPixelFormat)0;
        assert_int_equal(mien_engine_process(engine, &wrong, 0, &result), MIEN_E_ARGUMENT);
        assert_int_equal(log.n_lines, level >= MIEN_LOG_ERROR);
        if (log.n_lines)
            assert_string_equal(log.last, mien_engine_message(engine));
        mien_engine_destroy(engine);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_options_are_refused_by_name),
        cmocka_unit_test(bundle_is_enough),
        cmocka_unit_test(detector_alone_is_enough),
        cmocka_unit_test(null_pointers_are_refused),
        cmocka_unit_test(extreme_options_are_taken),
        cmocka_unit_test(info_tells_what_runs_where),
        cmocka_unit_test(models_and_options_may_go),
        cmocka_unit_test(message_is_that_of_the_last_failure),
        cmocka_unit_test(log_gets_what_it_asked_for),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, fixture_finish));
}
