/* SPDX-License-Identifier: Apache-2.0 */
#include "image/view.h"

#include "support/test.h"

static const uint8_t memory[64];

static MienImage sound(MienPixelFormat format)
{
    MienImage image;
    mien_image_init(&image, format, 4, 4, memory, 0);
    return image;
}

static void test_takes_all_formats(void **state)
{
    (void)state;
    for (int format = MIEN_PIXEL_RGB24; format <= MIEN_PIXEL_I420; format++) {
        MienImage image = sound((MienPixelFormat)format);
        MieniView view;
        assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
        assert_memory_equal(&view.image, &image, sizeof(image));
    }
}

static void test_upright_size(void **state)
{
    (void)state;
    for (int32_t degrees = 0; degrees < 360; degrees += 90) {
        MienImage image;
        MieniView view;
        mien_image_init(&image, MIEN_PIXEL_GRAY8, 8, 3, memory, 0);
        image.rotation_degrees = degrees;
        assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
        assert_int_equal(view.upright_width, degrees % 180 ? 3 : 8);
        assert_int_equal(view.upright_height, degrees % 180 ? 8 : 3);
    }
}

/* A failure names the field, so that the caller need not guess. */
static void check_refused(const MienImage *image, const char *field)
{
    MieniView view;
    MienError error = {0};
    if (mieni_view_init(&view, image, &error) != MIEN_E_ARGUMENT)
        fail_msg("%s was taken", field);
    if (!strstr(error.text, field))
        fail_msg("\"%s\" does not name %s", error.text, field);
    assert_string_equal(error.reason, "image-invalid");
    assert_null(strchr(error.text, '\n'));
}

static void test_refuses(void **state)
{
    (void)state;
    static const int32_t bad_sides[] = {0, -1, INT32_MIN, MIEN_IMAGE_MAX_SIDE + 1, INT32_MAX};
    for (size_t i = 0; i < MIENI_COUNT_OF(bad_sides); i++) {
        MienImage image = sound(MIEN_PIXEL_RGB24);
        image.width = bad_sides[i];
        check_refused(&image, "width");
        image = sound(MIEN_PIXEL_I420);
        image.height = bad_sides[i];
        check_refused(&image, "height");
    }
    MienImage image = sound(MIEN_PIXEL_RGB24);
    image.struct_size = 0;
    check_refused(&image, "struct_size");
    static const int bad_formats[] = {0, 8, -1, 1000};
    for (size_t i = 0; i < MIENI_COUNT_OF(bad_formats); i++) {
        image = sound(MIEN_PIXEL_RGB24);
        image.format = (MienPixelFormat)bad_formats[i];
        check_refused(&image, "format");
    }
    static const int32_t bad_turns[] = {1, -90, 360, 45, INT32_MIN};
    for (size_t i = 0; i < MIENI_COUNT_OF(bad_turns); i++) {
        image = sound(MIEN_PIXEL_RGB24);
        image.rotation_degrees = bad_turns[i];
        check_refused(&image, "rotation_degrees");
        image = sound(MIEN_PIXEL_RGB24);
        image.detector_rotation_degrees = bad_turns[i];
        check_refused(&image, "detector_rotation_degrees");
    }
    image = sound(MIEN_PIXEL_NV12);
    image.color_matrix = (MienColorMatrix)3;
    check_refused(&image, "color_matrix");
    image = sound(MIEN_PIXEL_NV12);
    image.color_range = (MienColorRange)-1;
    check_refused(&image, "color_range");
    MieniView view;
    assert_int_equal(mieni_view_init(&view, NULL, NULL), MIEN_E_ARGUMENT);
}

static void test_refuses_planes(void **state)
{
    (void)state;
    static const struct {
        MienPixelFormat format;
        int n_planes;
        ptrdiff_t row_bytes[3]; /* of a 4x4 picture */
    } formats[] = {{MIEN_PIXEL_RGB24, 1, {12}},    {MIEN_PIXEL_BGR24, 1, {12}},
                   {MIEN_PIXEL_RGBA32, 1, {16}},   {MIEN_PIXEL_BGRA32, 1, {16}},
                   {MIEN_PIXEL_GRAY8, 1, {4}},     {MIEN_PIXEL_NV12, 2, {4, 4}},
                   {MIEN_PIXEL_I420, 3, {4, 2, 2}}};
    for (size_t f = 0; f < MIENI_COUNT_OF(formats); f++) {
        for (int p = 0; p < formats[f].n_planes; p++) {
            char field[32];
            MienImage image = sound(formats[f].format);
            image.planes[p] = NULL;
            snprintf(field, sizeof(field), "planes[%d]", p);
            check_refused(&image, field);

            snprintf(field, sizeof(field), "strides_bytes[%d]", p);
            ptrdiff_t row = formats[f].row_bytes[p];
            const ptrdiff_t bad[] = {0, row - 1, 1 - row, PTRDIFF_MAX, PTRDIFF_MIN};
            for (size_t i = 0; i < MIENI_COUNT_OF(bad); i++) {
                image = sound(formats[f].format);
                image.strides_bytes[p] = bad[i];
                check_refused(&image, field);
            }
            MieniView view;
            image.strides_bytes[p] = -row;
            assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
        }
    }
}

static void test_one_row_needs_no_stride(void **state)
{
    (void)state;
    MienImage image;
    MieniView view;
    mien_image_init(&image, MIEN_PIXEL_I420, 4, 1, memory, 0);
    image.strides_bytes[0] = image.strides_bytes[1] = image.strides_bytes[2] = PTRDIFF_MIN;
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    /* Kernels see sound ones. */
    assert_int_equal(view.image.strides_bytes[0], 4);
    assert_int_equal(view.image.strides_bytes[1], 2);
    assert_int_equal(view.image.strides_bytes[2], 2);
}

static void test_planes_of_other_formats_are_dropped(void **state)
{
    (void)state;
    MienImage image = sound(MIEN_PIXEL_NV12);
    MieniView view;
    image.planes[2] = (const uint8_t *)&image;
    image.strides_bytes[2] = PTRDIFF_MIN;
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    assert_ptr_equal(view.image.planes[1], image.planes[1]);
    assert_null(view.image.planes[2]);
    assert_int_equal(view.image.strides_bytes[2], 0);
}

/* The well-known coefficients times 2^16: 1.164, 1.596, 2.018 and so on. */
static void test_coefficients(void **state)
{
    (void)state;
    static const struct {
        MienColorMatrix matrix;
        MienColorRange range;
        int32_t want[6]; /* y_offset, y_gain, r_v, g_u, g_v, b_u */
    } cases[] = {
        {MIEN_MATRIX_BT601, MIEN_RANGE_LIMITED, {16, 76309, 104597, -25675, -53279, 132201}},
        {MIEN_MATRIX_BT709, MIEN_RANGE_LIMITED, {16, 76309, 117489, -13975, -34925, 138438}},
        {MIEN_MATRIX_BT2020, MIEN_RANGE_LIMITED, {16, 76309, 110014, -12277, -42626, 140363}},
        {MIEN_MATRIX_BT601, MIEN_RANGE_FULL, {0, 65536, 91881, -22553, -46802, 116130}},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        MienImage image = sound(MIEN_PIXEL_I420);
        image.color_matrix = cases[i].matrix;
        image.color_range = cases[i].range;
        MieniView view;
        assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
        const int32_t got[6] = {view.y_offset, view.y_gain, view.r_v, view.g_u, view.g_v, view.b_u};
        for (int k = 0; k < 6; k++)
            assert_int_equal(got[k], cases[i].want[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_all_formats),
        cmocka_unit_test(test_upright_size),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_refuses_planes),
        cmocka_unit_test(test_one_row_needs_no_stride),
        cmocka_unit_test(test_planes_of_other_formats_are_dropped),
        cmocka_unit_test(test_coefficients),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
