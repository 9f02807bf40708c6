/* SPDX-License-Identifier: Apache-2.0 */
/* The file as a whole. Field numbers are those of onnx/onnx.proto, IR version 8. */
#include "model/onnx_emit.h"

#include "mien/version.h"

enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER_NAME = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_METADATA = 14
};
enum { OPSET_VERSION = 2, ENTRY_KEY = 1, ENTRY_VALUE = 2, GRAPH_NAME = 2 };
enum { IR_VERSION = 8, OPSET = 17 };

static bool translate(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    MieniOnnxValue *values = onnx->values;
    if (op->kind == MIENI_GRAPH_DEQUANTIZE || op->kind == MIENI_GRAPH_DENSIFY) {
        /* They only ever unpack constants. */
        int32_t constant =
            op->n_inputs == 1 && op->inputs[0] >= 0 ? values[op->inputs[0]].constant : -1;
        const MieniGraphTensor *tensors = onnx->graph->tensors;
        if (constant < 0 || tensors[constant].n_elements != tensors[op->output].n_elements)
            return mieni_onnx_refuse(onnx, "unpacks something that is not constant");
        values[op->output].constant = constant;
        return true;
    }
    if (onnx->graph->tensors[op->output].type != MIENI_TYPE_F32)
        return mieni_onnx_refuse(onnx, "makes something else than float32");
    switch (op->kind) {
    case MIENI_GRAPH_CONV_2D:
    case MIENI_GRAPH_DEPTHWISE_CONV_2D:
        return mieni_onnx_convolution(onnx);
    case MIENI_GRAPH_AVERAGE_POOL_2D:
    case MIENI_GRAPH_MAX_POOL_2D:
        return mieni_onnx_pool(onnx);
    case MIENI_GRAPH_RESIZE_BILINEAR:
        return mieni_onnx_resize(onnx);
    case MIENI_GRAPH_LOGISTIC:
    case MIENI_GRAPH_NEG:
    case MIENI_GRAPH_RELU:
    case MIENI_GRAPH_RSQRT:
    case MIENI_GRAPH_SQRT:
        return mieni_onnx_unary(onnx);
    case MIENI_GRAPH_ADD:
    case MIENI_GRAPH_DIV:
    case MIENI_GRAPH_MUL:
    case MIENI_GRAPH_SQUARED_DIFFERENCE:
    case MIENI_GRAPH_SUB:
        return mieni_onnx_binary(onnx);
    case MIENI_GRAPH_PRELU:
        return mieni_onnx_prelu(onnx);
    case MIENI_GRAPH_MEAN:
    case MIENI_GRAPH_SUM:
        return mieni_onnx_reduce(onnx);
    case MIENI_GRAPH_PAD:
        return mieni_onnx_pad(onnx);
    case MIENI_GRAPH_RESHAPE:
        return mieni_onnx_reshape(onnx);
    case MIENI_GRAPH_TRANSPOSE:
        return mieni_onnx_transpose(onnx);
    case MIENI_GRAPH_CONCATENATION:
        return mieni_onnx_concatenation(onnx);
    case MIENI_GRAPH_STRIDED_SLICE:
        return mieni_onnx_slice(onnx);
    case MIENI_GRAPH_DEPTH_TO_SPACE:
        return mieni_onnx_depth_to_space(onnx);
    case MIENI_GRAPH_LANDMARKS_TO_TRANSFORM_MATRIX:
        return mieni_onnx_landmarks_to_matrix(onnx);
    case MIENI_GRAPH_TRANSFORM_TENSOR_BILINEAR:
        return mieni_onnx_sample_bilinear(onnx);
    case MIENI_GRAPH_TRANSFORM_LANDMARKS:
        return mieni_onnx_transform_landmarks(onnx);
    case MIENI_GRAPH_DEQUANTIZE:
    case MIENI_GRAPH_DENSIFY:
    case MIENI_GRAPH_OTHER:
        break;
    }
    return mieni_onnx_refuse(onnx, "this operation has no translation");
}

static bool refuse_end(MieniOnnx *onnx, int32_t tensor, const char *what)
{
    onnx->status =
        mieni_fail(onnx->error, MIEN_E_UNSUPPORTED, "model-unsupported",
                   "tensor '%s': ONNX export: %s", onnx->graph->tensors[tensor].name, what);
    return false;
}

/* Ends keep their names, which must be there and be their own; the others get a # behind theirs. */
static bool take_ends(MieniOnnx *onnx, int32_t n, const int32_t *ends)
{
    const MieniGraph *graph = onnx->graph;
    for (int32_t i = 0; i < n; i++) {
        const char *name = graph->tensors[ends[i]].name;
        bool taken = !*name || strchr(name, '#') || onnx->values[ends[i]].is_end ||
                     onnx->values[ends[i]].constant >= 0;
        for (int32_t j = 0; j < graph->n_inputs && !taken; j++)
            taken = onnx->values[graph->inputs[j]].is_end &&
                    !strcmp(name, graph->tensors[graph->inputs[j]].name);
        for (int32_t j = 0; j < i && !taken; j++)
            taken = !strcmp(name, graph->tensors[ends[j]].name);
        if (taken)
            return refuse_end(onnx, ends[i], "its name is no name for an input or output");
        onnx->values[ends[i]].is_end = true;
    }
    return true;
}

static bool write_inputs(MieniOnnx *onnx)
{
    for (int32_t i = 0; i < onnx->graph->n_inputs; i++) {
        int32_t input = onnx->graph->inputs[i];
        const MieniGraphTensor *tensor = &onnx->graph->tensors[input];
        if (tensor->type != MIENI_TYPE_F32 || tensor->rank < 1 || tensor->shape[0] != 1)
            return refuse_end(onnx, input, "the input is not float32, or no batch of one");
        onnx->values[input].is_written[MIENI_ONNX_PLAIN] = true;
        mieni_onnx_declare(onnx, MIENI_ONNX_GRAPH_INPUT, input, MIENI_ONNX_PLAIN);
    }
    return true;
}

static bool write_outputs(MieniOnnx *onnx)
{
    for (int32_t i = 0; i < onnx->graph->n_outputs; i++) {
        int32_t output = onnx->graph->outputs[i];
        if (onnx->values[output].constant >= 0)
            return refuse_end(onnx, output, "the network returns a constant");
        mieni_onnx_read(onnx, output, MIENI_ONNX_PLAIN);
        mieni_onnx_declare(onnx, MIENI_ONNX_GRAPH_OUTPUT, output, MIENI_ONNX_PLAIN);
    }
    return true;
}

/* False after a failure. */
static bool write_graph(MieniOnnx *onnx)
{
    const MieniGraph *graph = onnx->graph;
    for (int32_t i = 0; i < graph->n_tensors; i++) {
        onnx->values[i].constant = graph->tensors[i].data ? i : -1;
        onnx->values[i].padded = -1;
    }
    if (!take_ends(onnx, graph->n_inputs, graph->inputs) ||
        !take_ends(onnx, graph->n_outputs, graph->outputs) || !write_inputs(onnx))
        return false;
    for (int32_t i = 0; i < graph->n_ops; i++) {
        onnx->op = &graph->ops[i];
        if (!translate(onnx) || onnx->status != MIEN_OK || onnx->out->status != MIEN_OK)
            return false;
    }
    return write_outputs(onnx);
}

static void put_metadata(MieniProtobuf *out, const char *key, const char *value)
{
    if (!value)
        return;
    size_t entry = mieni_protobuf_begin(out, MODEL_METADATA);
    mieni_protobuf_text(out, ENTRY_KEY, key);
    mieni_protobuf_text(out, ENTRY_VALUE, value);
    mieni_protobuf_end(out, entry);
}

MienStatus mieni_onnx_write(const MieniGraph *graph, const MieniOnnxSource *source,
                            MieniProtobuf *out, MienError *error)
{
    /* Half floats become twice as large, and of a sparse constant seven in ten are zeros; a file
     * that asks for much more was made to. */
    out->limit = 16 * graph->size_bytes + (1 << 20);
    MieniOnnx onnx = {.graph = graph, .out = out, .error = error};
    onnx.values = mieni_alloc((size_t)graph->n_tensors, sizeof(*onnx.values));
    if (!onnx.values)
        return mieni_fail_nomem(error);
    mieni_protobuf_int(out, MODEL_IR_VERSION, IR_VERSION);
    mieni_protobuf_text(out, MODEL_PRODUCER_NAME, "mien");
    mieni_protobuf_text(out, MODEL_PRODUCER_VERSION, mien_version());
    size_t opset = mieni_protobuf_begin(out, MODEL_OPSET);
    mieni_protobuf_int(out, OPSET_VERSION, OPSET);
    mieni_protobuf_end(out, opset);
    put_metadata(out, "source_name", source->model);
    put_metadata(out, "source_sha256", source->sha256);
    put_metadata(out, "licence", source->licence);
    size_t body = mieni_protobuf_begin(out, MODEL_GRAPH);
    mieni_protobuf_text(out, GRAPH_NAME, source->name);
    write_graph(&onnx);
    mieni_protobuf_end(out, body);
    mieni_free(onnx.values);
    if (onnx.status == MIEN_OK && out->status == MIEN_E_NOMEM)
        return mieni_fail_nomem(error);
    if (onnx.status == MIEN_OK && out->status != MIEN_OK)
        return mieni_fail(error, out->status, "model-unsupported",
                          "the constants are larger than the file warrants");
    return onnx.status;
}
