/* SPDX-License-Identifier: Apache-2.0 */
/* Names, and the points that go into the network. */
#include "support/test.h"
#include "face/face.h"

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(mien_blendshape_name(0), "_neutral");
    assert_string_equal(mien_blendshape_name(25), "jawOpen");
    assert_string_equal(mien_blendshape_name(51), "noseSneerRight");
    assert_null(mien_blendshape_name(52));
    assert_null(mien_blendshape_name(SIZE_MAX));
    for (size_t i = 0; i < MIEN_N_BLENDSHAPES; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(mien_blendshape_name(i), mien_blendshape_name(k));
}

static void test_points_are_pixels(void **state)
{
    (void)state;
    static MienLandmark landmarks[MIENI_N_REFINED];
    float points[2 * MIENI_N_BLENDSHAPE_POINTS];
    for (int i = 0; i < MIENI_N_REFINED; i++)
        landmarks[i] = (MienLandmark){(float)i / 512, (float)i / 1024, 9};
    mieni_blendshape_points(landmarks, 1024, 2048, points);
    assert_true(points[0] == 0 && points[2] == 2 && points[3] == 2);
    assert_true(points[2 * 145] == 2 * 477 && points[2 * 145 + 1] == 2 * 477);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_points_are_pixels),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
