/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, and what fuses with them: pads, depthwise + pointwise, activations, residual adds.
 */
#include "graph/lower.h"

/* TensorFlow's SAME: the border is split evenly, the odd pixel goes to the bottom or right. */
static int32_t same_padding(int32_t in, int32_t out, int32_t kernel, int32_t stride)
{
    int32_t total = (out - 1) * stride + kernel - in;
    return total > 0 ? total / 2 : 0;
}

static int32_t output_size(const MieniGraphOp *op, int32_t in, int32_t kernel, int32_t stride)
{
    if (op->padding == MIENI_PADDING_SAME)
        return (in + stride - 1) / stride;
    return in < kernel ? 0 : (in - kernel) / stride + 1;
}

/* Fills shape: the input's size is that before an explicit pad, which the convolution takes in. */
static bool conv_shape(MieniLowering *lowering, const MieniGraphOp *op, int32_t *value,
                       const MieniGraphTensor *filter, MieniConvShape *shape)
{
    int32_t in[3], out[3];
    *value = mieni_input_picture(lowering, op, 0, in);
    if (filter->rank != 4 || op->stride_h != op->stride_w || op->stride_h < 1 || op->stride_h > 64)
        return mieni_refuse(lowering, op, "has a filter or a stride of an unknown kind");
    if (*value < 0 || !mieni_value_shape(lowering, op, op->output, out))
        return false;
    bool depthwise = op->kind == MIENI_GRAPH_DEPTHWISE_CONV_2D;
    shape->kernel_height = filter->shape[1];
    shape->kernel_width = filter->shape[2];
    shape->stride = op->stride_h;
    shape->in_channels = in[2];
    shape->out_height = out[0];
    shape->out_width = out[1];
    shape->out_channels = out[2];
    bool channels = depthwise ? filter->shape[0] == 1 && filter->shape[3] == in[2] &&
                                    in[2] == out[2] && lowering->graph->tensors[*value].rank == 4
                              : filter->shape[0] == out[2] && filter->shape[3] == in[2];
    if (!channels || shape->kernel_height > 64 || shape->kernel_width > 64 ||
        output_size(op, in[0], shape->kernel_height, shape->stride) != out[0] ||
        output_size(op, in[1], shape->kernel_width, shape->stride) != out[1])
        return mieni_refuse(lowering, op, "has shapes that do not fit each other");
    if (op->padding == MIENI_PADDING_SAME) {
        shape->pad_top = same_padding(in[0], out[0], shape->kernel_height, shape->stride);
        shape->pad_left = same_padding(in[1], out[1], shape->kernel_width, shape->stride);
    }

    const MieniNode *pad = mieni_producer(lowering, *value, MIENI_NODE_PAD_SPACE);
    if (pad && op->padding == MIENI_PADDING_VALID) {
        shape->pad_top = pad->pad_top;
        shape->pad_left = pad->pad_left;
        in[0] -= pad->pad_top + pad->pad_bottom;
        in[1] -= pad->pad_left + pad->pad_right;
        *value = pad->op.inputs[0];
    }
    shape->in_height = in[0];
    shape->in_width = in[1];
    return true;
}

/* The bias [n]: that of the file, or zeros. */
static float *conv_bias(MieniLowering *lowering, const MieniGraphOp *op, int32_t n)
{
    const float *bias = NULL;
    if (op->n_inputs > 2 && op->inputs[2] >= 0) {
        bias = mieni_input_constant(lowering, op, 2, (size_t)n);
        if (!bias)
            return NULL;
    }
    float *copy = mieni_arena_alloc(lowering->arena, (size_t)n, sizeof(*copy));
    if (!copy)
        lowering->status = mieni_fail_nomem(lowering->error);
    else if (bias)
        memcpy(copy, bias, (size_t)n * sizeof(*copy));
    return copy;
}

/* Takes a depthwise without activation into the pointwise that alone reads it. */
static void take_in_depthwise(MieniLowering *lowering, MieniNode *node)
{
    int32_t between = node->op.inputs[0];
    MieniNode *dw = mieni_producer(lowering, between, MIENI_NODE_OP);
    if (!dw || dw->op.kind != MIENI_OP_DEPTHWISE ||
        dw->op.shape.activation != MIENI_ACTIVATION_NONE || lowering->values[between].tight ||
        lowering->graph->tensors[between].n_uses != 1)
        return;
    MieniOp *op = &node->op;
    MieniConvShape shape = dw->op.shape;
    shape.out_channels = op->shape.out_channels;
    shape.activation = op->shape.activation;
    op->kind = MIENI_OP_DEPTHWISE_POINTWISE;
    op->shape = shape;
    op->weights.depthwise = dw->op.weights.depthwise;
    op->weights.depthwise_bias = dw->op.weights.bias;
    op->macs += dw->op.macs;
    op->inputs[0] = dw->op.inputs[0];
    dw->kind = MIENI_NODE_DEAD;
    lowering->values[between].n_uses = 0;
}

static MieniOpKind conv_kind(const MieniConvShape *shape)
{
    bool whole = shape->kernel_height == shape->in_height &&
                 shape->kernel_width == shape->in_width && shape->out_height == 1 &&
                 shape->out_width == 1 && shape->pad_top == 0 && shape->pad_left == 0;
    if (whole)
        return MIENI_OP_FULLY_CONNECTED;
    /* A pointwise has no border: behind a pad a 1x1 kernel is a convolution like any other. */
    if (shape->kernel_height == 1 && shape->kernel_width == 1 && shape->stride == 1 &&
        shape->in_height == shape->out_height && shape->in_width == shape->out_width)
        return MIENI_OP_POINTWISE;
    return MIENI_OP_CONV;
}

bool mieni_lower_convolution(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t value;
    int32_t filter_value =
        op->n_inputs > 1 && op->inputs[1] >= 0 ? lowering->values[op->inputs[1]].constant : -1;
    if (filter_value < 0)
        return mieni_refuse(lowering, op, "has no constant filter");
    const MieniGraphTensor *filter = &lowering->graph->tensors[filter_value];
    MieniConvShape shape = {0};
    if (!conv_shape(lowering, op, &value, filter, &shape))
        return false;
    bool depthwise = op->kind == MIENI_GRAPH_DEPTHWISE_CONV_2D;
    MieniConvWeights weights = {0};
    if (!depthwise && !mieni_input_weights(lowering, op, 1, filter->n_elements, &weights))
        return false;
    if (depthwise)
        weights.depthwise = mieni_input_constant(lowering, op, 1, filter->n_elements);
    if (depthwise && !weights.depthwise)
        return false;
    weights.bias = conv_bias(lowering, op, shape.out_channels);
    if (!weights.bias)
        return false;

    MieniNode *node = mieni_add_node(lowering, op, MIENI_NODE_OP);
    shape.activation =
        op->fused == MIENI_FUSED_RELU ? MIENI_ACTIVATION_RELU : MIENI_ACTIVATION_NONE;
    node->op.kind = depthwise ? MIENI_OP_DEPTHWISE : conv_kind(&shape);
    node->op.shape = shape;
    node->op.weights = weights;
    node->op.macs = (double)shape.out_height * shape.out_width * (double)filter->n_elements;
    node->op.n_inputs = 1;
    node->op.inputs[0] = value;
    mieni_add_use(lowering, value);
    mieni_set_output(lowering, node, op);
    if (node->op.kind == MIENI_OP_POINTWISE)
        take_in_depthwise(lowering, node);
    return true;
}

static bool same_shape(const MieniGraphTensor *a, const MieniGraphTensor *b)
{
    return a->rank == b->rank && memcmp(a->shape, b->shape, sizeof(a->shape)) == 0;
}

bool mieni_lower_activation(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t value = mieni_input_value(lowering, op, 0);
    if (value < 0)
        return false;
    MieniValue *v = &lowering->values[value];
    MieniNode *node = v->node < 0 ? NULL : &lowering->nodes[v->node];
    /* Nothing has read the value yet, or this operation could not be the one that finishes it. */
    if (!node || node->kind != MIENI_NODE_OP || !mieni_op_is_conv(node->op.kind) ||
        node->op.shape.activation != MIENI_ACTIVATION_NONE || v->n_uses != 0 || v->tight ||
        lowering->graph->tensors[op->inputs[0]].n_uses != 1)
        return mieni_refuse(lowering, op, "does not follow a convolution that only it reads");
    if (!same_shape(&lowering->graph->tensors[value], &lowering->graph->tensors[op->output]))
        return mieni_refuse(lowering, op, "changes the shape");
    MieniConvShape *shape = &node->op.shape;
    switch (op->kind) {
    case MIENI_GRAPH_PRELU:
        node->op.weights.slope = mieni_input_constant(lowering, op, 1, (size_t)shape->out_channels);
        if (!node->op.weights.slope)
            return false;
        shape->activation = MIENI_ACTIVATION_PRELU;
        break;
    case MIENI_GRAPH_LOGISTIC:
        shape->activation = MIENI_ACTIVATION_SIGMOID;
        break;
    default:
        shape->activation = MIENI_ACTIVATION_RELU;
        break;
    }
    v->node = -1;
    mieni_set_output(lowering, node, op);
    return true;
}

/* Looks through the pool and the channel pad of a shortcut, both of which a residual takes in. */
static int32_t shortcut_source(MieniLowering *lowering, int32_t value, bool *pooled)
{
    *pooled = false;
    for (;;) {
        MieniNode *pad = mieni_producer(lowering, value, MIENI_NODE_PAD_CHANNELS);
        MieniNode *pool = mieni_producer(lowering, value, MIENI_NODE_MAXPOOL);
        if (pool && *pooled)
            return -1;
        if (pool)
            *pooled = true;
        if (!pad && !pool)
            return value;
        value = (pad ? pad : pool)->op.inputs[0];
    }
}

static bool can_take_residual(const MieniLowering *lowering, int32_t value)
{
    const MieniValue *v = &lowering->values[value];
    if (v->node < 0 || v->n_uses != 0 || v->tight || lowering->graph->tensors[value].n_uses != 1)
        return false;
    const MieniNode *node = &lowering->nodes[v->node];
    return node->kind == MIENI_NODE_OP && node->op.residual < 0 &&
           (node->op.kind == MIENI_OP_CONV || node->op.kind == MIENI_OP_POINTWISE ||
            node->op.kind == MIENI_OP_DEPTHWISE_POINTWISE) &&
           node->op.shape.activation == MIENI_ACTIVATION_NONE;
}

/* A transposition that nothing has read can take in the sum, if what else it adds is there already.
 */
static bool can_take_sum(MieniLowering *lowering, const MieniGraphOp *op, int32_t value,
                         int32_t added)
{
    const MieniNode *node = mieni_producer(lowering, value, MIENI_NODE_OP);
    const MieniValue *v = &lowering->values[value];
    return node && node->op.kind == MIENI_OP_TRANSPOSE && node->op.residual < 0 && v->n_uses == 0 &&
           !v->tight && lowering->graph->tensors[value].n_uses == 1 &&
           lowering->values[added].ready <= v->node && op->fused == MIENI_FUSED_NONE;
}

static bool lower_transpose_add(MieniLowering *lowering, const MieniGraphOp *op, int32_t transposed,
                                int32_t added)
{
    MieniNode *node = mieni_producer(lowering, transposed, MIENI_NODE_OP);
    int32_t shape[3];
    if (!mieni_value_shape(lowering, op, added, shape))
        return false;
    node->op.residual = added;
    mieni_add_use(lowering, added);
    lowering->values[transposed].node = -1;
    mieni_set_output(lowering, node, op);
    return true;
}

/* out = resize(a) + b */
static bool lower_resize_add(MieniLowering *lowering, const MieniGraphOp *op, int32_t resized,
                             int32_t added)
{
    const MieniNode *resize = mieni_producer(lowering, resized, MIENI_NODE_RESIZE);
    if (!resize || op->fused != MIENI_FUSED_NONE)
        return mieni_refuse(lowering, op, "is a sum that mien does not know");
    MieniNode *node = mieni_add_node(lowering, op, MIENI_NODE_OP);
    node->op.kind = MIENI_OP_RESIZE_ADD;
    node->op.n_inputs = 2;
    node->op.inputs[0] = resize->op.inputs[0];
    node->op.inputs[1] = added;
    mieni_add_use(lowering, node->op.inputs[0]);
    mieni_add_use(lowering, added);
    mieni_set_output(lowering, node, op);
    return true;
}

bool mieni_lower_add(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t a = mieni_input_value(lowering, op, 0), b = mieni_input_value(lowering, op, 1);
    if (a < 0 || b < 0)
        return false;
    const MieniGraphTensor *tensors = lowering->graph->tensors;
    if (a == b || !same_shape(&tensors[a], &tensors[b]) ||
        !same_shape(&tensors[a], &tensors[op->output]))
        return mieni_refuse(lowering, op, "adds tensors of different shapes");
    if (mieni_producer(lowering, a, MIENI_NODE_RESIZE))
        return lower_resize_add(lowering, op, a, b);
    if (mieni_producer(lowering, b, MIENI_NODE_RESIZE))
        return lower_resize_add(lowering, op, b, a);
    if (can_take_sum(lowering, op, a, b))
        return lower_transpose_add(lowering, op, a, b);
    if (can_take_sum(lowering, op, b, a))
        return lower_transpose_add(lowering, op, b, a);

    /* The convolution that comes last takes the sum: whatever it adds has been computed by then. */
    if (!can_take_residual(lowering, b) ||
        (can_take_residual(lowering, a) && lowering->values[a].node > lowering->values[b].node)) {
        int32_t swap = a;
        a = b;
        b = swap;
    }
    if (!can_take_residual(lowering, b))
        return mieni_refuse(lowering, op, "adds to something that is no convolution");
    MieniNode *node = &lowering->nodes[lowering->values[b].node];
    bool pooled;
    int32_t source = shortcut_source(lowering, a, &pooled);
    int32_t shape[3];
    if (source < 0 || !mieni_value_shape(lowering, op, source, shape) ||
        lowering->values[source].ready > lowering->values[b].node)
        return mieni_refuse(lowering, op, "has a shortcut that mien does not know");
    mieni_add_use(lowering, source);
    node->op.residual = source;
    node->op.shape.residual = pooled ? MIENI_RESIDUAL_MAXPOOL : MIENI_RESIDUAL_ADD;
    node->op.shape.residual_channels = shape[2];
    node->op.shape.activation =
        op->fused == MIENI_FUSED_RELU ? MIENI_ACTIVATION_RELU : MIENI_ACTIVATION_NONE;
    lowering->values[b].node = -1;
    mieni_set_output(lowering, node, op);
    return true;
}
