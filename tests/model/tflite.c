/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of .tflite files: what it reads, and every way in which a file can be damaged. */
#include "model/graph.h"
#include "support/flatbuilder.h"
#include "support/test.h"

/* Reads and frees a file; the text of the error is kept until the next call. */
static MienError error;

static MienStatus read_status(const FbFile *file)
{
    MieniGraph *graph = (MieniGraph *)(uintptr_t)1;
    memset(&error, 0, sizeof(error));
    MienStatus status = mieni_graph_read(file->data, file->size, &graph, &error);
    assert_true((status == MIEN_OK) == (graph != NULL));
    mieni_graph_destroy(graph);
    return status;
}

static void expect_text(MienStatus status, MienStatus want, const char *place, const char *what)
{
    const char *reason = want == MIEN_E_FORMAT ? "model-damaged" : "model-unsupported";
    if (status != want || error.status != want || strcmp(error.reason, reason) != 0 ||
        strncmp(error.text, place, strlen(place)) != 0 || !strstr(error.text, what))
        fail_msg("%s (%s) '%s' is not %s '%s … %s'", mien_status_name(status), error.reason,
                 error.text, mien_status_name(want), place, what);
}

/* The network that most tests damage: tensors 0 input, 1 filter, 2 bias, 3 output, 4 RELU's. */
static FbModel *small_model(void)
{
    FbModel *model = fb_create();
    int32_t x = fb_input(model, 4, 5, 3);
    int32_t y = fb_conv(model, x, 2, 3, 1, FB_SAME, false);
    fb_output(model, fb_same_shape(model, FB_RELU, y));
    return model;
}

static FbFile small_file(void)
{
    FbModel *model = small_model();
    FbFile file = fb_write(model);
    fb_destroy(model);
    return file;
}

/* The model is destroyed. */
static void expect_model(FbModel *model, MienStatus want, const char *place, const char *what)
{
    FbFile file = fb_write(model);
    fb_destroy(model);
    MienStatus status = read_status(&file);
    fb_file_free(&file);
    if (want == MIEN_OK)
        assert_int_equal(status, MIEN_OK);
    else
        expect_text(status, want, place, what);
}

static void whole_files_are_read(void **state)
{
    (void)state;
    FbFile file = small_file();
    MieniGraph *graph;
    assert_int_equal(mieni_graph_read(file.data, file.size, &graph, NULL), MIEN_OK);
    assert_int_equal(graph->size_bytes, file.size);
    assert_int_equal(graph->n_tensors, 5);
    assert_int_equal(graph->n_ops, 2);
    assert_int_equal(graph->n_inputs, 1);
    assert_int_equal(graph->n_outputs, 1);
    assert_int_equal(graph->inputs[0], 0);
    assert_int_equal(graph->outputs[0], 4);
    const MieniGraphTensor *filter = &graph->tensors[1];
    assert_string_equal(filter->name, "t1");
    assert_int_equal(filter->type, MIENI_TYPE_F32);
    assert_int_equal(filter->rank, 4);
    static const int32_t shape[4] = {2, 3, 3, 3};
    assert_memory_equal(filter->shape, shape, sizeof(shape));
    assert_int_equal(filter->n_elements, 54);
    assert_non_null(filter->data);
    assert_int_equal(filter->producer, -1);
    assert_int_equal(filter->n_uses, 1);
    const MieniGraphOp *conv = &graph->ops[0];
    assert_int_equal(conv->kind, MIENI_GRAPH_CONV_2D);
    assert_string_equal(conv->name, "CONV_2D");
    assert_int_equal(conv->n_inputs, 3);
    assert_int_equal(conv->output, 3);
    assert_int_equal(conv->padding, MIENI_PADDING_SAME);
    assert_int_equal(conv->fused, MIENI_FUSED_NONE);
    assert_int_equal(conv->stride_h, 1);
    assert_int_equal(conv->stride_w, 1);
    assert_int_equal(graph->ops[1].kind, MIENI_GRAPH_RELU);
    assert_int_equal(graph->tensors[3].producer, 0);
    assert_int_equal(graph->tensors[3].n_uses, 1);
    assert_int_equal(graph->tensors[4].n_uses, 1);
    mieni_graph_destroy(graph);
    mieni_graph_destroy(NULL);
    fb_file_free(&file);
}

/* All prefixes, and all single bytes changed in several ways: an answer, never a crash. The
 * sanitizers look on. */
static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    FbModel *model = small_model();
    int32_t y = fb_prelu(model, fb_conv(model, 4, 5, 1, 2, FB_VALID, true));
    fb_output(model, fb_maxpool(model, fb_depthwise(model, y, 3, 1, FB_SAME)));
    fb_make_sparse(model, model->ops[2].inputs[1], 2);
    FbFile file = fb_write(model);
    fb_destroy(model);
    assert_int_equal(read_status(&file), MIEN_OK);
    size_t size = file.size;
    for (size_t n = 0; n < size; n++) {
        /* In a block of its own, so that reading one byte too many is noticed. */
        FbFile cut = {.data = malloc(n + 1), .size = n};
        assert_non_null(cut.data);
        uint8_t *end = cut.data + 1;
        memcpy(end, file.data, n);
        MieniGraph *graph = NULL;
        MienStatus status = mieni_graph_read(end, n, &graph, &error);
        assert_true(status == MIEN_E_FORMAT || status == MIEN_E_UNSUPPORTED);
        free(cut.data);
    }
    static const uint8_t masks[] = {0x01, 0x80, 0xff, 0x04};
    for (size_t at = 0; at < size; at++)
        for (size_t i = 0; i < sizeof(masks); i++) {
            file.data[at] ^= masks[i];
            MienStatus status = read_status(&file);
            file.data[at] ^= masks[i];
            if (status != MIEN_OK && status != MIEN_E_FORMAT && status != MIEN_E_UNSUPPORTED)
                fail_msg("byte %zu: %s", at, error.text);
        }
    fb_file_free(&file);
}

/* Where a 32-bit number is put, and what is then said. */
typedef struct Damage {
    const char *part; /* fb_find, with +N bytes behind it */
    size_t more;
    uint32_t value;
    MienStatus want;
    const char *place, *what;
} Damage;

static void check_damages(const FbFile *sound, const Damage *damages, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const Damage *damage = &damages[i];
        FbFile file = *sound;
        size_t at = fb_find(sound, damage->part) + damage->more;
        uint32_t before = fb_get_u32(sound, at);
        fb_put_u32(&file, at, damage->value);
        MienStatus status = read_status(&file);
        fb_put_u32(&file, at, before);
        expect_text(status, damage->want, damage->place, damage->what);
    }
    assert_int_equal(read_status(sound), MIEN_OK);
}

static void offsets_that_lead_astray(void **state)
{
    (void)state;
    static const Damage damages[] = {
        {"root", 0, 0x7fffffff, MIEN_E_FORMAT, "header: ", "table lies outside"},
        {"root", 0, 0xfffffffe, MIEN_E_FORMAT, "header: ", "table lies outside"},
        {"root", 4, 0x21534947, MIEN_E_FORMAT, "header: ", "TFL3"},
        {"model", 0, 0x7fffffff, MIEN_E_FORMAT, "header: ", "vtable lies outside"},
        {"model", 0, 0x80000000, MIEN_E_FORMAT, "header: ", "vtable lies outside"},
        {"model:vtable", 0, 0x00140002, MIEN_E_FORMAT, "header: ", "cut short"},
        {"model:vtable", 0, 0x0014ffff, MIEN_E_FORMAT, "header: ", "cut short"},
        {"model:vtable", 0, 0xffff000e, MIEN_E_FORMAT, "header: ", "cut short"},
        {"model:vtable", 4, 0x0008fff0, MIEN_E_FORMAT, "header: ", "field lies outside its table"},
        {"model:vtable", 4, 0x00080002, MIEN_E_FORMAT, "header: ", "field lies outside its table"},
        {"model.version", 0, 2, MIEN_E_UNSUPPORTED, "header: ", "schema version is not 3"},
        {"model.subgraphs", 0, 0xfffffff0, MIEN_E_FORMAT, "header: ", "offset leads outside"},
        {"model.subgraphs", 0, 0, MIEN_E_FORMAT, "header: ", "offset leads outside"},
        {"model.subgraphs", 0, 3, MIEN_E_FORMAT, "header: ", "offset leads outside"},
        {"model.subgraphs[]", 0, 0xffffffff, MIEN_E_FORMAT, "header: ", "longer than the file"},
        {"model.subgraphs[]", 0, 0, MIEN_E_UNSUPPORTED, "header: ", "exactly one network"},
        {"model.subgraphs[]", 0, 2, MIEN_E_UNSUPPORTED, "header: ", "exactly one network"},
        {"model.subgraphs[]", 4, 0xffffff00, MIEN_E_FORMAT, "header: ", "offset leads outside"},
        {"subgraph.tensors[]", 0, 0x40000000, MIEN_E_FORMAT, "tensors: ", "longer than the file"},
        {"subgraph.tensors[]", 8, 0x7ffffff0, MIEN_E_FORMAT, "tensor 1: ", "offset leads outside"},
        {"tensor 2", 0, 0x7ffffff0, MIEN_E_FORMAT, "tensor 2: ", "vtable lies outside"},
        {"tensor 0.shape", 0, 0xfffffff0, MIEN_E_FORMAT, "tensor 0: ", "offset leads outside"},
        {"tensor 0.shape[]", 0, 0x3fffffff, MIEN_E_FORMAT, "tensor 0: ", "longer than the file"},
        {"tensor 3.name[]", 0, 0xffffffff, MIEN_E_FORMAT, "tensor 3: ", "longer than the file"},
        {"tensor 1.buffer", 0, 3, MIEN_E_FORMAT, "tensor 1: ", "buffer that does not exist"},
        {"tensor 1.buffer", 0, 0xffffffff, MIEN_E_FORMAT, "tensor 1: ", "buffer that does not"},
        {"buffer 1.data[]", 0, 0xffffffff, MIEN_E_FORMAT, "tensor 1: ", "longer than the file"},
        {"buffer 1.data[]", 0, 215, MIEN_E_FORMAT, "tensor 1: ", "data of another size"},
        {"subgraph.operators[]", 0, 0x7fffffff, MIEN_E_FORMAT, "operators: ", "longer than"},
        {"op 1", 0, 0x80000000, MIEN_E_FORMAT, "operator 1: ", "vtable lies outside"},
        {"op 0.options", 0, 0x7fffffff, MIEN_E_FORMAT, "operator 0: ", "offset leads outside"},
        {"op 0.inputs[]", 0, 0x7fffffff, MIEN_E_FORMAT, "operator 0: ", "longer than the file"},
        {"code 1", 0, 0x7fffffff, MIEN_E_FORMAT, "operator 1: ", "vtable lies outside"},
    };
    FbFile file = small_file();
    check_damages(&file, damages, MIENI_COUNT_OF(damages));
    fb_file_free(&file);
}

static void numbers_out_of_range(void **state)
{
    (void)state;
    static const Damage damages[] = {
        {"tensor 0.shape[]", 0, 5, MIEN_E_UNSUPPORTED, "tensor 0: ", "more than four dimensions"},
        {"tensor 0.shape[]", 4, 0, MIEN_E_FORMAT, "tensor 0: ", "empty or too large"},
        {"tensor 0.shape[]", 8, 0xffffffff, MIEN_E_FORMAT, "tensor 0: ", "empty or too large"},
        {"tensor 0.shape[]", 8, 0x7fffffff, MIEN_E_FORMAT, "tensor 0: ", "empty or too large"},
        {"tensor 1.shape[]", 4, 3, MIEN_E_FORMAT, "tensor 1: ", "data of another size"},
        {"tensor 1.shape[]", 0, 0, MIEN_E_FORMAT, "tensor 1: ", "data of another size"},
        {"subgraph.inputs[]", 0, 0, MIEN_E_FORMAT, "inputs and outputs: ", "none, or too many"},
        {"subgraph.inputs[]", 4, 5, MIEN_E_FORMAT, "inputs and outputs: ", "tensor that does not"},
        {"subgraph.outputs[]", 0, 0, MIEN_E_FORMAT, "inputs and outputs: ", "none, or too many"},
        {"subgraph.outputs[]", 4, 0xffffffff, MIEN_E_FORMAT,
         "inputs and outputs: ", "tensor that does not exist"},
        {"subgraph.outputs[]", 4, 1, MIEN_E_FORMAT, "output 0: ", "nothing writes it"},
        {"subgraph.outputs[]", 4, 0, MIEN_E_FORMAT, "output 0: ", "nothing writes it"},
        {"op 1.code", 0, 2, MIEN_E_FORMAT, "operator 1: ", "operator code that does not exist"},
        {"op 1.code", 0, 0xffffffff, MIEN_E_FORMAT, "operator 1: ", "operator code that does not"},
        {"op 0.inputs[]", 4, 5, MIEN_E_FORMAT, "operator 0: ", "tensor that does not exist"},
        {"op 0.inputs[]", 4, 0xfffffffe, MIEN_E_FORMAT, "operator 0: ", "tensor that does not"},
        {"op 0.inputs[]", 4, 4, MIEN_E_FORMAT, "operator 0: ", "nothing has written"},
        {"op 0.inputs[]", 4, 3, MIEN_E_FORMAT, "operator 0: ", "nothing has written"},
        {"op 0.outputs[]", 4, 0xffffffff, MIEN_E_FORMAT, "operator 0: ", "tensor that does not"},
        {"op 0.outputs[]", 4, 2, MIEN_E_FORMAT, "operator 0: ", "already written"},
        {"op 0.outputs[]", 4, 0, MIEN_E_FORMAT, "operator 0: ", "already written"},
        {"op 1.outputs[]", 4, 3, MIEN_E_FORMAT, "operator 1: ", "already written"},
        {"op 0.outputs[]", 0, 0, MIEN_E_UNSUPPORTED, "operator 0: ", "3 inputs and 0 outputs"},
        {"options 0.3", 0, 3, MIEN_E_UNSUPPORTED, "operator 0: ", "activation other than RELU"},
    };
    FbFile file = small_file();
    check_damages(&file, damages, MIENI_COUNT_OF(damages));
    fb_file_free(&file);
}

static void unsupported_things(void **state)
{
    (void)state;
    FbModel *model = small_model();
    model->tensors[3].type = FB_I8;
    expect_model(model, MIEN_E_UNSUPPORTED, "tensor 3: ", "neither float32, float16 nor int32");
    model = small_model();
    fb_option(&model->ops[0], 4, 4, 2);
    expect_model(model, MIEN_E_UNSUPPORTED, "operator 0: ", "dilated");
    model = small_model();
    fb_option(&model->ops[0], 5, 4, 2);
    expect_model(model, MIEN_E_UNSUPPORTED, "operator 0: ", "dilated");
    model = small_model();
    model->ops[0].n_inputs = 5;
    expect_model(model, MIEN_E_UNSUPPORTED, "operator 0: ", "CONV_2D with 5 inputs and 1 outputs");
    model = small_model();
    model->ops[1].n_outputs = 2;
    expect_model(model, MIEN_E_UNSUPPORTED, "operator 1: ", "RELU with 1 inputs and 2 outputs");
    model = small_model();
    model->tensors[3].rank = 5;
    model->tensors[3].shape[4] = 1;
    expect_model(model, MIEN_E_UNSUPPORTED, "tensor 3: ", "more than four dimensions");
    /* 2048 x 2048 elements are the most that a tensor may have; the product may not wrap. */
    model = small_model();
    static const int32_t most[4] = {1, 2048, 2048, 1}, more[4] = {1, 2048, 2048, 2},
                         wraps[4] = {65536, 65536, 65536, 65536};
    memcpy(model->tensors[4].shape, most, sizeof(most));
    expect_model(model, MIEN_OK, "", "");
    model = small_model();
    memcpy(model->tensors[4].shape, more, sizeof(more));
    expect_model(model, MIEN_E_FORMAT, "tensor 4: ", "empty or too large");
    model = small_model();
    memcpy(model->tensors[4].shape, wraps, sizeof(wraps));
    expect_model(model, MIEN_E_FORMAT, "tensor 4: ", "empty or too large");
}

static void too_many(void **state)
{
    (void)state;
    /* Vectors that say how many they are, in a file that is long enough. */
    FbFile file = small_file();
    size_t tail = file.size;
    file.data = realloc(file.data, tail + 400000);
    assert_non_null(file.data);
    memset(file.data + tail, 0, 400000);
    file.size = tail + 400000;
    fb_put_u32(&file, tail, 50000);
    static const struct {
        const char *field, *place, *what;
        MienStatus want;
    } vectors[] = {
        {"subgraph.tensors", "tensors: ", "too many", MIEN_E_UNSUPPORTED},
        {"subgraph.operators", "operators: ", "too many", MIEN_E_UNSUPPORTED},
        {"subgraph.inputs", "inputs and outputs: ", "too many", MIEN_E_FORMAT},
        {"subgraph.outputs", "inputs and outputs: ", "too many", MIEN_E_FORMAT},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(vectors); i++) {
        size_t at = fb_find(&file, vectors[i].field);
        uint32_t before = fb_get_u32(&file, at);
        fb_put_u32(&file, at, (uint32_t)(tail - at));
        expect_text(read_status(&file), vectors[i].want, vectors[i].place, vectors[i].what);
        fb_put_u32(&file, at, before);
    }
    fb_file_free(&file);
}

/* Tables may share bytes, and lead back to themselves: each is read once for each place that names
 * it, and never followed further. */
static void tables_that_lead_to_themselves(void **state)
{
    (void)state;
    FbFile file = small_file();
    /* All tensors are tensor 0: the filter is then no constant. */
    size_t list = fb_find(&file, "subgraph.tensors[]") + 4;
    uint32_t first = (uint32_t)(list + fb_get_u32(&file, list));
    for (uint32_t i = 1; i < 5; i++)
        fb_put_u32(&file, list + 4 * i, first - (uint32_t)(list + 4 * i));
    expect_text(read_status(&file), MIEN_E_FORMAT, "operator 0: ", "nothing has written");
    fb_file_free(&file);

    /* The network is the model itself, offsets only lead forwards: through its own vector. */
    file = small_file();
    size_t subgraphs = fb_find(&file, "model.subgraphs[]");
    fb_put_u32(&file, subgraphs + 4, 4);
    MienStatus status = read_status(&file);
    assert_true(status == MIEN_E_FORMAT || status == MIEN_E_UNSUPPORTED);
    fb_file_free(&file);

    /* A table that is its own vtable, and a vtable inside the header. */
    file = small_file();
    fb_put_u32(&file, fb_find(&file, "tensor 0"), 0);
    status = read_status(&file);
    assert_true(status == MIEN_E_FORMAT || status == MIEN_E_UNSUPPORTED);
    fb_put_u32(&file, fb_find(&file, "tensor 0"), (uint32_t)fb_find(&file, "tensor 0") - 4);
    status = read_status(&file);
    assert_true(status == MIEN_E_FORMAT || status == MIEN_E_UNSUPPORTED);
    fb_file_free(&file);
}

static void ends_that_are_constant_or_written(void **state)
{
    (void)state;
    FbModel *model = small_model();
    model->inputs[0] = 1;
    expect_model(model, MIEN_E_FORMAT, "inputs and outputs: ", "input that is constant");
    model = small_model();
    model->ops[1].outputs[0] = 0;
    expect_model(model, MIEN_E_FORMAT, "operator 1: ", "already written");
}

static void optional_inputs_may_be_missing(void **state)
{
    (void)state;
    FbModel *model = small_model();
    model->ops[0].inputs[2] = -1;
    FbFile file = fb_write(model);
    fb_destroy(model);
    MieniGraph *graph;
    assert_int_equal(mieni_graph_read(file.data, file.size, &graph, &error), MIEN_OK);
    assert_int_equal(graph->ops[0].n_inputs, 3);
    assert_int_equal(graph->ops[0].inputs[2], -1);
    mieni_graph_destroy(graph);
    fb_file_free(&file);
}

/* Large files keep constants behind the FlatBuffer. */
static void data_far_away(void **state)
{
    (void)state;
    FbModel *model = small_model();
    model->tensors[1].far_away = true;
    FbFile file = fb_write(model);
    fb_destroy(model);
    MieniGraph *graph;
    assert_int_equal(mieni_graph_read(file.data, file.size, &graph, &error), MIEN_OK);
    size_t at = fb_get_u32(&file, fb_find(&file, "buffer 1.offset"));
    assert_ptr_equal(graph->tensors[1].data, file.data + at);
    mieni_graph_destroy(graph);
    static const Damage damages[] = {
        {"buffer 1.offset", 0, 0x7fffffff, MIEN_E_FORMAT, "tensor 1: ", "data outside the file"},
        {"buffer 1.offset", 4, 0xffffffff, MIEN_E_FORMAT, "tensor 1: ", "data outside the file"},
        {"buffer 1.size", 4, 0xffffffff, MIEN_E_FORMAT, "tensor 1: ", "data outside the file"},
        {"buffer 1.size", 0, 0x7fffffff, MIEN_E_FORMAT, "tensor 1: ", "data outside the file"},
        {"buffer 1.size", 0, 212, MIEN_E_FORMAT, "tensor 1: ", "data of another size"},
    };
    check_damages(&file, damages, MIENI_COUNT_OF(damages));
    fb_file_free(&file);
}

/* A model with a sparse tensor 1 of 3 rows and 4 columns. */
static FbModel *sparse_model(uint8_t index_type)
{
    FbModel *model = fb_create();
    static const float values[12] = {0, 1, 0, 2, 0, 0, 0, 0, 3, 0, 0, 4};
    int32_t x = fb_input(model, 1, 1, 1);
    int32_t sparse = fb_constant(model, FB_F32, values, sizeof(values), 2, 3, 4);
    fb_make_sparse(model, sparse, index_type);
    int32_t dense = fb_tensor(model, FB_F32, 2, 3, 4);
    fb_op(model, FB_DENSIFY, dense, 1, sparse);
    fb_output(model, fb_same_shape(model, FB_RELU, x));
    return model;
}

static void sparse_constants(void **state)
{
    (void)state;
    for (uint8_t type = 1; type <= 3; type++) {
        FbModel *model = sparse_model(type);
        FbFile file = fb_write(model);
        fb_destroy(model);
        MieniGraph *graph;
        assert_int_equal(mieni_graph_read(file.data, file.size, &graph, &error), MIEN_OK);
        const MieniGraphTensor *tensor = &graph->tensors[1];
        assert_non_null(tensor->sparsity);
        assert_int_equal(tensor->sparsity->n_rows, 3);
        assert_int_equal(tensor->sparsity->n_values, 4);
        float dense[12];
        static const float want[12] = {0, 1, 0, 2, 0, 0, 0, 0, 3, 0, 0, 4};
        assert_int_equal(mieni_graph_constant_f32(tensor, dense, &error), MIEN_OK);
        assert_memory_equal(dense, want, sizeof(want));
        mieni_graph_destroy(graph);
        fb_file_free(&file);
    }
}

static void damaged_sparse_constants(void **state)
{
    (void)state;
    static const Damage damages[] = {
        /* Segments: 0, 2, 2, 4. They must ascend, and end with the number of values. */
        {"segments 1.values[]", 4, 1, MIEN_E_FORMAT, "tensor 1: ", "indices that do not fit"},
        {"segments 1.values[]", 8, 3, MIEN_E_FORMAT, "tensor 1: ", "indices that do not fit"},
        {"segments 1.values[]", 12, 1, MIEN_E_FORMAT, "tensor 1: ", "indices that do not fit"},
        {"segments 1.values[]", 16, 5, MIEN_E_FORMAT, "tensor 1: ", "indices that do not fit"},
        {"segments 1.values[]", 16, 3, MIEN_E_FORMAT, "tensor 1: ", "indices that do not fit"},
        {"segments 1.values[]", 8, 0xffffffff, MIEN_E_FORMAT, "tensor 1: ", "do not fit"},
        {"segments 1.values[]", 0, 3, MIEN_E_FORMAT, "tensor 1: ", "rows that do not fit"},
        {"segments 1.values[]", 0, 0xffffffff, MIEN_E_FORMAT, "tensor 1: ", "longer than"},
        {"indices 1.values[]", 4, 4, MIEN_E_FORMAT, "tensor 1: ", "indices that do not fit"},
        {"indices 1.values[]", 16, 0xffffffff, MIEN_E_FORMAT, "tensor 1: ", "do not fit"},
        {"indices 1.values[]", 0, 3, MIEN_E_FORMAT, "tensor 1: ", "indices that do not fit"},
        {"dimension 1.0.dense_size", 0, 4, MIEN_E_FORMAT, "tensor 1: ", "of another shape"},
        {"order[]", 4, 1, MIEN_E_UNSUPPORTED, "tensor 1: ", "other than rows"},
        {"order[]", 0, 1, MIEN_E_UNSUPPORTED, "tensor 1: ", "other than rows"},
        {"dimensions[]", 0, 1, MIEN_E_UNSUPPORTED, "tensor 1: ", "other than rows"},
        {"buffer 1.data[]", 0, 12, MIEN_E_FORMAT, "tensor 1: ", "data of another size"},
        {"tensor 1.buffer", 0, 0, MIEN_E_FORMAT, "tensor 1: ", "sparse but has no data"},
    };
    FbModel *model = sparse_model(1);
    FbFile file = fb_write(model);
    fb_destroy(model);
    check_damages(&file, damages, MIENI_COUNT_OF(damages));
    fb_file_free(&file);

    model = sparse_model(2);
    model->tensors[1].sparsity.n_blocks = 1;
    expect_model(model, MIEN_E_UNSUPPORTED, "tensor 1: ", "other than rows");
    model = sparse_model(2);
    model->tensors[1].sparsity.format[0] = 1;
    expect_model(model, MIEN_E_UNSUPPORTED, "tensor 1: ", "other than rows");
    model = sparse_model(2);
    model->tensors[1].sparsity.format[1] = 0;
    expect_model(model, MIEN_E_UNSUPPORTED, "tensor 1: ", "other than rows");
    model = sparse_model(3);
    FbFile damaged = fb_write(model);
    fb_destroy(model);
    fb_put_u8(&damaged, fb_find(&damaged, "dimension 1.1.segments_type"), 4);
    expect_text(read_status(&damaged), MIEN_E_FORMAT, "tensor 1: ", "indices of an unknown type");
    fb_put_u8(&damaged, fb_find(&damaged, "dimension 1.1.segments_type"), 3);
    fb_put_u8(&damaged, fb_find(&damaged, "dimension 1.1.indices_type"), 0);
    expect_text(read_status(&damaged), MIEN_E_FORMAT, "tensor 1: ", "indices of an unknown type");
    fb_file_free(&damaged);
}

/* A few bytes must not unpack to megabytes. */
static void sparse_constants_that_unpack_to_too_much(void **state)
{
    (void)state;
    FbModel *model = sparse_model(1);
    FbTensor *tensor = &model->tensors[1];
    tensor->shape[1] = 1000000;
    model->tensors[2].shape[1] = 1000000;
    tensor->sparsity.dense_size[1] = 1000000;
    expect_model(model, MIEN_E_UNSUPPORTED, "tensor 1: ", "unpacks to far too much");
    /* Many tensors that share their indices: they are checked for each. */
    model = fb_create();
    int32_t x = fb_input(model, 1, 1, 1);
    fb_output(model, fb_same_shape(model, FB_RELU, x));
    static float values[800];
    for (size_t i = 0; i < MIENI_COUNT_OF(values); i++)
        values[i] = (float)(i % 2);
    for (int i = 0; i < 40; i++) {
        int32_t index =
            fb_constant(model, FB_F32, values, i ? 16 : sizeof(values), 2, i ? 1 : 200, 4);
        fb_make_sparse(model, index, 2);
    }
    FbFile file = fb_write(model);
    assert_int_equal(read_status(&file), MIEN_OK);
    size_t list = fb_find(&file, "subgraph.tensors[]") + 4;
    for (int32_t i = 3; i < model->n_tensors; i++)
        fb_put_u32(&file, list + 4 * (size_t)i,
                   (uint32_t)(fb_find(&file, "tensor 2") - (list + 4 * (size_t)i)));
    expect_text(read_status(&file), MIEN_E_UNSUPPORTED, "tensor ", "unpacks to far too much");
    fb_file_free(&file);
    fb_destroy(model);
}

static void names_of_operators(void **state)
{
    (void)state;
    static const struct {
        int32_t code;
        const char *custom, *name;
        MieniGraphOpKind kind;
    } known[] = {
        {FB_SOFTMAX, NULL, "SOFTMAX", MIENI_GRAPH_OTHER},
        {FB_RELU, NULL, "RELU", MIENI_GRAPH_RELU},
        {100000, NULL, "builtin 100000", MIENI_GRAPH_OTHER},
        {FB_CUSTOM, "TransformLandmarks", "TransformLandmarks", MIENI_GRAPH_TRANSFORM_LANDMARKS},
        {FB_CUSTOM, "Convolution2DTransposeBias", "Convolution2DTransposeBias", MIENI_GRAPH_OTHER},
        {FB_CUSTOM, "", "builtin 32", MIENI_GRAPH_OTHER},
        {FB_CUSTOM, NULL, "builtin 32", MIENI_GRAPH_OTHER},
        /* A custom operator is none of the builtin ones, whatever it calls itself. */
        {FB_CUSTOM, "RELU", "RELU", MIENI_GRAPH_OTHER},
        {FB_CUSTOM, "TRANSFORM_LANDMARKS", "TRANSFORM_LANDMARKS", MIENI_GRAPH_OTHER},
        {FB_CUSTOM, "OTHER", "OTHER", MIENI_GRAPH_OTHER},
        /* What is not printable is not printed. */
        {FB_CUSTOM, "a\nb\033[2J\177\xff", "a?b?[2J??", MIENI_GRAPH_OTHER},
        {FB_CUSTOM, "a name that is too long to be kept as it is in the file",
         "a name that is too long to be kept as i", MIENI_GRAPH_OTHER},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(known); i++) {
        FbModel *model = small_model();
        model->ops[1].code = known[i].code;
        model->ops[1].custom = known[i].custom;
        FbFile file = fb_write(model);
        fb_destroy(model);
        MieniGraph *graph;
        assert_int_equal(mieni_graph_read(file.data, file.size, &graph, &error), MIEN_OK);
        assert_string_equal(graph->ops[1].name, known[i].name);
        assert_int_equal(graph->ops[1].kind, known[i].kind);
        mieni_graph_destroy(graph);
        fb_file_free(&file);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(whole_files_are_read),
    cmocka_unit_test(any_byte_may_be_wrong),
    cmocka_unit_test(offsets_that_lead_astray),
    cmocka_unit_test(numbers_out_of_range),
    cmocka_unit_test(unsupported_things),
    cmocka_unit_test(too_many),
    cmocka_unit_test(tables_that_lead_to_themselves),
    cmocka_unit_test(ends_that_are_constant_or_written),
    cmocka_unit_test(optional_inputs_may_be_missing),
    cmocka_unit_test(data_far_away),
    cmocka_unit_test(sparse_constants),
    cmocka_unit_test(damaged_sparse_constants),
    cmocka_unit_test(sparse_constants_that_unpack_to_too_much),
    cmocka_unit_test(names_of_operators),
};

TEST_MAIN(tests)
