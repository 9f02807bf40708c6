/* SPDX-License-Identifier: Apache-2.0 */
/* The crop against MediaPipe's: the pictures that its own test expects, and crops of real pictures.
 * No value may differ. */
#include "cpu/sha256.h"
#include "base/trig.h"
#include "image/crop_image.h"
#include "support/golden.h"
#include "support/picture.h"

/* MediaPipe's test, mediapipe/calculators/tensor/image_to_tensor_calculator_test.cc. */
typedef struct Case {
    const char *name;
    MieniRect rect; /* rotation in degrees */
    int32_t width, height;
    bool keep_aspect;
} Case;

#define MEDIUM 0.65f, 0.4f, 0.5f, 0.5f
#define LARGE 0.5f, 0.5f, 1.5f, 1.1f

static const Case cases[] = {
    {"medium_sub_rect_keep_aspect", {MEDIUM, 0}, 256, 256, true},
    {"medium_sub_rect_keep_aspect_with_rotation", {MEDIUM, 90}, 256, 256, true},
    {"medium_sub_rect_with_rotation", {MEDIUM, -45}, 256, 256, false},
    {"large_sub_rect", {LARGE, 0}, 128, 128, false},
    {"large_sub_rect_keep_aspect", {LARGE, 0}, 128, 128, true},
    {"large_sub_rect_keep_aspect_with_rotation", {LARGE, -15}, 128, 128, true},
    {"noop_except_range", {0.5f, 0.5f, 1, 1, 0}, 64, 128, true},
};

#define FOLDER "reference/mediapipe-testdata/image_to_tensor/"

static uint8_t *read_golden(const char *name, int *width, int *height)
{
    char path[256];
    snprintf(path, sizeof(path), FOLDER "%s.png", name);
    const char *file = test_need_data(path);
    return test_read_rgb24(file, width, height);
}

static void check_golden(const MienImage *image, const Case *c, MieniBorder border)
{
    char name[128];
    snprintf(name, sizeof(name), "%s%s", c->name,
             border == MIENI_BORDER_ZERO ? "_border_zero" : "");
    int width, height;
    uint8_t *want = read_golden(name, &width, &height);
    assert_true(width == c->width && height == c->height);
    MieniRect rect = c->rect;
    rect.rotation = (float)(MIENI_PI * c->rect.rotation / 180.0);
    MieniCropSpec spec = byte_spec(width, height, border, c->keep_aspect);
    float *got = crop_image(image, rect, &spec);
    size_t n_different = 0;
    for (size_t i = 0; i < 3 * (size_t)width * (size_t)height; i++)
        n_different += got[i] != (float)want[i];
    if (n_different)
        fail_msg("%s: %zu values differ", name, n_different);
    free(got);
    free(want);
}

static void test_mediapipe_pictures(void **state)
{
    (void)state;
    int width, height;
    uint8_t *input = read_golden("noop_except_range", &width, &height);
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, input, 0);
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        check_golden(&image, &cases[i], MIENI_BORDER_REPLICATE);
        if (strcmp(cases[i].name, "noop_except_range") != 0)
            check_golden(&image, &cases[i], MIENI_BORDER_ZERO);
    }
    free(input);
}

static void check_sha256(const char *what, const void *data, size_t size, const Golden *golden,
                         const char *tensor)
{
    const uint8_t *want = golden_get(golden, tensor, GOLDEN_U8)->data;
    char got[65], text[65];
    mieni_sha256_hex(data, size, got);
    for (int i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", want[i]);
    if (strcmp(got, text) != 0)
        fail_msg("%s: other bytes than those of the golden data", what);
}

static int golden_flag(const Golden *golden, const char *name)
{
    const GoldenTensor *flag = golden_find(golden, name);
    return flag ? *(const int32_t *)flag->data : 0;
}

/* Rectangles of real pictures, where tests/golden/README.md says how the bytes came about. */
static void check_real_crop(const char *name, int32_t side)
{
    Golden *golden = golden_read(name);
    const GoldenTensor *picture = golden_get(golden, "picture", GOLDEN_U8);
    char path[128];
    snprintf(path, sizeof(path), "testdata/%.*s", (int)picture->n_elements,
             (const char *)picture->data);
    const char *file = test_find_data(path);
    if (!file) {
        golden_destroy(golden);
        test_need_data(path);
        return;
    }
    int width, height;
    uint8_t *rgb = test_read_rgb24(file, &width, &height);
    check_sha256(path, rgb, 3 * (size_t)width * (size_t)height, golden, "picture_rgb_sha256");

    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, rgb, 0);
    const float *r = golden_get(golden, "rect", GOLDEN_F32)->data;
    MieniCropSpec spec = byte_spec(
        side, side, golden_flag(golden, "border_zero") ? MIENI_BORDER_ZERO : MIENI_BORDER_REPLICATE,
        golden_flag(golden, "keep_aspect"));
    float *pixels = crop_image(&image, (MieniRect){r[0], r[1], r[2], r[3], r[4]}, &spec);
    size_t n = 3 * (size_t)side * (size_t)side;
    uint8_t *bytes = malloc(n);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)pixels[i];
    check_sha256(name, bytes, n, golden, "crop_sha256");
    free(bytes);
    free(pixels);
    free(rgb);
    golden_destroy(golden);
}

static void test_shared_pictures(void **state)
{
    (void)state;
    check_real_crop("attention/face_landmark_with_attention-crop-2.gold", 192);
    check_real_crop("attention/face_landmark_with_attention-crop-3.gold", 192);
    check_real_crop("networks/face_landmark-crop-2.gold", 192);
    check_real_crop("networks/face_detection_short_range-crop-2.gold", 128);
    check_real_crop("networks/face_detection_full_range_sparse-crop-1.gold", 192);
}

static void test_sample_picture(void **state)
{
    (void)state;
    check_real_crop("attention/face_landmark_with_attention-crop-1.gold", 192);
    check_real_crop("networks/face_landmark-crop-1.gold", 192);
    check_real_crop("networks/face_detection_short_range-crop-1.gold", 128);
    check_real_crop("networks/face_landmarks_detector-crop-1.gold", 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mediapipe_pictures),
        cmocka_unit_test(test_shared_pictures),
        cmocka_unit_test(test_sample_picture),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
