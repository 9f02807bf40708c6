/* SPDX-License-Identifier: Apache-2.0 */
#include "face/face.h"

#include <float.h>
#include <math.h>

#include "base/rng.h"
#include "base/trig.h"
#include "support/golden.h"
#include "support/test.h"

static void check_rect(const MieniRect *got, const MieniRect *want, double tolerance)
{
    const float a[5] = {got->cx, got->cy, got->width, got->height, got->rotation};
    const float b[5] = {want->cx, want->cy, want->width, want->height, want->rotation};
    test_compare_floats("rectangle", a, b, 5, tolerance, tolerance);
}

static void check_box(const MieniDetection *got, float xmin, float ymin, float xmax, float ymax)
{
    const float a[4] = {got->xmin, got->ymin, got->xmax, got->ymax};
    const float b[4] = {xmin, ymin, xmax, ymax};
    test_compare_floats("box", a, b, 4, 1e-6, 0);
}

/*
 * MediaPipe's detection of its picture sergey.png (600x600), expected_detection.pbtxt beside it;
 * the rectangle is the stage value legacy_468.roi of an independent reproduction,
 * reference/data/sergey_stage_values.json.
 */
static const MieniDetection sergey = {.score = 0.92843366f,
                                      .xmin = 0.21061149f,
                                      .ymin = 0.29150677f,
                                      .xmax = 0.21061149f + 0.5657704f,
                                      .ymax = 0.29150677f + 0.5657307f,
                                      .keypoints = {{0.37730268f, 0.44038114f},
                                                    {0.6250565f, 0.44425336f},
                                                    {0.50687385f, 0.5767085f},
                                                    {0.50173956f, 0.6991459f},
                                                    {0.2383742f, 0.49879026f},
                                                    {0.7404449f, 0.50361776f}}};

static void test_sergey_detection(void **state)
{
    (void)state;
    MieniRect got = mieni_rect_from_detection(&sergey, 600, 600, false);
    const MieniRect want = {0.4934966937960304f, 0.5743721180873738f, 0.8486554960562687f,
                            0.8486554960562687f, 0.015628402116826586f};
    check_rect(&got, &want, 1e-6);
}

/* The same file, legacy_468: the outermost landmarks, the eyes' corners, and next_roi; the other
 * landmarks lie inside and do not count. */
static void test_sergey_landmarks(void **state)
{
    (void)state;
    MienLandmark landmarks[MIENI_N_MESH];
    for (int i = 0; i < MIENI_N_MESH; i++)
        landmarks[i] = (MienLandmark){0.5f, 0.5f, 0};
    landmarks[33] = (MienLandmark){0.3194255f, 0.4321038f, 0.0339722f};
    landmarks[263] = (MienLandmark){0.6651201f, 0.4331097f, 0.0356334f};
    landmarks[127] = (MienLandmark){0.2252087f, 0.4553982f, 0.225375f};
    landmarks[356] = (MienLandmark){0.7597534f, 0.4582135f, 0.2283351f};
    landmarks[10] = (MienLandmark){0.4937917f, 0.2315093f, -0.0350909f};
    landmarks[152] = (MienLandmark){0.4896656f, 0.8555986f, 0.0258975f};
    MieniRect got = mieni_rect_from_landmarks(landmarks, MIENI_N_MESH, 600, 600, false);
    const MieniRect want = {0.4924810758445473f, 0.5435539891381206f, 0.9361339555601735f,
                            0.9361339555601735f, 0.0029100218272376365f};
    check_rect(&got, &want, 1e-6);
}

/* Rectangles compared, and turns among them that differ in the last bit. */
typedef struct Tally {
    int n, n_different;
} Tally;

/* Place and size are MediaPipe's bit for bit; of the turn the last bit is its math library's. */
static void compare_rect(Tally *tally, const MieniRect *got, const float *want)
{
    assert_true(got->cx == want[0] && got->cy == want[1]);
    assert_true(got->width == want[2] && got->height == want[3]);
    test_compare_floats("turn", &got->rotation, &want[4], 1, 0, 2e-7);
    tally->n++;
    tally->n_different += got->rotation != want[4];
}

static void compare_detections(Tally *tally, const Golden *golden, int32_t width, int32_t height)
{
    const float *boxes = golden_get(golden, "detection_boxes", GOLDEN_F32)->data;
    const float *points = golden_get(golden, "detection_keypoints", GOLDEN_F32)->data;
    const GoldenTensor *rects = golden_get(golden, "rects_from_detections", GOLDEN_F32);
    for (uint32_t i = 0; i < rects->dims[0]; i++) {
        MieniDetection d = {.xmin = boxes[4 * i],
                            .ymin = boxes[4 * i + 1],
                            .xmax = boxes[4 * i] + boxes[4 * i + 2],
                            .ymax = boxes[4 * i + 1] + boxes[4 * i + 3]};
        memcpy(d.keypoints, points + 12 * i, sizeof(d.keypoints));
        MieniRect got = mieni_rect_from_detection(&d, width, height, false);
        compare_rect(tally, &got, (const float *)rects->data + 5 * i);
    }
}

static void compare_landmarks(Tally *tally, const Golden *golden, int32_t n, int32_t width,
                              int32_t height)
{
    char name[64];
    snprintf(name, sizeof(name), "landmarks_%d", (int)n);
    const float *points = golden_get(golden, name, GOLDEN_F32)->data;
    snprintf(name, sizeof(name), "rects_from_landmarks_%d", (int)n);
    const GoldenTensor *rects = golden_get(golden, name, GOLDEN_F32);
    for (uint32_t face = 0; face < rects->dims[0]; face++) {
        MienLandmark landmarks[MIENI_N_REFINED];
        for (int32_t i = 0; i < n; i++, points += 3)
            landmarks[i] = (MienLandmark){points[0], points[1], points[2]};
        MieniRect got = mieni_rect_from_landmarks(landmarks, n, width, height, false);
        compare_rect(tally, &got, (const float *)rects->data + 5 * face);
    }
}

/* MediaPipe's own rectangles on real pictures, from its own detections and landmarks. */
static void test_mediapipe_rectangles(void **state)
{
    (void)state;
    static const char *const pictures[] = {"aflw-test", "alex-lacamoire",     "astronaut",
                                           "grass",     "lin-manuel-miranda", "obama",
                                           "obama2",    "obama-1080p",        "two_people"};
    Tally tally = {0, 0};
    for (size_t i = 0; i < MIENI_COUNT_OF(pictures); i++) {
        char name[64];
        snprintf(name, sizeof(name), "stills/%s.gold", pictures[i]);
        Golden *golden = golden_read(name);
        int32_t width = *(const int32_t *)golden_get(golden, "width", GOLDEN_I32)->data;
        int32_t height = *(const int32_t *)golden_get(golden, "height", GOLDEN_I32)->data;
        compare_detections(&tally, golden, width, height);
        compare_landmarks(&tally, golden, MIENI_N_MESH, width, height);
        compare_landmarks(&tally, golden, MIENI_N_REFINED, width, height);
        golden_destroy(golden);
    }
    print_message("%d of %d turns differ in the last bit\n", tally.n_different, tally.n);
    assert_true(tally.n >= 3 * 8);
}

/* In a picture that is not square the rectangle is square in pixels, by the longer side. */
static void test_square_in_pixels(void **state)
{
    (void)state;
    MieniDetection d = {.xmin = 0.25f, .ymin = 0.25f, .xmax = 0.5f, .ymax = 0.5f};
    d.keypoints[0][0] = 0.25f;
    d.keypoints[0][1] = 0.25f;
    d.keypoints[1][0] = 0.5f; /* 100 pixels to the right, 50 down */
    d.keypoints[1][1] = 0.5f;
    MieniRect got = mieni_rect_from_detection(&d, 400, 200, false);
    const MieniRect want = {0.375f, 0.375f, 1.5f * 100 / 400, 1.5f * 100 / 200,
                            (float)atan2(50, 100)};
    check_rect(&got, &want, 1e-6);
}

/* The eyes' line gives the rotation over the whole circle, in [-pi, pi). */
static void test_rotation_all_round(void **state)
{
    (void)state;
    for (int degrees = -179; degrees <= 180; degrees++) {
        double angle = degrees * MIENI_PI / 180;
        MieniDetection d = {.xmin = 0, .ymin = 0, .xmax = 1, .ymax = 1};
        d.keypoints[0][0] = d.keypoints[0][1] = 0.5f;
        d.keypoints[1][0] = (float)(0.5 + 0.25 * cos(angle));
        d.keypoints[1][1] = (float)(0.5 + 0.25 * sin(angle));
        MieniRect rect = mieni_rect_from_detection(&d, 300, 300, false);
        assert_true(rect.rotation >= (float)-MIENI_PI && rect.rotation <= (float)MIENI_PI);
        double difference = remainder(rect.rotation - angle, 2 * MIENI_PI);
        assert_true(fabs(difference) < 1e-5);
    }
}

/* MediaPipe's quirk: maxima begin at the smallest positive float. */
static void test_face_left_of_the_picture(void **state)
{
    (void)state;
    MienLandmark landmarks[MIENI_N_REFINED];
    for (int i = 0; i < MIENI_N_REFINED; i++)
        landmarks[i] =
            (MienLandmark){-0.5f - 0.001f * (float)(i % 100), 0.25f + 0.001f * (float)i, 0};
    MieniRect rect = mieni_rect_from_landmarks(landmarks, MIENI_N_REFINED, 100, 100, false);
    float width = FLT_MIN - (-0.5f - 0.001f * 99);
    assert_true(fabsf(rect.cx + width / 2) < 1e-6f);
    assert_true(fabsf(rect.width - 1.5f * width) < 1e-6f);
    assert_true(mieni_rect_from_landmarks(landmarks, 10, 100, 100, false).width == 0);
}

static MieniDetection random_detection(uint64_t *rng)
{
    MieniDetection d = {.score = 0.5f,
                        .xmin = mieni_rng_float(rng, 0, 0.5),
                        .ymin = mieni_rng_float(rng, 0, 0.5),
                        .xmax = mieni_rng_float(rng, 0.5, 1),
                        .ymax = mieni_rng_float(rng, 0.5, 1)};
    for (int k = 0; k < MIENI_N_KEYPOINTS; k++)
        for (int axis = 0; axis < 2; axis++)
            d.keypoints[k][axis] = mieni_rng_float(rng, 0, 1);
    return d;
}

/* The map of docs/formulas.md in double, and its inverse: both ways give the start again. */
static void test_projection_and_back(void **state)
{
    (void)state;
    uint64_t rng = 31;
    for (int i = 0; i < 500; i++) {
        int32_t width = 50 + (int32_t)mieni_rng_below(&rng, 3000);
        int32_t height = 50 + (int32_t)mieni_rng_below(&rng, 3000);
        MieniRect rect = {mieni_rng_float(&rng, 0, 1), mieni_rng_float(&rng, 0, 1),
                          mieni_rng_float(&rng, 0.2, 2), mieni_rng_float(&rng, 0.2, 2),
                          mieni_rng_float(&rng, -3.2, 3.2)};
        MieniDetection before = random_detection(&rng), after = before;
        const MieniRect region = {rect.cx * (float)width, rect.cy * (float)height,
                                  rect.width * (float)width, rect.height * (float)height,
                                  rect.rotation};
        mieni_detection_project(&after, &region, width, height);
        double c = cos((double)rect.rotation), s = sin((double)rect.rotation);
        for (int k = 0; k < MIENI_N_KEYPOINTS; k++) {
            double x = (double)after.keypoints[k][0] * width - (double)rect.cx * width;
            double y = (double)after.keypoints[k][1] * height - (double)rect.cy * height;
            const float back[2] = {
                (float)((c * x + s * y) / ((double)rect.width * width) + 0.5),
                (float)((-s * x + c * y) / ((double)rect.height * height) + 0.5)};
            test_compare_floats("key point", back, before.keypoints[k], 2, 1e-4, 0);
        }
        assert_true(after.score == before.score);
        assert_true(after.xmin < after.xmax && after.ymin < after.ymax);
    }
}

/* Without rotation the box stays a box; a quarter turn swaps its sides. */
static void test_projected_box(void **state)
{
    (void)state;
    MieniDetection d = {.xmin = 0.25f, .ymin = 0.5f, .xmax = 0.5f, .ymax = 1.0f};
    const MieniRect letterbox = {100, 50, 200, 200, 0}; /* of a 200x100 picture */
    mieni_detection_project(&d, &letterbox, 200, 100);
    check_box(&d, 0.25f, 0.5f, 0.5f, 1.5f);

    d = (MieniDetection){.xmin = 0, .ymin = 0.25f, .xmax = 1, .ymax = 0.5f};
    const MieniRect turned = {50, 50, 100, 100, (float)(MIENI_PI / 2)};
    mieni_detection_project(&d, &turned, 100, 100);
    check_box(&d, 0.5f, 0, 0.75f, 1);
}

static void test_survives_nonsense(void **state)
{
    (void)state;
    static const float odd[] = {NAN, INFINITY, -INFINITY, 0, -1, 3e38f, -3e38f, 1e-45f};
    uint64_t rng = 32;
    for (int round = 0; round < 500; round++) {
        MieniDetection d = random_detection(&rng);
        d.xmin = odd[mieni_rng_below(&rng, 8)];
        d.ymax = odd[mieni_rng_below(&rng, 8)];
        d.keypoints[0][0] = odd[mieni_rng_below(&rng, 8)];
        d.keypoints[1][1] = odd[mieni_rng_below(&rng, 8)];
        MieniRect rect = mieni_rect_from_detection(&d, 640, 480, false);
        mieni_detection_project(&d, &rect, 640, 480);
        MienLandmark landmarks[MIENI_N_MESH];
        for (int i = 0; i < MIENI_N_MESH; i++)
            landmarks[i] =
                (MienLandmark){odd[mieni_rng_below(&rng, 8)], odd[mieni_rng_below(&rng, 8)],
                               odd[mieni_rng_below(&rng, 8)]};
        rect = mieni_rect_from_landmarks(landmarks, MIENI_N_MESH, 640, 480, false);
        mieni_projection_of(&rect);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sergey_detection),
        cmocka_unit_test(test_sergey_landmarks),
        cmocka_unit_test(test_mediapipe_rectangles),
        cmocka_unit_test(test_square_in_pixels),
        cmocka_unit_test(test_rotation_all_round),
        cmocka_unit_test(test_face_left_of_the_picture),
        cmocka_unit_test(test_projection_and_back),
        cmocka_unit_test(test_projected_box),
        cmocka_unit_test(test_survives_nonsense),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
