/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on points and boxes, and the multiply-add loop. */
#include "cases.h"

#include <math.h>

#define RANDOM_CASES 40

static float *random_floats(Test *test, size_t n, float low, float high)
{
    float *values = test_alloc(test, n * sizeof(float), sizeof(float));
    for (size_t i = 0; i < n; i++)
        values[i] = random_float(test, low, high);
    return values;
}

static float *room_for(Test *test, size_t n)
{
    return test_alloc(test, n * sizeof(float), sizeof(float));
}

void test_landmarks_to_matrix(Test *test)
{
    for (int i = 0; i < RANDOM_CASES; i++) {
        int32_t n = random_between(test, 2, 468), subset[40];
        MieniMatrixSpec spec = {.left = random_below(test, n),
                                .right = random_below(test, n),
                                .out_height = 16,
                                .out_width = 16,
                                .scale_x = 1.5f,
                                .scale_y = 1.5f,
                                .target_radians = random_float(test, -1.0f, 1.0f),
                                .input_scale = 0.25f,
                                .n_subset = random_between(test, 1, 40),
                                .subset = subset};
        case_begin(test, "%d points, %d of them", n, spec.n_subset);
        for (int32_t k = 0; k < 40; k++)
            subset[k] = random_below(test, n);
        float *landmarks = random_floats(test, 3 * (size_t)n, 0.0f, 192.0f);
        float *got = room_for(test, 16), *want = room_for(test, 16);
        test->ref->landmarks_to_matrix(&spec, landmarks, want);
        test->tested->landmarks_to_matrix(&spec, landmarks, got);
        array_check(test, "matrix", got, want, 16, FLOAT);
        case_end(test);
    }
}

void test_transform_landmarks(Test *test)
{
    for (int i = 0; i < RANDOM_CASES; i++) {
        size_t n = (size_t)random_between(test, 1, 90);
        case_begin(test, "%d points", (int)n);
        float *in = random_floats(test, 2 * n, -10.0f, 200.0f);
        float *matrix = random_floats(test, 16, -2.0f, 2.0f);
        float *got = room_for(test, 2 * n), *want = room_for(test, 2 * n);
        test->ref->transform_landmarks(in, (int32_t)n, matrix, 4.0f, want);
        test->tested->transform_landmarks(in, (int32_t)n, matrix, 4.0f, got);
        array_check(test, "point", got, want, 2 * n, FLOAT);
        case_end(test);
    }
}

void test_decode_landmarks(Test *test)
{
    for (int i = 0; i < RANDOM_CASES; i++) {
        size_t n = (size_t)random_between(test, 1, 480);
        case_begin(test, "%d points", (int)n);
        float angle = random_float(test, -4.0f, 4.0f);
        float sine_x = sinf(angle) * random_float(test, 0.5f, 2.0f);
        float sine_y = sinf(angle) * random_float(test, 0.5f, 2.0f);
        MieniProjection projection = {
            .origin = random_bool(test) ? 0.5f : 0.0f,
            .x = {cosf(angle), -sine_x},
            .y = {sine_y, cosf(angle)},
            .scale = {random_float(test, 0.01f, 2.0f), random_float(test, 0.01f, 2.0f)},
            .offset = {random_float(test, 0.0f, 1.0f), random_float(test, 0.0f, 1.0f)},
            .depth = random_float(test, 0.01f, 2.0f)};
        float *raw = random_floats(test, 3 * n, -20.0f, 212.0f);
        MienLandmark *got = test_alloc(test, n * sizeof(*got), sizeof(float));
        MienLandmark *want = test_alloc(test, n * sizeof(*want), sizeof(float));
        test->ref->decode_landmarks(raw, (int32_t)n, 192.0f, &projection, want);
        test->tested->decode_landmarks(raw, (int32_t)n, 192.0f, &projection, got);
        array_check(test, "coordinate", &got->x, &want->x, 3 * n, FLOAT);
        case_end(test);
    }
}

void test_refine_landmarks(Test *test)
{
    for (int i = 0; i < RANDOM_CASES; i++) {
        uint16_t targets[71], z_average[16];
        MieniRefinement refinements[5];
        const float *raw[5];
        int32_t n = random_between(test, 0, 5);
        case_begin(test, "%d refinements", n);
        for (int k = 0; k < 71; k++)
            targets[k] = (uint16_t)random_below(test, 478);
        for (int k = 0; k < 16; k++)
            z_average[k] = (uint16_t)random_below(test, 468);
        for (int32_t k = 0; k < n; k++) {
            int32_t n_points = random_between(test, 1, 71);
            refinements[k] =
                (MieniRefinement){n_points, targets, random_below(test, 17), z_average};
            raw[k] = random_floats(test, 2 * (size_t)n_points, 0.0f, 192.0f);
        }
        float *mesh = random_floats(test, 3 * 468, 0.0f, 192.0f);
        float *got = room_for(test, 3 * 478), *want = room_for(test, 3 * 478);
        test->ref->refine_landmarks(mesh, n, refinements, raw, want);
        test->tested->refine_landmarks(mesh, n, refinements, raw, got);
        array_check(test, "coordinate", got, want, 3 * 478, FLOAT);
        case_end(test);
    }
}

void test_decode_boxes(Test *test)
{
    for (int i = 0; i < RANDOM_CASES; i++) {
        size_t n = (size_t)random_between(test, 1, 300);
        case_begin(test, "%d anchors", (int)n);
        float *regressors = random_floats(test, 16 * n, -30.0f, 60.0f);
        float *scores = random_floats(test, n, -3.0f, 3.0f);
        float *places = random_floats(test, 2 * n, 0.0f, 1.0f);
        MieniAnchor *anchors = test_alloc(test, n * sizeof(*anchors), sizeof(float));
        MieniDetection *got = test_alloc(test, n * sizeof(*got), sizeof(float));
        MieniDetection *want = test_alloc(test, n * sizeof(*want), sizeof(float));
        for (size_t k = 0; k < n; k++)
            anchors[k] = (MieniAnchor){places[2 * k], places[2 * k + 1]};
        int32_t n_want =
            test->ref->decode_boxes(regressors, scores, anchors, (int32_t)n, 128.0f, 0.5f, want);
        int32_t n_got =
            test->tested->decode_boxes(regressors, scores, anchors, (int32_t)n, 128.0f, 0.5f, got);
        if (n_got != n_want + (test->spoil ? 1 : 0))
            case_fault(test, "%d boxes, not %d", n_got, n_want);
        else
            array_check(test, "field", &got->score, &want->score,
                        (size_t)n_want * (sizeof(*got) / sizeof(float)), FLOAT);
        case_end(test);
    }
}

/* The number that is returned must be what the loop does: twice as much for twice the rounds. */
void test_fma_loop(Test *test)
{
    case_begin(test, "the number of multiply-adds");
    double one = test->tested->fma_loop(1000), two = test->tested->fma_loop(2000);
    float got = (float)(two / one), want = 2.0f;
    array_check(test, "ratio", &got, &want, 1, EXACT);
    if (one < 1000.0)
        case_fault(test, "%g multiply-adds in 1000 rounds", one);
    case_end(test);
}
