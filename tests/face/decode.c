/* SPDX-License-Identifier: Apache-2.0 */
/* The reference kernels that decode boxes and landmarks. */
#include "face/face.h"

#include <math.h>

#include "base/rng.h"
#include "base/trig.h"
#include "kernels/ref/ref.h"
#include "support/test.h"

static void test_box(void **state)
{
    (void)state;
    const MieniAnchor anchor = {0.25f, 0.75f};
    float row[16] = {12.8f, -25.6f, 64, 32};
    for (int i = 4; i < 16; i++)
        row[i] = (float)(i - 4) * 12.8f;
    const float score = 0;
    MieniDetection got;
    assert_int_equal(mieni_decode_boxes_ref(row, &score, &anchor, 1, 128, 0.5f, &got), 1);
    const float box[5] = {got.score, got.xmin, got.ymin, got.xmax, got.ymax};
    const float want[5] = {0.5f, 0.35f - 0.25f, 0.55f - 0.125f, 0.35f + 0.25f, 0.55f + 0.125f};
    test_compare_floats("box", box, want, 5, 1e-6, 0);
    for (int k = 0; k < MIENI_N_KEYPOINTS; k++) {
        const float point[2] = {0.25f + 0.2f * (float)k, 0.75f + 0.2f * (float)k + 0.1f};
        test_compare_floats("key point", got.keypoints[k], point, 2, 1e-6, 0);
    }
}

/* A score that equals the threshold stays, one bit less goes; the order of anchors is kept. */
static void test_threshold_and_order(void **state)
{
    (void)state;
    enum { N = 5 };
    float rows[16 * N] = {0}, scores[N] = {2, -1000, 1, 1000, 0};
    MieniAnchor anchors[N];
    MieniDetection got[N];
    for (int i = 0; i < N; i++) {
        anchors[i] = (MieniAnchor){(float)i, 0};
        rows[16 * i + 2] = rows[16 * i + 3] = 10;
    }
    assert_int_equal(mieni_decode_boxes_ref(rows, scores, anchors, N, 128, 0.5f, got), 4);
    static const int order[4] = {0, 2, 3, 4};
    for (int i = 0; i < 4; i++)
        assert_true(got[i].keypoints[0][0] == (float)order[i]);
    assert_true(got[2].score == 1.0f && got[3].score == 0.5f);
    float above = nextafterf(0.5f, 1);
    assert_int_equal(mieni_decode_boxes_ref(rows, scores, anchors, N, 128, above, got), 3);
    /* In float32, exp(100) is infinite and the score just 0. */
    assert_int_equal(mieni_decode_boxes_ref(rows, scores, anchors, N, 128, 0, got), N);
    assert_true(got[1].score == 0);
}

/* Sides below 0 go, and whatever is not a number; sides of 0 stay. */
static void test_bad_boxes_are_dropped(void **state)
{
    (void)state;
    static const struct {
        int index;
        float value;
        int kept;
    } cases[] = {{2, 0, 1},        {2, -1, 0},       {3, -1, 0},        {0, NAN, 0},
                 {1, NAN, 0},      {2, NAN, 0},      {3, NAN, 0},       {2, INFINITY, 0},
                 {0, INFINITY, 0}, {4, NAN, 0},      {15, INFINITY, 0}, {15, -INFINITY, 0},
                 {5, 3e38f, 1},    {1, -INFINITY, 0}};
    const MieniAnchor anchor = {0.5f, 0.5f};
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        float row[16] = {1, 1, 20, 20}, score = 3;
        MieniDetection got;
        row[cases[i].index] = cases[i].value;
        int32_t n = mieni_decode_boxes_ref(row, &score, &anchor, 1, 128, 0.5f, &got);
        if (n != cases[i].kept)
            fail_msg("case %zu: %d boxes", i, (int)n);
    }
    float row[16] = {1, 1, 20, 20}, score = NAN;
    MieniDetection got;
    assert_int_equal(mieni_decode_boxes_ref(row, &score, &anchor, 1, 128, 0, &got), 0);
    score = INFINITY;
    assert_int_equal(mieni_decode_boxes_ref(row, &score, &anchor, 1, 128, 0.5f, &got), 1);
}

/* The formula in double. */
static void test_landmarks(void **state)
{
    (void)state;
    enum { N = 468 };
    static float raw[3 * N];
    static MienLandmark got[N + 1];
    uint64_t rng = 51;
    for (int round = 0; round < 20; round++) {
        const MieniRect rect = {mieni_rng_float(&rng, 0, 1), mieni_rng_float(&rng, 0, 1),
                                mieni_rng_float(&rng, 0.1, 1), mieni_rng_float(&rng, 0.1, 1),
                                mieni_rng_float(&rng, -3.2, 3.2)};
        const MieniProjection projection = mieni_projection_of(&rect);
        double c = cos((double)rect.rotation), s = sin((double)rect.rotation);
        for (int i = 0; i < 3 * N; i++)
            raw[i] = mieni_rng_float(&rng, -20, 220);
        got[N] = (MienLandmark){-7, -7, -7};
        mieni_decode_landmarks_ref(raw, N, 192, &projection, got);
        assert_true(got[N].x == -7 && got[N].y == -7 && got[N].z == -7);
        for (int i = 0; i < N; i++) {
            double x = raw[3 * i] / 192.0 - 0.5, y = raw[3 * i + 1] / 192.0 - 0.5;
            const float place[3] = {got[i].x, got[i].y, got[i].z};
            const float want[3] = {(float)((c * x - s * y) * (double)rect.width + (double)rect.cx),
                                   (float)((s * x + c * y) * (double)rect.height + (double)rect.cy),
                                   (float)(raw[3 * i + 2] / 192.0 * (double)rect.width)};
            test_compare_floats("landmark", place, want, 3, 1e-6, 1e-6);
        }
    }
}

/* The middle of the crop is the middle of the rectangle; the corners are its corners. */
static void test_landmarks_of_a_level_rectangle(void **state)
{
    (void)state;
    const MieniRect rect = {0.5f, 0.25f, 0.5f, 0.25f, 0};
    const MieniProjection projection = mieni_projection_of(&rect);
    const float raw[9] = {96, 96, 96, 0, 0, 0, 192, 192, -192};
    MienLandmark got[3];
    mieni_decode_landmarks_ref(raw, 3, 192, &projection, got);
    assert_true(got[0].x == 0.5f && got[0].y == 0.25f && got[0].z == 0.25f);
    assert_true(got[1].x == 0.25f && got[1].y == 0.125f && got[1].z == 0);
    assert_true(got[2].x == 0.75f && got[2].y == 0.375f && got[2].z == -0.5f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_box),
        cmocka_unit_test(test_threshold_and_order),
        cmocka_unit_test(test_bad_boxes_are_dropped),
        cmocka_unit_test(test_landmarks),
        cmocka_unit_test(test_landmarks_of_a_level_rectangle),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
