/* SPDX-License-Identifier: Apache-2.0 */
/* The whole pipeline on pictures equals MediaPipe's Python FaceMesh in static mode, fed the same
 * pixels. */
#include "golden/compare.h"
#include "golden/network.h"

static const char *const pictures[] = {
    "aflw-test.jpg",          "alex-lacamoire.png", "astronaut.png", "grass.jpg",
    "lin-manuel-miranda.png", "obama-1080p.jpg",    "obama.jpg",     "obama2.jpg",
    "two_people.jpg"};

typedef struct Variant {
    const char *model;
    const char *n_faces, *landmarks; /* in the golden files */
    uint64_t cpu_mask;
} Variant;

static void check_faces(const char *picture, const Variant *variant, const Golden *golden,
                        const MienResult *result, int width, int height)
{
    int32_t n_faces = *(const int32_t *)golden_get(golden, variant->n_faces, GOLDEN_I32)->data;
    assert_int_equal(mien_result_n_faces(result), n_faces);
    if (n_faces == 0)
        return;
    const GoldenTensor *tensor = golden_get(golden, variant->landmarks, GOLDEN_F32);
    size_t n = tensor->dims[1];
    const float *points = tensor->data;
    float *want = calloc(2 * n, sizeof(*want));
    assert_non_null(want);
    for (int32_t k = 0; k < n_faces; k++) {
        for (size_t i = 0; i < n; i++)
            memcpy(want + 2 * i, points + 3 * ((size_t)k * n + i), 2 * sizeof(*want));
        const MienFace *face = nearest_face(result, want, NULL, n);
        assert_int_equal(face->n_landmarks, n);
        Difference d = compare_face(face, want, NULL, n, width, height);
        printf("%s, %s, face %d: mean %.4f%%, worst %.4f%% of the eye distance\n", picture,
               variant->landmarks, (int)k, 100 * d.mean, 100 * d.worst);
        if (!(d.mean <= BOUND_MEAN && d.worst <= BOUND_WORST))
            fail_msg("%s: face %d is off by %g in the mean, %g at worst", picture, (int)k, d.mean,
                     d.worst);
    }
    free(want);
}

static void check_picture(const char *picture, const Variant *variant)
{
    char name[128];
    snprintf(name, sizeof(name), "stills/%.*s.gold", (int)(strrchr(picture, '.') - picture),
             picture);
    Golden *golden = golden_read(name);
    int width, height;
    uint8_t *pixels =
        golden_picture(picture, golden_get(golden, "rgb_sha256", GOLDEN_U8), &width, &height);
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, pixels, 0);
    MienEngine *engine = open_engine(MIEN_MODE_IMAGE, variant->model,
                                     "face_detection_short_range.tflite", 4, variant->cpu_mask);
    const MienResult *result;
    assert_int_equal(mien_engine_process(engine, &image, 0, &result), MIEN_OK);
    check_faces(picture, variant, golden, result, width, height);
    mien_engine_destroy(engine);
    free(pixels);
    golden_destroy(golden);
}

static void check_pictures(const Variant *variant)
{
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
        check_picture(pictures[i], variant);
}

static void mesh_equals_mediapipe(void **state)
{
    (void)state;
    const Variant variant = {"face_landmark.tflite", "n_faces_468", "landmarks_468", MIEN_CPU_ALL};
    check_pictures(&variant);
}

static void attention_equals_mediapipe(void **state)
{
    (void)state;
    const Variant variant = {"face_landmark_with_attention.tflite", "n_faces_478", "landmarks_478",
                             MIEN_CPU_ALL};
    check_pictures(&variant);
}

static void plain_c_equals_mediapipe(void **state)
{
    (void)state;
    const Variant variant = {"face_landmark.tflite", "n_faces_468", "landmarks_468", 0};
    check_picture("two_people.jpg", &variant);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(mesh_equals_mediapipe),
                                              cmocka_unit_test(attention_equals_mediapipe),
                                              cmocka_unit_test(plain_c_equals_mediapipe)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
