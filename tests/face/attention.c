/* SPDX-License-Identifier: Apache-2.0 */
/* The reference kernels of the attention model's three own operations. */
#include "face/face.h"

#include <math.h>

#include "base/rng.h"
#include "base/trig.h"
#include "kernels/ref/ref.h"
#include "support/test.h"

/* Four corners of a 4x2 box around (10, 6), turned by `angle`; 0 and 1 lie on its upper side. */
static void turned_box(double angle, float landmarks[12])
{
    static const double corners[4][2] = {{-2, -1}, {2, -1}, {2, 1}, {-2, 1}};
    for (int i = 0; i < 4; i++) {
        double x = corners[i][0], y = corners[i][1];
        landmarks[3 * i] = (float)(10 + cos(angle) * x - sin(angle) * y);
        landmarks[3 * i + 1] = (float)(6 + sin(angle) * x + cos(angle) * y);
        landmarks[3 * i + 2] = NAN; /* never used */
    }
}

/* The matrix takes the output's corners to the corners of the box, enlarged and turned with it. */
static void test_matrix(void **state)
{
    (void)state;
    static const int32_t subset[4] = {0, 1, 2, 3};
    for (int step = -8; step <= 8; step++) {
        double angle = step * MIENI_PI / 8.5;
        float landmarks[12], matrix[16];
        turned_box(angle, landmarks);
        const MieniMatrixSpec spec = {.left = 0,
                                      .right = 1,
                                      .out_height = 8,
                                      .out_width = 16,
                                      .scale_x = 1.5f,
                                      .scale_y = 2.0f,
                                      .input_scale = 0.25f,
                                      .n_subset = 4,
                                      .subset = subset};
        mieni_landmarks_to_matrix_ref(&spec, landmarks, matrix);
        static const double cells[3][2] = {{0, 0}, {16, 0}, {8, 4}};
        for (int i = 0; i < 3; i++) {
            /* 1.5 times the half width of 2, twice the half height of 1, in quarters */
            double u = (cells[i][0] / 8 - 1) * 3, v = (cells[i][1] / 4 - 1) * 2;
            const float want[2] = {(float)(0.25 * (10 + cos(angle) * u - sin(angle) * v)),
                                   (float)(0.25 * (6 + sin(angle) * u + cos(angle) * v))};
            float x = (float)cells[i][0], y = (float)cells[i][1];
            const float got[2] = {matrix[0] * x + matrix[1] * y + matrix[3],
                                  matrix[4] * x + matrix[5] * y + matrix[7]};
            test_compare_floats("corner", got, want, 2, 2e-6, 0);
        }
        static const float rest[10] = {0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
        const float got[10] = {matrix[2],  matrix[6],  matrix[8],  matrix[9],  matrix[10],
                               matrix[11], matrix[12], matrix[13], matrix[14], matrix[15]};
        assert_memory_equal(got, rest, sizeof(rest));
    }
}

/* A target of a quarter turn puts the box upright in the output: height and width change places. */
static void test_matrix_target(void **state)
{
    (void)state;
    static const int32_t subset[4] = {0, 1, 2, 3};
    float landmarks[12], matrix[16];
    turned_box(0, landmarks);
    const MieniMatrixSpec spec = {.left = 0,
                                  .right = 1,
                                  .out_height = 4,
                                  .out_width = 4,
                                  .scale_x = 1,
                                  .scale_y = 1,
                                  .target_radians = (float)(MIENI_PI / 2),
                                  .input_scale = 1,
                                  .n_subset = 4,
                                  .subset = subset};
    mieni_landmarks_to_matrix_ref(&spec, landmarks, matrix);
    /* Output (4, 0), top right, is the box's top left seen after the turn. */
    const float got[2] = {matrix[0] * 4 + matrix[3], matrix[4] * 4 + matrix[7]};
    const float want[2] = {8, 5};
    test_compare_floats("corner", got, want, 2, 1e-5, 0);
}

enum { IN = 7, CHANNELS = 3, OUT = 5, LANES = 8 };

static MieniPlane tight_plane(float *data, int32_t side)
{
    return (MieniPlane){.data = data,
                        .height = side,
                        .width = side,
                        .channels = CHANNELS,
                        .row_stride = side * CHANNELS,
                        .pixel_stride = CHANNELS};
}

/* The formula in double, cell by cell. */
static double sample_plainly(const MieniPlane *in, const float m[16], int i, int j, int channel)
{
    double x = (double)m[0] * i + (double)m[1] * j + (double)m[3] + 0.5 * (double)m[0] +
               0.5 * (double)m[1] - 0.5;
    double y = (double)m[4] * i + (double)m[5] * j + (double)m[7] + 0.5 * (double)m[4] +
               0.5 * (double)m[5] - 0.5;
    if (x < 0 || y < 0 || x > in->width - 1 || y > in->height - 1)
        return 0;
    double value = 0;
    for (int row = 0; row < in->height; row++)
        for (int column = 0; column < in->width; column++)
            value += fmax(0, 1 - fabs(x - column)) * fmax(0, 1 - fabs(y - row)) *
                     (double)mieni_plane_at(in, row, column)[channel];
    return value;
}

static void test_sample(void **state)
{
    (void)state;
    uint64_t rng = 61;
    float in_data[IN * IN * CHANNELS], out_data[OUT * OUT * LANES + 1];
    MieniPlane in = tight_plane(in_data, IN);
    MieniPlane out = {.data = out_data,
                      .height = OUT,
                      .width = OUT,
                      .channels = CHANNELS,
                      .row_stride = OUT * LANES,
                      .pixel_stride = LANES};
    int n_zero = 0;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < IN * IN * CHANNELS; i++)
            in_data[i] = mieni_rng_float(&rng, 1, 2);
        for (int i = 0; i <= OUT * OUT * LANES; i++)
            out_data[i] = -7;
        float m[16] = {0};
        m[0] = mieni_rng_float(&rng, 0.2, 1.5);
        m[1] = mieni_rng_float(&rng, -0.7, 0.7);
        m[3] = mieni_rng_float(&rng, -1, 2);
        m[4] = mieni_rng_float(&rng, -0.7, 0.7);
        m[5] = mieni_rng_float(&rng, 0.2, 1.5);
        m[7] = mieni_rng_float(&rng, -1, 2);
        mieni_sample_bilinear_ref(&in, m, &out);
        for (int j = 0; j < OUT; j++) {
            for (int i = 0; i < OUT; i++) {
                const float *got = mieni_plane_at(&out, j, i);
                for (int channel = 0; channel < CHANNELS; channel++) {
                    const float want = (float)sample_plainly(&in, m, i, j, channel);
                    test_compare_floats("sample", &got[channel], &want, 1, 2e-6, 2e-6);
                    n_zero += want == 0;
                }
                for (int lane = CHANNELS; lane < LANES; lane++)
                    assert_true(got[lane] == 0);
            }
        }
        assert_true(out_data[OUT * OUT * LANES] == -7);
    }
    assert_true(n_zero > 1000 && n_zero < 10000);
}

/* The very edge of the map is inside, a hair beyond is 0; half a cell of shift is corrected. */
static void test_sample_edges(void **state)
{
    (void)state;
    float in_data[IN * IN * CHANNELS], got[CHANNELS];
    for (int i = 0; i < IN * IN * CHANNELS; i++)
        in_data[i] = (float)i + 1;
    MieniPlane in = tight_plane(in_data, IN), out = tight_plane(got, 1);
    float m[16] = {1, 0, 0, 0, 0, 1};
    mieni_sample_bilinear_ref(&in, m, &out);
    assert_true(got[0] == 1 && got[2] == 3);
    m[3] = m[7] = IN - 1;
    mieni_sample_bilinear_ref(&in, m, &out);
    assert_true(got[0] == IN * IN * CHANNELS - 2);
    m[3] = nextafterf(IN - 1, IN);
    mieni_sample_bilinear_ref(&in, m, &out);
    assert_true(got[0] == 0 && got[1] == 0 && got[2] == 0);
    m[3] = -1e-3f;
    mieni_sample_bilinear_ref(&in, m, &out);
    assert_true(got[0] == 0);
    static const float odd[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f};
    for (int i = 0; i < 5; i++) {
        m[3] = odd[i];
        mieni_sample_bilinear_ref(&in, m, &out);
        assert_true(got[0] == 0);
    }
}

static void test_transform(void **state)
{
    (void)state;
    const float m[16] = {2, 3, 99, 5, 7, 11, 99, 13, 99, 99, 99, 99, 99, 99, 99, 99};
    const float in[4] = {1, 2, -0.5f, 4};
    float out[5] = {0, 0, 0, 0, -7};
    mieni_transform_landmarks_ref(in, 2, m, 4, out);
    const float want[5] = {2 + 6 + 20, 7 + 22 + 52, -1 + 12 + 20, -3.5f + 44 + 52, -7};
    assert_memory_equal(out, want, sizeof(want));
}

/* A matrix from landmarks is undone by its inverse: a point of the output comes back to itself. */
static void test_matrix_and_back(void **state)
{
    (void)state;
    uint64_t rng = 62;
    static const int32_t subset[6] = {0, 1, 2, 3, 4, 5};
    for (int round = 0; round < 200; round++) {
        float landmarks[18], matrix[16];
        for (int i = 0; i < 18; i++)
            landmarks[i] = mieni_rng_float(&rng, 0, 192);
        const MieniMatrixSpec spec = {.left = 1,
                                      .right = 4,
                                      .out_height = 16,
                                      .out_width = 16,
                                      .scale_x = 1.5f,
                                      .scale_y = 1.5f,
                                      .input_scale = 0.25f,
                                      .n_subset = 6,
                                      .subset = subset};
        mieni_landmarks_to_matrix_ref(&spec, landmarks, matrix);
        const float point[2] = {mieni_rng_float(&rng, 0, 16), mieni_rng_float(&rng, 0, 16)};
        float there[2];
        mieni_transform_landmarks_ref(point, 1, matrix, 1, there);
        double a = matrix[0], b = matrix[1], c = matrix[4], d = matrix[5];
        double x = (double)there[0] - (double)matrix[3], y = (double)there[1] - (double)matrix[7];
        const float back[2] = {(float)((d * x - b * y) / (a * d - b * c)),
                               (float)((a * y - c * x) / (a * d - b * c))};
        test_compare_floats("point", back, point, 2, 1e-3, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix),    cmocka_unit_test(test_matrix_target),
        cmocka_unit_test(test_sample),    cmocka_unit_test(test_sample_edges),
        cmocka_unit_test(test_transform), cmocka_unit_test(test_matrix_and_back),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
