/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that only move numbers: borders, shapes, parts. */
#include "model/onnx_emit.h"

static const MieniGraphTensor *tensor_at(const MieniOnnx *onnx, int32_t number)
{
    return &onnx->graph->tensors[number];
}

/* Whether nobody but one convolution reads the output: that can add a border of zeros itself. */
static bool is_for_a_convolution(const MieniOnnx *onnx)
{
    const MieniGraph *graph = onnx->graph;
    int32_t made = onnx->op->output;
    if (graph->tensors[made].n_uses != 1)
        return false;
    for (const MieniGraphOp *op = onnx->op + 1; op < graph->ops + graph->n_ops; op++)
        if (op->n_inputs > 0 && op->inputs[0] == made)
            return op->padding == MIENI_PADDING_VALID &&
                   (op->kind == MIENI_GRAPH_CONV_2D || op->kind == MIENI_GRAPH_DEPTHWISE_CONV_2D);
    return false;
}

bool mieni_onnx_pad(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t x = mieni_onnx_variable(onnx, 0), pads[2 * MIENI_GRAPH_MAX_RANK], n;
    if (x < 0 || !mieni_onnx_integers(onnx, 1, 2 * MIENI_GRAPH_MAX_RANK, pads, &n))
        return false;
    const MieniGraphTensor *in = tensor_at(onnx, x);
    bool sound = op->n_inputs == 2 && n == 2 * in->rank && pads[0] == 0 && pads[1] == 0;
    int32_t shape[MIENI_GRAPH_MAX_RANK];
    for (int32_t i = 0; i < in->rank && sound; i++) {
        sound = pads[2 * i] >= 0 && pads[2 * i] <= 1024 && pads[2 * i + 1] >= 0 &&
                pads[2 * i + 1] <= 1024;
        shape[i] = in->shape[i] + (sound ? pads[2 * i] + pads[2 * i + 1] : 0);
    }
    if (!sound)
        return mieni_onnx_refuse(onnx, "is no border of zeros around pictures");
    if (!mieni_onnx_check_output(onnx, in->rank, shape))
        return false;
    if (in->rank == 4 && pads[6] == 0 && pads[7] == 0 && is_for_a_convolution(onnx)) {
        MieniOnnxValue *value = &onnx->values[op->output];
        value->padded = x;
        for (int i = 0; i < 4; i++)
            value->border[i] = pads[(i & 1 ? 4 : 2) + i / 2];
        return true;
    }
    MieniOnnxForm form = mieni_onnx_layout(onnx);
    int64_t list[2 * MIENI_GRAPH_MAX_RANK];
    for (int32_t i = 0; i < in->rank; i++) {
        list[mieni_onnx_axis(form, i)] = pads[2 * i];
        list[in->rank + mieni_onnx_axis(form, i)] = pads[2 * i + 1];
    }
    MieniOnnxName from = mieni_onnx_read(onnx, x, form);
    MieniOnnxName amounts = mieni_onnx_list(onnx, n, list);
    mieni_onnx_node(onnx, "Pad", mieni_onnx_define(onnx, form).text, from.text, amounts.text);
    return true;
}

/* A Reshape of the file's dimensions; 0 keeps the batch. */
static void put_reshape(MieniOnnx *onnx, const char *from)
{
    const MieniGraphTensor *out = tensor_at(onnx, onnx->op->output);
    int64_t shape[MIENI_GRAPH_MAX_RANK] = {0};
    for (int32_t i = 1; i < out->rank; i++)
        shape[i] = out->shape[i];
    MieniOnnxName list = mieni_onnx_list(onnx, out->rank, shape);
    MieniOnnxName to = mieni_onnx_define(onnx, MIENI_ONNX_PLAIN);
    mieni_onnx_node(onnx, "Reshape", to.text, from, list.text);
}

bool mieni_onnx_reshape(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t x = mieni_onnx_variable(onnx, 0);
    if (x < 0)
        return false;
    const MieniGraphTensor *out = tensor_at(onnx, op->output);
    if (out->n_elements != tensor_at(onnx, x)->n_elements)
        return mieni_onnx_refuse(onnx, "changes the number of elements");
    if (!mieni_onnx_check_output(onnx, out->rank, out->shape))
        return false;
    put_reshape(onnx, mieni_onnx_read(onnx, x, MIENI_ONNX_PLAIN).text);
    return true;
}

bool mieni_onnx_transpose(MieniOnnx *onnx)
{
    int32_t x = mieni_onnx_variable(onnx, 0), order[MIENI_GRAPH_MAX_RANK], n;
    if (x < 0 || !mieni_onnx_integers(onnx, 1, MIENI_GRAPH_MAX_RANK, order, &n))
        return false;
    const MieniGraphTensor *in = tensor_at(onnx, x);
    int32_t shape[MIENI_GRAPH_MAX_RANK], seen = 0;
    int64_t perm[MIENI_GRAPH_MAX_RANK];
    for (int32_t i = 0; i < n; i++) {
        if (order[i] < 0 || order[i] >= in->rank || seen >> order[i] & 1)
            return mieni_onnx_refuse(onnx, "has no order of its dimensions");
        seen |= 1 << order[i];
        shape[i] = in->shape[order[i]];
        perm[i] = order[i];
    }
    if (n != in->rank || order[0] != 0)
        return mieni_onnx_refuse(onnx, "moves the batch");
    if (!mieni_onnx_check_output(onnx, n, shape))
        return false;
    MieniOnnxName from = mieni_onnx_read(onnx, x, MIENI_ONNX_PLAIN);
    MieniOnnxName to = mieni_onnx_define(onnx, MIENI_ONNX_PLAIN);
    mieni_onnx_begin(onnx, "Transpose");
    mieni_onnx_input(onnx, from.text);
    mieni_onnx_output(onnx, to.text);
    mieni_onnx_attribute_ints(onnx, "perm", n, perm);
    mieni_onnx_end(onnx);
    return true;
}

/* A constant, once for each of the batch, whose size is that of `like`. */
static MieniOnnxName repeated(MieniOnnx *onnx, int32_t tensor, MieniOnnxForm form, const char *like)
{
    const MieniGraphTensor *t = tensor_at(onnx, tensor);
    const int64_t zero[1] = {0}, one[1] = {1};
    int64_t rest[MIENI_GRAPH_MAX_RANK];
    for (int32_t i = 1; i < t->rank; i++)
        rest[mieni_onnx_axis(form, i) - 1] = t->shape[i];
    MieniOnnxName constant = mieni_onnx_read(onnx, tensor, form);
    MieniOnnxName begin = mieni_onnx_list(onnx, 1, zero), end = mieni_onnx_list(onnx, 1, one);
    MieniOnnxName others = mieni_onnx_list(onnx, t->rank - 1, rest);
    MieniOnnxName sizes = mieni_onnx_compute(onnx, "Shape", like, NULL);
    MieniOnnxName batch = mieni_onnx_temporary(onnx), shape = mieni_onnx_temporary(onnx);
    mieni_onnx_begin(onnx, "Slice");
    mieni_onnx_input(onnx, sizes.text);
    mieni_onnx_input(onnx, begin.text);
    mieni_onnx_input(onnx, end.text);
    mieni_onnx_output(onnx, batch.text);
    mieni_onnx_end(onnx);
    mieni_onnx_begin(onnx, "Concat");
    mieni_onnx_input(onnx, batch.text);
    mieni_onnx_input(onnx, others.text);
    mieni_onnx_output(onnx, shape.text);
    mieni_onnx_attribute_int(onnx, "axis", 0);
    mieni_onnx_end(onnx);
    return mieni_onnx_compute(onnx, "Expand", constant.text, shape.text);
}

/* Checks that the inputs stand one behind the other in the output; -1 and refused, or the number of
 * a computed one. */
static int32_t check_parts(MieniOnnx *onnx, int32_t axis)
{
    const MieniGraphOp *op = onnx->op;
    const MieniGraphTensor *out = tensor_at(onnx, op->output);
    int32_t variable = -1;
    int64_t size = 0;
    bool fits = axis > 0 && axis < out->rank && out->shape[0] == 1;
    for (int32_t i = 0; i < op->n_inputs && fits; i++) {
        int32_t number = op->inputs[i];
        if (!mieni_onnx_is_constant(onnx, i))
            number = variable = mieni_onnx_variable(onnx, i);
        if (number < 0)
            return -1;
        const MieniGraphTensor *part = tensor_at(onnx, number);
        fits = part->rank == out->rank;
        for (int32_t d = 0; d < out->rank && fits; d++)
            fits = d == axis || part->shape[d] == out->shape[d];
        size += fits ? part->shape[axis] : 0;
    }
    if (!fits || size != out->shape[axis]) {
        mieni_onnx_refuse(onnx, "joins shapes that do not fit each other");
        return -1;
    }
    if (variable < 0)
        mieni_onnx_refuse(onnx, "joins constants");
    return variable;
}

bool mieni_onnx_concatenation(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t axis = op->axis < 0 ? op->axis + tensor_at(onnx, op->output)->rank : op->axis;
    int32_t variable = check_parts(onnx, axis);
    if (variable < 0)
        return false;
    MieniOnnxForm form = mieni_onnx_layout(onnx);
    MieniOnnxName like = mieni_onnx_read(onnx, variable, form), names[MIENI_GRAPH_MAX_INPUTS];
    for (int32_t i = 0; i < op->n_inputs; i++)
        names[i] = mieni_onnx_is_constant(onnx, i) ? repeated(onnx, op->inputs[i], form, like.text)
                                                   : mieni_onnx_read(onnx, op->inputs[i], form);
    MieniOnnxName to = mieni_onnx_begin_result(onnx, form);
    mieni_onnx_begin(onnx, "Concat");
    for (int32_t i = 0; i < op->n_inputs; i++)
        mieni_onnx_input(onnx, names[i].text);
    mieni_onnx_output(onnx, to.text);
    mieni_onnx_attribute_int(onnx, "axis", mieni_onnx_axis(form, axis));
    mieni_onnx_end(onnx);
    mieni_onnx_end_result(onnx, form, &to);
    return true;
}

typedef struct Range {
    int64_t begin, end;
} Range;

/* What STRIDED_SLICE takes of each dimension. */
static bool read_ranges(MieniOnnx *onnx, const MieniGraphTensor *in, Range *ranges)
{
    const MieniGraphOp *op = onnx->op;
    int32_t lists[3][MIENI_GRAPH_MAX_RANK], n = 0;
    for (int i = 0; i < 3; i++) {
        if (!mieni_onnx_integers(onnx, i + 1, MIENI_GRAPH_MAX_RANK, lists[i], &n))
            return false;
        if (n != in->rank)
            return mieni_onnx_refuse(onnx, "does not tell about every dimension");
    }
    if (op->new_axis_mask || op->ellipsis_mask)
        return mieni_onnx_refuse(onnx, "adds dimensions");
    for (int32_t i = 0; i < in->rank; i++) {
        int64_t size = in->shape[i], begin = lists[0][i], end = lists[1][i];
        bool shrinks = op->shrink_axis_mask >> i & 1;
        begin += begin < 0 ? size : 0;
        end += end < 0 ? size : 0;
        if (op->begin_mask >> i & 1 && !shrinks)
            begin = 0;
        if (op->end_mask >> i & 1)
            end = size;
        if (shrinks)
            end = begin + 1;
        end = MIENI_MIN(end, size);
        if (lists[2][i] != 1 || begin < 0 || begin >= end || (i == 0 && end - begin != size))
            return mieni_onnx_refuse(onnx, "takes every other number, nothing, or of the batch");
        ranges[i] = (Range){begin, end};
    }
    return true;
}

static MieniOnnxName put_slice(MieniOnnx *onnx, const MieniGraphTensor *in, const Range *ranges,
                               MieniOnnxForm form, MieniOnnxName from)
{
    int64_t begins[MIENI_GRAPH_MAX_RANK], ends[MIENI_GRAPH_MAX_RANK], axes[MIENI_GRAPH_MAX_RANK];
    int32_t n = 0;
    for (int32_t i = 1; i < in->rank; i++) {
        if (ranges[i].end - ranges[i].begin == in->shape[i])
            continue;
        begins[n] = ranges[i].begin;
        ends[n] = ranges[i].end;
        axes[n++] = mieni_onnx_axis(form, i);
    }
    if (n == 0)
        return from;
    MieniOnnxName begin = mieni_onnx_list(onnx, n, begins), end = mieni_onnx_list(onnx, n, ends);
    MieniOnnxName axis = mieni_onnx_list(onnx, n, axes), to = mieni_onnx_temporary(onnx);
    mieni_onnx_begin(onnx, "Slice");
    mieni_onnx_input(onnx, from.text);
    mieni_onnx_input(onnx, begin.text);
    mieni_onnx_input(onnx, end.text);
    mieni_onnx_input(onnx, axis.text);
    mieni_onnx_output(onnx, to.text);
    mieni_onnx_end(onnx);
    return to;
}

bool mieni_onnx_slice(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t x = mieni_onnx_variable(onnx, 0);
    Range ranges[MIENI_GRAPH_MAX_RANK];
    if (x < 0 || !read_ranges(onnx, tensor_at(onnx, x), ranges))
        return false;
    const MieniGraphTensor *in = tensor_at(onnx, x), *out = tensor_at(onnx, op->output);
    int32_t shape[MIENI_GRAPH_MAX_RANK], rank = 0;
    for (int32_t i = 0; i < in->rank; i++)
        if (!(op->shrink_axis_mask >> i & 1))
            shape[rank++] = (int32_t)(ranges[i].end - ranges[i].begin);
    if (op->shrink_axis_mask == 1) {
        /* The batch goes away, of which there is one; here it stays. */
        if (out->rank != rank || memcmp(out->shape, shape, (size_t)rank * sizeof(*shape)) != 0)
            return mieni_onnx_refuse(onnx, "has shapes that do not fit each other");
        onnx->values[op->output].lacks_batch = true;
    } else if (!mieni_onnx_check_output(onnx, rank, shape)) {
        return false;
    }
    MieniOnnxForm form = op->shrink_axis_mask ? MIENI_ONNX_PLAIN : mieni_onnx_layout(onnx);
    MieniOnnxName from = mieni_onnx_read(onnx, x, form);
    from = put_slice(onnx, in, ranges, form, from);
    if (op->shrink_axis_mask & ~1)
        put_reshape(onnx, from.text);
    else
        mieni_onnx_node(onnx, "Identity", mieni_onnx_define(onnx, form).text, from.text, NULL);
    return true;
}

bool mieni_onnx_depth_to_space(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t x = mieni_onnx_variable(onnx, 0), b = op->block_size;
    if (x < 0)
        return false;
    const MieniGraphTensor *in = tensor_at(onnx, x);
    if (in->rank != 4 || b < 1 || b > 64 || in->shape[3] % (b * b) != 0)
        return mieni_onnx_refuse(onnx, "has a block size that does not fit its input");
    const int32_t shape[4] = {1, in->shape[1] * b, in->shape[2] * b, in->shape[3] / (b * b)};
    if (!mieni_onnx_check_output(onnx, 4, shape))
        return false;
    MieniOnnxName from = mieni_onnx_read(onnx, x, MIENI_ONNX_NCHW);
    MieniOnnxName to = mieni_onnx_define(onnx, MIENI_ONNX_NCHW);
    mieni_onnx_begin(onnx, "DepthToSpace");
    mieni_onnx_input(onnx, from.text);
    mieni_onnx_output(onnx, to.text);
    mieni_onnx_attribute_int(onnx, "blocksize", b);
    mieni_onnx_attribute_text(onnx, "mode", "DCR"); /* the output's channels vary fastest */
    mieni_onnx_end(onnx);
    return true;
}
