/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole engines on the device: faces, landmarks and tracks are those of the CPU; a tracked frame is
 * one copy up, one graph, one copy down and no allocation; a device that fails is an error with the
 * code's name, and what was given before stays.
 */
#include <math.h>

#include "backend/cuda/sim.h"
#include "engine/engine_private.h"
#include "engine/frames.h"

static MienEngine *make_engine(const char *device, MienMode mode)
{
    MienEngineOptions options = fixture_options(mode);
    options.device = device;
    return fixture_engine(&options);
}

/* The landmarks of two results, in pixels of the picture. */
static void compare(const char *what, const MienResult *got, const MienResult *want)
{
    assert_int_equal(mien_result_n_faces(got), mien_result_n_faces(want));
    for (size_t i = 0; i < mien_result_n_faces(want); i++) {
        const MienFace *a = mien_result_face(got, i), *b = mien_result_face(want, i);
        assert_int_equal(a->n_landmarks, b->n_landmarks);
        assert_int_equal(a->face_id, b->face_id);
        assert_true(fabsf(a->presence - b->presence) <= 1e-5f);
        assert_true(fabsf(a->score - b->score) <= 1e-5f);
        test_compare_floats(what, &a->landmarks[0].x, &b->landmarks[0].x,
                            3 * (size_t)a->n_landmarks, 1e-5, 0);
    }
}

static void pictures_and_tracks_equal_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    setenv("MIEN_SIM_CHECK", "0", 1);
    MienImage portrait = frames_portrait();
    MienEngine *cuda = make_engine("cuda", MIEN_MODE_VIDEO);
    MienEngine *cpu = make_engine("cpu", MIEN_MODE_VIDEO);
    for (int i = 0; i < 4; i++) {
        MienImage window =
            frames_window(&portrait, 3 * i, i, portrait.width - 40, portrait.height - 40);
        const MienResult *want = fixture_process(cpu, &window, 1 + i);
        assert_int_equal(mien_result_n_faces(want), 1);
        compare("frame", fixture_process(cuda, &window, 1 + i), want);
    }
    MienEngineInfo info = {.struct_size = sizeof(info)};
    assert_int_equal(mien_engine_info(cuda, &info), MIEN_OK);
    assert_string_equal(info.device_crop, "cuda:0");
    assert_string_equal(info.device_detector, "cuda:0");
    assert_string_equal(info.device_landmarks, "cuda:0");
    mien_engine_destroy(cuda);
    mien_engine_destroy(cpu);
}

/* Faces that are followed: each frame moves so much and no more. */
typedef struct Subject {
    const char *model, *capability, *picture;
    MienPrecision precision;
    size_t n_faces;
    uint64_t n; /* stages that run */
} Subject;

static const Subject subjects[] = {
    {MESH, "8.6", "obama.jpg", MIEN_PRECISION_FP32, 1, 1},
    {MESH, "8.6", "two_people.jpg", MIEN_PRECISION_FP32, 2, 1},
    {MESH, "5.3", "obama.jpg", MIEN_PRECISION_FP16, 1, 1},
    {ATTENTION, "9.0", "obama.jpg", MIEN_PRECISION_FP32, 1, 1},
    {BUNDLE, "9.0", "obama.jpg", MIEN_PRECISION_FP16, 1, 2}, /* blendshapes have their own points */
};

static MienEngine *make_subject(const Subject *subject)
{
    bool is_bundle = strcmp(subject->model, BUNDLE) == 0;
    MienEngineOptions options = fixture_options(MIEN_MODE_VIDEO);
    options.model = fixture_model(subject->model);
    if (is_bundle)
        options.detector = NULL;
    options.blendshapes = options.transform = is_bundle;
    options.device = "cuda";
    options.precision = subject->precision;
    options.max_faces = (int32_t)subject->n_faces;
    return fixture_engine(&options);
}

static void check_frame(MienEngine *engine, const Subject *subject, const MienImage *picture,
                        int index, bool integrated)
{
    const SimCounts *counts = sim_counters();
    SimCounts before = *counts;
    uint64_t allocated = mieni_alloc_count(), n_copies = integrated ? 0 : subject->n;
    const MienResult *result = fixture_process(engine, picture, 1 + index);
    assert_int_equal(mien_result_n_faces(result), subject->n_faces);
    assert_int_equal(mieni_alloc_count(), allocated);
    assert_int_equal(counts->allocations, before.allocations);
    assert_int_equal(counts->graphs, before.graphs);
    assert_int_equal(counts->graph_launches - before.graph_launches, subject->n);
    assert_int_equal(counts->synchronizations - before.synchronizations, subject->n);
    assert_int_equal(counts->copies_up - before.copies_up, n_copies);
    assert_int_equal(counts->copies_down - before.copies_down, n_copies);
    assert_int_equal(counts->pageable_copies, before.pageable_copies);
    if (integrated)
        return;
    /* The picture as it is, and little beside it; landmarks and the presence, and nothing else. */
    uint64_t pixels = (uint64_t)picture->width * (uint64_t)picture->height * 3, extra = 0;
    uint64_t result_floats = 1 + 3 * (uint64_t)mien_result_face(result, 0)->n_landmarks;
    assert_int_equal(picture->format, MIEN_PIXEL_RGB24);
    if (subject->n == 2)
        extra = MIEN_N_BLENDSHAPES;
    test_in_range(counts->bytes_up - before.bytes_up, pixels, pixels + 32768);
    assert_int_equal(counts->bytes_down - before.bytes_down,
                     4 * (subject->n_faces * result_floats + extra));
}

static void check_traffic(const Subject *subject, bool integrated)
{
    const SimCounts *counts = sim_counters();
    if (!counts)
        test_skip("the driver is a real one");
    setenv("MIEN_SIM_INTEGRATED", integrated ? "1" : "0", 1);
    setenv("MIEN_SIM_CC", subject->capability, 1);
    MienImage picture = frames_picture(subject->picture);
    MienEngine *engine = make_subject(subject);
    for (int i = 0; i < 2; i++)
        fixture_process(engine, &picture, 1 + i);
    for (int i = 2; i < 4; i++)
        check_frame(engine, subject, &picture, i, integrated);
    mien_engine_destroy(engine);
    unsetenv("MIEN_SIM_CC");
    unsetenv("MIEN_SIM_INTEGRATED");
    assert_int_equal(counts->device_blocks, 0);
    assert_int_equal(counts->pinned_blocks, 0);
    assert_int_equal(counts->modules, 0);
    assert_int_equal(counts->streams, 0);
    assert_int_equal(counts->graphs, 0);
    assert_int_equal(counts->contexts, 0);
}

static void tracked_frame_is_one_copy_each_way(void **state)
{
    (void)state;
    sim_need_cuda();
    setenv("MIEN_SIM_CHECK", "0", 1);
    for (size_t i = 0; i < MIENI_COUNT_OF(subjects); i++)
        check_traffic(&subjects[i], false);
}

static void shared_memory_is_not_copied(void **state)
{
    (void)state;
    sim_need_cuda();
    setenv("MIEN_SIM_CHECK", "0", 1);
    check_traffic(&subjects[0], true);
    check_traffic(&subjects[4], true);
}

/* What can befall a device while it runs. */
static const struct {
    const char *fail;   /* MIEN_SIM_FAIL */
    const char *name;   /* of the code */
    const char *reason; /* the doctor's id */
} faults[] = {
    {"cuStreamSynchronize:1:214", "CUDA_ERROR_ECC_UNCORRECTABLE (214)", "ecc-or-reset-required"},
    {"cuStreamSynchronize:1:700", "CUDA_ERROR_ILLEGAL_ADDRESS (700)", "gpu-lost"},
    {"cuStreamSynchronize:1:702", "CUDA_ERROR_LAUNCH_TIMEOUT (702)", "watchdog-timeout"},
    {"cuGraphLaunch:1:719", "CUDA_ERROR_LAUNCH_FAILED (719)", "gpu-lost"},
    {"cuMemcpyHtoDAsync:1:999", "CUDA_ERROR_UNKNOWN (999)", "broken-after-suspend"},
    {"cuMemcpyDtoHAsync:1:709", "CUDA_ERROR_CONTEXT_IS_DESTROYED (709)", "gpu-lost"},
};

static void lost_device_is_an_error(void **state)
{
    (void)state;
    const SimCounts *counts = sim_need_stand_in();
    setenv("MIEN_SIM_CHECK", "0", 1);
    MienImage portrait = frames_portrait();
    for (size_t i = 0; i < MIENI_COUNT_OF(faults); i++) {
        MienEngine *engine = make_engine("cuda:0", MIEN_MODE_VIDEO);
        MienResult *kept = fixture_keep(engine, &portrait, 1), *copy;
        assert_int_equal(mien_result_clone(kept, &copy), MIEN_OK);
        const MienResult *result = NULL;
        setenv("MIEN_SIM_FAIL", faults[i].fail, 1);
        assert_int_equal(mien_engine_process(engine, &portrait, 2, &result), MIEN_E_DEVICE);
        assert_null(result);
        assert_line(mien_engine_message(engine), faults[i].name);
        assert_string_equal(engine->error.reason, faults[i].reason);
        /* The device is asked nothing more. */
        uint64_t calls = counts->calls;
        assert_int_equal(mien_engine_process(engine, &portrait, 3, &result), MIEN_E_DEVICE);
        assert_int_equal(counts->calls, calls);
        assert_same_result("kept", kept, copy);
        mien_engine_destroy(engine);
        assert_int_equal(counts->contexts, 0);
        unsetenv("MIEN_SIM_FAIL");
        mien_result_destroy(kept);
        mien_result_destroy(copy);
    }
    /* A new engine has a new context. */
    MienEngine *engine = make_engine("cuda:0", MIEN_MODE_IMAGE);
    assert_int_equal(mien_result_n_faces(fixture_process(engine, &portrait, 1)), 1);
    mien_engine_destroy(engine);
}

/* The same faults, at the first frame and at a later one, where the device is opened again. */
static void lost_device_is_opened_again(void **state)
{
    (void)state;
    const SimCounts *counts = sim_need_stand_in();
    setenv("MIEN_SIM_CHECK", "0", 1);
    MienImage portrait = frames_portrait();
    MienEngineOptions options = fixture_options(MIEN_MODE_VIDEO);
    options.device = "cuda:0";
    options.on_device_loss = MIEN_ON_DEVICE_LOSS_REOPEN;
    MienEngine *engine = fixture_engine(&options), *cpu = make_engine("cpu", MIEN_MODE_VIDEO);
    for (int i = 0; i < (int)MIENI_COUNT_OF(faults) + 1; i++) {
        if (i > 0)
            setenv("MIEN_SIM_FAIL", faults[i - 1].fail, 1);
        MienImage window =
            frames_window(&portrait, 2 * i, i, portrait.width - 40, portrait.height - 40);
        const MienResult *result = fixture_process(engine, &window, 1 + i);
        assert_int_equal(engine->n_reopened, i);
        compare("opened again", result, fixture_process(cpu, &window, 1 + i));
    }
    /* What had been there was given back: nothing is left beside the last device's. */
    assert_int_equal(counts->contexts, 1);
    setenv("MIEN_SIM_FAIL", "cuStreamSynchronize:1:702", 1);
    setenv("MIEN_SIM_CTX", "46", 1); /* it cannot be opened any more */
    const MienResult *result = NULL;
    assert_int_equal(mien_engine_process(engine, &portrait, 100, &result), MIEN_E_DEVICE);
    assert_line(mien_engine_message(engine), "CUDA_ERROR_DEVICE_UNAVAILABLE (46)");
    unsetenv("MIEN_SIM_CTX");
    unsetenv("MIEN_SIM_FAIL");
    assert_int_equal(mien_engine_process(engine, &portrait, 101, &result), MIEN_E_DEVICE);
    mien_engine_destroy(engine);
    mien_engine_destroy(cpu);
    assert_int_equal(counts->contexts, 0);
}

/* Fails call after call of the creation, until one succeeds: each time an error, and no leak. */
static void any_call_of_creation_may_fail(void **state)
{
    (void)state;
    const SimCounts *counts = sim_need_stand_in();
    setenv("MIEN_SIM_CHECK", "0", 1);
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    options.device = "cuda";
    int n_failed = 0;
    for (int step = 1;; step += 1 + step / 8) {
        char fail[64];
        SimCounts before = *counts;
        snprintf(fail, sizeof(fail), "*:%d:2", step);
        setenv("MIEN_SIM_FAIL", fail, 1);
        MienEngine *engine;
        MienError error = {.reason = ""};
        MienStatus status = mien_engine_create(&options, &engine, &error);
        unsetenv("MIEN_SIM_FAIL");
        mien_engine_destroy(engine);
        assert_int_equal(counts->contexts, 0);
        if (status == MIEN_OK && counts->calls - before.calls < (uint64_t)step)
            break;
        if (status == MIEN_OK) /* it was one that gives something back */
            continue;
        n_failed++;
        assert_error(&error, MIEN_E_DEVICE, "CUDA_ERROR_OUT_OF_MEMORY (2)");
        assert_string_equal(error.reason, "out-of-memory");
    }
    assert_true(n_failed > 10);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_and_tracks_equal_the_cpu),
        cmocka_unit_test(tracked_frame_is_one_copy_each_way),
        cmocka_unit_test(shared_memory_is_not_copied),
        cmocka_unit_test(lost_device_is_an_error),
        cmocka_unit_test(lost_device_is_opened_again),
        cmocka_unit_test(any_call_of_creation_may_fail),
    };
    /* Few multiprocessors: kernels work in larger pieces, which takes the stand-in half the time.
     */
    setenv("MIEN_SIM_SMS", "1", 1);
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
