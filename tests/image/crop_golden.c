/* SPDX-License-Identifier: Apache-2.0 */
/* The crop against the pictures that MediaPipe's own test expects: no value may differ. */
#include "base/trig.h"
#include "image/crop_image.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mediapipe_pictures),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
