/* SPDX-License-Identifier: Apache-2.0 */
/* Engines with a bundle, and with a detector alone: the same bits in batches, memory, clones. */
#include "base/base.h"
#include "engine/engine_private.h"
#include "engine/frames.h"

#define N_FRAMES 8

static MienEngineOptions bundle_options(MienMode mode, int32_t max_faces)
{
    MienEngineOptions options = fixture_options(mode);
    options.model = fixture_model(BUNDLE);
    options.detector = NULL;
    options.max_faces = max_faces;
    options.blendshapes = options.transform = true;
    return options;
}

/* A picture that moves, and is gone for a frame. */
static void move_picture(const MienImage *picture, MienImage images[N_FRAMES])
{
    for (int i = 0; i < N_FRAMES; i++)
        images[i] = frames_window(picture, 3 * i, 2 * i, picture->width - 40, picture->height - 40);
    images[5] = fixture_blank(picture->width - 40, picture->height - 40);
}

static void make_frames(MienImage images[N_FRAMES])
{
    MienImage portrait = frames_portrait();
    move_picture(&portrait, images);
}

/* Streams in one batch give what each gives by itself: smoothing, scores and poses too. */
static void batches_equal_single_frames(void **state)
{
    (void)state;
    MienImage images[N_FRAMES], both[2 * N_FRAMES];
    make_frames(images);
    for (int variant = 0; variant < 4; variant++) {
        MienEngineOptions options = bundle_options(MIEN_MODE_VIDEO, 1 + variant % 2);
        options.smoothing = variant < 2 ? MIEN_SMOOTHING_DEFAULT : MIEN_SMOOTHING_STRONG;
        options.threads = 1 + variant;
        MienEngine *alone = fixture_engine(&options), *batch = fixture_engine(&options);
        const MienResult *results[2 * N_FRAMES];
        int64_t times[2 * N_FRAMES];
        uint32_t streams[2 * N_FRAMES];
        for (int i = 0; i < 2 * N_FRAMES; i++) {
            both[i] = images[i / 2];
            times[i] = 33000 * (i / 2);
            streams[i] = (uint32_t)(i % 2);
        }
        assert_int_equal(
            mien_engine_process_batch(batch, 2 * N_FRAMES, both, times, streams, results), MIEN_OK);
        for (int i = 0; i < N_FRAMES; i++) {
            const MienResult *want = fixture_process(alone, &images[i], times[2 * i]);
            assert_same_result("stream 0", results[2 * i], want);
            assert_same_result("stream 1", results[2 * i + 1], want);
            assert_int_equal(mien_result_n_faces(want), i != 5);
        }
        const MienFace *last = mien_result_face(results[2 * N_FRAMES - 1], 0);
        assert_int_equal(last->n_blendshapes, MIEN_N_BLENDSHAPES);
        assert_non_null(last->transform);
        assert_int_equal(last->face_id, 1); /* another one since the face was gone */
        mien_engine_destroy(alone);
        mien_engine_destroy(batch);
    }
}

/* A detection that takes over keeps the face's id, and what was smoothed goes on. */
static void faces_keep_their_ids(void **state)
{
    (void)state;
    MienImage images[N_FRAMES];
    make_frames(images);
    MienEngineOptions options = bundle_options(MIEN_MODE_VIDEO, 2); /* searches every frame */
    MienEngine *off = fixture_engine(&options);
    options.smoothing = MIEN_SMOOTHING_MEDIAPIPE;
    MienEngine *smooth = fixture_engine(&options);
    for (int i = 0; i < 5; i++) {
        const MienFace *plain = mien_result_face(fixture_process(off, &images[i], 33000 * i), 0);
        const MienFace *face = mien_result_face(fixture_process(smooth, &images[i], 33000 * i), 0);
        assert_non_null(plain);
        assert_non_null(face);
        assert_int_equal(plain->face_id, 0);
        assert_int_equal(face->face_id, 0);
        float off_by = 0;
        for (int k = 0; k < 478; k++) {
            float d = plain->landmarks[k].x - face->landmarks[k].x;
            off_by = d > off_by ? d : -d > off_by ? -d : off_by;
        }
        assert_true((off_by < 1e-6f) == (i == 0)); /* the first comes out as it is */
    }
    mien_engine_destroy(off);
    mien_engine_destroy(smooth);
}

/* The filter that the face with an id should have: its own, and begun with its first landmarks. */
#define MAX_IDS 16

typedef struct Filter {
    MieniSmoother smoother;
    MieniSmoothCell cells[3 * MIENI_N_REFINED];
    int n_frames;
} Filter;

static const MienFace *face_of_id(const MienResult *result, int32_t id)
{
    for (size_t k = 0; k < mien_result_n_faces(result); k++)
        if (mien_result_face(result, k)->face_id == id)
            return mien_result_face(result, k);
    return NULL;
}

/* Each face has a filter of its own; whoever comes again begins anew. */
static void every_face_is_smoothed_by_itself(void **state)
{
    (void)state;
    static Filter filters[MAX_IDS];
    static MienLandmark want[MIENI_N_REFINED];
    MienImage images[N_FRAMES], two = frames_picture("two_people.jpg");
    move_picture(&two, images);
    for (int variant = 0; variant < 2; variant++) {
        MienEngineOptions options = bundle_options(MIEN_MODE_VIDEO, 2);
        if (variant == 1) {
            options.model = fixture_model(MESH);
            options.detector = fixture_model(SHORT_RANGE);
            options.blendshapes = false;
        }
        options.smoothing = MIEN_SMOOTHING_OFF;
        MienEngine *off = fixture_engine(&options);
        options.smoothing = MIEN_SMOOTHING_MEDIAPIPE;
        MienEngine *smooth = fixture_engine(&options);
        memset(filters, 0, sizeof(filters));
        for (int i = 0; i < MAX_IDS; i++)
            filters[i].smoother.cells = filters[i].cells;
        for (int at = 0; at < N_FRAMES; at++) {
            int64_t time_us = 33000 * (at + 1);
            const MienResult *raw = fixture_process(off, &images[at], time_us);
            const MienResult *got = fixture_process(smooth, &images[at], time_us);
            size_t n_faces = mien_result_n_faces(raw);
            assert_int_equal(n_faces, at == 5 ? 0 : 2);
            assert_int_equal(mien_result_n_faces(got), n_faces);
            for (size_t k = 0; k < n_faces; k++) {
                const MienFace *face = mien_result_face(raw, k);
                size_t n = (size_t)face->n_landmarks;
                test_in_range(face->face_id, 0, MAX_IDS - 1);
                Filter *filter = &filters[face->face_id];
                memcpy(want, face->landmarks, n * sizeof(*want));
                mieni_smooth(&filter->smoother, MIENI_SMOOTH_BETA_MEDIAPIPE, time_us, want,
                             (int32_t)n, images[at].width, images[at].height);
                filter->n_frames++;
                const MienFace *same = face_of_id(got, face->face_id);
                assert_non_null(same);
                assert_memory_equal(same->landmarks, want, n * sizeof(*want));
            }
        }
        for (int i = 0; i < MAX_IDS; i++)
            assert_int_equal(filters[i].n_frames, i < 2 ? 5 : i < 4 ? N_FRAMES - 6 : 0);
        mien_engine_destroy(off);
        mien_engine_destroy(smooth);
    }
}

static void frames_allocate_nothing(void **state)
{
    (void)state;
    MienImage images[N_FRAMES];
    make_frames(images);
    MienEngineOptions options = bundle_options(MIEN_MODE_VIDEO, 1);
    MienEngine *engine = fixture_engine(&options);
    fixture_process(engine, &images[5], -1);
    uint64_t before = mieni_alloc_count();
    for (int i = 0; i < N_FRAMES; i++)
        fixture_process(engine, &images[i], i);
    assert_int_equal(mieni_alloc_count(), before);
    mien_engine_destroy(engine);
}

/* Creation and the first frame, with allocation n failing, for every n. */
static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    MienImage blank = fixture_blank(99, 77);
    MienEngineOptions options = bundle_options(MIEN_MODE_VIDEO, 1);
    int64_t n = 0;
    for (bool done = false; !done; n++) {
        MienEngine *engine = NULL;
        const MienResult *result = NULL;
        mieni_alloc_fail_at(n, n % 2);
        MienStatus status = mien_engine_create(&options, &engine, NULL);
        if (status == MIEN_OK)
            status = mien_engine_process(engine, &blank, 0, &result);
        mieni_alloc_fail_at(-1, false);
        done = status == MIEN_OK;
        if (!done)
            assert_int_equal(status, MIEN_E_NOMEM);
        if (engine)
            fixture_process(engine, &blank, 1);
        mien_engine_destroy(engine);
    }
    test_in_range(n, 100, 2000);
}

/* A clone lives on without its engine. */
static void clones_hold_everything(void **state)
{
    (void)state;
    MienImage portrait = frames_portrait();
    MienEngineOptions options = bundle_options(MIEN_MODE_IMAGE, 3);
    MienEngine *engine = fixture_engine(&options);
    MienResult *clone = fixture_keep(engine, &portrait, 7);
    const MienFace *borrowed = mien_result_face(fixture_process(engine, &portrait, 7), 0);
    const MienFace *face = mien_result_face(clone, 0);
    assert_true(face->blendshapes != borrowed->blendshapes);
    assert_true(face->transform != borrowed->transform);
    assert_same_result("clone", clone, fixture_process(engine, &portrait, 7));
    MienResult *second;
    assert_int_equal(mien_result_clone(clone, &second), MIEN_OK);
    mien_engine_destroy(engine);
    assert_same_result("clone of a clone", second, clone);
    mien_result_destroy(clone);
    assert_true(mien_result_face(second, 0)->blendshapes[0] >= 0);
    mien_result_destroy(second);
}

/* Memory for every n-th allocation of a clone that fails. */
static void clones_survive_a_lack_of_memory(void **state)
{
    (void)state;
    MienImage portrait = frames_portrait();
    MienEngineOptions options = bundle_options(MIEN_MODE_IMAGE, 1);
    MienEngine *engine = fixture_engine(&options);
    const MienResult *result = fixture_process(engine, &portrait, 0);
    MienResult *clone = NULL;
    int64_t n = 0;
    for (; !clone; n++) {
        mieni_alloc_fail_at(n, false);
        MienStatus status = mien_result_clone(result, &clone);
        mieni_alloc_fail_at(-1, false);
        assert_true((status == MIEN_OK) == (clone != NULL));
    }
    assert_int_equal(n, 6); /* the result, faces, landmarks, scores, matrices */
    mien_result_destroy(clone);
    mien_engine_destroy(engine);
}

/* Six key points, in order, inside of a box that holds the face. */
static void detector_alone(void **state)
{
    (void)state;
    MienImage portrait = frames_portrait();
    for (int variant = 0; variant < 4; variant++) {
        MienEngineOptions options =
            fixture_options(variant & 1 ? MIEN_MODE_VIDEO : MIEN_MODE_IMAGE);
        options.model = NULL;
        options.detector = fixture_model(variant & 2 ? FULL_RANGE : SHORT_RANGE);
        options.max_faces = 5;
        MienEngine *engine = fixture_engine(&options);
        for (int i = 0; i < 2; i++) {
            const MienResult *result = fixture_process(engine, &portrait, i);
            assert_int_equal(mien_result_n_faces(result), 1);
            const MienFace *face = mien_result_face(result, 0);
            assert_int_equal(face->face_id, 0);
            assert_int_equal(face->n_landmarks, 0);
            assert_null(face->landmarks);
            assert_null(face->blendshapes);
            assert_null(face->transform);
            assert_int_equal(face->n_keypoints, MIEN_N_KEYPOINTS);
            const MienLandmark *k = face->keypoints;
            assert_true(k[0].x < k[1].x && k[4].x < k[0].x && k[1].x < k[5].x);
            assert_true(k[0].y < k[2].y && k[2].y < k[3].y && k[3].z == 0);
            float x = k[2].x * (float)portrait.width, y = k[2].y * (float)portrait.height;
            assert_true(face->box_x < x && x < face->box_x + face->box_width);
            assert_true(face->box_y < y && y < face->box_y + face->box_height);
            assert_true(face->score > 0.5f && face->presence == face->score);
        }
        MienImage blank = fixture_blank(64, 64);
        assert_int_equal(mien_result_n_faces(fixture_process(engine, &blank, 5)), 0);
        mien_engine_destroy(engine);
    }
}

/* A network decides which of MediaPipe's graphs is followed, and so what the thresholds mean. */
static void rules_follow_the_network(void **state)
{
    (void)state;
    MienEngineOptions options = bundle_options(MIEN_MODE_VIDEO, 2);
    options.min_tracking_confidence = 0.25f;
    options.min_presence_confidence = 0.75f;
    MienEngine *tasks = fixture_engine(&options);
    assert_true(tasks->rules.tasks);
    assert_true(tasks->rules.nms_iou == 0.5f && tasks->rules.track_iou == 0.25f &&
                tasks->rules.min_presence == 0.75f);
    mien_engine_destroy(tasks);
    options.model = fixture_model(MESH);
    options.detector = fixture_model(SHORT_RANGE);
    options.blendshapes = false;
    MienEngine *legacy = fixture_engine(&options);
    assert_false(legacy->rules.tasks);
    assert_true(legacy->rules.nms_iou == 0.3f && legacy->rules.track_iou == 0.5f &&
                legacy->rules.min_presence == 0.25f);
    mien_engine_destroy(legacy);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_follow_the_network),
        cmocka_unit_test(batches_equal_single_frames),
        cmocka_unit_test(faces_keep_their_ids),
        cmocka_unit_test(every_face_is_smoothed_by_itself),
        cmocka_unit_test(frames_allocate_nothing),
        cmocka_unit_test(survives_a_lack_of_memory),
        cmocka_unit_test(clones_hold_everything),
        cmocka_unit_test(clones_survive_a_lack_of_memory),
        cmocka_unit_test(detector_alone),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
