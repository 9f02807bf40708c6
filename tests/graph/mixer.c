/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blendshape network, whose layer norms are found by the order of their operations: whatever of
 * that order is broken, the network is refused, and what is planned all the same can be run.
 */
#include "backend/backend.h"
#include "model/task.h"
#include "support/test.h"

static uint8_t *file;

static MieniGraph *read_graph(void)
{
    MieniTask task;
    MienError error;
    MieniGraph *graph = NULL;
    size_t size;
    const char *path = test_need_data("models/face_landmarker.task");
    if (!file)
        file = test_read_file(path, &size);
    else
        free(test_read_file(path, &size));
    if (mieni_task_read(&task, file, size, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < task.n_members && !graph; i++)
        if (strcmp(task.members[i].name, "face_blendshapes.tflite") == 0 &&
            mieni_graph_read(task.members[i].data, task.members[i].size_bytes, &graph, &error) !=
                MIEN_OK)
            fail_msg("%s", error.text);
    assert_non_null(graph);
    return graph;
}

/* Plans and runs; true if it could be planned. */
static bool try_graph(const MieniGraph *graph)
{
    MieniPlan *plan;
    MienError error = {0};
    MienStatus status = mieni_plan_create(graph, &plan, &error);
    if (status != MIEN_OK) {
        assert_true(status == MIEN_E_UNSUPPORTED || status == MIEN_E_FORMAT);
        assert_true(strlen(error.text) > 0);
        return false;
    }
    static const MieniLog silent = {0};
    const MieniDeviceOptions options = {.threads = 1, .cpu_mask = UINT64_MAX, .log = &silent};
    MieniDevice *device;
    MieniDevicePlan *device_plan = NULL;
    assert_int_equal(mieni_backend_cpu.open(0, &options, &device, &error), MIEN_OK);
    static const float input[2 * 146] = {1, 2, 3, 5, 8};
    if (mieni_backend_cpu.plan_create(device, plan, &device_plan, &error) == MIEN_OK) {
        MieniJob job = {.input = input};
        assert_int_equal(mieni_backend_cpu.plan_run(device_plan, 1, &job, &error), MIEN_OK);
    }
    mieni_backend_cpu.plan_destroy(device_plan);
    mieni_backend_cpu.close(device);
    mieni_plan_destroy(plan);
    return true;
}

static bool is_in_block(MieniGraphOpKind kind)
{
    return kind == MIENI_GRAPH_MEAN || kind == MIENI_GRAPH_NEG || kind == MIENI_GRAPH_SUM ||
           kind == MIENI_GRAPH_SQUARED_DIFFERENCE || kind == MIENI_GRAPH_RSQRT ||
           kind == MIENI_GRAPH_SQRT || kind == MIENI_GRAPH_SUB || kind == MIENI_GRAPH_DIV;
}

static void whole_network_is_planned(void **state)
{
    (void)state;
    MieniGraph *graph = read_graph();
    assert_true(try_graph(graph));
    mieni_graph_destroy(graph);
}

/* Another operation in the place of one: no layer norm any more. */
static void other_operations_are_refused(void **state)
{
    (void)state;
    MieniGraph *graph = read_graph();
    for (int32_t i = 0; i < graph->n_ops; i++) {
        MieniGraphOp *op = &graph->ops[i];
        MieniGraphOpKind kind = op->kind;
        if (!is_in_block(kind))
            continue;
        for (int k = MIENI_GRAPH_ADD; k < MIENI_GRAPH_OTHER; k++) {
            op->kind = (MieniGraphOpKind)k;
            if (try_graph(graph) != (op->kind == kind))
                fail_msg("operation %d (%s) as kind %d", (int)i, op->name, k);
        }
        op->kind = kind;
    }
    mieni_graph_destroy(graph);
}

/* An operation that reads something else than it should. */
static void other_inputs_are_refused(void **state)
{
    (void)state;
    MieniGraph *graph = read_graph();
    int n_refused = 0;
    for (int32_t i = 1; i < graph->n_ops; i++) {
        MieniGraphOp *op = &graph->ops[i];
        for (int32_t k = 0; k < op->n_inputs; k++) {
            int32_t before = op->inputs[k];
            const int32_t others[] = {graph->inputs[0], -1, graph->ops[i - 1].output};
            for (size_t m = 0; m < MIENI_COUNT_OF(others); m++) {
                op->inputs[k] = others[m];
                bool planned = try_graph(graph);
                n_refused += !planned;
                /* In a block the first input is part of what makes it one. */
                if (planned && k == 0 && others[m] != before && is_in_block(op->kind) &&
                    op->kind != MIENI_GRAPH_MEAN)
                    fail_msg("operation %d (%s) reads tensor %d", (int)i, op->name, (int)others[m]);
            }
            op->inputs[k] = before;
        }
    }
    assert_true(n_refused > 300);
    mieni_graph_destroy(graph);
}

/* Somebody else reads what only exists inside of a block. */
static void other_readers_are_refused(void **state)
{
    (void)state;
    MieniGraph *graph = read_graph();
    int n_tried = 0;
    for (int32_t i = 0; i < graph->n_ops; i++) {
        if (!is_in_block(graph->ops[i].kind) || graph->ops[i].kind == MIENI_GRAPH_DIV)
            continue;
        MieniGraphTensor *out = &graph->tensors[graph->ops[i].output];
        out->n_uses++;
        if (try_graph(graph))
            fail_msg("operation %d (%s) has another reader", (int)i, graph->ops[i].name);
        out->n_uses--;
        n_tried++;
    }
    assert_true(n_tried >= 8 * 5);
    mieni_graph_destroy(graph);
}

/* Shapes that do not go with each other, and a network that ends too early. */
static void other_shapes_are_refused(void **state)
{
    (void)state;
    MieniGraph *graph = read_graph();
    for (int32_t i = 0; i < graph->n_ops; i++) {
        MieniGraphTensor *out = &graph->tensors[graph->ops[i].output];
        for (int32_t d = 0; d < out->rank; d++) {
            int32_t before = out->shape[d];
            size_t n_before = out->n_elements;
            out->shape[d] = before + 1;
            out->n_elements = n_before / (size_t)before * (size_t)(before + 1);
            try_graph(graph);
            out->shape[d] = before;
            out->n_elements = n_before;
        }
    }
    int32_t n_ops = graph->n_ops;
    for (graph->n_ops = 1; graph->n_ops < n_ops; graph->n_ops += 7)
        try_graph(graph);
    graph->n_ops = n_ops;
    assert_true(try_graph(graph));
    mieni_graph_destroy(graph);
}

static int free_file(void **state)
{
    (void)state;
    free(file);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_network_is_planned), cmocka_unit_test(other_operations_are_refused),
        cmocka_unit_test(other_inputs_are_refused), cmocka_unit_test(other_readers_are_refused),
        cmocka_unit_test(other_shapes_are_refused),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, free_file));
}
