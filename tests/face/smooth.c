/* SPDX-License-Identifier: Apache-2.0 */
/* The one-euro filter: MediaPipe's numbers, and what a filter is for. */
#include <math.h>

#include "base/rng.h"
#include "face/face.h"
#include "support/test.h"

/* Three points: two that make a face of 200 pixels' extent, and one that moves. */
enum { N = 3, SIDE = 1000 };

typedef struct Probe {
    MieniSmoother smoother;
    MieniSmoothCell cells[3 * N];
} Probe;

static void probe_begin(Probe *probe)
{
    memset(probe, 0, sizeof(*probe));
    probe->smoother.cells = probe->cells;
}

static float step(Probe *probe, float beta, int64_t timestamp_us, float x)
{
    MienLandmark landmarks[N] = {{0, 0, 0}, {0.2f, 0.2f, 0}, {x / SIDE, 0.1f, 0}};
    mieni_smooth(&probe->smoother, beta, timestamp_us, landmarks, N, SIDE, SIDE);
    assert_true(landmarks[0].x == 0 && fabsf(landmarks[1].y - 0.2f) < 1e-6f);
    return landmarks[2].x * SIDE;
}

/* What MediaPipe's filter gives for a face of 200 pixels. */
static void test_mediapipe_values(void **state)
{
    (void)state;
    static const float values[5] = {100, 101, 103, 103, 103};
    static const struct {
        int64_t ms[5];
        float out[5];
    } cases[] = {
        {{0, 33, 66, 99, 133}, {100, 100.3083f, 101.7932f, 102.4029f, 102.6804f}},
        {{1000, 1033, 1066, 1099, 1133}, {100, 100.3065f, 101.7928f, 102.4028f, 102.6805f}},
        {{0, 1, 2, 3, 4}, {100, 100.3083f, 100.4234f, 100.5329f, 100.6372f}},
    };
    for (size_t c = 0; c < MIENI_COUNT_OF(cases); c++) {
        Probe probe;
        float got[5];
        probe_begin(&probe);
        for (int i = 0; i < 5; i++)
            got[i] = step(&probe, MIENI_SMOOTH_BETA_MEDIAPIPE, 1000 * cases[c].ms[i], values[i]);
        test_compare_floats("filtered", got, cases[c].out, 5, 2e-4, 0);
    }
}

/* The stronger filter moves less at every step, and both get there. */
static void test_strong_is_calmer(void **state)
{
    (void)state;
    Probe mediapipe, strong;
    probe_begin(&mediapipe);
    probe_begin(&strong);
    step(&mediapipe, MIENI_SMOOTH_BETA_MEDIAPIPE, 0, 100);
    step(&strong, MIENI_SMOOTH_BETA_STRONG, 0, 100);
    float a = 100, b = 100;
    for (int i = 1; i < 2000; i++) {
        a = step(&mediapipe, MIENI_SMOOTH_BETA_MEDIAPIPE, 33333 * i, 104);
        b = step(&strong, MIENI_SMOOTH_BETA_STRONG, 33333 * i, 104);
        assert_true(b <= a + 1e-3f && a <= 104.01f);
        if (i == 3)
            assert_true(a - b > 0.3f);
    }
    assert_true(fabsf(a - 104) < 0.1f && fabsf(b - 104) < 0.1f);
}

/* A face that trembles comes out with less of it. */
static void test_noise_shrinks(void **state)
{
    (void)state;
    Probe probe;
    probe_begin(&probe);
    uint64_t rng = 71;
    double in = 0, out = 0;
    for (int i = 0; i < 300; i++) {
        float x = 100 + mieni_rng_float(&rng, -0.2, 0.2);
        float y = step(&probe, MIENI_SMOOTH_BETA_MEDIAPIPE, 1 + 33333 * i, x);
        if (i >= 30) {
            in += ((double)x - 100) * ((double)x - 100);
            out += ((double)y - 100) * ((double)y - 100);
        }
    }
    printf("variance of the noise: %.4f before, %.4f after\n", in / 270, out / 270);
    assert_true(out < in / 3);
}

/* A face without extent, and numbers that are none, leave the filter alone. */
static void test_nonsense_passes(void **state)
{
    (void)state;
    Probe probe;
    probe_begin(&probe);
    MienLandmark point[N] = {{0.5f, 0.5f, 0}, {0.5f, 0.5f, 0}, {0.5f, 0.5f, 0}};
    mieni_smooth(&probe.smoother, 80, 5, point, N, SIDE, SIDE);
    assert_false(probe.smoother.started);
    assert_true(point[0].x == 0.5f);
    step(&probe, 80, 10, 100);
    MienLandmark far[N] = {{0, 0, 3e38f}, {0.2f, 0.2f, 0}, {0.1f, 0.1f, 0}};
    mieni_smooth(&probe.smoother, 80, 33343, far, N, 32767, SIDE);
    for (int i = 0; i < 3 * N; i++)
        assert_true(isfinite(probe.cells[i].raw) && isfinite(probe.cells[i].stored));
    MienLandmark huge[N] = {{-3e38f, 0, 0}, {3e38f, 0.2f, 0}, {0.1f, 0.1f, 0}};
    mieni_smooth(&probe.smoother, 80, 66666, huge, N, SIDE, SIDE);
    assert_true(huge[0].x == -3e38f);
    /* Times at both ends of what there is. */
    probe_begin(&probe);
    step(&probe, 80, INT64_MIN, 100);
    assert_true(isfinite(step(&probe, 80, INT64_MAX, 101)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mediapipe_values),
        cmocka_unit_test(test_strong_is_calmer),
        cmocka_unit_test(test_noise_shrinks),
        cmocka_unit_test(test_nonsense_passes),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
