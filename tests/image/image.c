/* SPDX-License-Identifier: Apache-2.0 */
#include "mien/image.h"

#include "support/test.h"

static const uint8_t memory[4096];

static ptrdiff_t offset(const MienImage *image, int plane)
{
    return image->planes[plane] - memory;
}

static void test_packed(void **state)
{
    (void)state;
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_BGRA32, 7, 5, memory, 0);
    assert_int_equal(image.struct_size, sizeof(image));
    assert_int_equal(image.format, MIEN_PIXEL_BGRA32);
    assert_int_equal(image.width, 7);
    assert_int_equal(image.height, 5);
    assert_int_equal(image.strides_bytes[0], 28);
    assert_ptr_equal(image.planes[0], memory);
    assert_null(image.planes[1]);
    assert_null(image.planes[2]);
    assert_int_equal(image.rotation_degrees, 0);
    assert_int_equal(image.detector_rotation_degrees, 0);
    mien_image_init(&image, MIEN_PIXEL_RGB24, 7, 5, memory + 400, -100);
    assert_int_equal(image.strides_bytes[0], -100);
    assert_int_equal(offset(&image, 0), 400);
}

static void test_planar(void **state)
{
    (void)state;
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_I420, 8, 6, memory, 10);
    assert_int_equal(offset(&image, 1), 60);
    assert_int_equal(offset(&image, 2), 60 + 5 * 3);
    assert_int_equal(image.strides_bytes[1], 5);
    assert_int_equal(image.strides_bytes[2], 5);
    mien_image_init(&image, MIEN_PIXEL_I420, 7, 5, memory, 0);
    assert_int_equal(offset(&image, 1), 35);
    assert_int_equal(offset(&image, 2), 35 + 4 * 3);
    assert_int_equal(image.strides_bytes[2], 4);
    mien_image_init(&image, MIEN_PIXEL_NV12, 8, 6, memory, 10);
    assert_int_equal(offset(&image, 1), 60);
    assert_int_equal(image.strides_bytes[1], 10);
    assert_null(image.planes[2]);
    /* Seven pixels have four pairs of chroma bytes: one byte more than a row of luma. */
    mien_image_init(&image, MIEN_PIXEL_NV12, 7, 5, memory, 0);
    assert_int_equal(image.strides_bytes[0], 7);
    assert_int_equal(image.strides_bytes[1], 8);
}

/* Nothing is computed from sizes that make no sense; the engine refuses the picture later. */
static void test_nonsense(void **state)
{
    (void)state;
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_I420, INT32_MAX, INT32_MIN, memory, 0);
    assert_null(image.planes[0]);
    mien_image_init(&image, MIEN_PIXEL_I420, 100, 100, memory, PTRDIFF_MIN);
    assert_null(image.planes[0]);
    mien_image_init(&image, MIEN_PIXEL_NV12, 100, 100, NULL, 0);
    assert_null(image.planes[1]);
    mien_image_init(&image, (MienPixelFormat)99, 100, 100, memory, 0);
    assert_int_equal(image.format, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_planar),
        cmocka_unit_test(test_nonsense),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
