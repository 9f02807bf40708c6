/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/lower.h"

bool mieni_refuse(MieniLowering *lowering, const MieniGraphOp *op, const char *what)
{
    if (lowering->status != MIEN_OK)
        return false;
    lowering->status =
        mieni_fail(lowering->error, MIEN_E_UNSUPPORTED, "model-unsupported", "operator %d (%s): %s",
                   (int)(op - lowering->graph->ops), op->name, what);
    return false;
}

static bool out_of_memory(MieniLowering *lowering)
{
    if (lowering->status == MIEN_OK)
        lowering->status = mieni_fail_nomem(lowering->error);
    return false;
}

bool mieni_value_shape(MieniLowering *lowering, const MieniGraphOp *op, int32_t value,
                       int32_t shape[3])
{
    const MieniGraphTensor *tensor = &lowering->graph->tensors[value];
    if (tensor->rank < 2 || tensor->shape[0] != 1 || tensor->type != MIENI_TYPE_F32)
        return mieni_refuse(lowering, op, "works on something else than one float32 picture");
    shape[0] = tensor->rank == 4 ? tensor->shape[1] : 1;
    shape[1] = tensor->rank >= 3 ? tensor->shape[tensor->rank - 2] : 1;
    shape[2] = tensor->shape[tensor->rank - 1];
    return true;
}

int32_t mieni_input_value(MieniLowering *lowering, const MieniGraphOp *op, int32_t index)
{
    int32_t value = index < op->n_inputs ? op->inputs[index] : -1;
    if (value < 0 || lowering->values[value].constant >= 0) {
        mieni_refuse(lowering, op, "an input is missing or constant");
        return -1;
    }
    return lowering->values[value].same_as;
}

int32_t mieni_input_picture(MieniLowering *lowering, const MieniGraphOp *op, int32_t index,
                            int32_t shape[3])
{
    int32_t value = mieni_input_value(lowering, op, index);
    int32_t made[3];
    if (value < 0 || !mieni_value_shape(lowering, op, op->inputs[index], shape) ||
        !mieni_value_shape(lowering, op, value, made))
        return -1;
    if (memcmp(shape, made, sizeof(made)) != 0) {
        mieni_refuse(lowering, op, "reads a picture that was given another shape");
        return -1;
    }
    return value;
}

MieniNode *mieni_producer(MieniLowering *lowering, int32_t value, MieniNodeKind kind)
{
    int32_t node = lowering->values[value].node;
    return node >= 0 && lowering->nodes[node].kind == kind ? &lowering->nodes[node] : NULL;
}

/* The constant of n numbers that an input is; NULL with a refusal. */
static const MieniGraphTensor *constant_tensor(MieniLowering *lowering, const MieniGraphOp *op,
                                               int32_t index, size_t n)
{
    int32_t value = index < op->n_inputs ? op->inputs[index] : -1;
    int32_t constant = value < 0 ? -1 : lowering->values[value].constant;
    if (constant < 0) {
        mieni_refuse(lowering, op, "needs a constant that it does not have");
        return NULL;
    }
    const MieniGraphTensor *tensor = &lowering->graph->tensors[constant];
    if (tensor->n_elements != n) {
        mieni_refuse(lowering, op, "has a constant of an unexpected size");
        return NULL;
    }
    if (n > lowering->weight_budget) {
        mieni_refuse(lowering, op, "the constants are larger than the file warrants");
        return NULL;
    }
    lowering->weight_budget -= n;
    lowering->weight_bytes += n * sizeof(float);
    return tensor;
}

static const float *read_floats(MieniLowering *lowering, const MieniGraphTensor *tensor)
{
    float *data = mieni_arena_alloc(lowering->arena, tensor->n_elements, sizeof(*data));
    if (!data) {
        out_of_memory(lowering);
        return NULL;
    }
    MienStatus status = mieni_graph_constant_f32(tensor, data, lowering->error);
    if (status != MIEN_OK) {
        lowering->status = status;
        return NULL;
    }
    return data;
}

const float *mieni_input_constant(MieniLowering *lowering, const MieniGraphOp *op, int32_t index,
                                  size_t n)
{
    const MieniGraphTensor *tensor = constant_tensor(lowering, op, index, n);
    return tensor ? read_floats(lowering, tensor) : NULL;
}

bool mieni_input_weights(MieniLowering *lowering, const MieniGraphOp *op, int32_t index, size_t n,
                         MieniConvWeights *weights)
{
    const MieniGraphTensor *tensor = constant_tensor(lowering, op, index, n);
    if (!tensor)
        return false;
    bool aligned = (uintptr_t)tensor->data % sizeof(uint16_t) == 0;
    if (tensor->data && tensor->type == MIENI_TYPE_F16 && !tensor->sparsity && aligned)
        weights->halves = tensor->data;
    else
        weights->weights = read_floats(lowering, tensor);
    return weights->halves || weights->weights;
}

MieniNode *mieni_add_node(MieniLowering *lowering, const MieniGraphOp *op, MieniNodeKind kind)
{
    MieniNode *node = &lowering->nodes[lowering->n_nodes++];
    memset(node, 0, sizeof(*node));
    node->kind = kind;
    node->graph_op = (int32_t)(op - lowering->graph->ops);
    node->op.residual = -1;
    node->op.output = -1;
    return node;
}

void mieni_set_output(MieniLowering *lowering, MieniNode *node, const MieniGraphOp *op)
{
    node->op.output = op->output;
    node->op.name = lowering->graph->tensors[op->output].name;
    lowering->values[op->output].node = (int32_t)(node - lowering->nodes);
    lowering->values[op->output].ready = lowering->values[op->output].node;
}

void mieni_add_use(MieniLowering *lowering, int32_t value)
{
    lowering->values[value].n_uses++;
}

/* DEQUANTIZE and DENSIFY only ever unpack constants. */
bool mieni_lower_unpack(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t constant =
        op->n_inputs == 1 && op->inputs[0] >= 0 ? lowering->values[op->inputs[0]].constant : -1;
    if (constant < 0)
        return mieni_refuse(lowering, op, "unpacks something that is not constant");
    if (lowering->graph->tensors[constant].n_elements !=
        lowering->graph->tensors[op->output].n_elements)
        return mieni_refuse(lowering, op, "changes the number of elements");
    lowering->values[op->output].constant = constant;
    return true;
}

/* The output is the input's memory under another shape. */
static bool lower_alias(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t value = mieni_input_value(lowering, op, 0);
    if (value < 0)
        return false;
    if (lowering->graph->tensors[value].n_elements !=
        lowering->graph->tensors[op->output].n_elements)
        return mieni_refuse(lowering, op, "changes the number of elements");
    lowering->values[op->output].same_as = value;
    lowering->values[value].tight = true;
    return true;
}

bool mieni_input_integers(MieniLowering *lowering, const MieniGraphOp *op, int32_t index, int32_t n,
                          int32_t *out)
{
    int32_t value = index < op->n_inputs ? op->inputs[index] : -1;
    const MieniGraphTensor *tensor = value < 0 ? NULL : &lowering->graph->tensors[value];
    if (!tensor || !tensor->data || tensor->sparsity || tensor->type != MIENI_TYPE_I32 ||
        tensor->n_elements != (size_t)n)
        return mieni_refuse(lowering, op, "needs a list of integers that it does not have");
    memcpy(out, tensor->data, (size_t)n * sizeof(*out));
    return true;
}

/* The first pixels of a picture one row high: a window of its memory. */
static bool lower_window(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t in[3], out[3];
    int32_t value = mieni_input_picture(lowering, op, 0, in);
    if (value < 0 || !mieni_value_shape(lowering, op, op->output, out))
        return false;
    if (in[0] != 1 || out[0] != 1 || out[1] > in[1] || out[2] != in[2] ||
        (!mieni_producer(lowering, value, MIENI_NODE_OP) && lowering->values[value].parent < 0))
        return mieni_refuse(lowering, op, "takes a part of its input");
    MieniValue *part = &lowering->values[op->output];
    part->parent = value;
    part->ready = lowering->values[value].ready;
    part->tight = lowering->values[value].tight = true;
    mieni_add_use(lowering, value);
    return true;
}

/* A slice is read only if it takes everything, or what comes first in memory. */
static bool lower_slice(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t value = mieni_input_value(lowering, op, 0);
    if (value < 0)
        return false;
    const MieniGraphTensor *in = &lowering->graph->tensors[op->inputs[0]];
    int32_t begin[MIENI_GRAPH_MAX_RANK], end[MIENI_GRAPH_MAX_RANK], step[MIENI_GRAPH_MAX_RANK];
    if (!mieni_input_integers(lowering, op, 1, in->rank, begin) ||
        !mieni_input_integers(lowering, op, 2, in->rank, end) ||
        !mieni_input_integers(lowering, op, 3, in->rank, step))
        return false;
    bool whole = !op->new_axis_mask && !op->ellipsis_mask, window = !op->shrink_axis_mask;
    for (int32_t i = 0; i < in->rank; i++) {
        bool all = end[i] == in->shape[i] || op->end_mask >> i & 1;
        bool shrinks = op->shrink_axis_mask >> i & 1;
        whole &= step[i] == 1 && (begin[i] == 0 || (op->begin_mask >> i & 1 && !shrinks)) &&
                 (!shrinks || in->shape[i] == 1);
        if (!all && !shrinks) {
            window &= i == 2 && in->rank == 4 && end[i] > 0 &&
                      lowering->graph->tensors[op->output].rank == 4 &&
                      lowering->graph->tensors[op->output].shape[i] == end[i];
            whole &= window;
        } else {
            window &= all;
        }
    }
    if (!whole)
        return mieni_refuse(lowering, op, "takes a part of its input");
    if (lowering->graph->tensors[op->output].n_elements < in->n_elements && window)
        return lower_window(lowering, op);
    return lower_alias(lowering, op);
}

static bool lower_pad(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t pads[8], in[3], out[3];
    int32_t value = mieni_input_picture(lowering, op, 0, in);
    if (value < 0 || lowering->graph->tensors[op->inputs[0]].rank != 4 ||
        !mieni_input_integers(lowering, op, 1, 8, pads) ||
        !mieni_value_shape(lowering, op, op->output, out))
        return mieni_refuse(lowering, op, "is no padding of a picture");
    bool sound = pads[0] == 0 && pads[1] == 0;
    for (int i = 0; i < 8; i++)
        sound &= pads[i] >= 0 && pads[i] <= 1024;
    for (int i = 0; i < 3 && sound; i++)
        sound = out[i] == in[i] + pads[2 + 2 * i] + pads[3 + 2 * i];
    bool space = pads[2] || pads[3] || pads[4] || pads[5];
    if (!sound || pads[6] != 0 || (space && pads[7] != 0))
        return mieni_refuse(lowering, op, "pads in a way that is not known");
    MieniNode *node =
        mieni_add_node(lowering, op, space ? MIENI_NODE_PAD_SPACE : MIENI_NODE_PAD_CHANNELS);
    node->pad_top = pads[2];
    node->pad_bottom = pads[3];
    node->pad_left = pads[4];
    node->pad_right = pads[5];
    node->op.n_inputs = 1;
    node->op.inputs[0] = value;
    mieni_set_output(lowering, node, op);
    return true;
}

/* A helper of one input. */
static bool lower_helper(MieniLowering *lowering, const MieniGraphOp *op, MieniNodeKind kind)
{
    int32_t value = mieni_input_value(lowering, op, 0);
    if (value < 0)
        return false;
    MieniNode *node = mieni_add_node(lowering, op, kind);
    node->op.n_inputs = 1;
    node->op.inputs[0] = value;
    mieni_set_output(lowering, node, op);
    return true;
}

static bool lower_maxpool(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t in[3], out[3];
    int32_t value = mieni_input_picture(lowering, op, 0, in);
    if (value < 0 || !mieni_value_shape(lowering, op, op->output, out))
        return false;
    if (op->filter_h != 2 || op->filter_w != 2 || op->stride_h != 2 || op->stride_w != 2 ||
        op->fused != MIENI_FUSED_NONE || out[0] != (in[0] + 1) / 2 || out[1] != (in[1] + 1) / 2 ||
        out[2] != in[2] || (op->padding == MIENI_PADDING_VALID && (in[0] % 2 || in[1] % 2)))
        return mieni_refuse(lowering, op, "is no 2x2 maximum with stride 2");
    return lower_helper(lowering, op, MIENI_NODE_MAXPOOL);
}

static bool lower_resize(MieniLowering *lowering, const MieniGraphOp *op)
{
    if (op->align_corners || !op->half_pixel_centers)
        return mieni_refuse(lowering, op, "does not use half-pixel centres");
    int32_t in[3], out[3];
    if (mieni_input_picture(lowering, op, 0, in) < 0 ||
        !mieni_value_shape(lowering, op, op->output, out))
        return false;
    if (in[2] != out[2])
        return mieni_refuse(lowering, op, "changes the number of channels");
    return lower_helper(lowering, op, MIENI_NODE_RESIZE);
}

static bool lower_mul(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t constant =
        op->n_inputs == 2 && op->inputs[1] >= 0 ? lowering->values[op->inputs[1]].constant : -1;
    if (constant < 0 || op->fused != MIENI_FUSED_NONE)
        return mieni_refuse(lowering, op, "is no product with a constant");
    size_t n = lowering->graph->tensors[constant].n_elements;
    if (n != 1 && n != 16)
        return mieni_refuse(lowering, op, "is no product with a number or a 4x4 matrix");
    const float *factor = mieni_input_constant(lowering, op, 1, n);
    int32_t value = mieni_input_value(lowering, op, 0);
    if (value < 0 || !factor)
        return false;
    if (lowering->graph->tensors[value].n_elements !=
        lowering->graph->tensors[op->output].n_elements)
        return mieni_refuse(lowering, op, "changes the number of elements");
    if (!lower_helper(lowering, op, n == 1 ? MIENI_NODE_SCALE : MIENI_NODE_SCALE_MATRIX))
        return false;
    MieniNode *node = &lowering->nodes[lowering->n_nodes - 1];
    node->scale = n == 1 ? factor[0] : factor[3];
    /* Only the two rows that move a point count: x' = m0 x + m1 y + m3, y' = m4 x + m5 y + m7. */
    if (n == 16 && (factor[0] != 1 || factor[1] != 1 || factor[4] != 1 || factor[5] != 1 ||
                    factor[3] != factor[7]))
        return mieni_refuse(lowering, op, "scales more of a matrix than its translation");
    return true;
}

static bool lower_depth_to_space(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t in[3], out[3];
    int32_t value = mieni_input_picture(lowering, op, 0, in);
    if (value < 0 || !mieni_value_shape(lowering, op, op->output, out))
        return false;
    int64_t b = op->block_size;
    if (b < 1 || b > 64 || out[0] != b * in[0] || out[1] != b * in[1] || in[2] != b * b * out[2])
        return mieni_refuse(lowering, op, "has shapes that do not fit its block size");
    if (!lower_helper(lowering, op, MIENI_NODE_OP))
        return false;
    lowering->nodes[lowering->n_nodes - 1].op.kind = MIENI_OP_DEPTH_TO_SPACE;
    mieni_add_use(lowering, value);
    return true;
}

static bool part_fits(const MieniGraphTensor *part, const MieniGraphTensor *whole, int32_t axis)
{
    bool fits = part->rank == whole->rank;
    for (int32_t i = 0; i < whole->rank && fits; i++)
        fits = i == axis || part->shape[i] == whole->shape[i];
    return fits;
}

/* Parts that stand one behind the other in memory become windows of the whole. */
static bool lower_concatenation(MieniLowering *lowering, const MieniGraphOp *op)
{
    const MieniGraphTensor *out = &lowering->graph->tensors[op->output];
    int32_t axis = op->axis < 0 ? op->axis + out->rank : op->axis;
    bool outermost = axis >= 0 && axis < out->rank && op->fused == MIENI_FUSED_NONE;
    for (int32_t i = 0; i < axis && outermost; i++)
        outermost = out->shape[i] == 1;
    if (!outermost)
        return mieni_refuse(lowering, op, "joins its inputs along an inner dimension");
    MieniValue *whole = &lowering->values[op->output];
    whole->tight = true;
    size_t offset = 0;
    for (int32_t i = 0; i < op->n_inputs; i++) {
        int32_t input = op->inputs[i];
        bool is_constant = input >= 0 && lowering->values[input].constant >= 0;
        if (is_constant && !mieni_lower_constant_part(lowering, op, input))
            return false;
        int32_t value = is_constant ? input : mieni_input_value(lowering, op, i);
        if (value < 0)
            return false;
        if (!part_fits(&lowering->graph->tensors[op->inputs[i]], out, axis))
            return mieni_refuse(lowering, op, "joins shapes that do not fit each other");
        MieniValue *part = &lowering->values[value];
        if (part->node < 0 || lowering->nodes[part->node].kind != MIENI_NODE_OP ||
            part->parent >= 0)
            return mieni_refuse(lowering, op, "joins something that is not computed for it");
        part->tight = true;
        part->parent = op->output;
        part->parent_offset = (int32_t)offset;
        whole->ready = MIENI_MAX(whole->ready, part->ready);
        mieni_add_use(lowering, value);
        offset += lowering->graph->tensors[value].n_elements;
    }
    if (offset != out->n_elements)
        return mieni_refuse(lowering, op, "has an output of another size than its inputs");
    return true;
}

static bool lower_op(MieniLowering *lowering, const MieniGraphOp *op)
{
    /* Half floats are unpacked in two steps. */
    MieniType type = lowering->graph->tensors[op->output].type;
    if (type != MIENI_TYPE_F32 && (type != MIENI_TYPE_F16 || op->kind != MIENI_GRAPH_DENSIFY))
        return mieni_refuse(lowering, op, "makes something else than float32");
    switch (op->kind) {
    case MIENI_GRAPH_DEQUANTIZE:
    case MIENI_GRAPH_DENSIFY:
        return mieni_lower_unpack(lowering, op);
    case MIENI_GRAPH_RESHAPE:
        return lower_alias(lowering, op);
    case MIENI_GRAPH_STRIDED_SLICE:
        return lower_slice(lowering, op);
    case MIENI_GRAPH_PAD:
        return lower_pad(lowering, op);
    case MIENI_GRAPH_MAX_POOL_2D:
        return lower_maxpool(lowering, op);
    case MIENI_GRAPH_RESIZE_BILINEAR:
        return lower_resize(lowering, op);
    case MIENI_GRAPH_MUL:
        return lower_mul(lowering, op);
    case MIENI_GRAPH_DEPTH_TO_SPACE:
        return lower_depth_to_space(lowering, op);
    case MIENI_GRAPH_CONCATENATION:
        return lower_concatenation(lowering, op);
    case MIENI_GRAPH_CONV_2D:
    case MIENI_GRAPH_DEPTHWISE_CONV_2D:
        return mieni_lower_convolution(lowering, op);
    case MIENI_GRAPH_RELU:
    case MIENI_GRAPH_PRELU:
    case MIENI_GRAPH_LOGISTIC:
        return mieni_lower_activation(lowering, op);
    case MIENI_GRAPH_ADD:
        return mieni_lower_add(lowering, op);
    case MIENI_GRAPH_LANDMARKS_TO_TRANSFORM_MATRIX:
        return mieni_lower_landmarks_to_matrix(lowering, op);
    case MIENI_GRAPH_TRANSFORM_TENSOR_BILINEAR:
        return mieni_lower_sample_bilinear(lowering, op);
    case MIENI_GRAPH_TRANSFORM_LANDMARKS:
        return mieni_lower_transform_landmarks(lowering, op);
    case MIENI_GRAPH_MEAN:
        return mieni_lower_mean(lowering, op);
    case MIENI_GRAPH_TRANSPOSE:
        return mieni_lower_transpose(lowering, op);
    case MIENI_GRAPH_AVERAGE_POOL_2D:
    case MIENI_GRAPH_OTHER:
        return mieni_refuse(lowering, op, "mien does not know this operation");
    case MIENI_GRAPH_DIV:
    case MIENI_GRAPH_NEG:
    case MIENI_GRAPH_RSQRT:
    case MIENI_GRAPH_SQRT:
    case MIENI_GRAPH_SQUARED_DIFFERENCE:
    case MIENI_GRAPH_SUB:
    case MIENI_GRAPH_SUM:
        break;
    }
    return mieni_refuse(lowering, op, "does not belong to a block that mien knows");
}

/* What nobody took in cannot be computed. */
static bool check_helpers(MieniLowering *lowering)
{
    for (int32_t i = 0; i < lowering->n_nodes; i++) {
        const MieniNode *node = &lowering->nodes[i];
        const MieniGraphOp *op = &lowering->graph->ops[node->graph_op];
        if (node->kind != MIENI_NODE_OP && node->kind != MIENI_NODE_DEAD &&
            lowering->values[node->op.output].n_uses > 0)
            return mieni_refuse(lowering, op, "does not belong to a block that mien knows");
    }
    return true;
}

MienStatus mieni_lower(MieniLowering *lowering)
{
    const MieniGraph *graph = lowering->graph;
    for (int32_t i = 0; i < graph->n_tensors; i++) {
        MieniValue *value = &lowering->values[i];
        memset(value, 0, sizeof(*value));
        value->same_as = i;
        value->node = value->ready = value->parent = value->tensor = -1;
        value->constant = graph->tensors[i].data ? i : -1;
    }
    while (lowering->next < graph->n_ops) {
        const MieniGraphOp *op = &graph->ops[lowering->next++];
        if (!lower_op(lowering, op))
            return lowering->status;
    }
    for (int32_t i = 0; i < graph->n_outputs; i++) {
        MieniValue *value = &lowering->values[lowering->values[graph->outputs[i]].same_as];
        const MieniGraphOp *op = &graph->ops[graph->tensors[graph->outputs[i]].producer];
        if (value->constant >= 0) {
            mieni_refuse(lowering, op, "the network returns a constant");
            return lowering->status;
        }
        value->tight = true;
        value->n_uses++;
    }
    check_helpers(lowering);
    return lowering->status;
}
