/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the bytes of a .tflite file to a MieniGraph. Field numbers are those of
 * tensorflow/lite/schema/schema.fbs; a union takes two, its type and its value.
 */
#include "model/graph.h"

#include <stdio.h>

#include "base/arena.h"
#include "model/flatbuffer.h"
#include "model/op_names.h"

enum { MODEL_VERSION = 0, MODEL_OPERATOR_CODES = 1, MODEL_SUBGRAPHS = 2, MODEL_BUFFERS = 4 };
enum { CODE_OLD_BUILTIN = 0, CODE_CUSTOM = 1, CODE_BUILTIN = 3 };
enum { SUBGRAPH_TENSORS = 0, SUBGRAPH_INPUTS = 1, SUBGRAPH_OUTPUTS = 2, SUBGRAPH_OPERATORS = 3 };
enum { TENSOR_SHAPE = 0, TENSOR_TYPE = 1, TENSOR_BUFFER = 2, TENSOR_NAME = 3, TENSOR_SPARSITY = 6 };
enum { SPARSITY_TRAVERSAL = 0, SPARSITY_BLOCKS = 1, SPARSITY_DIMENSIONS = 2 };
enum {
    DIMENSION_FORMAT = 0,
    DIMENSION_DENSE_SIZE = 1,
    DIMENSION_SEGMENTS_TYPE = 2,
    DIMENSION_SEGMENTS = 3,
    DIMENSION_INDICES_TYPE = 4,
    DIMENSION_INDICES = 5
};
enum { BUFFER_DATA = 0, BUFFER_OFFSET = 1, BUFFER_SIZE = 2 };
enum {
    OPERATOR_CODE = 0,
    OPERATOR_INPUTS = 1,
    OPERATOR_OUTPUTS = 2,
    OPERATOR_OPTIONS = 4,
    OPERATOR_CUSTOM_OPTIONS = 5
};

enum { SCHEMA_VERSION = 3, BUILTIN_CUSTOM = 32 };

/* Bounds that the largest known network stays well below; they keep a hostile file from costing
 * time or memory. */
enum {
    MAX_TENSORS = 8192,
    MAX_OPS = 4096,
    MAX_ENDS = 16,
    MAX_NAME = 100,
    MAX_ELEMENTS = 1 << 22,
    MIN_DENSITY = 64
};

typedef struct Reader {
    MieniFlat flat;
    MieniGraph *graph;
    MieniFlatVector codes, buffers;
    size_t
        sparse_budget; /* sparse rows and values that may still be checked: a file's worth in all */
} Reader;

static void *take(Reader *reader, size_t count, size_t size)
{
    void *memory = mieni_arena_alloc(reader->graph->arena, count, size);
    if (!memory && mieni_flat_ok(&reader->flat)) {
        reader->flat.status = MIEN_E_NOMEM;
        mieni_fail_nomem(reader->flat.error);
    }
    return memory;
}

/* A name, for people: cut where it is too long, and with what is not printable ASCII replaced. */
static const char *take_text(Reader *reader, const MieniFlatTable *table, int field)
{
    MieniFlatVector text = mieni_flat_vector(&reader->flat, table, field, 1);
    size_t length = MIENI_MIN(text.count, MAX_NAME);
    char *copy = take(reader, length + 1, 1);
    if (!copy)
        return "";
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = reader->flat.data[text.at + i];
        copy[i] = byte == 0 || (byte >= ' ' && byte < 0x7f) ? (char)byte : '?';
    }
    return copy;
}

static size_t type_bytes(MieniType type)
{
    return type == MIENI_TYPE_F16 ? 2 : 4;
}

static void read_type(Reader *reader, MieniGraphTensor *tensor, uint8_t type)
{
    switch (type) {
    case 0:
        tensor->type = MIENI_TYPE_F32;
        break;
    case 1:
        tensor->type = MIENI_TYPE_F16;
        break;
    case 2:
        tensor->type = MIENI_TYPE_I32;
        break;
    default:
        mieni_flat_unsupported(&reader->flat, "holds neither float32, float16 nor int32");
    }
}

static void read_shape(Reader *reader, MieniGraphTensor *tensor, MieniFlatVector shape)
{
    if (shape.count > MIENI_GRAPH_MAX_RANK) {
        mieni_flat_unsupported(&reader->flat, "has more than four dimensions");
        return;
    }
    tensor->rank = (int32_t)shape.count;
    tensor->n_elements = 1;
    for (uint32_t i = 0; i < shape.count; i++) {
        int32_t size = mieni_flat_i32_at(&reader->flat, shape, i);
        if (size < 1 || (size_t)size > MAX_ELEMENTS / tensor->n_elements) {
            mieni_flat_fail(&reader->flat, "has a shape that is empty or too large");
            return;
        }
        tensor->shape[i] = size;
        tensor->n_elements *= (size_t)size;
    }
}

/* Finds one of the index vectors of a compressed dimension; `kind` is its union type. */
static MieniFlatVector read_indices(Reader *reader, const MieniFlatTable *dimension, int field,
                                    uint8_t kind, uint8_t *element_bytes)
{
    static const uint8_t widths[] = {0, 4, 2, 1};
    if (kind < 1 || kind > 3) {
        mieni_flat_fail(&reader->flat, "has sparse indices of an unknown type");
        return (MieniFlatVector){0};
    }
    *element_bytes = widths[kind];
    MieniFlatTable holder = mieni_flat_table(&reader->flat, dimension, field);
    return mieni_flat_vector(&reader->flat, &holder, 0, *element_bytes);
}

/* Checks that rows ascend and columns lie inside, so that nobody has to check again. */
static void check_sparsity(Reader *reader, const MieniSparsity *sparsity, uint32_t n_columns)
{
    uint32_t previous = mieni_sparsity_index(sparsity->segments, sparsity->segment_bytes, 0);
    bool sound = previous == 0;
    for (size_t row = 0; row < sparsity->n_rows && sound; row++) {
        uint32_t end = mieni_sparsity_index(sparsity->segments, sparsity->segment_bytes, row + 1);
        sound = end >= previous && end <= sparsity->n_values && end - previous <= n_columns;
        previous = end;
    }
    for (size_t i = 0; i < sparsity->n_values && sound; i++)
        sound = mieni_sparsity_index(sparsity->indices, sparsity->index_bytes, i) < n_columns;
    if (!sound || previous != sparsity->n_values)
        mieni_flat_fail(&reader->flat, "has sparse indices that do not fit its shape");
}

static void read_sparsity(Reader *reader, MieniGraphTensor *tensor, const MieniFlatTable *table)
{
    MieniFlat *flat = &reader->flat;
    MieniFlatVector order = mieni_flat_vector(flat, table, SPARSITY_TRAVERSAL, 4);
    MieniFlatVector blocks = mieni_flat_vector(flat, table, SPARSITY_BLOCKS, 4);
    MieniFlatVector dimensions = mieni_flat_vector(flat, table, SPARSITY_DIMENSIONS, 4);
    if (tensor->rank < 1 || dimensions.count != (uint32_t)tensor->rank || blocks.count != 0 ||
        order.count != dimensions.count) {
        mieni_flat_unsupported(flat, "has a sparse encoding other than rows of one dimension");
        return;
    }
    MieniSparsity *sparsity = take(reader, 1, sizeof(*sparsity));
    if (!sparsity)
        return;
    uint32_t last = dimensions.count - 1;
    for (uint32_t i = 0; i <= last && mieni_flat_ok(flat); i++) {
        MieniFlatTable dimension = mieni_flat_table_at(flat, dimensions, i);
        uint8_t format = mieni_flat_u8(flat, &dimension, DIMENSION_FORMAT, 0);
        if (mieni_flat_i32_at(flat, order, i) != (int32_t)i || format != (i == last)) {
            mieni_flat_unsupported(flat, "has a sparse encoding other than rows of one dimension");
            return;
        }
        if (i < last) {
            if (mieni_flat_i32(flat, &dimension, DIMENSION_DENSE_SIZE, 0) != tensor->shape[i])
                mieni_flat_fail(flat, "has a sparse encoding of another shape");
            continue;
        }
        uint8_t kind = mieni_flat_u8(flat, &dimension, DIMENSION_SEGMENTS_TYPE, 0);
        MieniFlatVector segments =
            read_indices(reader, &dimension, DIMENSION_SEGMENTS, kind, &sparsity->segment_bytes);
        kind = mieni_flat_u8(flat, &dimension, DIMENSION_INDICES_TYPE, 0);
        MieniFlatVector indices =
            read_indices(reader, &dimension, DIMENSION_INDICES, kind, &sparsity->index_bytes);
        sparsity->n_rows = tensor->n_elements / (size_t)tensor->shape[last];
        sparsity->n_values = indices.count;
        if (!mieni_flat_ok(flat))
            return;
        if (segments.count != sparsity->n_rows + 1) {
            mieni_flat_fail(flat, "has sparse rows that do not fit its shape");
            return;
        }
        size_t cost = sparsity->n_rows + sparsity->n_values;
        if (tensor->n_elements / MIN_DENSITY > cost || cost > reader->sparse_budget) {
            mieni_flat_unsupported(flat, "has a sparse encoding that unpacks to far too much");
            return;
        }
        reader->sparse_budget -= cost;
        sparsity->segments = flat->data + segments.at;
        sparsity->indices = flat->data + indices.at;
        check_sparsity(reader, sparsity, (uint32_t)tensor->shape[last]);
    }
    tensor->sparsity = sparsity;
}

/* Constant data lies in a vector, or, in large files, at an offset from the file's start. */
static void read_data(Reader *reader, MieniGraphTensor *tensor, int32_t buffer)
{
    MieniFlat *flat = &reader->flat;
    if (buffer < 0 || (uint32_t)buffer >= reader->buffers.count) {
        mieni_flat_fail(flat, "names a buffer that does not exist");
        return;
    }
    MieniFlatTable table = mieni_flat_table_at(flat, reader->buffers, (uint32_t)buffer);
    MieniFlatVector data = mieni_flat_vector(flat, &table, BUFFER_DATA, 1);
    size_t at = data.at, size = data.count;
    uint64_t far_at = mieni_flat_u64(flat, &table, BUFFER_OFFSET, 0);
    if (size == 0 && far_at > 1) {
        uint64_t far_size = mieni_flat_u64(flat, &table, BUFFER_SIZE, 0);
        if (far_at > flat->size || far_size > flat->size - far_at) {
            mieni_flat_fail(flat, "has data outside the file");
            return;
        }
        at = (size_t)far_at;
        size = (size_t)far_size;
    }
    if (!mieni_flat_ok(flat) || size == 0)
        return;
    size_t n_values = tensor->sparsity ? tensor->sparsity->n_values : tensor->n_elements;
    if (size != n_values * type_bytes(tensor->type)) {
        mieni_flat_fail(flat, "has data of another size than its shape says");
        return;
    }
    tensor->data = flat->data + at;
}

static void read_tensor(Reader *reader, MieniGraphTensor *tensor, const MieniFlatTable *table)
{
    MieniFlat *flat = &reader->flat;
    tensor->producer = -1;
    tensor->name = take_text(reader, table, TENSOR_NAME);
    read_type(reader, tensor, mieni_flat_u8(flat, table, TENSOR_TYPE, 0));
    read_shape(reader, tensor, mieni_flat_vector(flat, table, TENSOR_SHAPE, 4));
    MieniFlatTable sparsity = mieni_flat_table(flat, table, TENSOR_SPARSITY);
    if (mieni_flat_ok(flat) && mieni_flat_present(&sparsity))
        read_sparsity(reader, tensor, &sparsity);
    if (mieni_flat_ok(flat))
        read_data(reader, tensor, mieni_flat_i32(flat, table, TENSOR_BUFFER, 0));
    if (mieni_flat_ok(flat) && tensor->sparsity && !tensor->data)
        mieni_flat_fail(flat, "is sparse but has no data");
}

static void read_tensors(Reader *reader, const MieniFlatTable *subgraph)
{
    MieniFlat *flat = &reader->flat;
    flat->where = "tensors";
    flat->where_index = -1;
    MieniFlatVector tensors = mieni_flat_vector(flat, subgraph, SUBGRAPH_TENSORS, 4);
    MieniGraph *graph = reader->graph;
    if (tensors.count > MAX_TENSORS)
        mieni_flat_unsupported(flat, "there are too many");
    if (!mieni_flat_ok(flat))
        return;
    graph->tensors = take(reader, tensors.count, sizeof(*graph->tensors));
    if (!graph->tensors)
        return;
    graph->n_tensors = (int32_t)tensors.count;
    flat->where = "tensor";
    for (uint32_t i = 0; i < tensors.count && mieni_flat_ok(flat); i++) {
        flat->where_index = (int32_t)i;
        MieniFlatTable table = mieni_flat_table_at(flat, tensors, i);
        read_tensor(reader, &graph->tensors[i], &table);
    }
}

/* Which operation this is; its name goes into op->name. */
static void read_kind(Reader *reader, MieniGraphOp *op, int32_t code)
{
    static const struct {
        const char *name;
        MieniGraphOpKind kind;
        bool is_custom;
    } known[] = {
#define KNOWN(name) {#name, MIENI_GRAPH_##name, false},
        MIENI_GRAPH_OP_LIST(KNOWN)
#undef KNOWN
        /* The custom operations of the attention model, by the names they have in the file. */
        {"Landmarks2TransformMatrix", MIENI_GRAPH_LANDMARKS_TO_TRANSFORM_MATRIX, true},
        {"TransformTensorBilinear", MIENI_GRAPH_TRANSFORM_TENSOR_BILINEAR, true},
        {"TransformLandmarks", MIENI_GRAPH_TRANSFORM_LANDMARKS, true},
    };
    MieniFlat *flat = &reader->flat;
    MieniFlatTable table = mieni_flat_table_at(flat, reader->codes, (uint32_t)code);
    /* Files from before 2020 have only the old 8-bit field; newer ones keep it at 127 where it is
     * too small. */
    int32_t builtin = MIENI_MAX(mieni_flat_i32(flat, &table, CODE_BUILTIN, 0),
                                (int32_t)mieni_flat_u8(flat, &table, CODE_OLD_BUILTIN, 0));
    const char *name = mieni_op_name(builtin);
    if (builtin == BUILTIN_CUSTOM)
        name = take_text(reader, &table, CODE_CUSTOM);
    if (name && *name)
        snprintf(op->name, sizeof(op->name), "%s", name);
    else
        snprintf(op->name, sizeof(op->name), "builtin %d", (int)builtin);
    op->kind = MIENI_GRAPH_OTHER;
    for (size_t i = 0; i < MIENI_COUNT_OF(known); i++)
        if (known[i].is_custom == (builtin == BUILTIN_CUSTOM) &&
            strcmp(op->name, known[i].name) == 0)
            op->kind = known[i].kind;
}

static void set_fused(Reader *reader, MieniGraphOp *op, uint8_t fused)
{
    op->fused = fused == 1 ? MIENI_FUSED_RELU : MIENI_FUSED_NONE;
    if (fused > 1)
        mieni_flat_unsupported(&reader->flat, "has a fused activation other than RELU");
}

static void read_convolution(Reader *reader, MieniGraphOp *op, const MieniFlatTable *options)
{
    /* DEPTHWISE_CONV_2D has its depth multiplier between the strides and the activation. */
    int after = op->kind == MIENI_GRAPH_DEPTHWISE_CONV_2D ? 4 : 3;
    MieniFlat *flat = &reader->flat;
    op->padding = mieni_flat_u8(flat, options, 0, 0) ? MIENI_PADDING_VALID : MIENI_PADDING_SAME;
    op->stride_w = mieni_flat_i32(flat, options, 1, 0);
    op->stride_h = mieni_flat_i32(flat, options, 2, 0);
    set_fused(reader, op, mieni_flat_u8(flat, options, after, 0));
    if (mieni_flat_i32(flat, options, after + 1, 1) != 1 ||
        mieni_flat_i32(flat, options, after + 2, 1) != 1)
        mieni_flat_unsupported(flat, "is a dilated convolution");
}

static void read_pool(Reader *reader, MieniGraphOp *op, const MieniFlatTable *options)
{
    MieniFlat *flat = &reader->flat;
    op->padding = mieni_flat_u8(flat, options, 0, 0) ? MIENI_PADDING_VALID : MIENI_PADDING_SAME;
    op->stride_w = mieni_flat_i32(flat, options, 1, 0);
    op->stride_h = mieni_flat_i32(flat, options, 2, 0);
    op->filter_w = mieni_flat_i32(flat, options, 3, 0);
    op->filter_h = mieni_flat_i32(flat, options, 4, 0);
    set_fused(reader, op, mieni_flat_u8(flat, options, 5, 0));
}

static void read_options(Reader *reader, MieniGraphOp *op, const MieniFlatTable *options)
{
    MieniFlat *flat = &reader->flat;
    switch (op->kind) {
    case MIENI_GRAPH_CONV_2D:
    case MIENI_GRAPH_DEPTHWISE_CONV_2D:
        read_convolution(reader, op, options);
        break;
    case MIENI_GRAPH_MAX_POOL_2D:
    case MIENI_GRAPH_AVERAGE_POOL_2D:
        read_pool(reader, op, options);
        break;
    case MIENI_GRAPH_ADD:
    case MIENI_GRAPH_SUB:
    case MIENI_GRAPH_MUL:
    case MIENI_GRAPH_DIV:
        set_fused(reader, op, mieni_flat_u8(flat, options, 0, 0));
        break;
    case MIENI_GRAPH_CONCATENATION:
        op->axis = mieni_flat_i32(flat, options, 0, 0);
        set_fused(reader, op, mieni_flat_u8(flat, options, 1, 0));
        break;
    case MIENI_GRAPH_DEPTH_TO_SPACE:
        op->block_size = mieni_flat_i32(flat, options, 0, 0);
        break;
    case MIENI_GRAPH_RESIZE_BILINEAR:
        op->align_corners = mieni_flat_u8(flat, options, 2, 0) != 0;
        op->half_pixel_centers = mieni_flat_u8(flat, options, 3, 0) != 0;
        break;
    case MIENI_GRAPH_STRIDED_SLICE:
        op->begin_mask = mieni_flat_i32(flat, options, 0, 0);
        op->end_mask = mieni_flat_i32(flat, options, 1, 0);
        op->ellipsis_mask = mieni_flat_i32(flat, options, 2, 0);
        op->new_axis_mask = mieni_flat_i32(flat, options, 3, 0);
        op->shrink_axis_mask = mieni_flat_i32(flat, options, 4, 0);
        break;
    default:
        break;
    }
}

/* An index into the tensors, or -1 where an optional input is left out. */
static int32_t read_tensor_index(Reader *reader, MieniFlatVector vector, uint32_t i, int32_t lowest)
{
    int32_t index = mieni_flat_i32_at(&reader->flat, vector, i);
    if (index >= lowest && index < reader->graph->n_tensors)
        return index;
    mieni_flat_fail(&reader->flat, "names a tensor that does not exist");
    return -1;
}

static bool is_network_input(const MieniGraph *graph, int32_t tensor)
{
    for (int32_t i = 0; i < graph->n_inputs; i++)
        if (graph->inputs[i] == tensor)
            return true;
    return false;
}

static void read_operator(Reader *reader, int32_t index, const MieniFlatTable *table)
{
    MieniFlat *flat = &reader->flat;
    MieniGraph *graph = reader->graph;
    MieniGraphOp *op = &graph->ops[index];
    int32_t code = mieni_flat_i32(flat, table, OPERATOR_CODE, 0);
    if (code < 0 || (uint32_t)code >= reader->codes.count) {
        mieni_flat_fail(flat, "names an operator code that does not exist");
        return;
    }
    read_kind(reader, op, code);

    MieniFlatVector inputs = mieni_flat_vector(flat, table, OPERATOR_INPUTS, 4);
    MieniFlatVector outputs = mieni_flat_vector(flat, table, OPERATOR_OUTPUTS, 4);
    if (!mieni_flat_ok(flat))
        return;
    if (inputs.count > MIENI_GRAPH_MAX_INPUTS || outputs.count != 1) {
        char what[96];
        snprintf(what, sizeof(what), "%s with %u inputs and %u outputs", op->name,
                 (unsigned)inputs.count, (unsigned)outputs.count);
        mieni_flat_unsupported(flat, what);
        return;
    }
    op->n_inputs = (int32_t)inputs.count;
    for (uint32_t i = 0; i < inputs.count; i++) {
        op->inputs[i] = read_tensor_index(reader, inputs, i, -1);
        if (!mieni_flat_ok(flat))
            return;
        MieniGraphTensor *input = op->inputs[i] < 0 ? NULL : &graph->tensors[op->inputs[i]];
        if (!input)
            continue;
        input->n_uses++;
        if (input->producer < 0 && !input->data && !is_network_input(graph, op->inputs[i])) {
            mieni_flat_fail(flat, "reads a tensor that nothing has written");
            return;
        }
    }
    op->output = read_tensor_index(reader, outputs, 0, 0);
    if (!mieni_flat_ok(flat))
        return;
    MieniGraphTensor *output = &graph->tensors[op->output];
    if (output->producer >= 0 || output->data || is_network_input(graph, op->output)) {
        mieni_flat_fail(flat, "writes a tensor that is already written");
        return;
    }
    output->producer = index;

    MieniFlatTable options = mieni_flat_table(flat, table, OPERATOR_OPTIONS);
    read_options(reader, op, &options);
    MieniFlatVector custom = mieni_flat_vector(flat, table, OPERATOR_CUSTOM_OPTIONS, 1);
    op->custom_options = custom.count ? flat->data + custom.at : NULL;
    op->custom_options_bytes = custom.count;
}

static void read_operators(Reader *reader, const MieniFlatTable *subgraph)
{
    MieniFlat *flat = &reader->flat;
    flat->where = "operators";
    flat->where_index = -1;
    MieniFlatVector operators = mieni_flat_vector(flat, subgraph, SUBGRAPH_OPERATORS, 4);
    MieniGraph *graph = reader->graph;
    if (operators.count > MAX_OPS)
        mieni_flat_unsupported(flat, "there are too many");
    if (!mieni_flat_ok(flat))
        return;
    graph->ops = take(reader, operators.count, sizeof(*graph->ops));
    if (!graph->ops)
        return;
    graph->n_ops = (int32_t)operators.count;
    flat->where = "operator";
    for (uint32_t i = 0; i < operators.count && mieni_flat_ok(flat); i++) {
        flat->where_index = (int32_t)i;
        MieniFlatTable table = mieni_flat_table_at(flat, operators, i);
        read_operator(reader, (int32_t)i, &table);
    }
}

static int32_t *read_ends(Reader *reader, const MieniFlatTable *subgraph, int field, int32_t *n)
{
    MieniFlatVector ends = mieni_flat_vector(&reader->flat, subgraph, field, 4);
    *n = 0;
    if (ends.count == 0 || ends.count > MAX_ENDS) {
        mieni_flat_fail(&reader->flat, "the network has none, or too many");
        return NULL;
    }
    int32_t *list = take(reader, ends.count, sizeof(*list));
    if (!list)
        return NULL;
    for (uint32_t i = 0; i < ends.count && mieni_flat_ok(&reader->flat); i++)
        list[(*n)++] = read_tensor_index(reader, ends, i, 0);
    return list;
}

static void read_model(Reader *reader)
{
    MieniFlat *flat = &reader->flat;
    flat->where = "header";
    flat->where_index = -1;
    MieniFlatTable root = mieni_flat_root(flat);
    if (mieni_flat_ok(flat) && memcmp(flat->data + 4, "TFL3", 4) != 0)
        mieni_flat_fail(flat, "this is no .tflite file (it lacks the mark TFL3)");
    if (mieni_flat_ok(flat) && mieni_flat_i32(flat, &root, MODEL_VERSION, 0) != SCHEMA_VERSION)
        mieni_flat_unsupported(flat, "the schema version is not 3");
    reader->codes = mieni_flat_vector(flat, &root, MODEL_OPERATOR_CODES, 4);
    reader->buffers = mieni_flat_vector(flat, &root, MODEL_BUFFERS, 4);
    MieniFlatVector subgraphs = mieni_flat_vector(flat, &root, MODEL_SUBGRAPHS, 4);
    if (mieni_flat_ok(flat) && subgraphs.count != 1)
        mieni_flat_unsupported(flat, "the file does not hold exactly one network");
    MieniFlatTable subgraph = mieni_flat_table_at(flat, subgraphs, 0);
    if (!mieni_flat_ok(flat))
        return;
    MieniGraph *graph = reader->graph;
    read_tensors(reader, &subgraph);
    flat->where = "inputs and outputs";
    flat->where_index = -1;
    if (mieni_flat_ok(flat))
        graph->inputs = read_ends(reader, &subgraph, SUBGRAPH_INPUTS, &graph->n_inputs);
    for (int32_t i = 0; i < graph->n_inputs && mieni_flat_ok(flat); i++)
        if (graph->tensors[graph->inputs[i]].data)
            mieni_flat_fail(flat, "the network has an input that is constant");
    if (mieni_flat_ok(flat))
        graph->outputs = read_ends(reader, &subgraph, SUBGRAPH_OUTPUTS, &graph->n_outputs);
    if (mieni_flat_ok(flat))
        read_operators(reader, &subgraph);
    flat->where = "output";
    for (int32_t i = 0; i < graph->n_outputs && mieni_flat_ok(flat); i++) {
        flat->where_index = i;
        MieniGraphTensor *tensor = &graph->tensors[graph->outputs[i]];
        tensor->n_uses++;
        if (tensor->producer < 0)
            mieni_flat_fail(flat, "nothing writes it");
    }
}

MienStatus mieni_graph_read(const void *data, size_t size_bytes, MieniGraph **out, MienError *error)
{
    *out = NULL;
    MieniGraph *graph = mieni_alloc(1, sizeof(*graph));
    if (!graph)
        return mieni_fail_nomem(error);
    graph->arena = mieni_arena_create();
    graph->size_bytes = size_bytes;
    Reader reader = {.flat = {.data = data, .size = size_bytes, .error = error},
                     .graph = graph,
                     .sparse_budget = size_bytes};
    if (!graph->arena)
        reader.flat.status = mieni_fail_nomem(error);
    else
        read_model(&reader);
    if (!mieni_flat_ok(&reader.flat)) {
        mieni_graph_destroy(graph);
        return reader.flat.status;
    }
    *out = graph;
    return MIEN_OK;
}

void mieni_graph_destroy(MieniGraph *graph)
{
    if (!graph)
        return;
    mieni_arena_destroy(graph->arena);
    mieni_free(graph);
}

MienStatus mieni_graph_check_ops(const MieniGraph *graph, MienError *error)
{
    for (int32_t i = 0; i < graph->n_ops; i++)
        if (graph->ops[i].kind == MIENI_GRAPH_OTHER)
            return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                              "operator %d (%s): mien does not know this operation", (int)i,
                              graph->ops[i].name);
    return MIEN_OK;
}
