/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaves out what nobody reads. A network may cut the first pixels out of a row and drop the others
 * (a window, see lower.c): the blendshapes' 52 scores come from one token of 97. Here such a cut
 * moves towards the input, through every operation whose pixels or channels are computed apart:
 *
 *     pointwise        fewer pixels: of input and residual too. Fewer channels: fewer rows of its
 *                      weights, and fewer channels of the residual.
 *     conv, fully      fewer channels only, as pixels share inputs
 *     connected, depthwise+pointwise
 *     layer norm       fewer pixels, which are its output's channels if it transposes
 *     transpose        what was a channel becomes a pixel, and the other way round
 *
 * Every sum that is left is the same as before. A tensor keeps what its most demanding reader
 * wants; the others then read a window of it. Channels do not lie together, so they can only be cut
 * where a tensor has one reader. Nothing is cut from what the network returns, from its input, or
 * from parts and wholes of a concatenation.
 */
#include "graph/narrow.h"

/* The first pixels of a row and their first channels. */
typedef struct Part {
    int32_t width, channels;
} Part;

typedef struct Reach {
    int32_t n_readers;    /* operations, those that read a window of it too, and the caller */
    bool width, channels; /* whether what makes it could make less of them */
    Part wanted;          /* by its readers so far */
} Reach;

typedef struct Narrowing {
    MieniPlan *plan;
    Reach *reach; /* [n_tensors] */
} Narrowing;

static Part whole_of(const MieniPlan *plan, int32_t tensor)
{
    return (Part){plan->tensors[tensor].width, plan->tensors[tensor].channels};
}

/* Back ends lay out the network's input in a way of its own. */
static bool can_be_read_in_part(const MieniPlan *plan, int32_t tensor)
{
    return plan->tensors[tensor].height == 1 && plan->tensors[tensor].border == 0 &&
           tensor != plan->input;
}

static void count_readers(Narrowing *narrowing, int32_t tensor)
{
    for (; tensor >= 0; tensor = narrowing->plan->tensors[tensor].parent)
        narrowing->reach[tensor].n_readers++;
}

/* Somebody reads this much of a tensor, and so of what it is a window of. A concatenation is asked
 * in vain: nothing is cut from it. */
static void want(Narrowing *narrowing, int32_t tensor, Part part)
{
    for (; tensor >= 0; tensor = narrowing->plan->tensors[tensor].parent) {
        Part *wanted = &narrowing->reach[tensor].wanted;
        wanted->width = MIENI_MAX(wanted->width, part.width);
        wanted->channels = MIENI_MAX(wanted->channels, part.channels);
    }
}

/* Whether an operation may do with fewer channels of a tensor: then nobody else needs the others.
 */
static bool channels_can_go(const Narrowing *narrowing, int32_t tensor)
{
    return tensor < 0 ||
           (narrowing->reach[tensor].n_readers == 1 && narrowing->reach[tensor].channels);
}

/* Which part of its output an operation could make alone. */
static void find_reach(Narrowing *narrowing, const MieniOp *op)
{
    const MieniPlan *plan = narrowing->plan;
    Reach *reach = &narrowing->reach[op->output];
    int32_t in = op->n_inputs ? op->inputs[0] : -1;
    if (plan->tensors[op->output].parent >= 0)
        return; /* it writes into a concatenation */
    bool row = plan->tensors[op->output].height == 1 && in >= 0 && can_be_read_in_part(plan, in);
    bool added_row = op->residual < 0 || can_be_read_in_part(plan, op->residual);
    switch (op->kind) {
    case MIENI_OP_POINTWISE:
        reach->width = row && added_row && op->shape.residual != MIENI_RESIDUAL_MAXPOOL;
        reach->channels = channels_can_go(narrowing, op->residual);
        break;
    case MIENI_OP_CONV:
    case MIENI_OP_DEPTHWISE_POINTWISE:
    case MIENI_OP_FULLY_CONNECTED:
        reach->channels = channels_can_go(narrowing, op->residual);
        break;
    case MIENI_OP_LAYER_NORM:
        reach->width = row && !op->norm.transposed;
        reach->channels = row && op->norm.transposed;
        break;
    case MIENI_OP_TRANSPOSE:
        reach->width = added_row && channels_can_go(narrowing, in);
        reach->channels = row && channels_can_go(narrowing, op->residual);
        break;
    default:
        break;
    }
}

/* What an operation that makes `made` reads of its first input. */
static Part part_of_input(const MieniPlan *plan, const MieniOp *op, Part made)
{
    Part part = whole_of(plan, op->inputs[0]);
    if (op->kind == MIENI_OP_POINTWISE || (op->kind == MIENI_OP_LAYER_NORM && !op->norm.transposed))
        part.width = made.width;
    else if (op->kind == MIENI_OP_LAYER_NORM)
        part.width = made.channels;
    else if (op->kind == MIENI_OP_TRANSPOSE)
        part = (Part){made.channels, made.width};
    return part;
}

/* The same for its residual. */
static Part part_of_residual(const MieniPlan *plan, const MieniOp *op, Part made)
{
    Part part = whole_of(plan, op->residual);
    if (op->kind == MIENI_OP_TRANSPOSE ||
        (op->kind == MIENI_OP_POINTWISE && op->shape.residual == MIENI_RESIDUAL_ADD))
        part.width = MIENI_MIN(part.width, made.width);
    part.channels = MIENI_MIN(part.channels, made.channels);
    return part;
}

/* What is made of an operation's output in the end: all readers have been asked. */
static Part made_of(const Narrowing *narrowing, int32_t tensor)
{
    const Reach *reach = &narrowing->reach[tensor];
    Part part = whole_of(narrowing->plan, tensor);
    if (reach->width && reach->wanted.width > 0)
        part.width = MIENI_MIN(part.width, reach->wanted.width);
    if (reach->channels && reach->wanted.channels > 0)
        part.channels = MIENI_MIN(part.channels, reach->wanted.channels);
    return part;
}

static void want_inputs(Narrowing *narrowing, const MieniOp *op)
{
    Part made = made_of(narrowing, op->output);
    for (int32_t k = 0; k < op->n_inputs; k++)
        want(narrowing, op->inputs[k],
             k == 0 ? part_of_input(narrowing->plan, op, made)
                    : whole_of(narrowing->plan, op->inputs[k]));
    if (op->residual >= 0)
        want(narrowing, op->residual, part_of_residual(narrowing->plan, op, made));
}

static void find_parts(Narrowing *narrowing)
{
    const MieniPlan *plan = narrowing->plan;
    for (int32_t i = 0; i < plan->n_ops; i++) {
        for (int32_t k = 0; k < plan->ops[i].n_inputs; k++)
            count_readers(narrowing, plan->ops[i].inputs[k]);
        if (plan->ops[i].residual >= 0)
            count_readers(narrowing, plan->ops[i].residual);
    }
    for (int32_t i = 0; i < plan->n_outputs; i++)
        count_readers(narrowing, plan->outputs[i]);
    for (int32_t i = 0; i < plan->n_ops; i++)
        find_reach(narrowing, &plan->ops[i]);
    for (int32_t i = 0; i < plan->n_outputs; i++)
        want(narrowing, plan->outputs[i], whole_of(plan, plan->outputs[i]));
    for (int32_t i = plan->n_ops - 1; i >= 0; i--)
        want_inputs(narrowing, &plan->ops[i]);
}

/* The tensor itself if it is no larger than this, or else a new window of it. */
static int32_t window_of(MieniPlan *plan, int32_t tensor, Part part)
{
    if (plan->tensors[tensor].width <= part.width)
        return tensor;
    MieniTensor *window = &plan->tensors[plan->n_tensors];
    *window = plan->tensors[tensor];
    window->width = part.width;
    window->parent = tensor;
    window->parent_offset = 0;
    return plan->n_tensors++;
}

static double macs_of(const MieniConvShape *shape, MieniOpKind kind)
{
    double taps = (double)shape->kernel_height * shape->kernel_width;
    double pixels = (double)shape->out_height * shape->out_width;
    if (kind == MIENI_OP_DEPTHWISE_POINTWISE)
        return pixels * shape->in_channels * (taps + shape->out_channels);
    return pixels * taps * shape->in_channels * shape->out_channels;
}

/* Weights are [out_channels][…]: what is left are their first rows. */
static void narrow_conv(MieniPlan *plan, MieniOp *op, Part made)
{
    MieniConvShape *shape = &op->shape;
    if (op->kind == MIENI_OP_POINTWISE)
        shape->in_width = shape->out_width = made.width;
    shape->out_channels = made.channels;
    shape->residual_channels = MIENI_MIN(shape->residual_channels, made.channels);
    plan->macs -= op->macs;
    op->macs = macs_of(shape, op->kind);
    plan->macs += op->macs;
}

static void narrow_op(Narrowing *narrowing, MieniOp *op)
{
    MieniPlan *plan = narrowing->plan;
    Part all = whole_of(plan, op->output), made = made_of(narrowing, op->output);
    if (made.width == all.width && made.channels == all.channels)
        return;
    /* Inputs have been made already: what they are now is what their readers want together. */
    Part in = part_of_input(plan, op, made);
    if (op->residual >= 0)
        op->residual = window_of(plan, op->residual, part_of_residual(plan, op, made));
    op->inputs[0] = window_of(plan, op->inputs[0], in);
    if (op->kind != MIENI_OP_LAYER_NORM && op->kind != MIENI_OP_TRANSPOSE)
        narrow_conv(plan, op, made);
    plan->tensors[op->output].width = made.width;
    plan->tensors[op->output].channels = made.channels;
}

MienStatus mieni_plan_narrow(MieniPlan *plan, MienError *error)
{
    Narrowing narrowing = {.plan = plan};
    narrowing.reach = mieni_alloc((size_t)plan->n_tensors, sizeof(*narrowing.reach));
    if (!narrowing.reach)
        return mieni_fail_nomem(error);
    find_parts(&narrowing);
    for (int32_t i = 0; i < plan->n_ops; i++)
        narrow_op(&narrowing, &plan->ops[i]);
    mieni_free(narrowing.reach);
    return MIEN_OK;
}
