/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as ONNX files: what stands in them, and what is refused. That they compute the same is
 * for golden/onnx to say.
 */
#include "model/onnx.h"

#include "model/task.h"
#include "support/flatbuilder.h"
#include "support/onnx.h"
#include "support/test.h"

static const MieniOnnxSource source = {.name = "test", .model = "m", .sha256 = "s", .licence = "l"};

static FbModel *model;
static int32_t x;

static void begin(int32_t height, int32_t width, int32_t channels)
{
    model = fb_create();
    x = fb_input(model, height, width, channels);
}

static MienStatus export_graph(const void *data, size_t size, MieniProtobuf *out, MienError *error)
{
    MieniGraph *graph = NULL;
    *out = (MieniProtobuf){0};
    MienStatus status = mieni_graph_read(data, size, &graph, error);
    if (status == MIEN_OK)
        status = mieni_onnx_write(graph, &source, out, error);
    mieni_graph_destroy(graph);
    return status;
}

/* Exports the network that ends here and reads it; `out` holds its bytes. */
static OnnxFile end(int32_t output, MieniProtobuf *out)
{
    fb_output(model, output);
    FbFile file = fb_write(model);
    fb_destroy(model);
    MienError error = {0};
    if (export_graph(file.data, file.size, out, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    fb_file_free(&file);
    OnnxFile onnx;
    const char *wrong = onnx_read(&onnx, out->data, out->size);
    if (wrong)
        fail_msg("%s", wrong);
    return onnx;
}

static void finish(OnnxFile *onnx, MieniProtobuf *out)
{
    onnx_finish(onnx);
    mieni_protobuf_finish(out);
}

static void refused(int32_t output, const char *word, const char *place)
{
    fb_output(model, output);
    FbFile file = fb_write(model);
    MienError error = {0};
    MieniProtobuf out;
    assert_int_equal(export_graph(file.data, file.size, &out, &error), MIEN_E_UNSUPPORTED);
    if (!strstr(error.text, word) || !strstr(error.text, place))
        fail_msg("'%s' does not say '%s' and '%s'", error.text, place, word);
    mieni_protobuf_finish(&out);
    fb_file_free(&file);
    fb_destroy(model); /* `place` may lie in it */
}

static void assert_ints(const OnnxNode *node, const char *name, int n, const int64_t *want)
{
    int64_t got[8];
    assert_int_equal(onnx_ints(node, name, 8, got), n);
    for (int i = 0; i < n; i++)
        if (got[i] != want[i])
            fail_msg("%s[%d] is %lld, not %lld", name, i, (long long)got[i], (long long)want[i]);
}

#define ASSERT_INTS(node, name, ...)                                                               \
    do {                                                                                           \
        const int64_t want_[] = {__VA_ARGS__};                                                     \
        assert_ints(node, name, (int)MIENI_COUNT_OF(want_), want_);                                \
    } while (0)

static const OnnxNode *find(const OnnxFile *onnx, const char *type)
{
    const OnnxNode *node = NULL;
    if (onnx_count(onnx, type, &node) != 1)
        fail_msg("there is not one %s", type);
    return node;
}

static void protobuf_fields(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        size_t bytes;
    } ints[] = {{0, 1},   {1, 1},     {127, 1}, {128, 2},
                {300, 2}, {16384, 3}, {-1, 10}, {INT64_MIN, 10}};
    for (size_t i = 0; i < MIENI_COUNT_OF(ints); i++) {
        MieniProtobuf out = {.limit = 100};
        mieni_protobuf_int(&out, 20, ints[i].value); /* a tag of two bytes */
        assert_int_equal(out.size, 2 + ints[i].bytes);
        OnnxSpan span = {out.data, out.size};
        OnnxField field;
        assert_int_equal(onnx_next(&span, &field), 1);
        assert_int_equal(field.number, 20);
        assert_true((int64_t)field.value == ints[i].value);
        mieni_protobuf_finish(&out);
    }
    MieniProtobuf out = {.limit = 100};
    mieni_protobuf_f32(&out, 2, 1.5f);
    assert_int_equal(out.size, 5);
    assert_memory_equal(out.data, "\x15\0\0\xc0\x3f", 5);
    mieni_protobuf_finish(&out);
}

/* Lengths of one, two and three bytes, put in afterwards. */
static void protobuf_nests(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 125, 126, 127, 128, 16380, 16390, 100000};
    for (size_t i = 0; i < MIENI_COUNT_OF(sizes); i++) {
        MieniProtobuf out = {.limit = 200000};
        size_t outer = mieni_protobuf_begin(&out, 1), inner = mieni_protobuf_begin(&out, 3);
        uint8_t *room = mieni_protobuf_bytes(&out, 4, sizes[i]);
        assert_non_null(room);
        memset(room, 'a', sizes[i]);
        mieni_protobuf_end(&out, inner);
        mieni_protobuf_text(&out, 5, "end");
        mieni_protobuf_end(&out, outer);
        OnnxSpan span = {out.data, out.size};
        OnnxField field, bytes;
        assert_int_equal(onnx_next(&span, &field), 1);
        assert_int_equal(span.size, 0);
        span = field.bytes;
        assert_int_equal(onnx_next(&span, &field), 1);
        assert_int_equal(onnx_next(&field.bytes, &bytes), 1);
        assert_int_equal(bytes.bytes.size, sizes[i]);
        assert_true(!sizes[i] || bytes.bytes.data[sizes[i] - 1] == 'a');
        assert_int_equal(onnx_next(&span, &field), 1);
        assert_true(onnx_is(field.bytes, "end"));
        mieni_protobuf_finish(&out);
    }
}

static void protobuf_keeps_to_its_limit(void **state)
{
    (void)state;
    MieniProtobuf out = {.limit = 10};
    assert_non_null(mieni_protobuf_bytes(&out, 1, 8));
    assert_int_equal(out.status, MIEN_OK);
    mieni_protobuf_int(&out, 1, 0);
    assert_int_equal(out.status, MIEN_E_UNSUPPORTED);
    assert_int_equal(out.size, 10);
    assert_null(mieni_protobuf_bytes(&out, 1, SIZE_MAX));
    mieni_protobuf_finish(&out);
    out = (MieniProtobuf){.limit = 10};
    mieni_alloc_fail_at(0, false);
    mieni_protobuf_int(&out, 1, 0);
    assert_int_equal(out.status, MIEN_E_NOMEM);
    mieni_protobuf_finish(&out);
}

/* Checks a network of a real file: its ends are those of the file. */
static void check_network(const char *what, const void *data, size_t size)
{
    MieniGraph *graph;
    MieniProtobuf out = {0};
    MienError error = {0};
    assert_int_equal(mieni_graph_read(data, size, &graph, &error), MIEN_OK);
    if (mieni_onnx_write(graph, &source, &out, &error) != MIEN_OK)
        fail_msg("%s: %s", what, error.text);
    OnnxFile onnx;
    const char *wrong = onnx_read(&onnx, out.data, out.size);
    if (wrong)
        fail_msg("%s: %s", what, wrong);
    assert_int_equal(onnx.opset, 17);
    assert_int_equal(onnx.n_inputs, graph->n_inputs);
    assert_int_equal(onnx.n_outputs, graph->n_outputs);
    for (int32_t i = 0; i < graph->n_inputs + graph->n_outputs; i++) {
        int32_t k = i - graph->n_inputs;
        const OnnxTensor *got = k < 0 ? &onnx.inputs[i] : &onnx.outputs[k];
        const MieniGraphTensor *want =
            &graph->tensors[k < 0 ? graph->inputs[i] : graph->outputs[k]];
        assert_true(onnx_is(got->name, want->name));
        assert_int_equal(got->type, 1);
        assert_int_equal(got->shape[0], -1);
        /* The blendshapes' output is [52] in the file. */
        int32_t added = want->rank == 1;
        assert_int_equal(got->rank, want->rank + added);
        for (int32_t d = 1; d < got->rank; d++)
            assert_int_equal(got->shape[d], want->shape[d - added]);
    }
    onnx_finish(&onnx);
    mieni_protobuf_finish(&out);
    mieni_graph_destroy(graph);
}

static void real_networks(void **state)
{
    (void)state;
    static const char *const files[] = {
        "face_landmark.tflite",
        "face_landmark_with_attention.tflite",
        "face_detection_short_range.tflite",
        "face_detection_full_range.tflite",
        "face_detection_full_range_sparse.tflite",
        "iris_landmark.tflite",
    };
    size_t size;
    for (size_t i = 0; i < MIENI_COUNT_OF(files); i++) {
        char name[64];
        snprintf(name, sizeof(name), "models/%s", files[i]);
        void *data = test_read_file(test_need_data(name), &size);
        check_network(files[i], data, size);
        free(data);
    }
    void *data = test_read_file(test_need_data("models/face_landmarker.task"), &size);
    MieniTask task;
    int n = 0;
    assert_int_equal(mieni_task_read(&task, data, size, NULL), MIEN_OK);
    for (size_t i = 0; i < task.n_members; i++)
        if (strstr(task.members[i].name, ".tflite")) {
            check_network(task.members[i].name, task.members[i].data, task.members[i].size_bytes);
            n++;
        }
    assert_int_equal(n, 3);
    free(data);
}

/* TensorFlow's SAME puts the odd pixel at the bottom and right. */
static void borders(void **state)
{
    (void)state;
    static const struct {
        int32_t side, kernel, stride;
        int64_t before, after;
    } cases[] = {
        {8, 3, 1, 1, 1}, {8, 3, 2, 0, 1}, {7, 3, 2, 1, 1}, {8, 5, 2, 1, 2}, {4, 1, 2, 0, 0}};
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        MieniProtobuf out;
        begin(cases[i].side, cases[i].side, 2);
        OnnxFile onnx =
            end(fb_conv(model, x, 3, cases[i].kernel, cases[i].stride, FB_SAME, true), &out);
        const OnnxNode *conv = find(&onnx, "Conv");
        ASSERT_INTS(conv, "pads", cases[i].before, cases[i].before, cases[i].after, cases[i].after);
        ASSERT_INTS(conv, "strides", cases[i].stride, cases[i].stride);
        ASSERT_INTS(conv, "kernel_shape", cases[i].kernel, cases[i].kernel);
        find(&onnx, "Relu");
        assert_int_equal(onnx_count(&onnx, "Transpose", NULL), 2);
        finish(&onnx, &out);
    }
}

/* A border goes into the convolution, unless somebody else reads it. */
static void pads(void **state)
{
    (void)state;
    MieniProtobuf out;
    begin(4, 5, 2);
    OnnxFile onnx = end(fb_depthwise(model, fb_pad(model, x, 1, 2, 3, 4, 0), 3, 1, FB_VALID), &out);
    const OnnxNode *conv = find(&onnx, "Conv");
    assert_int_equal(onnx_count(&onnx, "Pad", NULL), 0);
    ASSERT_INTS(conv, "pads", 1, 3, 2, 4);
    ASSERT_INTS(conv, "group", 2);
    const OnnxTensor *filter = onnx_constant(&onnx, conv->inputs[1]);
    assert_int_equal(filter->rank, 4);
    assert_int_equal(filter->shape[0], 2);
    assert_int_equal(filter->shape[1], 1);
    finish(&onnx, &out);

    begin(4, 5, 2);
    int32_t padded = fb_pad(model, x, 1, 1, 1, 1, 0);
    fb_output(model, padded);
    onnx = end(fb_conv(model, padded, 3, 3, 1, FB_VALID, false), &out);
    const OnnxTensor *amounts = onnx_constant(&onnx, find(&onnx, "Pad")->inputs[1]);
    static const int64_t want[] = {0, 1, 1, 0, 0, 1, 1, 0};
    assert_int_equal(amounts->raw.size, sizeof(want));
    assert_memory_equal(amounts->raw.data, want, sizeof(want));
    ASSERT_INTS(find(&onnx, "Conv"), "pads", 0, 0, 0, 0);
    finish(&onnx, &out);
}

static void check_filter(const OnnxFile *onnx, size_t n, const float *want)
{
    const OnnxTensor *filter = onnx_constant(onnx, find(onnx, "Conv")->inputs[1]);
    assert_non_null(filter);
    assert_int_equal(filter->type, 1);
    assert_int_equal(filter->raw.size, n * sizeof(*want));
    assert_memory_equal(filter->raw.data, want, n * sizeof(*want));
}

/* A 1x2 filter, 2 in, 1 out: rows of channels become planes. */
static void filters(void **state)
{
    (void)state;
    static const float stored[] = {1, 2, 3, 4}, want[] = {1, 3, 2, 4};
    MieniProtobuf out;
    begin(1, 2, 2);
    int32_t filter = fb_constant(model, FB_F32, stored, sizeof(stored), 4, 1, 1, 2, 2);
    int32_t y = fb_tensor(model, FB_F32, 4, 1, 1, 1, 1);
    FbOp *op = fb_op(model, FB_CONV_2D, y, 2, x, filter);
    fb_option(op, 0, 1, FB_VALID);
    fb_option(op, 1, 4, 1);
    fb_option(op, 2, 4, 1);
    OnnxFile onnx = end(y, &out);
    check_filter(&onnx, 4, want);
    finish(&onnx, &out);
}

/* Half floats and what is sparse are unpacked exactly: 1, -2, a third, and the smallest half. */
static void unpacked(void **state)
{
    (void)state;
    static const uint16_t halves[] = {0x3c00, 0xc000, 0x3555, 0x0001};
    static const float want[] = {1, -2, 0.333251953125f, 1.0f / 16777216.0f};
    static const float few[] = {0, 1, 0, 2, 0, 0, 3, 0};
    MieniProtobuf out;
    begin(2, 2, 2);
    int32_t packed = fb_constant(model, FB_F16, halves, sizeof(halves), 4, 2, 1, 1, 2);
    int32_t filter = fb_tensor(model, FB_F32, 4, 2, 1, 1, 2),
            y = fb_tensor(model, 0, 4, 1, 2, 2, 2);
    fb_op(model, FB_DEQUANTIZE, filter, 1, packed);
    FbOp *op = fb_op(model, FB_CONV_2D, y, 2, x, filter);
    fb_option(op, 1, 4, 1);
    fb_option(op, 2, 4, 1);
    OnnxFile onnx = end(y, &out);
    check_filter(&onnx, 4, want);
    finish(&onnx, &out);

    begin(2, 2, 4);
    packed = fb_constant(model, FB_F32, few, sizeof(few), 4, 2, 1, 1, 4);
    fb_make_sparse(model, packed, 3);
    filter = fb_tensor(model, FB_F32, 4, 2, 1, 1, 4);
    y = fb_tensor(model, FB_F32, 4, 1, 2, 2, 2);
    fb_op(model, FB_DENSIFY, filter, 1, packed);
    op = fb_op(model, FB_CONV_2D, y, 2, x, filter);
    fb_option(op, 1, 4, 1);
    fb_option(op, 2, 4, 1);
    onnx = end(y, &out);
    check_filter(&onnx, 8, few);
    finish(&onnx, &out);
}

static void resizes(void **state)
{
    (void)state;
    static const char *const modes[] = {"asymmetric", "align_corners", "half_pixel"};
    for (int i = 0; i < 3; i++) {
        MieniProtobuf out;
        begin(4, 4, 2);
        int32_t y = fb_resize(model, x, 8, 12);
        /* The helper asks for half-pixel centres. */
        FbOp *op = &model->ops[model->n_ops - 1];
        op->n_options = 0;
        fb_option(op, 2, 1, i == 1);
        fb_option(op, 3, 1, i == 2);
        OnnxFile onnx = end(y, &out);
        const OnnxNode *resize = find(&onnx, "Resize");
        assert_true(onnx_is(onnx_text(resize, "coordinate_transformation_mode"), modes[i]));
        static const float want[] = {1, 1, 2, 3};
        const OnnxTensor *scales = onnx_constant(&onnx, resize->inputs[2]);
        assert_memory_equal(scales->raw.data, want, sizeof(want));
        finish(&onnx, &out);
    }
}

/* The source is told in the file. */
static void metadata(void **state)
{
    (void)state;
    static const char *const want[][2] = {
        {"source_name", "m"}, {"source_sha256", "s"}, {"licence", "l"}};
    MieniProtobuf out;
    begin(2, 2, 2);
    OnnxFile onnx = end(fb_conv(model, x, 2, 1, 1, FB_SAME, false), &out);
    assert_int_equal(onnx.n_metadata, 3);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++)
            assert_true(onnx_is(onnx.metadata[i][k], want[i][k]));
    finish(&onnx, &out);
}

static void refusals(void **state)
{
    (void)state;
    begin(2, 2, 2);
    refused(fb_same_shape(model, FB_SOFTMAX, x), "has no translation", "operator 0 (SOFTMAX)");
    begin(2, 2, 2);
    model->tensors[x].shape[0] = 2;
    refused(fb_same_shape(model, FB_LOGISTIC, x), "no batch of one", model->tensors[x].name);
    begin(2, 2, 2);
    int32_t y = fb_same_shape(model, FB_LOGISTIC, x);
    model->tensors[y].shape[1] = 1;
    refused(y, "do not fit each other", "operator 0 (LOGISTIC)");
    begin(2, 2, 2);
    y = fb_reshape(model, x, 2, 2, 4); /* the batch is mixed with what is in it */
    refused(y, "do not fit each other", "operator 0 (RESHAPE)");
    begin(2, 2, 2);
    y = fb_same_shape(model, FB_LOGISTIC, x);
    memcpy(model->tensors[y].name, model->tensors[x].name, sizeof(model->tensors[y].name));
    refused(y, "is no name", model->tensors[x].name);
    begin(2, 2, 2);
    y = fb_same_shape(model, FB_LOGISTIC, x);
    snprintf(model->tensors[y].name, sizeof(model->tensors[y].name), "a#1");
    refused(y, "is no name", "a#1");
}

/* Memory that runs out at the n-th allocation, for every n. */
static void no_memory(void **state)
{
    (void)state;
    begin(4, 4, 2);
    fb_output(model, fb_prelu(model, fb_conv(model, x, 5, 3, 2, FB_SAME, false)));
    FbFile file = fb_write(model);
    fb_destroy(model);
    MieniGraph *graph;
    assert_int_equal(mieni_graph_read(file.data, file.size, &graph, NULL), MIEN_OK);
    int n = 0;
    MienStatus status = MIEN_E_NOMEM;
    for (; status != MIEN_OK; n++) {
        MieniProtobuf out = {0};
        MienError error = {0};
        mieni_alloc_fail_at(n, false);
        status = mieni_onnx_write(graph, &source, &out, &error);
        mieni_alloc_fail_at(-1, false);
        if (status != MIEN_OK && (status != MIEN_E_NOMEM || !*error.text))
            fail_msg("allocation %d: %s", n, error.text);
        mieni_protobuf_finish(&out);
    }
    assert_true(n > 4);
    mieni_graph_destroy(graph);
    fb_file_free(&file);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(protobuf_fields),
        cmocka_unit_test(protobuf_nests),
        cmocka_unit_test(protobuf_keeps_to_its_limit),
        cmocka_unit_test(real_networks),
        cmocka_unit_test(borders),
        cmocka_unit_test(pads),
        cmocka_unit_test(filters),
        cmocka_unit_test(unpacked),
        cmocka_unit_test(resizes),
        cmocka_unit_test(metadata),
        cmocka_unit_test(refusals),
        cmocka_unit_test(no_memory),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
