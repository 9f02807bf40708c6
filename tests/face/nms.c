/* SPDX-License-Identifier: Apache-2.0 */
#include "face/face.h"

#include <math.h>

#include "base/rng.h"
#include "support/test.h"

/* A box whose key points all lie at its centre. */
static MieniDetection box(float score, float x, float y, float size)
{
    MieniDetection d = {.score = score,
                        .xmin = x - size / 2,
                        .ymin = y - size / 2,
                        .xmax = x + size / 2,
                        .ymax = y + size / 2};
    for (int k = 0; k < MIENI_N_KEYPOINTS; k++) {
        d.keypoints[k][0] = x;
        d.keypoints[k][1] = y;
    }
    return d;
}

static void test_iou(void **state)
{
    (void)state;
    const float a[4] = {0, 0, 2, 2}, shifted[4] = {1, 0, 3, 2}, touching[4] = {2, 0, 3, 2};
    const float apart[4] = {3, 3, 4, 4}, flat[4] = {0, 0, 0, 2}, bad[4] = {NAN, 0, 2, 2};
    const float endless[4] = {-INFINITY, 0, INFINITY, 2};
    assert_true(mieni_iou(a, a) == 1.0f);
    assert_true(fabsf(mieni_iou(a, shifted) - 1.0f / 3.0f) < 1e-6f);
    assert_true(mieni_iou(a, shifted) == mieni_iou(shifted, a));
    assert_true(mieni_iou(a, touching) == 0.0f);
    assert_true(mieni_iou(a, apart) == 0.0f);
    assert_true(mieni_iou(flat, flat) == 0.0f);
    assert_true(mieni_iou(a, bad) == 0.0f && mieni_iou(bad, a) == 0.0f);
    assert_true(mieni_iou(endless, endless) == 0.0f);
}

static void test_merges_by_score(void **state)
{
    (void)state;
    MieniDetection d[3], scratch[3];
    d[0] = box(0.25f, 0.50f, 0.5f, 0.2f);
    d[1] = box(0.75f, 0.54f, 0.5f, 0.2f);
    d[2] = box(0.50f, 0.10f, 0.1f, 0.1f);
    assert_int_equal(mieni_nms_weighted(d, 3, MIENI_NMS_IOU_LEGACY, scratch), 2);
    assert_true(d[0].score == 0.75f && d[1].score == 0.5f);
    /* (0.25 * 0.50 + 0.75 * 0.54) / 1 */
    assert_true(fabsf(d[0].keypoints[3][0] - 0.53f) < 1e-6f);
    assert_true(fabsf(d[0].xmin - 0.43f) < 1e-6f && fabsf(d[0].xmax - 0.63f) < 1e-6f);
    assert_true(fabsf(d[0].ymin - 0.40f) < 1e-6f && fabsf(d[0].ymax - 0.60f) < 1e-6f);
    assert_true(fabsf(d[1].xmin - 0.05f) < 1e-6f);
}

/* Boxes that overlap by exactly the threshold stay apart; just more, and they are merged. */
static void test_threshold_is_strict(void **state)
{
    (void)state;
    MieniDetection scratch[2], d[2];
    for (int lower = 0; lower < 2; lower++) {
        d[0] = box(0.9f, 0.0f, 0, 2);
        d[1] = box(0.8f, 1.0f, 0, 2);
        float third = 2.0f / 6.0f; /* shared 2, all 6 */
        int32_t n = mieni_nms_weighted(d, 2, lower ? nextafterf(third, 0) : third, scratch);
        assert_int_equal(n, lower ? 1 : 2);
    }
}

static void test_equal_scores_keep_order(void **state)
{
    (void)state;
    enum { N = 37 };
    MieniDetection d[N], scratch[N];
    for (int i = 0; i < N; i++)
        d[i] = box(i % 3 ? 0.5f : 0.75f, (float)i, 0, 0.5f);
    assert_int_equal(mieni_nms_weighted(d, N, 0.3f, scratch), N);
    for (int i = 1; i < N; i++) {
        assert_true(d[i - 1].score >= d[i].score);
        if (d[i - 1].score == d[i].score)
            assert_true(d[i - 1].keypoints[0][0] < d[i].keypoints[0][0]);
    }
}

/* MediaPipe's loop ends at a box that does not overlap itself. */
static void test_box_without_area_ends_it(void **state)
{
    (void)state;
    MieniDetection d[3], scratch[3];
    d[0] = box(0.9f, 0.1f, 0.1f, 0.1f);
    d[1] = box(0.8f, 0.5f, 0.5f, 0.0f);
    d[2] = box(0.7f, 0.9f, 0.9f, 0.1f);
    assert_int_equal(mieni_nms_weighted(d, 3, 0.3f, scratch), 2);
    assert_true(d[1].score == 0.8f && d[1].xmin == 0.5f);
    assert_int_equal(mieni_nms_weighted(d, 0, 0.3f, scratch), 0);
}

/* The same in the most direct words, quadratic and with double sums. */
static int32_t suppress_plainly(const MieniDetection *d, int32_t n, float min_iou,
                                MieniDetection *out)
{
    bool *gone = calloc((size_t)n, sizeof(bool));
    assert_non_null(gone);
    int32_t n_out = 0;
    for (;;) {
        int32_t top = -1;
        for (int32_t i = 0; i < n; i++)
            if (!gone[i] && (top < 0 || d[i].score > d[top].score))
                top = i;
        if (top < 0)
            break;
        double sum[6] = {0};
        for (int32_t i = 0; i < n; i++) {
            const float a[4] = {d[i].xmin, d[i].ymin, d[i].xmax, d[i].ymax};
            const float b[4] = {d[top].xmin, d[top].ymin, d[top].xmax, d[top].ymax};
            if (gone[i] || !(mieni_iou(a, b) > min_iou))
                continue;
            const double parts[6] = {1,         d[i].xmin, d[i].ymin,
                                     d[i].xmax, d[i].ymax, d[i].keypoints[5][1]};
            for (int k = 0; k < 6; k++)
                sum[k] += parts[k] * d[i].score;
            if (i != top)
                gone[i] = true;
        }
        gone[top] = true;
        MieniDetection mean = {.score = d[top].score,
                               .xmin = (float)(sum[1] / sum[0]),
                               .ymin = (float)(sum[2] / sum[0]),
                               .xmax = (float)(sum[3] / sum[0]),
                               .ymax = (float)(sum[4] / sum[0])};
        mean.keypoints[5][1] = (float)(sum[5] / sum[0]);
        out[n_out++] = mean;
    }
    free(gone);
    return n_out;
}

/* The corners as an array, to compare them in one go. */
static void check_box(const MieniDetection *got, const MieniDetection *want, double tolerance)
{
    const float a[6] = {got->score, got->xmin, got->ymin,
                        got->xmax,  got->ymax, got->keypoints[5][1]};
    const float b[6] = {want->score, want->xmin, want->ymin,
                        want->xmax,  want->ymax, want->keypoints[5][1]};
    test_compare_floats("detection", a, b, 6, tolerance, tolerance);
}

static void test_random_against_plain(void **state)
{
    (void)state;
    enum { N = 300 };
    static MieniDetection d[N], want[N], scratch[N];
    uint64_t rng = 21;
    for (int round = 0; round < 20; round++) {
        int32_t n = 1 + (int32_t)mieni_rng_below(&rng, N);
        for (int32_t i = 0; i < n; i++) /* scores repeat */
            d[i] =
                box(0.25f + 0.01f * (float)mieni_rng_below(&rng, 70), mieni_rng_float(&rng, 0, 2),
                    mieni_rng_float(&rng, 0, 2), mieni_rng_float(&rng, 0.1, 0.4));
        int32_t n_want = suppress_plainly(d, n, 0.3f, want);
        assert_int_equal(mieni_nms_weighted(d, n, 0.3f, scratch), n_want);
        for (int32_t i = 0; i < n_want; i++)
            check_box(&d[i], &want[i], 2e-6);
    }
}

/* Clusters far apart become one box each; a second pass changes nothing but the last bits. */
static void test_idempotent(void **state)
{
    (void)state;
    enum { N = 120 };
    static MieniDetection d[N], once[N], scratch[N];
    uint64_t rng = 22;
    for (int i = 0; i < N; i++)
        d[i] = box(mieni_rng_float(&rng, 0.1, 1), (float)(i % 12) + mieni_rng_float(&rng, 0, 0.04),
                   mieni_rng_float(&rng, 0, 0.04), 0.3f);
    assert_int_equal(mieni_nms_weighted(d, N, 0.3f, scratch), 12);
    memcpy(once, d, sizeof(d));
    assert_int_equal(mieni_nms_weighted(d, 12, 0.3f, scratch), 12);
    for (int i = 0; i < 12; i++)
        check_box(&d[i], &once[i], 5e-7);
}

/* Nothing that a network may put out makes it hang or read elsewhere. */
static void test_survives_nonsense(void **state)
{
    (void)state;
    enum { N = 64 };
    static const float odd[] = {NAN, INFINITY, -INFINITY, 0, -1, 1e38f, -1e38f, 0.5f};
    MieniDetection d[N], scratch[N];
    uint64_t rng = 23;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < N; i++) {
            float values[5];
            for (int k = 0; k < 5; k++)
                values[k] = odd[mieni_rng_below(&rng, 8)];
            d[i] = box(values[0], values[1], values[2], values[3]);
            d[i].ymin = values[4];
        }
        int32_t n = mieni_nms_weighted(d, N, 0.3f, scratch);
        assert_true(n >= 1 && n <= N);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iou),
        cmocka_unit_test(test_merges_by_score),
        cmocka_unit_test(test_threshold_is_strict),
        cmocka_unit_test(test_equal_scores_keep_order),
        cmocka_unit_test(test_box_without_area_ends_it),
        cmocka_unit_test(test_random_against_plain),
        cmocka_unit_test(test_idempotent),
        cmocka_unit_test(test_survives_nonsense),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
