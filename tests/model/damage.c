/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real models, cut and with single bits flipped: an answer every time, never a crash, and never
 * more memory than the file warrants. What is still read is planned, and now and then prepared for
 * the CPU and run, and written as ONNX. The sanitizers look on.
 */
#include "backend/backend.h"
#include "base/rng.h"
#include "graph/plan.h"
#include "model/onnx.h"
#include "model/task.h"
#include "support/onnx.h"
#include "support/test.h"

/* What reading and planning may ask for: in proportion to the file, and a little. */
static uint64_t warranted(size_t size)
{
    return 64 * (uint64_t)size + (1 << 20);
}

static const char *const files[] = {
    "face_landmark.tflite",
    "face_landmark_with_attention.tflite",
    "face_detection_short_range.tflite",
    "face_detection_full_range.tflite",
    "face_detection_full_range_sparse.tflite",
    "iris_landmark.tflite",
};

/* Prepares and runs once; the result does not matter. */
static void prepare_and_run(const MieniPlan *plan)
{
    const MieniLog silent = {0};
    const MieniDeviceOptions options = {.threads = 1, .cpu_mask = UINT64_MAX, .log = &silent};
    MieniDevice *device;
    MieniDevicePlan *device_plan;
    MienError error;
    assert_int_equal(mieni_backend_cpu.open(0, &options, &device, &error), MIEN_OK);
    MienStatus status = mieni_backend_cpu.plan_create(device, plan, &device_plan, &error);
    assert_true(status == MIEN_OK || status == MIEN_E_UNSUPPORTED || status == MIEN_E_NOMEM);
    const MieniTensor *in = &plan->tensors[plan->input];
    float *input = calloc((size_t)in->height * (size_t)in->width * (size_t)in->channels, 4);
    if (status == MIEN_OK && input && plan->macs < 3e8) {
        MieniJob job = {.input = input};
        assert_int_equal(mieni_backend_cpu.plan_run(device_plan, 1, &job, &error), MIEN_OK);
    }
    free(input);
    mieni_backend_cpu.plan_destroy(device_plan);
    mieni_backend_cpu.close(device);
}

/* Writes as ONNX: refused, or a file that hangs together. */
static void export_graph(const char *what, const MieniGraph *graph)
{
    const MieniOnnxSource source = {.name = "damaged"};
    MieniProtobuf out = {0};
    MienError error = {0};
    MienStatus status = mieni_onnx_write(graph, &source, &out, &error);
    OnnxFile file = {0};
    const char *wrong = status == MIEN_OK ? onnx_read(&file, out.data, out.size) : NULL;
    if (wrong || (status != MIEN_OK && status != MIEN_E_UNSUPPORTED))
        fail_msg("%s: ONNX: %s", what, wrong ? wrong : error.text);
    onnx_finish(&file);
    mieni_protobuf_finish(&out);
}

/* Reads and plans; true if both went well. */
static bool try_file(const char *what, const uint8_t *data, size_t size, bool run)
{
    MieniGraph *graph = NULL;
    MieniPlan *plan = NULL;
    MienError error = {0};
    uint64_t before = mieni_alloc_bytes();
    MienStatus status = mieni_graph_read(data, size, &graph, &error);
    if (status == MIEN_OK)
        status = mieni_plan_create(graph, &plan, &error);
    uint64_t asked = mieni_alloc_bytes() - before;
    if (asked > warranted(size))
        fail_msg("%s: %llu bytes of memory for %zu bytes of file", what, (unsigned long long)asked,
                 size);
    if (status != MIEN_OK && status != MIEN_E_FORMAT && status != MIEN_E_UNSUPPORTED)
        fail_msg("%s: %s", what, error.text);
    assert_true(status == MIEN_OK || *error.text);
    if (status == MIEN_OK && run)
        prepare_and_run(plan);
    if (graph && run)
        export_graph(what, graph);
    mieni_plan_destroy(plan);
    mieni_graph_destroy(graph);
    return status == MIEN_OK;
}

static uint8_t *read_model(const char *file, size_t *size)
{
    char name[64];
    snprintf(name, sizeof(name), "models/%s", file);
    const char *path = test_need_data(name);
    return test_read_file(path, size);
}

/* Marks the bytes of large constants: flips in them change a number and nothing else. */
static bool *find_constants(const uint8_t *data, size_t size)
{
    bool *constant = calloc(size, 1);
    MieniGraph *graph;
    assert_non_null(constant);
    assert_int_equal(mieni_graph_read(data, size, &graph, NULL), MIEN_OK);
    for (int32_t i = 0; i < graph->n_tensors; i++) {
        const MieniGraphTensor *tensor = &graph->tensors[i];
        size_t n = tensor->sparsity ? tensor->sparsity->n_values : tensor->n_elements;
        if (tensor->data && n > 32)
            memset(constant + ((const uint8_t *)tensor->data - data), 1,
                   n * (tensor->type == MIENI_TYPE_F16 ? 2 : 4));
    }
    mieni_graph_destroy(graph);
    return constant;
}

/* Every 1,000 bytes; in weights, where one cut is like another, every 10,000. */
static void cut_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < MIENI_COUNT_OF(files); i++) {
        size_t size;
        uint8_t *data = read_model(files[i], &size);
        assert_true(try_file(files[i], data, size, false));
        bool *constant = find_constants(data, size);
        for (size_t n = 0; n < size; n += constant[n] ? 10000 : 1000) {
            /* At the end of a block, so that reading further is noticed. */
            uint8_t *cut = malloc(n + 1);
            assert_non_null(cut);
            memcpy(cut + 1, data, n);
            if (try_file(files[i], cut + 1, n, false))
                fail_msg("%s was accepted when cut at %zu of %zu", files[i], n, size);
            free(cut);
        }
        free(constant);
        free(data);
    }
}

static void flipped_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < MIENI_COUNT_OF(files); i++) {
        size_t size;
        uint8_t *data = read_model(files[i], &size);
        bool *constant = find_constants(data, size);
        uint64_t seed = 17 + i;
        int n_read = 0, n_flips = 1500;
        for (int flip = 0; flip < n_flips; flip++) {
            size_t at = mieni_rng_below(&seed, (uint32_t)size);
            while (constant[at] && flip % 16)
                at = mieni_rng_below(&seed, (uint32_t)size);
            uint8_t mask = (uint8_t)(1 << mieni_rng_below(&seed, 8));
            data[at] ^= mask;
            char what[96];
            snprintf(what, sizeof(what), "%s, byte %zu ^ %02x", files[i], at, mask);
            n_read += try_file(what, data, size, flip % 250 == 0);
            data[at] ^= mask;
        }
        print_message("%s: %d of %d were still read\n", files[i], n_read, n_flips);
        free(constant);
        free(data);
    }
}

static void damaged_bundle(void **state)
{
    (void)state;
    size_t size;
    uint8_t *data = read_model("face_landmarker.task", &size);
    MieniTask task;
    assert_int_equal(mieni_task_read(&task, data, size, NULL), MIEN_OK);
    assert_true(task.n_members >= 3);
    for (size_t n = 0; n < size; n += 1000)
        assert_int_equal(mieni_task_read(&task, data, n, NULL), MIEN_E_FORMAT);
    /* All of the directory and the end record, every bit. */
    for (size_t at = size - 500; at < size; at++)
        for (int bit = 0; bit < 8; bit++) {
            data[at] ^= (uint8_t)(1 << bit);
            MienStatus status = mieni_task_read(&task, data, size, NULL);
            assert_true(status == MIEN_OK || status == MIEN_E_FORMAT ||
                        status == MIEN_E_UNSUPPORTED);
            for (size_t i = 0; i < task.n_members; i++)
                assert_true(task.members[i].data >= data &&
                            task.members[i].data + task.members[i].size_bytes <= data + size);
            data[at] ^= (uint8_t)(1 << bit);
        }
    free(data);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cut_files),
    cmocka_unit_test(flipped_bits),
    cmocka_unit_test(damaged_bundle),
};

TEST_MAIN(tests)
