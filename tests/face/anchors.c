/* SPDX-License-Identifier: Apache-2.0 */
#include "face/face.h"

#include <math.h>

#include "face/csv.h"

static void check_anchors(const MieniAnchorSpec *spec, const char *name, int columns, int x_column)
{
    static MieniAnchor anchors[8192];
    size_t n_numbers;
    double *numbers = csv_read(name, &n_numbers);
    int32_t n = mieni_anchors_generate(spec, anchors, 8192);
    if ((size_t)n * (size_t)columns != n_numbers)
        fail_msg("%s: %d anchors, not %zu", name, (int)n, n_numbers / (size_t)columns);
    for (int32_t i = 0; i < n; i++) {
        const double *row = numbers + i * columns + x_column;
        if (!(fabs(anchors[i].x - row[0]) <= 1e-6 && fabs(anchors[i].y - row[1]) <= 1e-6))
            fail_msg("%s: anchor %d is (%g, %g), not (%g, %g)", name, (int)i, (double)anchors[i].x,
                     (double)anchors[i].y, row[0], row[1]);
        assert_true(row[2] == 1 && row[3] == 1);
    }
    free(numbers);
}

static void test_short_range(void **state)
{
    (void)state;
    check_anchors(&mieni_anchors_short_range, "reference/data/ssd_anchors_short_range.csv", 5, 1);
}

static void test_full_range(void **state)
{
    (void)state;
    check_anchors(&mieni_anchors_full_range, "reference/data/ssd_anchors_full_range.csv", 5, 1);
}

/* MediaPipe's own golden file, for a configuration that no model of ours has. */
static void test_mediapipe_golden(void **state)
{
    (void)state;
    const MieniAnchorSpec spec = {
        .input_size = 256, .n_layers = 5, .strides = {8, 16, 32, 32, 32}, .interpolated = true};
    check_anchors(&spec, "reference/mediapipe-testdata/face_detection/anchor_golden_file_0.txt", 4,
                  0);
}

/* The numbers without any file: those of the models' outputs. */
static void test_counts_and_capacity(void **state)
{
    (void)state;
    MieniAnchor anchors[12];
    for (int i = 0; i < 12; i++)
        anchors[i] = (MieniAnchor){-1, -1};
    assert_int_equal(mieni_anchors_generate(&mieni_anchors_full_range, NULL, 0), 2304);
    assert_int_equal(mieni_anchors_generate(&mieni_anchors_short_range, anchors, 10), 896);
    assert_true(anchors[9].x == 4.5f / 16 && anchors[9].y == 0.5f / 16);
    assert_true(anchors[10].x == -1 && anchors[11].y == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_range),
        cmocka_unit_test(test_full_range),
        cmocka_unit_test(test_mediapipe_golden),
        cmocka_unit_test(test_counts_and_capacity),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
