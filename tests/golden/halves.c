/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Half precision on the CPU, on real crops: landmarks are within 0.1 % of the distance of the outer
 * corners of the eyes in the mean and 0.5 % at worst of what single precision gives, blendshapes
 * within 0.01, and a detector's best box within 0.5 % of the picture. Skipped where the CPU has no
 * kernels in half precision.
 */
#include "golden/network.h"

#include <math.h>

enum { RIGHT_CORNER = 33, LEFT_CORNER = 263 };

/* A network in both precisions, run on the input of a golden file. */
typedef struct Pair {
    Network *fp32, *fp16;
} Pair;

static Pair run_both(const char *golden_name, const char *model, int32_t side, float low,
                     float high)
{
    Golden *golden = golden_read(golden_name);
    Pair pair = {.fp16 = network_open_in(model, MIEN_PRECISION_FP16)};
    if (!pair.fp16) {
        golden_destroy(golden);
        test_skip("this processor has no kernels in half precision");
    }
    pair.fp32 = network_open_in(model, MIEN_PRECISION_FP32);
    assert_non_null(pair.fp32);
    float *input = golden_input(golden, side, low, high);
    network_run(pair.fp32, input);
    network_run(pair.fp16, input);
    free(input);
    golden_destroy(golden);
    return pair;
}

static void close_both(Pair *pair)
{
    network_close(pair->fp16);
    network_close(pair->fp32);
}

/* Output 0: landmarks x, y, z in pixels of the crop. */
static void check_landmarks(const char *golden_name, const char *model, int32_t side)
{
    Pair pair = run_both(golden_name, model, side, 0, 1);
    const float *got = pair.fp16->outputs[0], *want = pair.fp32->outputs[0];
    size_t n = pair.fp32->output_floats[0] / 3;
    double eyes = hypot((double)want[3 * LEFT_CORNER] - (double)want[3 * RIGHT_CORNER],
                        (double)want[3 * LEFT_CORNER + 1] - (double)want[3 * RIGHT_CORNER + 1]);
    double sum = 0, worst = 0;
    for (size_t i = 0; i < n; i++) {
        double off = hypot((double)got[3 * i] - (double)want[3 * i],
                           (double)got[3 * i + 1] - (double)want[3 * i + 1]) /
                     eyes;
        assert_false(isnan(off));
        sum += off;
        worst = fmax(worst, off);
    }
    printf("%s: mean %.4f %%, worst %.4f %% of the eyes' distance\n", golden_name,
           100 * sum / (double)n, 100 * worst);
    assert_true(n >= 468 && eyes > 0.1 * side);
    assert_true(sum > 0); /* equal to the last bit would mean that nothing was computed in halves */
    assert_true(sum / (double)n <= 0.001 && worst <= 0.005);
    close_both(&pair);
}

static void mesh(void **state)
{
    (void)state;
    check_landmarks("networks/face_landmark-crop-1.gold", "face_landmark.tflite", 192);
    check_landmarks("networks/face_landmark-crop-2.gold", "face_landmark.tflite", 192);
}

static void landmarks_v2(void **state)
{
    (void)state;
    check_landmarks("networks/face_landmarks_detector-crop-1.gold",
                    "face_landmarker.task:face_landmarks_detector.tflite", 256);
}

static void attention(void **state)
{
    static const char model[] = "face_landmark_with_attention.tflite";
    (void)state;
    check_landmarks("attention/face_landmark_with_attention-crop-1.gold", model, 192);
    check_landmarks("attention/face_landmark_with_attention-crop-2.gold", model, 192);
}

static void blendshapes(void **state)
{
    double worst = 0;
    (void)state;
    Pair pair = run_both("networks/face_blendshapes-random-1.gold",
                         "face_landmarker.task:face_blendshapes.tflite", 0, 0, 256);
    for (size_t i = 0; i < pair.fp32->output_floats[0]; i++) {
        double off = fabs((double)pair.fp16->outputs[0][i] - (double)pair.fp32->outputs[0][i]);
        assert_false(isnan(off));
        worst = fmax(worst, off);
    }
    printf("blendshapes: worst %.5f\n", worst);
    assert_true(worst > 0 && worst <= 0.01);
    close_both(&pair);
}

/* Output `boxes`: [anchors][16] in pixels of the crop; the other one: [anchors] scores. */
static void check_detector(const char *golden_name, const char *model, int32_t side)
{
    Pair pair = run_both(golden_name, model, side, -1, 1);
    int boxes = pair.fp32->output_floats[0] > pair.fp32->output_floats[1] ? 0 : 1;
    const float *scores = pair.fp32->outputs[1 - boxes];
    size_t best = 0;
    double worst = 0;
    for (size_t i = 1; i < pair.fp32->output_floats[1 - boxes]; i++)
        if (scores[i] > scores[best])
            best = i;
    for (size_t i = 16 * best; i < 16 * best + 16; i++) {
        double off =
            fabs((double)pair.fp16->outputs[boxes][i] - (double)pair.fp32->outputs[boxes][i]);
        assert_false(isnan(off));
        worst = fmax(worst, off / side);
    }
    printf("%s: box %.4f %% of the picture, score %.4f instead of %.4f\n", golden_name, 100 * worst,
           (double)pair.fp16->outputs[1 - boxes][best], (double)scores[best]);
    assert_true(worst > 0 && worst <= 0.005);
    assert_true(fabsf(pair.fp16->outputs[1 - boxes][best] - scores[best]) <= 0.1f);
    close_both(&pair);
}

static void detectors(void **state)
{
    (void)state;
    check_detector("networks/face_detection_short_range-crop-1.gold",
                   "face_detection_short_range.tflite", 128);
    check_detector("networks/face_detection_full_range_sparse-crop-1.gold",
                   "face_detection_full_range_sparse.tflite", 192);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mesh),        cmocka_unit_test(landmarks_v2), cmocka_unit_test(attention),
        cmocka_unit_test(blendshapes), cmocka_unit_test(detectors),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
