/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files that would like to be expensive. Reading and planning a file of n bytes may ask for
 * 64 n + 1 MiB of memory, whatever its parts share, and must not take a while.
 */
#include <time.h>

#include "graph/plan.h"
#include "model/onnx.h"
#include "support/flatbuilder.h"
#include "support/test.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The model is destroyed. `text` is part of the error, or NULL if there must be none. */
static void check_cost(FbModel *model, const char *text)
{
    FbFile file = fb_write(model);
    fb_destroy(model);
    MieniGraph *graph = NULL;
    MieniPlan *plan = NULL;
    MienError error = {0};
    uint64_t before = mieni_alloc_bytes();
    double begin = seconds();
    MienStatus status = mieni_graph_read(file.data, file.size, &graph, &error);
    if (status == MIEN_OK)
        status = mieni_plan_create(graph, &plan, &error);
    uint64_t asked = mieni_alloc_bytes() - before;
    double took = seconds() - begin;
    mieni_plan_destroy(plan);
    mieni_graph_destroy(graph);
    print_message("%zu bytes: %llu bytes of memory, %.1f ms\n", file.size,
                  (unsigned long long)asked, took * 1e3);
    if ((text == NULL) != (status == MIEN_OK) || (text && !strstr(error.text, text)))
        fail_msg("'%s' is not '%s'", error.text, text ? text : "");
    assert_true(asked <= 64 * (uint64_t)file.size + (1 << 20));
    assert_true(took < 5); /* far more than any needs, even on a busy machine with sanitizers */
    fb_file_free(&file);
}

static int32_t x;

static FbModel *begin_model(int32_t height, int32_t width, int32_t channels)
{
    FbModel *model = fb_create();
    x = fb_input(model, height, width, channels);
    return model;
}

static void many_tensors_in_one_table(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        FbModel *model = begin_model(1, 1, 1);
        fb_output(model, fb_conv(model, x, 1, 1, 1, FB_SAME, false));
        int32_t last = fb_weights(model, 2, 1, 2);
        memset(model->tensors[last].name, 'n', sizeof(model->tensors[last].name) - 1);
        model->n_echoes = (round == 2 ? 9000 : round == 1 ? 8192 : 300) - model->n_tensors;
        check_cost(model, round == 2 ? "tensors: there are too many" : NULL);
    }
}

static void many_sparse_tensors(void **state)
{
    (void)state;
    FbModel *model = begin_model(1, 1, 1);
    fb_output(model, fb_conv(model, x, 1, 1, 1, FB_SAME, false));
    static const float values[2] = {1, 0};
    fb_make_sparse(model, fb_constant(model, FB_F32, values, sizeof(values), 2, 1, 2), 3);
    model->n_echoes = 8000;
    check_cost(model, NULL);
}

static void many_operations(void **state)
{
    (void)state;
    FbModel *model = begin_model(2, 2, 1);
    int32_t y = x;
    for (int i = 0; i < 4000; i++) {
        int32_t next = fb_tensor(model, FB_F32, 4, 1, 2, 2, 1);
        fb_op(model, FB_RESHAPE, next, 1, y);
        y = next;
    }
    fb_output(model, y);
    check_cost(model, NULL);
    model = begin_model(2, 2, 1);
    y = fb_conv(model, x, 1, 1, 1, FB_SAME, false);
    for (int i = 0; i < 1500; i++) {
        int32_t next = fb_tensor(model, FB_F32, 4, 1, 2, 2, 1);
        FbOp *op = fb_op(model, FB_CONV_2D, next, 2, y, 1);
        fb_option(op, 1, 4, 1);
        fb_option(op, 2, 4, 1);
        y = next;
    }
    fb_output(model, y);
    check_cost(model, NULL);
}

/* One filter of 64 KiB for all. */
static void many_readers_of_one_constant(void **state)
{
    (void)state;
    FbModel *model = begin_model(1, 1, 128);
    int32_t y = fb_conv(model, x, 128, 1, 1, FB_SAME, false);
    int32_t filter = model->ops[0].inputs[1];
    for (int i = 0; i < 100; i++) {
        int32_t next = fb_tensor(model, FB_F32, 4, 1, 1, 1, 128);
        FbOp *op = fb_op(model, FB_CONV_2D, next, 2, y, filter);
        fb_option(op, 1, 4, 1);
        fb_option(op, 2, 4, 1);
        y = next;
    }
    fb_output(model, y);
    check_cost(model, "larger than the file warrants");
}

static void sparse_that_unpacks_to_much(void **state)
{
    (void)state;
    /* 1 value in 64: 1 MiB of file for 16 million elements would be too many. */
    FbModel *model = begin_model(1, 1, 64);
    static float values[2048 * 64];
    for (size_t i = 0; i < MIENI_COUNT_OF(values); i += 64)
        values[i] = 1;
    int32_t sparse = fb_constant(model, FB_F32, values, sizeof(values), 4, 2048, 1, 1, 64);
    fb_make_sparse(model, sparse, 2);
    int32_t filter = fb_tensor(model, FB_F32, 4, 2048, 1, 1, 64);
    fb_op(model, FB_DENSIFY, filter, 1, sparse);
    for (int i = 0; i < 20; i++) {
        int32_t y = fb_tensor(model, FB_F32, 4, 1, 1, 1, 2048);
        FbOp *op = fb_op(model, FB_CONV_2D, y, 2, x, filter);
        fb_option(op, 1, 4, 1);
        fb_option(op, 2, 4, 1);
        if (i == 0)
            fb_output(model, y);
    }
    check_cost(model, "larger than the file warrants");
}

/* Points, and an operation with a list of all of them; many such operations share the list. */
static FbModel *attention_model(int32_t n_landmarks, int32_t n_subset, int32_t n_ops)
{
    FbModel *model = begin_model(1, 1, 3);
    int32_t y = fb_tensor(model, FB_F32, 4, 1, 1, n_landmarks, 3);
    int32_t filter = fb_weights(model, 4, 3, 1, 1, 3);
    FbOp *op =
        fb_op(model, FB_CONV_2D, y, 2, fb_pad(model, x, 0, 0, 0, n_landmarks - 1, 0), filter);
    fb_option(op, 0, 1, FB_VALID);
    fb_option(op, 1, 4, 1);
    fb_option(op, 2, 4, 1);
    int32_t points = fb_reshape(model, y, 3, 1, n_landmarks, 3);
    int32_t *subset = calloc((size_t)n_subset, sizeof(*subset));
    assert_non_null(subset);
    for (int i = 0; i < n_ops; i++) {
        int32_t matrix = fb_tensor(model, FB_F32, 3, 1, 4, 4);
        op = fb_op(model, FB_CUSTOM, matrix, 1, points);
        op->custom = "Landmarks2TransformMatrix";
        FxMap *map = fx_create();
        fx_i32(map, "left_rotation_idx", 0);
        fx_i32(map, "output_height", 16);
        fx_i32(map, "output_width", 16);
        fx_i32(map, "right_rotation_idx", 1);
        fx_f32(map, "scale_x", 1);
        fx_f32(map, "scale_y", 1);
        fx_vector(map, "subset_idxs", i ? 1 : n_subset, subset);
        fx_f32(map, "target_rotation_radians", 0);
        op->custom_options = fx_finish(map, &op->custom_options_bytes);
        if (i == 0)
            fb_output(model, matrix);
    }
    free(subset);
    return model;
}

static void lists_of_landmarks(void **state)
{
    (void)state;
    check_cost(attention_model(900, 900, 1), NULL);
    check_cost(attention_model(900, 901, 1), "landmarks or sizes out of range");
    FbModel *model = attention_model(1000, 1000, 1000);
    FbFile file = fb_write(model);
    fb_destroy(model);
    /* Lead all options to those of the first operation that has a long list: they lie before those
     * of the others, so the vectors are moved behind everything. */
    size_t from = fb_find(&file, "op 3.custom[]");
    size_t bytes = 4 + fb_get_u32(&file, from);
    file.data = realloc(file.data, file.size + bytes);
    assert_non_null(file.data);
    memcpy(file.data + file.size, file.data + from, bytes);
    size_t to = file.size;
    file.size += bytes;
    for (int i = 3; i < 1003; i++) {
        char name[40];
        snprintf(name, sizeof(name), "op %d.custom", i);
        size_t at = fb_find(&file, name);
        fb_put_u32(&file, at, (uint32_t)(to - at));
    }
    MieniGraph *graph = NULL;
    MieniPlan *plan = NULL;
    MienError error = {0};
    uint64_t before = mieni_alloc_bytes();
    assert_int_equal(mieni_graph_read(file.data, file.size, &graph, &error), MIEN_OK);
    MienStatus status = mieni_plan_create(graph, &plan, &error);
    assert_true(mieni_alloc_bytes() - before <= 64 * (uint64_t)file.size + (1 << 20));
    assert_int_equal(status, MIEN_E_UNSUPPORTED);
    assert_non_null(strstr(error.text, "larger than the file warrants"));
    mieni_plan_destroy(plan);
    /* As ONNX each operation has a list of its own. */
    MieniProtobuf out = {0};
    const MieniOnnxSource source = {.name = "lists"};
    before = mieni_alloc_bytes();
    assert_int_equal(mieni_onnx_write(graph, &source, &out, &error), MIEN_E_UNSUPPORTED);
    assert_non_null(strstr(error.text, "larger than the file warrants"));
    assert_true(mieni_alloc_bytes() - before <= 64 * (uint64_t)file.size + (4 << 20));
    mieni_protobuf_finish(&out);
    mieni_graph_destroy(graph);
    fb_file_free(&file);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(many_tensors_in_one_table),
    cmocka_unit_test(many_sparse_tensors),
    cmocka_unit_test(many_operations),
    cmocka_unit_test(many_readers_of_one_constant),
    cmocka_unit_test(sparse_that_unpacks_to_much),
    cmocka_unit_test(lists_of_landmarks),
};

TEST_MAIN(tests)
