/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the blendshape network (an MLP mixer over points) that are no convolutions. TFLite
 * has no operation for them: each is a row of small ones, found here by their order in the file and
 * by who reads whom.
 */
#include "graph/lower.h"

static bool refuse_block(MieniLowering *lowering, const MieniGraphOp *op)
{
    return mieni_refuse(lowering, op, "does not belong to a block that mien knows");
}

/* The operation behind the last, unpacking constants on the way; NULL and refused if it is not of
 * this kind. */
static const MieniGraphOp *next_op(MieniLowering *lowering, MieniGraphOpKind kind)
{
    const MieniGraph *graph = lowering->graph;
    while (lowering->next < graph->n_ops) {
        const MieniGraphOp *op = &graph->ops[lowering->next++];
        if (op->kind != MIENI_GRAPH_DEQUANTIZE) {
            if (op->kind == kind && op->fused == MIENI_FUSED_NONE)
                return op;
            refuse_block(lowering, op);
            return NULL;
        }
        if (!mieni_lower_unpack(lowering, op))
            return NULL;
    }
    refuse_block(lowering, &graph->ops[graph->n_ops - 1]);
    return NULL;
}

/* Steps on to an operation that reads these two values (-1: any constant, or no second input), and
 * returns what it makes, of `n` elements and with `n_uses` readers; -1 after a refusal. */
static int32_t step(MieniLowering *lowering, MieniGraphOpKind kind, int32_t a, int32_t b, size_t n,
                    int32_t n_uses)
{
    const MieniGraphOp *op = next_op(lowering, kind);
    if (!op)
        return -1;
    const MieniGraphTensor *out = &lowering->graph->tensors[op->output];
    if (op->n_inputs < 1 || op->inputs[0] != a ||
        (b >= 0 && (op->n_inputs != 2 || op->inputs[1] != b)) || out->n_elements != n ||
        out->n_uses != n_uses) {
        refuse_block(lowering, op);
        return -1;
    }
    return op->output;
}

/* Whether the axes that an operation sums over are this one alone. */
static bool is_over(MieniLowering *lowering, const MieniGraphOp *op, int32_t axis)
{
    int32_t rank = lowering->graph->tensors[op->inputs[0]].rank, found;
    if (!mieni_input_integers(lowering, op, 1, 1, &found))
        return false;
    if (found != axis && found != axis - rank)
        return refuse_block(lowering, op);
    return true;
}

static const MieniGraphOp *last_op(const MieniLowering *lowering)
{
    return &lowering->graph->ops[lowering->next - 1];
}

static void finish(MieniLowering *lowering, MieniOpKind kind, int32_t value)
{
    const MieniGraphOp *op = last_op(lowering);
    MieniNode *node = mieni_add_node(lowering, op, MIENI_NODE_OP);
    node->op.kind = kind;
    node->op.n_inputs = 1;
    node->op.inputs[0] = value;
    mieni_add_use(lowering, value);
    mieni_set_output(lowering, node, op);
}

/* mean, x - mean, its squares, their sums, roots, their mean, quotient. */
static bool lower_center_points(MieniLowering *lowering, const MieniGraphOp *op, int32_t value,
                                const int32_t shape[3])
{
    int32_t x = op->inputs[0], mean = op->output;
    size_t n = (size_t)shape[1];
    if (!is_over(lowering, op, lowering->graph->tensors[x].rank - 2))
        return false;
    if (shape[2] != 2 || lowering->graph->tensors[mean].n_elements != 2 ||
        lowering->graph->tensors[mean].n_uses != 1)
        return refuse_block(lowering, op);
    int32_t off = step(lowering, MIENI_GRAPH_SUB, x, mean, 2 * n, 3);
    int32_t squares = off < 0 ? -1 : step(lowering, MIENI_GRAPH_MUL, off, off, 2 * n, 1);
    int32_t sums = squares < 0 ? -1 : step(lowering, MIENI_GRAPH_SUM, squares, -1, n, 1);
    if (sums < 0 ||
        !is_over(lowering, last_op(lowering), lowering->graph->tensors[squares].rank - 1))
        return false;
    int32_t roots = step(lowering, MIENI_GRAPH_SQRT, sums, -1, n, 1);
    int32_t distance = roots < 0 ? -1 : step(lowering, MIENI_GRAPH_MEAN, roots, -1, 1, 1);
    if (distance < 0 ||
        !is_over(lowering, last_op(lowering), lowering->graph->tensors[roots].rank - 2))
        return false;
    const MieniGraphOp *quotient = next_op(lowering, MIENI_GRAPH_DIV);
    if (!quotient)
        return false;
    int32_t made[3];
    if (quotient->n_inputs != 2 || quotient->inputs[0] != off || quotient->inputs[1] != distance ||
        !mieni_value_shape(lowering, quotient, quotient->output, made) ||
        memcmp(made, shape, sizeof(made)) != 0)
        return refuse_block(lowering, quotient);
    finish(lowering, MIENI_OP_CENTER_POINTS, value);
    return true;
}

/* mean, -mean, squared differences, their mean, + epsilon, 1 / root, times gain; x and -mean times
 * that, and their sum. */
static bool lower_layer_norm(MieniLowering *lowering, const MieniGraphOp *op, int32_t value,
                             const int32_t shape[3])
{
    const MieniGraphTensor *tensors = lowering->graph->tensors;
    int32_t x = op->inputs[0], mean = op->output;
    size_t n = (size_t)shape[0] * (size_t)shape[1], all = n * (size_t)shape[2];
    if (tensors[mean].n_elements != n || tensors[mean].n_uses != 2)
        return refuse_block(lowering, op);
    int32_t minus = step(lowering, MIENI_GRAPH_NEG, mean, -1, n, 1);
    int32_t off = minus < 0 ? -1 : step(lowering, MIENI_GRAPH_SQUARED_DIFFERENCE, x, mean, all, 1);
    int32_t variance = off < 0 ? -1 : step(lowering, MIENI_GRAPH_MEAN, off, -1, n, 1);
    if (variance < 0 || !is_over(lowering, last_op(lowering), tensors[off].rank - 1))
        return false;
    int32_t sum = step(lowering, MIENI_GRAPH_ADD, variance, -1, n, 1);
    const float *epsilon = sum < 0 ? NULL : mieni_input_constant(lowering, last_op(lowering), 1, 1);
    int32_t root = epsilon ? step(lowering, MIENI_GRAPH_RSQRT, sum, -1, n, 1) : -1;
    int32_t scale = root < 0 ? -1 : step(lowering, MIENI_GRAPH_MUL, root, -1, all, 2);
    const float *gain =
        scale < 0 ? NULL : mieni_input_constant(lowering, last_op(lowering), 1, (size_t)shape[2]);
    int32_t scaled = gain ? step(lowering, MIENI_GRAPH_MUL, x, scale, all, 1) : -1;
    int32_t shift = scaled < 0 ? -1 : step(lowering, MIENI_GRAPH_MUL, minus, scale, all, 1);
    const MieniGraphOp *result = shift < 0 ? NULL : next_op(lowering, MIENI_GRAPH_ADD);
    if (!result)
        return false;
    int32_t made[3];
    if (result->n_inputs != 2 || result->inputs[0] != scaled || result->inputs[1] != shift ||
        !mieni_value_shape(lowering, result, result->output, made) ||
        memcmp(made, shape, sizeof(made)) != 0)
        return refuse_block(lowering, result);
    finish(lowering, MIENI_OP_LAYER_NORM, value);
    MieniNode *node = mieni_producer(lowering, result->output, MIENI_NODE_OP);
    node->op.norm = (MieniNormSpec){.epsilon = *epsilon, .gain = gain};
    return true;
}

/* A mean begins both blocks: over the points, or over the channels of each. */
bool mieni_lower_mean(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t shape[3], axis;
    int32_t value = mieni_input_picture(lowering, op, 0, shape);
    if (value < 0 || !mieni_input_integers(lowering, op, 1, 1, &axis))
        return false;
    int32_t rank = lowering->graph->tensors[op->inputs[0]].rank;
    if (axis == rank - 1 || axis == -1)
        return lower_layer_norm(lowering, op, value, shape);
    if (shape[0] != 1)
        return refuse_block(lowering, op);
    return lower_center_points(lowering, op, value, shape);
}

/* Rows of pixels to rows of channels. A layer norm that nothing else reads writes its result
 * transposed itself. */
bool mieni_lower_transpose(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t in[3], out[3], order[4];
    int32_t value = mieni_input_picture(lowering, op, 0, in);
    if (value < 0 || lowering->graph->tensors[op->inputs[0]].rank != 4 ||
        !mieni_input_integers(lowering, op, 1, 4, order) ||
        !mieni_value_shape(lowering, op, op->output, out))
        return refuse_block(lowering, op);
    if (order[0] != 0 || order[1] != 1 || order[2] != 3 || order[3] != 2 || in[0] != 1 ||
        out[0] != 1 || out[1] != in[2] || out[2] != in[1])
        return mieni_refuse(lowering, op, "swaps something else than pixels and channels of a row");
    MieniValue *v = &lowering->values[value];
    MieniNode *norm = mieni_producer(lowering, value, MIENI_NODE_OP);
    if (norm && norm->op.kind == MIENI_OP_LAYER_NORM && !norm->op.norm.transposed &&
        v->n_uses == 0 && !v->tight && lowering->graph->tensors[value].n_uses == 1) {
        norm->op.norm.transposed = true;
        v->node = -1;
        mieni_set_output(lowering, norm, op);
        return true;
    }
    float scale = 1;
    const MieniNode *factor = mieni_producer(lowering, value, MIENI_NODE_SCALE);
    if (factor) {
        scale = factor->scale;
        value = factor->op.inputs[0];
        int32_t before[3];
        if (!mieni_value_shape(lowering, op, value, before))
            return false;
        if (memcmp(before, in, sizeof(before)) != 0)
            return mieni_refuse(lowering, op, "reads a picture that was given another shape");
    }
    MieniNode *node = mieni_add_node(lowering, op, MIENI_NODE_OP);
    node->op.kind = MIENI_OP_TRANSPOSE;
    node->op.scale = scale;
    node->op.n_inputs = 1;
    node->op.inputs[0] = value;
    mieni_add_use(lowering, value);
    mieni_set_output(lowering, node, op);
    return true;
}

/* A part of a concatenation that stands in the file. */
bool mieni_lower_constant_part(MieniLowering *lowering, const MieniGraphOp *op, int32_t value)
{
    MieniValue *part = &lowering->values[value];
    const MieniGraphTensor *tensor = &lowering->graph->tensors[value];
    if (part->node >= 0 || part->same_as != value || tensor->type != MIENI_TYPE_F32)
        return mieni_refuse(lowering, op, "joins a constant in a way that is not known");
    int32_t index = 0;
    while (op->inputs[index] != value)
        index++;
    const float *data = mieni_input_constant(lowering, op, index, tensor->n_elements);
    if (!data)
        return false;
    MieniNode *node = mieni_add_node(lowering, op, MIENI_NODE_OP);
    node->op.kind = MIENI_OP_CONSTANT;
    node->op.constant = data;
    node->op.output = value;
    node->op.name = tensor->name;
    part->node = part->ready = (int32_t)(node - lowering->nodes);
    return true;
}
