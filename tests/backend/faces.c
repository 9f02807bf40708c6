/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/faces.h"

#include "engine/engine_private.h"

/*
 * Landmarks as a share of the picture's size; scores and the presence from 0 to 1. In a video each
 * frame is cut out where the last one's landmarks were, which makes small differences larger: a
 * face that is half outside of the picture differs as much between two instruction sets of a CPU.
 */
typedef struct Tolerance {
    double landmarks, score, presence;
} Tolerance;
static const Tolerance still = {2e-4, 1e-3, 1e-3}, moving = {1e-3, 1e-3, 0.05};

enum { MAX_FACES = 4 };

MienEngine *faces_engine(const char *model, const char *detector, MienMode mode, const char *device)
{
    MienEngineOptions options = fixture_options(mode);
    options.model = fixture_model(model);
    options.detector = fixture_model(detector);
    options.max_faces = MAX_FACES;
    options.device = device;
    options.allow_software = true;
    options.threads = 1;
    options.blendshapes = options.transform = strcmp(model, BUNDLE) == 0;
    return fixture_engine(&options);
}

static void compare_face(const char *what, Tolerance tolerance, const MienFace *got,
                         const MienFace *want)
{
    assert_int_equal(got->face_id, want->face_id);
    assert_int_equal(got->n_landmarks, want->n_landmarks);
    assert_int_equal(got->n_blendshapes, want->n_blendshapes);
    test_compare_floats(what, &got->score, &want->score, 1, tolerance.score, 0);
    test_compare_floats(what, &got->presence, &want->presence, 1, tolerance.presence, 0);
    test_compare_floats(what, &got->landmarks->x, &want->landmarks->x, 3 * (size_t)got->n_landmarks,
                        tolerance.landmarks, 0);
    if (got->n_blendshapes > 0)
        test_compare_floats(what, got->blendshapes, want->blendshapes, (size_t)got->n_blendshapes,
                            tolerance.score, 0);
}

static void compare_results(const char *what, Tolerance tolerance, const MienResult *got,
                            const MienResult *want)
{
    size_t n = mien_result_n_faces(want);
    if (mien_result_n_faces(got) != n)
        fail_msg("%s: %zu faces, not %zu", what, mien_result_n_faces(got), n);
    for (size_t i = 0; i < n; i++)
        compare_face(what, tolerance, mien_result_face(got, i), mien_result_face(want, i));
}

static void check_pictures(const char *device, const char *model, const char *detector,
                           const char *const *files, size_t n_files, size_t n_expected)
{
    MienEngine *cpu = faces_engine(model, detector, MIEN_MODE_IMAGE, "cpu");
    MienEngine *other = faces_engine(model, detector, MIEN_MODE_IMAGE, device);
    MienEngineInfo info = {.struct_size = sizeof(info)};
    assert_int_equal(mien_engine_info(other, &info), MIEN_OK);
    assert_string_equal(info.device_crop, device);
    assert_string_equal(info.device_detector, device);
    assert_string_equal(info.device_landmarks, device);
    size_t n_faces = 0;
    for (size_t i = 0; i < n_files; i++) {
        MienImage image = frames_picture(files[i]);
        const MienResult *want = fixture_process(cpu, &image, 0);
        n_faces += mien_result_n_faces(want);
        compare_results(files[i], still, fixture_process(other, &image, 0), want);
    }
    assert_true(n_faces >= n_expected);
    mien_engine_destroy(cpu);
    mien_engine_destroy(other);
}

void faces_check_all_pictures(const char *device)
{
    static const char *const all[] = {
        "aflw-test.jpg",   "alex-lacamoire.png", "grass.jpg",  "lin-manuel-miranda.png",
        "obama-1080p.jpg", "obama.jpg",          "obama2.jpg", "two_people.jpg"};
    check_pictures(device, MESH, SHORT_RANGE, all, MIENI_COUNT_OF(all), 8);
}

void faces_check_models(const char *device)
{
    static const char *const some[] = {"two_people.jpg", "obama.jpg"};
    check_pictures(device, ATTENTION, FULL_RANGE, some, MIENI_COUNT_OF(some), 3);
    check_pictures(device, BUNDLE, SHORT_RANGE, some, MIENI_COUNT_OF(some), 2);
}

/* A frame in the decoder's own format; returns the number of its faces. */
static size_t check_frame(MienEngine *cpu, MienEngine *other, Tolerance tolerance, int index)
{
    char what[32];
    MienImage image = frames_clip(index);
    snprintf(what, sizeof(what), "frame %d", index);
    const MienResult *want = fixture_process(cpu, &image, frames_time_us(index));
    compare_results(what, tolerance, fixture_process(other, &image, frames_time_us(index)), want);
    return mien_result_n_faces(want);
}

size_t faces_follow(MienEngine *cpu, MienEngine *other, int first, int end)
{
    size_t n_faces = 0;
    for (int i = first; i < end; i++)
        n_faces += check_frame(cpu, other, moving, i);
    return n_faces;
}

size_t faces_follow_in_steps(MienEngine *cpu, MienEngine *other, int first, int end)
{
    size_t n_faces = 0;
    for (int i = first; i < end; i++) {
        assert_true(cpu->n_streams == 1 && other->n_streams == 1);
        mieni_stream_copy_state(other, &other->streams[0].state, &cpu->streams[0].state);
        n_faces += check_frame(cpu, other, still, i);
    }
    return n_faces;
}

/* The same from nothing on. */
size_t faces_follow_anew(MienEngine *cpu, MienEngine *other, int first, int end)
{
    mien_engine_reset(cpu);
    mien_engine_reset(other);
    return faces_follow(cpu, other, first, end);
}
