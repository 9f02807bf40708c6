/* SPDX-License-Identifier: Apache-2.0 */
/* Both detectors give MediaPipe's boxes on pictures: Python FaceDetection, fed the same pixels. */
#include <math.h>

#include "golden/detector.h"
#include "golden/network.h"

/* In widths and heights of the picture, and of score. */
#define BOUND 1e-6

typedef struct Kind {
    const char *name; /* in the golden files */
    const char *model;
    float min_score; /* which MediaPipe's graph uses */
} Kind;

static double off(double so_far, float got, float want)
{
    double difference = fabs((double)got - (double)want);
    return difference <= so_far ? so_far : difference; /* NaN gets in */
}

/* MediaPipe's answer to one face. */
typedef struct Expected {
    const float *box;       /* xmin, ymin, width, height */
    const float *keypoints; /* [MIENI_N_KEYPOINTS][2] */
    float score;
} Expected;

static void check_detection(const char *what, const MieniDetection *got, const Expected *want)
{
    const float box[4] = {got->xmin, got->ymin, got->xmax - got->xmin, got->ymax - got->ymin};
    double boxes = 0, points = 0, scores = off(0, got->score, want->score);
    for (int i = 0; i < 4; i++)
        boxes = off(boxes, box[i], want->box[i]);
    for (int i = 0; i < 2 * MIENI_N_KEYPOINTS; i++)
        points = off(points, got->keypoints[i / 2][i % 2], want->keypoints[i]);
    printf("%s, score %.3f: box off by %.2g, key points by %.2g, score by %.2g\n", what,
           (double)want->score, boxes, points, scores);
    assert_true(boxes <= BOUND && points <= BOUND && scores <= BOUND);
}

static const void *tensor(const Golden *golden, const char *kind, const char *what)
{
    char name[64];
    snprintf(name, sizeof(name), "%s_%s", kind, what);
    return golden_get(golden, name, GOLDEN_F32);
}

/* Returns the number of faces. */
static int check_picture(const char *picture, const Kind *kind, uint64_t cpu_mask)
{
    char name[128];
    snprintf(name, sizeof(name), "detections/%.*s.gold", (int)(strrchr(picture, '.') - picture),
             picture);
    Golden *golden = golden_read(name);
    const GoldenTensor *boxes = tensor(golden, kind->name, "boxes");
    const GoldenTensor *keypoints = tensor(golden, kind->name, "keypoints");
    const GoldenTensor *scores = tensor(golden, kind->name, "scores");
    int width, height;
    uint8_t *pixels =
        golden_picture(picture, golden_get(golden, "rgb_sha256", GOLDEN_U8), &width, &height);
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, pixels, 0);
    MienEngineOptions options;
    mien_engine_options_init(&options);
    options.cpu_mask = cpu_mask;
    options.min_detection_confidence = kind->min_score;
    MienEngine *engine = open_engine_with(&options, "face_landmark.tflite", kind->model);
    MieniDetection got[MAX_DETECTIONS];
    int32_t n = detect(engine, &image, got);
    assert_int_equal(n, scores->n_elements);
    snprintf(name, sizeof(name), "%s, %s range", picture, kind->name);
    for (int32_t i = 0; i < n; i++) {
        const Expected want = {.box = (const float *)boxes->data + 4 * i,
                               .keypoints =
                                   (const float *)keypoints->data + 2 * MIENI_N_KEYPOINTS * i,
                               .score = ((const float *)scores->data)[i]};
        check_detection(name, &got[i], &want);
    }
    mien_engine_destroy(engine);
    free(pixels);
    golden_destroy(golden);
    return (int)n;
}

static void check_pictures(const Kind *kind, uint64_t cpu_mask)
{
    static const char *const pictures[] = {
        "aflw-test.jpg",          "alex-lacamoire.png", "astronaut.png", "grass.jpg",
        "lin-manuel-miranda.png", "obama-1080p.jpg",    "obama.jpg",     "obama2.jpg",
        "two_people.jpg"};
    int n = 0;
    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
        n += check_picture(pictures[i], kind, cpu_mask);
    assert_true(n > 0);
}

/* The thresholds are those of the graphs: min_detection_confidence of MediaPipe's FaceDetection
 * does not reach them, whatever it says. */
static const Kind short_range = {"short", "face_detection_short_range.tflite", 0.5f};
static const Kind full_range = {"full", "face_detection_full_range_sparse.tflite", 0.6f};

static void short_range_equals_mediapipe(void **state)
{
    (void)state;
    check_pictures(&short_range, MIEN_CPU_ALL);
}

static void full_range_equals_mediapipe(void **state)
{
    (void)state;
    check_pictures(&full_range, MIEN_CPU_ALL);
}

static void plain_c_equals_mediapipe(void **state)
{
    (void)state;
    check_picture("two_people.jpg", &short_range, 0);
    check_picture("two_people.jpg", &full_range, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(short_range_equals_mediapipe),
                                              cmocka_unit_test(full_range_equals_mediapipe),
                                              cmocka_unit_test(plain_c_equals_mediapipe)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
