/* SPDX-License-Identifier: Apache-2.0 */
/* Field and type numbers are those of onnx/onnx.proto, IR version 8. */
#include "model/onnx_emit.h"

#include <stdio.h>

enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_TYPE = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_INT = 3, ATTRIBUTE_TEXT = 4, ATTRIBUTE_INTS = 8 };
enum { ATTRIBUTE_TYPE = 20, IS_INT = 2, IS_TEXT = 3, IS_INTS = 7 };
enum { TENSOR_DIMENSION = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { TYPE_F32 = 1, TYPE_I64 = 7 };

bool mieni_onnx_refuse(MieniOnnx *onnx, const char *what)
{
    if (onnx->status == MIEN_OK && onnx->out->status == MIEN_OK)
        onnx->status = mieni_fail(onnx->error, MIEN_E_UNSUPPORTED, "model-unsupported",
                                  "operator %d (%s): ONNX export: %s",
                                  (int)(onnx->op - onnx->graph->ops), onnx->op->name, what);
    return false;
}

int32_t mieni_onnx_variable(MieniOnnx *onnx, int32_t index)
{
    const MieniGraphOp *op = onnx->op;
    int32_t tensor = index < op->n_inputs ? op->inputs[index] : -1;
    if (tensor < 0 || onnx->values[tensor].constant >= 0) {
        mieni_onnx_refuse(onnx, "an input is missing or constant");
        return -1;
    }
    if (onnx->values[tensor].lacks_batch) {
        mieni_onnx_refuse(onnx, "an input has no batch dimension");
        return -1;
    }
    return tensor;
}

bool mieni_onnx_is_constant(const MieniOnnx *onnx, int32_t index)
{
    const MieniGraphOp *op = onnx->op;
    int32_t tensor = index < op->n_inputs ? op->inputs[index] : -1;
    return tensor >= 0 && onnx->values[tensor].constant >= 0 &&
           onnx->graph->tensors[tensor].type == MIENI_TYPE_F32;
}

bool mieni_onnx_integers(MieniOnnx *onnx, int32_t index, int32_t max, int32_t *out, int32_t *n)
{
    const MieniGraphOp *op = onnx->op;
    int32_t number = index < op->n_inputs ? op->inputs[index] : -1;
    const MieniGraphTensor *tensor = number < 0 ? NULL : &onnx->graph->tensors[number];
    if (!tensor || !tensor->data || tensor->sparsity || tensor->type != MIENI_TYPE_I32 ||
        tensor->n_elements > (size_t)max)
        return mieni_onnx_refuse(onnx, "needs a list of integers that it does not have");
    memcpy(out, tensor->data, tensor->n_elements * sizeof(*out));
    *n = (int32_t)tensor->n_elements;
    return true;
}

bool mieni_onnx_check_output(MieniOnnx *onnx, int32_t rank, const int32_t *shape)
{
    const MieniGraphTensor *out = &onnx->graph->tensors[onnx->op->output];
    bool same = out->rank == rank && rank > 0 && out->shape[0] == 1;
    for (int32_t i = 0; i < rank && same; i++)
        same = out->shape[i] == shape[i];
    return same || mieni_onnx_refuse(onnx, "has shapes that do not fit each other");
}

int32_t mieni_onnx_axis(MieniOnnxForm form, int32_t axis)
{
    static const int32_t nchw[] = {0, 2, 3, 1};
    return form == MIENI_ONNX_NCHW ? nchw[axis] : axis;
}

/* The part behind the last # makes it unique: no end of the network has one. */
static MieniOnnxName name_of(const MieniOnnx *onnx, int32_t tensor, MieniOnnxForm form)
{
    static const char *const suffixes[] = {"", ":nchw", ":depthwise"};
    MieniOnnxName name;
    const char *text = onnx->graph->tensors[tensor].name;
    if (onnx->values[tensor].is_end && form == MIENI_ONNX_PLAIN)
        snprintf(name.text, sizeof(name.text), "%.100s", text);
    else
        snprintf(name.text, sizeof(name.text), "%.100s#%d%s", text, (int)tensor, suffixes[form]);
    return name;
}

MieniOnnxName mieni_onnx_temporary(MieniOnnx *onnx)
{
    MieniOnnxName name;
    snprintf(name.text, sizeof(name.text), "%.100s#%d:%d",
             onnx->graph->tensors[onnx->op->output].name, (int)onnx->op->output,
             (int)onnx->n_temporaries++);
    return name;
}

/* Opens an initializer and returns room for its data. */
static uint8_t *begin_initializer(MieniOnnx *onnx, const char *name, int type, int32_t rank,
                                  const int64_t *shape, size_t size_bytes, size_t *begin)
{
    *begin = mieni_protobuf_begin(onnx->out, GRAPH_INITIALIZER);
    for (int32_t i = 0; i < rank; i++)
        mieni_protobuf_int(onnx->out, TENSOR_DIMENSION, shape[i]);
    mieni_protobuf_int(onnx->out, TENSOR_TYPE, type);
    mieni_protobuf_text(onnx->out, TENSOR_NAME, name);
    return mieni_protobuf_bytes(onnx->out, TENSOR_RAW, size_bytes);
}

MieniOnnxName mieni_onnx_floats(MieniOnnx *onnx, int32_t rank, const int64_t *shape,
                                const float *values)
{
    size_t n = 1, begin;
    for (int32_t i = 0; i < rank; i++)
        n *= (size_t)shape[i];
    MieniOnnxName name = mieni_onnx_temporary(onnx);
    uint8_t *room =
        begin_initializer(onnx, name.text, TYPE_F32, rank, shape, n * sizeof(float), &begin);
    if (room)
        memcpy(room, values, n * sizeof(float));
    mieni_protobuf_end(onnx->out, begin);
    return name;
}

MieniOnnxName mieni_onnx_number(MieniOnnx *onnx, float value)
{
    return mieni_onnx_floats(onnx, 0, NULL, &value);
}

MieniOnnxName mieni_onnx_list(MieniOnnx *onnx, int32_t n, const int64_t *values)
{
    size_t begin;
    int64_t shape[1] = {n};
    MieniOnnxName name = mieni_onnx_temporary(onnx);
    uint8_t *room =
        begin_initializer(onnx, name.text, TYPE_I64, 1, shape, (size_t)n * sizeof(*values), &begin);
    if (room)
        memcpy(room, values, (size_t)n * sizeof(*values));
    mieni_protobuf_end(onnx->out, begin);
    return name;
}

/* Writes data [d0][d1][d2][d3] with its dimensions in another order. */
static void put_permuted(uint8_t *to, const float *data, const int32_t d[4], const int order[4])
{
    size_t stride[4] = {(size_t)d[1] * (size_t)d[2] * (size_t)d[3], (size_t)d[2] * (size_t)d[3],
                        (size_t)d[3], 1};
    for (int32_t a = 0; a < d[order[0]]; a++)
        for (int32_t b = 0; b < d[order[1]]; b++)
            for (int32_t c = 0; c < d[order[2]]; c++)
                for (int32_t e = 0; e < d[order[3]]; e++, to += sizeof(float))
                    memcpy(to,
                           data + (size_t)a * stride[order[0]] + (size_t)b * stride[order[1]] +
                               (size_t)c * stride[order[2]] + (size_t)e * stride[order[3]],
                           sizeof(float));
}

/* A constant of the file. One of fewer than four dimensions is broadcast from the last ones on, so
 * that its NCHW form is that without the batch. */
static void write_constant(MieniOnnx *onnx, int32_t tensor, MieniOnnxForm form)
{
    static const int orders[][4] = {{0, 1, 2, 3}, {0, 3, 1, 2}, {3, 0, 1, 2}};
    const MieniGraphTensor *t = &onnx->graph->tensors[tensor];
    int32_t whole[4] = {1, 1, 1, 1};
    int64_t shape[4];
    for (int32_t i = 0; i < t->rank; i++)
        whole[4 - t->rank + i] = t->shape[i];
    bool as_it_is = form == MIENI_ONNX_PLAIN || t->rank == 0;
    int32_t rank = as_it_is ? t->rank : MIENI_MAX(t->rank, 3);
    for (int32_t i = 0; i < rank; i++)
        shape[i] = as_it_is ? t->shape[i] : whole[orders[form][4 - rank + i]];
    size_t begin;
    MieniOnnxName name = name_of(onnx, tensor, form);
    uint8_t *room = begin_initializer(onnx, name.text, TYPE_F32, rank, shape,
                                      t->n_elements * sizeof(float), &begin);
    float *data = room ? mieni_alloc(t->n_elements, sizeof(*data)) : NULL;
    if (room && !data)
        onnx->status = mieni_fail_nomem(onnx->error);
    if (data) {
        const MieniGraphTensor *from = &onnx->graph->tensors[onnx->values[tensor].constant];
        MienStatus status = mieni_graph_constant_f32(from, data, onnx->error);
        if (status == MIEN_OK)
            put_permuted(room, data, whole, orders[form]);
        else
            onnx->status = status;
    }
    mieni_free(data);
    mieni_protobuf_end(onnx->out, begin);
}

/* From one form of a picture to the other. */
static void write_transposed(MieniOnnx *onnx, int32_t tensor, MieniOnnxForm form)
{
    static const int64_t orders[][4] = {{0, 2, 3, 1}, {0, 3, 1, 2}};
    MieniOnnxForm other = form == MIENI_ONNX_NCHW ? MIENI_ONNX_PLAIN : MIENI_ONNX_NCHW;
    mieni_onnx_begin(onnx, "Transpose");
    mieni_onnx_input(onnx, name_of(onnx, tensor, other).text);
    mieni_onnx_output(onnx, name_of(onnx, tensor, form).text);
    mieni_onnx_attribute_ints(onnx, "perm", 4, orders[form]);
    mieni_onnx_end(onnx);
}

MieniOnnxName mieni_onnx_read(MieniOnnx *onnx, int32_t tensor, MieniOnnxForm form)
{
    MieniOnnxValue *value = &onnx->values[tensor];
    if (!value->is_written[form]) {
        value->is_written[form] = true;
        if (value->constant >= 0)
            write_constant(onnx, tensor, form);
        else
            write_transposed(onnx, tensor, form);
    }
    return name_of(onnx, tensor, form);
}

MieniOnnxForm mieni_onnx_layout(const MieniOnnx *onnx)
{
    for (int32_t i = 0; i < onnx->op->n_inputs; i++) {
        int32_t tensor = onnx->op->inputs[i];
        if (tensor >= 0 && onnx->values[tensor].constant < 0 &&
            onnx->values[tensor].is_written[MIENI_ONNX_NCHW])
            return MIENI_ONNX_NCHW;
    }
    return MIENI_ONNX_PLAIN;
}

MieniOnnxName mieni_onnx_define(MieniOnnx *onnx, MieniOnnxForm form)
{
    int32_t tensor = onnx->op->output;
    MieniOnnxValue *value = &onnx->values[tensor];
    value->is_written[form] = true;
    if (!value->is_end || form != MIENI_ONNX_PLAIN)
        mieni_onnx_declare(onnx, MIENI_ONNX_GRAPH_VALUE, tensor, form);
    return name_of(onnx, tensor, form);
}

MieniOnnxName mieni_onnx_begin_result(MieniOnnx *onnx, MieniOnnxForm form)
{
    return onnx->op->fused == MIENI_FUSED_RELU ? mieni_onnx_temporary(onnx)
                                               : mieni_onnx_define(onnx, form);
}

void mieni_onnx_end_result(MieniOnnx *onnx, MieniOnnxForm form, const MieniOnnxName *result)
{
    if (onnx->op->fused == MIENI_FUSED_RELU)
        mieni_onnx_node(onnx, "Relu", mieni_onnx_define(onnx, form).text, result->text, NULL);
}

void mieni_onnx_begin(MieniOnnx *onnx, const char *type)
{
    onnx->node = mieni_protobuf_begin(onnx->out, GRAPH_NODE);
    mieni_protobuf_text(onnx->out, NODE_TYPE, type);
}

void mieni_onnx_input(MieniOnnx *onnx, const char *name)
{
    mieni_protobuf_text(onnx->out, NODE_INPUT, name);
}

void mieni_onnx_output(MieniOnnx *onnx, const char *name)
{
    mieni_protobuf_text(onnx->out, NODE_OUTPUT, name);
    mieni_protobuf_text(onnx->out, NODE_NAME, name);
}

void mieni_onnx_attribute_int(MieniOnnx *onnx, const char *name, int64_t value)
{
    size_t begin = mieni_protobuf_begin(onnx->out, NODE_ATTRIBUTE);
    mieni_protobuf_text(onnx->out, ATTRIBUTE_NAME, name);
    mieni_protobuf_int(onnx->out, ATTRIBUTE_TYPE, IS_INT);
    mieni_protobuf_int(onnx->out, ATTRIBUTE_INT, value);
    mieni_protobuf_end(onnx->out, begin);
}

void mieni_onnx_attribute_ints(MieniOnnx *onnx, const char *name, int32_t n, const int64_t *values)
{
    size_t begin = mieni_protobuf_begin(onnx->out, NODE_ATTRIBUTE);
    mieni_protobuf_text(onnx->out, ATTRIBUTE_NAME, name);
    mieni_protobuf_int(onnx->out, ATTRIBUTE_TYPE, IS_INTS);
    for (int32_t i = 0; i < n; i++)
        mieni_protobuf_int(onnx->out, ATTRIBUTE_INTS, values[i]);
    mieni_protobuf_end(onnx->out, begin);
}

void mieni_onnx_attribute_text(MieniOnnx *onnx, const char *name, const char *value)
{
    size_t begin = mieni_protobuf_begin(onnx->out, NODE_ATTRIBUTE);
    mieni_protobuf_text(onnx->out, ATTRIBUTE_NAME, name);
    mieni_protobuf_int(onnx->out, ATTRIBUTE_TYPE, IS_TEXT);
    mieni_protobuf_text(onnx->out, ATTRIBUTE_TEXT, value);
    mieni_protobuf_end(onnx->out, begin);
}

void mieni_onnx_end(MieniOnnx *onnx)
{
    mieni_protobuf_end(onnx->out, onnx->node);
}

void mieni_onnx_node(MieniOnnx *onnx, const char *type, const char *output, const char *a,
                     const char *b)
{
    mieni_onnx_begin(onnx, type);
    mieni_onnx_input(onnx, a);
    if (b)
        mieni_onnx_input(onnx, b);
    mieni_onnx_output(onnx, output);
    mieni_onnx_end(onnx);
}

MieniOnnxName mieni_onnx_compute(MieniOnnx *onnx, const char *type, const char *a, const char *b)
{
    MieniOnnxName name = mieni_onnx_temporary(onnx);
    mieni_onnx_node(onnx, type, name.text, a, b);
    return name;
}

void mieni_onnx_declare(MieniOnnx *onnx, int field, int32_t tensor, MieniOnnxForm form)
{
    enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2 };
    enum { SHAPE_DIMENSION = 1, DIMENSION_VALUE = 1, DIMENSION_SYMBOL = 2 };
    static const int order[] = {0, 3, 1, 2};
    const MieniGraphTensor *t = &onnx->graph->tensors[tensor];
    size_t value = mieni_protobuf_begin(onnx->out, field);
    mieni_protobuf_text(onnx->out, VALUE_NAME, name_of(onnx, tensor, form).text);
    size_t type = mieni_protobuf_begin(onnx->out, VALUE_TYPE);
    size_t of_tensor = mieni_protobuf_begin(onnx->out, TYPE_TENSOR);
    mieni_protobuf_int(onnx->out, TENSOR_ELEMENT, TYPE_F32);
    size_t shape = mieni_protobuf_begin(onnx->out, TENSOR_SHAPE);
    size_t batch = mieni_protobuf_begin(onnx->out, SHAPE_DIMENSION);
    mieni_protobuf_text(onnx->out, DIMENSION_SYMBOL, "N");
    mieni_protobuf_end(onnx->out, batch);
    for (int32_t i = onnx->values[tensor].lacks_batch ? 0 : 1; i < t->rank; i++) {
        size_t dimension = mieni_protobuf_begin(onnx->out, SHAPE_DIMENSION);
        mieni_protobuf_int(onnx->out, DIMENSION_VALUE,
                           t->shape[form == MIENI_ONNX_NCHW ? order[i] : i]);
        mieni_protobuf_end(onnx->out, dimension);
    }
    mieni_protobuf_end(onnx->out, shape);
    mieni_protobuf_end(onnx->out, of_tensor);
    mieni_protobuf_end(onnx->out, type);
    mieni_protobuf_end(onnx->out, value);
}
