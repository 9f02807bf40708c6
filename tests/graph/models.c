/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real networks: how many blocks and multiply-adds they become. The multiply-adds are a fact of
 * the network, less what no output depends on (5.51 of 31.83 million of the blendshapes'); the
 * blocks are what fusing achieves, and more of them would be a loss.
 */
#include <math.h>

#include "graph/plan.h"
#include "model/task.h"
#include "support/network.h"
#include "support/test.h"

/* A window is written with the picture that it is a part of. */
static bool is_written(const MieniPlan *plan, const bool *written, int32_t tensor)
{
    while (tensor >= 0 && !written[tensor])
        tensor = plan->tensors[tensor].parent;
    return tensor >= 0;
}

static void check_network(const char *name, const uint8_t *data, size_t size, double million_macs,
                          int32_t n_blocks, const int32_t input[3], int32_t n_outputs)
{
    MieniGraph *graph;
    MieniPlan *plan = NULL;
    MienError error;
    if (mieni_graph_read(data, size, &graph, &error) != MIEN_OK ||
        mieni_plan_create(graph, &plan, &error) != MIEN_OK)
        fail_msg("%s: %s", name, error.text);
    if (fabs(plan->macs / 1e6 - million_macs) > 0.005 || plan->n_ops != n_blocks)
        fail_msg("%s: %.3f million multiply-adds in %d blocks, not %.2f in %d", name,
                 plan->macs / 1e6, (int)plan->n_ops, million_macs, (int)n_blocks);
    const MieniTensor *in = &plan->tensors[plan->input];
    assert_int_equal(in->height, input[0]);
    assert_int_equal(in->width, input[1]);
    assert_int_equal(in->channels, input[2]);
    assert_int_equal(plan->n_outputs, n_outputs);
    /* Every operation reads what an earlier one, or the caller, has written. */
    bool *written = calloc((size_t)plan->n_tensors, 1);
    assert_non_null(written);
    written[plan->input] = true;
    for (int32_t i = 0; i < plan->n_ops; i++) {
        const MieniOp *op = &plan->ops[i];
        for (int32_t k = 0; k < op->n_inputs; k++)
            assert_true(is_written(plan, written, op->inputs[k]));
        assert_true(op->residual < 0 || is_written(plan, written, op->residual));
        for (int32_t t = op->output; t >= 0; t = plan->tensors[t].parent)
            written[t] = true;
    }
    for (int32_t i = 0; i < plan->n_outputs; i++)
        assert_true(written[plan->outputs[i]]);
    free(written);
    mieni_plan_destroy(plan);
    mieni_graph_destroy(graph);
}

static void single_networks(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        double million_macs;
        int32_t n_blocks, input[3], n_outputs;
    } known[] = {
        {"face_landmark.tflite", 34.98, 25, {192, 192, 3}, 2},
        {"face_landmark_with_attention.tflite", 43.48, 91, {192, 192, 3}, 7},
        {"face_detection_short_range.tflite", 30.76, 21, {128, 128, 3}, 2},
        {"face_detection_full_range.tflite", 105.67, 52, {192, 192, 3}, 2},
        {"face_detection_full_range_sparse.tflite", 117.19, 56, {192, 192, 3}, 2},
        {"iris_landmark.tflite", 53.67, 55, {64, 64, 3}, 2},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(known); i++) {
        char name[64];
        snprintf(name, sizeof(name), "models/%s", known[i].file);
        const char *path = test_need_data(name);
        size_t size;
        uint8_t *data = test_read_file(path, &size);
        check_network(known[i].file, data, size, known[i].million_macs, known[i].n_blocks,
                      known[i].input, known[i].n_outputs);
        free(data);
    }
}

static void the_bundle(void **state)
{
    (void)state;
    const char *path = test_need_data("models/face_landmarker.task");
    size_t size;
    uint8_t *data = test_read_file(path, &size);
    MieniTask task;
    MienError error;
    if (mieni_task_read(&task, data, size, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    int n_found = 0;
    for (size_t i = 0; i < task.n_members; i++) {
        const MieniTaskMember *member = &task.members[i];
        if (strcmp(member->name, "face_detector.tflite") == 0) {
            static const int32_t input[3] = {128, 128, 3};
            check_network(member->name, member->data, member->size_bytes, 30.76, 21, input, 2);
            n_found++;
        }
        if (strcmp(member->name, "face_blendshapes.tflite") == 0) {
            static const int32_t input[3] = {1, 146, 2};
            check_network(member->name, member->data, member->size_bytes, 26.32, 35, input, 1);
            NetworkCheck check = network_check(member->data, member->size_bytes, 1e8, 1 << 24);
            assert_true(check.ran && check.narrowed);
            assert_string_equal(check.wrong, "");
            n_found++;
        }
        if (strcmp(member->name, "face_landmarks_detector.tflite") == 0) {
            static const int32_t input[3] = {256, 256, 3};
            check_network(member->name, member->data, member->size_bytes, 112.86, 72, input, 3);
            n_found++;
        }
    }
    assert_int_equal(n_found, 3);
    free(data);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(single_networks),
    cmocka_unit_test(the_bundle),
};

TEST_MAIN(tests)
