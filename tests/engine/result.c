/* SPDX-License-Identifier: Apache-2.0 */
/* What a result says about a face, and that clones are results of their own. */
#include <math.h>

#include "engine/engine_private.h"
#include "engine/frames.h"

static MienEngine *open_engine(const char *model, int32_t max_faces)
{
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    options.model = fixture_model(model);
    options.max_faces = max_faces;
    return fixture_engine(&options);
}

static void check_face(const MienFace *face, const MienImage *image)
{
    assert_true(face->score >= 0.5f && face->score <= 1);
    assert_true(face->presence > 0.5f && face->presence <= 1);
    /* The bounds are those of the landmarks, not only around them. */
    float left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (int32_t i = 0; i < face->n_landmarks; i++) {
        const MienLandmark *point = &face->landmarks[i];
        assert_true(isfinite(point->x) && isfinite(point->y) && isfinite(point->z));
        left = fminf(left, point->x * (float)image->width);
        right = fmaxf(right, point->x * (float)image->width);
        top = fminf(top, point->y * (float)image->height);
        bottom = fmaxf(bottom, point->y * (float)image->height);
    }
    const float got[4] = {face->box_x, face->box_y, face->box_x + face->box_width,
                          face->box_y + face->box_height};
    const float want[4] = {left, top, right, bottom};
    test_compare_floats("box", got, want, 4, 1e-3, 0);
    assert_true(face->box_width > 20 && face->box_height > 20);
}

/* Points that every face has where it should: eyes over nose over chin, image left and right. */
static void check_anatomy(const MienFace *face)
{
    enum { FOREHEAD = 10, CHIN = 152, NOSE = 1, LEFT_CORNER = 33, RIGHT_CORNER = 263 };
    const MienLandmark *points = face->landmarks;
    assert_true(points[FOREHEAD].y < points[LEFT_CORNER].y);
    assert_true(points[LEFT_CORNER].y < points[NOSE].y);
    assert_true(points[NOSE].y < points[CHIN].y);
    assert_true(points[LEFT_CORNER].x < points[RIGHT_CORNER].x);
    assert_true(points[NOSE].z < points[LEFT_CORNER].z);
}

static void faces_are_described(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        int32_t n_landmarks;
    } cases[] = {{MESH, 468}, {ATTENTION, 478}};
    MienImage image = frames_portrait();
    for (size_t i = 0; i < 2; i++) {
        MienEngine *engine = open_engine(cases[i].model, 3);
        const MienResult *result = fixture_process(engine, &image, -77);
        assert_int_equal(mien_result_timestamp_us(result), -77);
        assert_int_equal(mien_result_n_faces(result), 1);
        const MienFace *face = mien_result_face(result, 0);
        assert_int_equal(face->face_id, 0);
        assert_int_equal(face->n_landmarks, cases[i].n_landmarks);
        check_face(face, &image);
        check_anatomy(face);
        assert_null(mien_result_face(result, 1));
        assert_null(mien_result_face(result, SIZE_MAX));
        mien_engine_destroy(engine);
    }
}

static void faces_of_a_picture_have_different_ids(void **state)
{
    (void)state;
    MienImage image = frames_picture("two_people.jpg");
    MienEngine *engine = open_engine(MESH, 4);
    const MienResult *result = fixture_process(engine, &image, 0);
    assert_int_equal(mien_result_n_faces(result), 2);
    for (size_t i = 0; i < 2; i++) {
        const MienFace *face = mien_result_face(result, i);
        assert_int_equal(face->face_id, (int)i);
        check_face(face, &image);
        check_anatomy(face);
    }
    const MienFace *a = mien_result_face(result, 0), *b = mien_result_face(result, 1);
    assert_true(fabsf(a->box_x - b->box_x) > 50);
    assert_true(a->score >= b->score);
    mien_engine_destroy(engine);
}

static void clone_outlives_the_engine(void **state)
{
    (void)state;
    MienImage image = frames_picture("two_people.jpg");
    MienImage blank = fixture_blank(image.width, image.height);
    MienEngine *engine = open_engine(MESH, 2);
    MienResult *first = fixture_keep(engine, &image, 12345);
    MienResult *twin;
    assert_int_equal(mien_result_clone(first, &twin), MIEN_OK);
    assert_int_equal(mien_result_n_faces(fixture_process(engine, &blank, 0)), 0);
    assert_same_result("after another call", first, twin);
    mien_engine_destroy(engine);
    assert_same_result("after the engine", first, twin);
    assert_int_equal(mien_result_n_faces(first), 2);
    assert_int_equal(mien_result_timestamp_us(first), 12345);
    assert_ptr_not_equal(mien_result_face(first, 0)->landmarks,
                         mien_result_face(twin, 0)->landmarks);
    mien_result_destroy(first);
    check_face(mien_result_face(twin, 1), &image);
    mien_result_destroy(twin);
}

static void empty_results_can_be_cloned(void **state)
{
    (void)state;
    MienImage blank = fixture_blank(100, 80);
    MienEngine *engine = open_engine(MESH, 1);
    MienResult *clone = fixture_keep(engine, &blank, 9);
    mien_engine_destroy(engine);
    assert_int_equal(mien_result_n_faces(clone), 0);
    assert_null(mien_result_face(clone, 0));
    assert_int_equal(mien_result_timestamp_us(clone), 9);
    mien_result_destroy(clone);
}

static void null_is_an_empty_result(void **state)
{
    (void)state;
    assert_int_equal(mien_result_n_faces(NULL), 0);
    assert_null(mien_result_face(NULL, 0));
    assert_int_equal(mien_result_timestamp_us(NULL), 0);
    mien_result_destroy(NULL);
    MienResult *clone = (MienResult *)&state;
    assert_int_equal(mien_result_clone(NULL, &clone), MIEN_E_ARGUMENT);
    assert_null(clone);
    const MienResult empty = {0};
    assert_int_equal(mien_result_clone(&empty, NULL), MIEN_E_ARGUMENT);
}

static void clone_survives_a_lack_of_memory(void **state)
{
    (void)state;
    MienImage blank = fixture_blank(100, 80);
    MienEngine *engine = open_engine(MESH, 1);
    const MienResult *result = fixture_process(engine, &blank, 9);
    MienResult *clone = NULL;
    int n = 0;
    for (MienStatus status = MIEN_E_NOMEM; status != MIEN_OK; n++) {
        clone = (MienResult *)&state;
        mieni_alloc_fail_at(n, false);
        status = mien_result_clone(result, &clone);
        mieni_alloc_fail_at(-1, false);
        if (status != MIEN_OK) {
            assert_int_equal(status, MIEN_E_NOMEM);
            assert_null(clone);
        }
        assert_true(n < 10);
    }
    assert_true(n > 1);
    mien_result_destroy(clone);
    mien_engine_destroy(engine);
}

/* The other tests rely on it: a single bit in any field makes a difference. */
static void comparer_sees_every_bit(void **state)
{
    (void)state;
    MienImage image = frames_portrait();
    MienEngine *engine = open_engine(MESH, 1);
    MienResult *a = fixture_keep(engine, &image, 0), *b = fixture_keep(engine, &image, 0);
    mien_engine_destroy(engine);
    assert_true(same_result(a, b));
    unsigned char *const fields[] = {
        (unsigned char *)&b->timestamp_us,       (unsigned char *)&b->faces[0].face_id,
        (unsigned char *)&b->faces[0].score,     (unsigned char *)&b->faces[0].presence,
        (unsigned char *)&b->faces[0].box_x,     (unsigned char *)&b->faces[0].box_y,
        (unsigned char *)&b->faces[0].box_width, (unsigned char *)&b->faces[0].box_height,
        (unsigned char *)&b->landmarks[0].x,     (unsigned char *)&b->landmarks[467].z,
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        *fields[i] ^= 1;
        assert_false(same_result(a, b));
        *fields[i] ^= 1;
    }
    b->n_faces = 0;
    assert_false(same_result(a, b));
    mien_result_destroy(a);
    mien_result_destroy(b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(faces_are_described),
        cmocka_unit_test(faces_of_a_picture_have_different_ids),
        cmocka_unit_test(clone_outlives_the_engine),
        cmocka_unit_test(empty_results_can_be_cloned),
        cmocka_unit_test(null_is_an_empty_result),
        cmocka_unit_test(clone_survives_a_lack_of_memory),
        cmocka_unit_test(comparer_sees_every_bit),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, frames_finish));
}
