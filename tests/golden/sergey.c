/* SPDX-License-Identifier: Apache-2.0 */
/* MediaPipe's own fixture, a picture and the detection that it must give; and the stages after it,
 * as recorded in sergey_stage_values.json. */
#include <math.h>

#include "face/face.h"
#include "golden/detector.h"
#include "support/picture.h"

#define FIXTURES "reference/mediapipe-testdata/face_detection/"
#define BOUND 1e-4

static MienEngine *open_sergey(const char *model, MienImage *image, uint8_t **pixels)
{
    int width, height;
    *pixels = test_read_rgb24(test_need_data(FIXTURES "sergey.png"), &width, &height);
    mien_image_init(image, MIEN_PIXEL_RGB24, width, height, *pixels, 0);
    return open_engine(MIEN_MODE_IMAGE, model, "face_detection_short_range.tflite", 1,
                       MIEN_CPU_ALL);
}

/* The number behind the next `key` of a text; the text moves on behind it. */
static float next_number(const char **text, const char *key)
{
    const char *at = strstr(*text, key);
    if (!at)
        fail_msg("the fixture has no more \"%s\"", key);
    at += strcspn(at, "0123456789-");
    float value = 0;
    int length = 0;
    assert_int_equal(sscanf(at, "%f%n", &value, &length), 1);
    *text = at + length;
    return value;
}

static void compare(const char *what, const float *got, const float *want, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double difference = fabs((double)got[i] - (double)want[i]);
        worst = difference <= worst ? worst : difference;
    }
    printf("%s: off by %.2g\n", what, worst);
    test_compare_floats(what, got, want, n, BOUND, 0);
}

static void detection_equals_fixture(void **state)
{
    (void)state;
    size_t size;
    char *file = test_read_file(test_need_data(FIXTURES "expected_detection.pbtxt"), &size);
    const char *text = file;
    float want[5 + 2 * MIENI_N_KEYPOINTS], got[5 + 2 * MIENI_N_KEYPOINTS];
    static const char *const keys[5] = {"score:", "xmin:", "ymin:", "width:", "height:"};
    for (int i = 0; i < 5; i++)
        want[i] = next_number(&text, keys[i]);
    for (int i = 0; i < MIENI_N_KEYPOINTS; i++) {
        want[5 + 2 * i] = next_number(&text, "x:");
        want[6 + 2 * i] = next_number(&text, "y:");
    }
    free(file);

    MienImage image;
    uint8_t *pixels;
    MienEngine *engine = open_sergey("face_landmark.tflite", &image, &pixels);
    MieniDetection found[MAX_DETECTIONS];
    assert_int_equal(detect(engine, &image, found), 1);
    const MieniDetection *d = &found[0];
    memcpy(got, (const float[5]){d->score, d->xmin, d->ymin, d->xmax - d->xmin, d->ymax - d->ymin},
           5 * sizeof(*got));
    memcpy(got + 5, d->keypoints, sizeof(d->keypoints));
    compare("expected_detection.pbtxt", got, want, 5 + 2 * MIENI_N_KEYPOINTS);
    mien_engine_destroy(engine);
    free(pixels);
}

/* Reads n numbers in brackets, of whatever depth, behind `key`. */
static void read_numbers(const char **text, const char *key, size_t n, float *values)
{
    values[0] = next_number(text, key);
    for (size_t i = 1; i < n; i++) {
        *text += strspn(*text, ", []\n\r\t");
        char *end;
        values[i] = strtof(*text, &end);
        assert_true(end != *text);
        *text = end;
    }
    assert_int_equal(**text, ']');
}

static void check_stages(const char *key, const char *model, int32_t n_landmarks)
{
    size_t size;
    char *file = test_read_file(test_need_data("reference/data/sergey_stage_values.json"), &size);
    const char *text = strstr(file, key);
    assert_non_null(text);
    size_t n = 3 * (size_t)n_landmarks;
    float roi[5], next[5], *want = calloc(n, sizeof(*want)), *got = calloc(n, sizeof(*got));
    assert_true(want && got);
    read_numbers(&text, "\"roi_cx_cy_w_h_rot\"", 5, roi);
    read_numbers(&text, "\"landmarks\"", n, want);
    read_numbers(&text, "\"next_roi\"", 5, next);
    free(file);

    MienImage image;
    uint8_t *pixels;
    MienEngine *engine = open_sergey(model, &image, &pixels);
    MieniDetection found[MAX_DETECTIONS];
    assert_int_equal(detect(engine, &image, found), 1);
    MieniRect r = mieni_rect_from_detection(&found[0], image.width, image.height, false);
    printf("%s\n", key);
    compare("    where to look", (const float[5]){r.cx, r.cy, r.width, r.height, r.rotation}, roi,
            5);

    const MienResult *result;
    assert_int_equal(mien_engine_process(engine, &image, 0, &result), MIEN_OK);
    assert_int_equal(mien_result_n_faces(result), 1);
    const MienFace *face = mien_result_face(result, 0);
    assert_int_equal(face->n_landmarks, n_landmarks);
    for (int32_t i = 0; i < n_landmarks; i++)
        memcpy(got + 3 * i,
               (const float[3]){face->landmarks[i].x, face->landmarks[i].y, face->landmarks[i].z},
               3 * sizeof(*got));
    compare("    landmarks", got, want, n);
    r = mieni_rect_from_landmarks(face->landmarks, n_landmarks, image.width, image.height, false);
    compare("    where to look next", (const float[5]){r.cx, r.cy, r.width, r.height, r.rotation},
            next, 5);
    mien_engine_destroy(engine);
    free(pixels);
    free(want);
    free(got);
}

static void stages_equal_record(void **state)
{
    (void)state;
    check_stages("\"legacy_468\"", "face_landmark.tflite", 468);
    check_stages("\"legacy_478_attention\"", "face_landmark_with_attention.tflite", 478);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(detection_equals_fixture),
                                              cmocka_unit_test(stages_equal_record)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
