/* SPDX-License-Identifier: Apache-2.0 */
/* Every output of every network equals TFLite's within 1e-3 + 1e-4 relative, with every set of
 * kernels. Networks of nothing but dense convolutions are TFLite's bit for bit where the CPU fuses
 * multiply-adds: XNNPACK and mien add in the same order. (It runs the sparse one in another.) */
#include "golden/network.h"

#include "mien/engine.h"

/* Not a picture: 146 points. */
#define POINTS 0

typedef struct Case {
    const char *golden; /* below networks/, without .gold */
    const char *model;
    int32_t side;    /* of the picture, or POINTS */
    float low, high; /* value range of the input */
    int32_t n_same;  /* the first so many outputs are TFLite's bit for bit */
} Case;

static void check_case(const Case *c, uint64_t cpu_mask, int32_t threads)
{
    char name[128];
    snprintf(name, sizeof(name), "networks/%s.gold", c->golden);
    Golden *golden = golden_read(name);
    Network *network = network_open(c->model, cpu_mask, threads);
    float *input = golden_input(golden, c->side, c->low, c->high);
    network_run(network, input);
    for (int32_t i = 0; i < network->n_outputs; i++) {
        char output[32], what[192];
        snprintf(output, sizeof(output), "output_%d", (int)i);
        const GoldenTensor *want = golden_get(golden, output, GOLDEN_F32);
        snprintf(what, sizeof(what), "%s, %s, cpu mask %llx", c->golden, output,
                 (unsigned long long)cpu_mask);
        network_check_output(network, i, what, want, i < c->n_same && network_is_fused(cpu_mask));
    }
    free(input);
    network_close(network);
    golden_destroy(golden);
}

/* Results must not depend on the number of threads, so more than one is as good as one. */
static void check_all(const Case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        check_case(&cases[i], 0, 1);
        check_case(&cases[i], MIEN_CPU_ALL, 1);
        check_case(&cases[i], MIEN_CPU_ALL, 3);
    }
}

#define CHECK(...)                                                                                 \
    static const Case cases[] = {__VA_ARGS__};                                                     \
    (void)state;                                                                                   \
    check_all(cases, sizeof(cases) / sizeof(cases[0]))

static void short_range_equals_tflite(void **state)
{
    static const char model[] = "face_detection_short_range.tflite";
    CHECK({"face_detection_short_range-random-1", model, 128, -1, 1, 2},
          {"face_detection_short_range-crop-1", model, 128, -1, 1, 2},
          {"face_detection_short_range-crop-2", model, 128, -1, 1, 2});
}

/* The bundle's copy is another file with the same weights, to which TFLite gives the same answers
 * bit for bit. */
static void bundled_detector_equals_tflite(void **state)
{
    static const char model[] = "face_landmarker.task:face_detector.tflite";
    CHECK({"face_detection_short_range-random-1", model, 128, -1, 1, 2},
          {"face_detection_short_range-crop-1", model, 128, -1, 1, 2});
}

static void full_range_sparse_equals_tflite(void **state)
{
    static const char model[] = "face_detection_full_range_sparse.tflite";
    CHECK({"face_detection_full_range_sparse-random-1", model, 192, -1, 1, 0},
          {"face_detection_full_range_sparse-crop-1", model, 192, -1, 1, 0});
}

static void mesh_equals_tflite(void **state)
{
    static const char model[] = "face_landmark.tflite";
    CHECK({"face_landmark-random-1", model, 192, 0, 1, 2},
          {"face_landmark-random-2", model, 192, 0, 1, 2},
          {"face_landmark-crop-1", model, 192, 0, 1, 2},
          {"face_landmark-crop-2", model, 192, 0, 1, 2});
}

static void landmarks_v2_equals_tflite(void **state)
{
    static const char model[] = "face_landmarker.task:face_landmarks_detector.tflite";
    CHECK({"face_landmarks_detector-random-1", model, 256, 0, 1, 2},
          {"face_landmarks_detector-crop-1", model, 256, 0, 1, 2});
}

static void blendshapes_equal_tflite(void **state)
{
    static const char model[] = "face_landmarker.task:face_blendshapes.tflite";
    CHECK({"face_blendshapes-random-1", model, POINTS, 0, 256, 0},
          {"face_blendshapes-random-2", model, POINTS, 0, 256, 0});
}

static void threads_change_nothing(void **state)
{
    (void)state;
    Golden *golden = golden_read("networks/face_landmark-random-1.gold");
    float *input = golden_input(golden, 192, 0, 1);
    Network *one = network_open("face_landmark.tflite", MIEN_CPU_ALL, 1);
    Network *four = network_open("face_landmark.tflite", MIEN_CPU_ALL, 4);
    network_run(one, input);
    network_run(four, input);
    for (int32_t i = 0; i < one->n_outputs; i++)
        assert_memory_equal(one->outputs[i], four->outputs[i],
                            one->output_floats[i] * sizeof(float));
    network_close(one);
    network_close(four);
    free(input);
    golden_destroy(golden);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_range_equals_tflite),
        cmocka_unit_test(bundled_detector_equals_tflite),
        cmocka_unit_test(full_range_sparse_equals_tflite),
        cmocka_unit_test(mesh_equals_tflite),
        cmocka_unit_test(landmarks_v2_equals_tflite),
        cmocka_unit_test(blendshapes_equal_tflite),
        cmocka_unit_test(threads_change_nothing),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
