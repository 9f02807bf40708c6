/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what onnx_runtime.py compares: `onnx-cases FOLDER` makes, for each network,
 * FOLDER/NETWORK/ with model.onnx, and for each of its inputs CASE.input, what mien computes from
 * it, CASE.mien.N, and where that was recorded what TFLite or MediaPipe did, CASE.tflite.N:
 * float32, one file an output.
 */
#include "golden/network.h"

#include <sys/stat.h>

#include "base/rng.h"
#include "mien/engine.h"
#include "mien/model.h"

typedef struct Case {
    const char *name;
    const char *golden;    /* describes the input, and has its outputs; NULL: made here */
    bool of_other_weights; /* only the input is taken from it */
} Case;

typedef struct Subject {
    const char *name;
    const char *model; /* "FILE.tflite", or "BUNDLE.task:MEMBER" */
    int32_t side;      /* of the picture; 0: 146 points */
    float low, high;   /* range of the input */
    Case cases[4];
} Subject;

static const Subject subjects[] = {
    {"face_detection_short_range",
     "face_detection_short_range.tflite",
     128,
     -1,
     1,
     {{"random", "networks/face_detection_short_range-random-1.gold", false},
      {"crop", "networks/face_detection_short_range-crop-2.gold", false}}},
    {"face_detection_full_range",
     "face_detection_full_range.tflite",
     192,
     -1,
     1,
     {{"random", NULL, false},
      {"crop", "networks/face_detection_full_range_sparse-crop-1.gold", true}}},
    {"face_detection_full_range_sparse",
     "face_detection_full_range_sparse.tflite",
     192,
     -1,
     1,
     {{"random", "networks/face_detection_full_range_sparse-random-1.gold", false},
      {"crop", "networks/face_detection_full_range_sparse-crop-1.gold", false}}},
    {"face_landmark",
     "face_landmark.tflite",
     192,
     0,
     1,
     {{"random", "networks/face_landmark-random-1.gold", false},
      {"crop", "networks/face_landmark-crop-2.gold", false}}},
    {"face_landmark_with_attention",
     "face_landmark_with_attention.tflite",
     192,
     0,
     1,
     {{"random", NULL, false},
      {"crop-3", "attention/face_landmark_with_attention-crop-3.gold", false},
      {"crop-2", "attention/face_landmark_with_attention-crop-2.gold", false}}},
    {"iris_landmark",
     "iris_landmark.tflite",
     64,
     0,
     1,
     {{"random", NULL, false}, {"crop", NULL, false}}},
    {"face_detector",
     "face_landmarker.task:face_detector.tflite",
     128,
     -1,
     1,
     {{"random", "networks/face_detection_short_range-random-1.gold", false},
      {"crop", "networks/face_detection_short_range-crop-2.gold", false}}},
    {"face_landmarks_detector",
     "face_landmarker.task:face_landmarks_detector.tflite",
     256,
     0,
     1,
     {{"random", "networks/face_landmarks_detector-random-1.gold", false}, {"crop", NULL, false}}},
    {"face_blendshapes",
     "face_landmarker.task:face_blendshapes.tflite",
     0,
     0,
     256,
     {{"random-1", "networks/face_blendshapes-random-1.gold", false},
      {"random-2", "networks/face_blendshapes-random-2.gold", false}}},
};

/* Networks of a few operations, for what the large ones lack: odd sizes, tight corners. */
static const char *const small[] = {"attention",
                                    "concatenation",
                                    "conv-prelu",
                                    "depth-to-space",
                                    "fully-connected-sigmoid",
                                    "half-floats",
                                    "pad-depthwise-residual",
                                    "pooled-residual",
                                    "resize-add",
                                    "sparse"};

static const char *root;

static int write_file(void *user, const void *data, size_t size)
{
    FILE *file = fopen(user, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        fail_msg("cannot write %s", (const char *)user);
    return 0;
}

static void write_floats(const char *network, const char *name, const char *what, const float *data,
                         size_t n)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s/%s.%s", root, network, name, what);
    write_file(path, data, n * sizeof(*data));
}

/* Makes the network's folder and model.onnx in it. */
static void write_model(const char *name, const char *file, const char *member)
{
    char path[4096];
    MienModel *model;
    MienError error = {0};
    if (mien_model_load_file(file, &model, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    size_t network = 0;
    while (member && strcmp(mien_model_network_name(model, network), member) != 0)
        network++;
    snprintf(path, sizeof(path), "%s/%s", root, name);
    if (mkdir(path, 0777) != 0)
        fail_msg("cannot make %s", path);
    snprintf(path, sizeof(path), "%s/%s/model.onnx", root, name);
    if (mien_model_write_onnx(model, network, write_file, path, &error) != MIEN_OK)
        fail_msg("%s: %s", name, error.text);
    mien_model_destroy(model);
}

static size_t input_floats(const Network *network)
{
    const MieniTensor *in = &network->plan->tensors[network->plan->input];
    return (size_t)in->height * (size_t)in->width * (size_t)in->channels;
}

static void write_answers(const char *name, const char *case_name, Network *network,
                          const float *input)
{
    network_run(network, input);
    write_floats(name, case_name, "input", input, input_floats(network));
    for (int32_t i = 0; i < network->n_outputs; i++) {
        char what[32];
        snprintf(what, sizeof(what), "mien.%d", (int)i);
        write_floats(name, case_name, what, network->outputs[i], network->output_floats[i]);
    }
}

static float *make_input(const Subject *subject, const Case *c, const Golden *golden)
{
    if (golden)
        return golden_input(golden, subject->side, subject->low, subject->high);
    size_t n = (size_t)subject->side * (size_t)subject->side * 3;
    float *input = calloc(n, sizeof(*input));
    assert_non_null(input);
    uint64_t seed = 1;
    MieniRect eye = {0.488f, 0.191f, 0.08f, 0.064f, 0}, face = {0.545f, 0.24f, 0.3f, 0.24f, 0};
    MieniCropSpec spec = {.width = subject->side,
                          .height = subject->side,
                          .border = MIENI_BORDER_REPLICATE,
                          .range_min = subject->low,
                          .range_max = subject->high};
    if (!strcmp(c->name, "crop"))
        golden_crop("obama.jpg", NULL, subject->side == 64 ? &eye : &face, &spec, input);
    else
        for (size_t i = 0; i < n; i++)
            input[i] = mieni_rng_float(&seed, subject->low, subject->high);
    return input;
}

/* What was recorded is named output_N, in the attention model's files with a word behind it. */
static const GoldenTensor *recorded(const Golden *golden, int32_t i)
{
    static const char *const words[] = {"mesh",      "lips",       "left_eye", "right_eye",
                                        "left_iris", "right_iris", "faceflag"};
    char name[64];
    snprintf(name, sizeof(name), "output_%d", (int)i);
    const GoldenTensor *tensor = golden_find(golden, name);
    if (!tensor) {
        snprintf(name, sizeof(name), "output_%d_%s", (int)i, words[i]);
        tensor = golden_get(golden, name, GOLDEN_F32);
    }
    return tensor;
}

static void write_case(const Subject *subject, const Case *c, Network *network)
{
    Golden *golden = c->golden ? golden_read(c->golden) : NULL;
    float *input = make_input(subject, c, golden);
    write_answers(subject->name, c->name, network, input);
    for (int32_t i = 0; i < network->n_outputs && golden && !c->of_other_weights; i++) {
        const GoldenTensor *want = recorded(golden, i);
        assert_int_equal(want->n_elements, network->output_floats[i]);
        char what[32];
        snprintf(what, sizeof(what), "tflite.%d", (int)i);
        write_floats(subject->name, c->name, what, want->data, want->n_elements);
    }
    free(input);
    if (golden)
        golden_destroy(golden);
}

static void write_large(void **state)
{
    (void)state;
    test_need_data("testdata/obama.jpg");
    test_need_data("testdata/lin-manuel-miranda.png");
    test_need_data("testdata/alex-lacamoire.png");
    for (size_t i = 0; i < MIENI_COUNT_OF(subjects); i++) {
        const Subject *subject = &subjects[i];
        char file[128];
        snprintf(file, sizeof(file), "models/%s", subject->model);
        char *member = strchr(file, ':');
        if (member)
            *member++ = 0;
        write_model(subject->name, test_need_data(file), member);
        Network *network = network_open(subject->model, MIEN_CPU_ALL, 1);
        for (const Case *c = subject->cases; c->name; c++)
            write_case(subject, c, network);
        network_close(network);
    }
}

static void write_small(void **state)
{
    (void)state;
    for (size_t i = 0; i < MIENI_COUNT_OF(small); i++) {
        char file[4096], name[64];
        snprintf(file, sizeof(file), MIEN_SOURCE_DIR "/tests/fuzz/corpus/network/%s", small[i]);
        snprintf(name, sizeof(name), "small-%s", small[i]);
        write_model(name, file, NULL);
        Network *network = network_open_file(file, NULL, MIEN_CPU_ALL, 1);
        uint64_t seed = 1;
        for (int k = 0; k < 8; k++) {
            char case_name[32];
            float input[1024];
            assert_true(input_floats(network) <= MIENI_COUNT_OF(input));
            for (size_t j = 0; j < input_floats(network); j++)
                input[j] = mieni_rng_float(&seed, -1, 1);
            snprintf(case_name, sizeof(case_name), "random-%d", k);
            write_answers(name, case_name, network, input);
        }
        network_close(network);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(write_small),
                                              cmocka_unit_test(write_large)};
    if (argc != 2) {
        fprintf(stderr, "usage: onnx-cases FOLDER\n");
        return 2;
    }
    root = argv[1];
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
