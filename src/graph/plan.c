/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/plan.h"

#include "graph/lower.h"
#include "graph/narrow.h"

const char *mieni_op_kind_name(MieniOpKind kind)
{
    static const char *const names[] = {
        [MIENI_OP_CONV] = "conv",
        [MIENI_OP_POINTWISE] = "pointwise",
        [MIENI_OP_DEPTHWISE] = "depthwise",
        [MIENI_OP_DEPTHWISE_POINTWISE] = "depthwise+pointwise",
        [MIENI_OP_FULLY_CONNECTED] = "fully connected",
        [MIENI_OP_RESIZE_ADD] = "resize+add",
        [MIENI_OP_DEPTH_TO_SPACE] = "depth to space",
        [MIENI_OP_LANDMARKS_TO_MATRIX] = "landmarks to matrix",
        [MIENI_OP_SAMPLE_BILINEAR] = "sample bilinear",
        [MIENI_OP_TRANSFORM_LANDMARKS] = "transform landmarks",
        [MIENI_OP_CONSTANT] = "constant",
        [MIENI_OP_CENTER_POINTS] = "center points",
        [MIENI_OP_LAYER_NORM] = "layer norm",
        [MIENI_OP_TRANSPOSE] = "transpose",
        [MIENI_OP_CROP] = "crop",
        [MIENI_OP_DECODE_BOXES] = "decode boxes",
        [MIENI_OP_DECODE_LANDMARKS] = "decode landmarks",
    };
    return names[kind];
}

/* The plan's tensor for a value, made on first sight; the whole comes before its parts. -1 after a
 * failure. */
static int32_t plan_tensor(MieniPlan *plan, MieniLowering *lowering, int32_t value)
{
    MieniValue *v = &lowering->values[value];
    if (v->tensor >= 0)
        return v->tensor;
    int32_t parent = v->parent < 0 ? -1 : plan_tensor(plan, lowering, v->parent);
    int32_t shape[3];
    const MieniGraphOp *op = &lowering->graph->ops[0];
    if (v->node >= 0)
        op = &lowering->graph->ops[lowering->nodes[v->node].graph_op];
    if (!mieni_value_shape(lowering, op, value, shape))
        return -1;
    v->tensor = plan->n_tensors++;
    MieniTensor *tensor = &plan->tensors[v->tensor];
    *tensor = (MieniTensor){.name = lowering->graph->tensors[value].name,
                            .height = shape[0],
                            .width = shape[1],
                            .channels = shape[2],
                            .parent = parent,
                            .parent_offset = v->parent_offset,
                            .tight = v->tight,
                            .first = INT32_MAX,
                            .last = -1};
    return v->tensor;
}

/* The widest border of zeros that a convolution needs around its input. */
static int32_t wanted_border(const MieniConvShape *shape)
{
    int32_t bottom = (shape->out_height - 1) * shape->stride + shape->kernel_height -
                     shape->pad_top - shape->in_height;
    int32_t right = (shape->out_width - 1) * shape->stride + shape->kernel_width - shape->pad_left -
                    shape->in_width;
    int32_t border = MIENI_MAX(shape->pad_top, shape->pad_left);
    return MIENI_MAX(border, MIENI_MAX(bottom, MIENI_MAX(right, 0)));
}

/* A part keeps its whole alive. */
static void touch(MieniPlan *plan, int32_t tensor, int32_t step)
{
    for (; tensor >= 0; tensor = plan->tensors[tensor].parent) {
        MieniTensor *t = &plan->tensors[tensor];
        t->first = MIENI_MIN(t->first, step);
        t->last = MIENI_MAX(t->last, step);
    }
}

void mieni_plan_find_lifetimes(MieniPlan *plan, const int32_t *times)
{
    for (int32_t i = 0; i < plan->n_tensors; i++) {
        plan->tensors[i].first = INT32_MAX;
        plan->tensors[i].last = -1;
    }
    for (int32_t i = 0; i < plan->n_ops; i++) {
        const MieniOp *op = &plan->ops[i];
        int32_t time = times ? times[i] : i;
        for (int32_t k = 0; k < op->n_inputs; k++)
            touch(plan, op->inputs[k], time);
        if (op->residual >= 0)
            touch(plan, op->residual, time);
        if (op->output >= 0)
            touch(plan, op->output, time);
    }
    touch(plan, plan->input, plan->ops[0].kind == MIENI_OP_CROP ? 0 : -1);
    for (int32_t i = 0; i < plan->n_outputs; i++)
        touch(plan, plan->outputs[i], plan->n_ops);
}

static bool set_borders(MieniPlan *plan, MieniLowering *lowering)
{
    for (int32_t i = 0; i < plan->n_ops; i++) {
        const MieniOp *op = &plan->ops[i];
        if (!mieni_op_is_conv(op->kind))
            continue;
        MieniTensor *in = &plan->tensors[op->inputs[0]];
        int32_t border = wanted_border(&op->shape);
        if (border > 0 && in->tight)
            return mieni_refuse(lowering, &lowering->graph->ops[0],
                                "a convolution with a border reads a reshaped tensor");
        in->border = MIENI_MAX(in->border, border);
    }
    return true;
}

/* Turns the nodes that are left into operations over the plan's tensors. */
static bool emit(MieniPlan *plan, MieniLowering *lowering)
{
    const MieniGraph *graph = lowering->graph;
    plan->input = plan_tensor(plan, lowering, graph->inputs[0]);
    for (int32_t i = 0; i < lowering->n_nodes; i++) {
        if (lowering->nodes[i].kind != MIENI_NODE_OP)
            continue;
        MieniOp *op = &plan->ops[plan->n_ops++];
        *op = lowering->nodes[i].op;
        for (int32_t k = 0; k < op->n_inputs; k++)
            op->inputs[k] = plan_tensor(plan, lowering, op->inputs[k]);
        if (op->residual >= 0)
            op->residual = plan_tensor(plan, lowering, op->residual);
        op->output = plan_tensor(plan, lowering, op->output);
        plan->macs += op->macs;
        if (lowering->status != MIEN_OK)
            return false;
    }
    for (int32_t i = 0; i < graph->n_outputs; i++)
        plan->outputs[plan->n_outputs++] =
            plan_tensor(plan, lowering, lowering->values[graph->outputs[i]].same_as);
    if (lowering->status != MIEN_OK || !set_borders(plan, lowering))
        return false;
    mieni_plan_find_lifetimes(plan, NULL);
    for (int32_t i = 0; i < plan->n_ops; i++)
        plan->ops[i].name = plan->tensors[plan->ops[i].output].name;
    plan->weight_bytes = lowering->weight_bytes;
    return true;
}

static MienStatus check_ends(const MieniGraph *graph, MienError *error)
{
    const MieniGraphTensor *input = &graph->tensors[graph->inputs[0]];
    if (graph->n_inputs != 1 || input->rank < 3 || input->shape[0] != 1 || graph->n_ops == 0)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network does not take exactly one picture [1, height, width, "
                          "channels] or list of points [1, n, 2]");
    if (graph->n_outputs > MIENI_OP_MAX_INPUTS)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network has %d outputs, more than any that mien knows",
                          (int)graph->n_outputs);
    return MIEN_OK;
}

MienStatus mieni_plan_create_whole(const MieniGraph *graph, MieniPlan **out, MienError *error)
{
    *out = NULL;
    MienStatus status = mieni_graph_check_ops(graph, error);
    if (status == MIEN_OK)
        status = check_ends(graph, error);
    if (status != MIEN_OK)
        return status;
    MieniPlan *plan = mieni_alloc(1, sizeof(*plan));
    if (!plan)
        return mieni_fail_nomem(error);
    MieniLowering lowering = {
        .graph = graph, .weight_budget = 2 * graph->size_bytes + 65536, .error = error};
    size_t n_ops = (size_t)graph->n_ops, n_tensors = (size_t)graph->n_tensors;
    plan->arena = lowering.arena = mieni_arena_create();
    /* A concatenation may bring as many constants as it has inputs. */
    size_t n_nodes = n_ops * MIENI_GRAPH_MAX_INPUTS;
    lowering.nodes = mieni_alloc(n_nodes, sizeof(*lowering.nodes));
    lowering.values = mieni_alloc(n_tensors, sizeof(*lowering.values));
    /* Two more operations, for the crop in front and the decoder behind. What narrows an operation
     * of the file makes windows of two tensors at most. */
    plan->ops = mieni_alloc(n_nodes + 2, sizeof(*plan->ops));
    plan->tensors = mieni_alloc(n_tensors + 2 * n_ops, sizeof(*plan->tensors));
    if (!plan->arena || !lowering.nodes || !lowering.values || !plan->ops || !plan->tensors)
        lowering.status = mieni_fail_nomem(error);
    else if (mieni_lower(&lowering) == MIEN_OK)
        emit(plan, &lowering);
    mieni_free(lowering.nodes);
    mieni_free(lowering.values);
    if (lowering.status != MIEN_OK) {
        mieni_plan_destroy(plan);
        return lowering.status;
    }
    *out = plan;
    return MIEN_OK;
}

MienStatus mieni_plan_create(const MieniGraph *graph, MieniPlan **out, MienError *error)
{
    MieniPlan *plan;
    *out = NULL;
    MienStatus status = mieni_plan_create_whole(graph, &plan, error);
    if (status != MIEN_OK)
        return status;
    status = mieni_plan_narrow(plan, error);
    if (status != MIEN_OK) {
        mieni_plan_destroy(plan);
        return status;
    }
    mieni_plan_find_lifetimes(plan, NULL);
    *out = plan;
    return MIEN_OK;
}

MienStatus mieni_plan_add_crop(MieniPlan *plan, MienError *error)
{
    const MieniTensor *input = &plan->tensors[plan->input];
    if (input->channels != 3 || input->tight)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network's input has %d channels, not R, G and B",
                          (int)input->channels);
    memmove(plan->ops + 1, plan->ops, (size_t)plan->n_ops * sizeof(*plan->ops));
    plan->ops[0] = (MieniOp){
        .kind = MIENI_OP_CROP, .name = input->name, .residual = -1, .output = plan->input};
    plan->n_ops++;
    mieni_plan_find_lifetimes(plan, NULL);
    return MIEN_OK;
}

static size_t tensor_elements(const MieniTensor *tensor)
{
    return (size_t)tensor->height * (size_t)tensor->width * (size_t)tensor->channels;
}

/* Puts an operation behind that reads the first n outputs. */
static MieniOp *add_decoder(MieniPlan *plan, MieniOpKind kind, const char *name)
{
    MieniOp *op = &plan->ops[plan->n_ops++];
    *op = (MieniOp){
        .kind = kind, .name = name, .residual = -1, .output = -1, .n_inputs = plan->n_outputs};
    memcpy(op->inputs, plan->outputs, sizeof(op->inputs));
    return op;
}

MienStatus mieni_plan_add_box_decoder(MieniPlan *plan, const MieniAnchor *anchors,
                                      int32_t n_anchors, float side, float min_score,
                                      MienError *error)
{
    const MieniTensor *tensors = plan->tensors;
    size_t n = (size_t)n_anchors;
    if (plan->n_outputs != 2 || tensor_elements(&tensors[plan->outputs[0]]) != 16 * n ||
        tensor_elements(&tensors[plan->outputs[1]]) != n)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network is no face detector with %d anchors", (int)n_anchors);
    MieniAnchor *copy = mieni_arena_alloc(plan->arena, n, sizeof(*copy));
    if (!copy)
        return mieni_fail_nomem(error);
    memcpy(copy, anchors, n * sizeof(*copy));
    MieniOp *op = add_decoder(plan, MIENI_OP_DECODE_BOXES, "boxes");
    op->boxes.anchors = copy;
    op->boxes.n_anchors = n_anchors;
    op->boxes.side = side;
    op->boxes.min_score = min_score;
    mieni_plan_find_lifetimes(plan, NULL);
    return MIEN_OK;
}

MienStatus mieni_plan_add_landmark_decoder(MieniPlan *plan, float side,
                                           const MieniRefinement *refinements,
                                           int32_t n_refinements, MienError *error)
{
    enum { N_MESH = 468, N_REFINED = 478 };
    const MieniTensor *tensors = plan->tensors;
    /* The Face Landmarker's network has all 478 points in one output, and a third output that
     * MediaPipe never reads. */
    bool landmarker = n_refinements == 0 && plan->n_outputs == 3;
    int32_t presence = landmarker ? 1 : plan->n_outputs - 1;
    size_t n_points = landmarker ? N_REFINED : N_MESH;
    bool fits = (landmarker || plan->n_outputs == n_refinements + 2) &&
                tensor_elements(&tensors[plan->outputs[0]]) == 3 * n_points &&
                tensor_elements(&tensors[plan->outputs[presence]]) == 1;
    for (int32_t i = 0; i < n_refinements && fits; i++)
        fits =
            tensor_elements(&tensors[plan->outputs[1 + i]]) == 2 * (size_t)refinements[i].n_points;
    if (!fits)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network is no face mesh that mien knows");
    MieniOp *op = add_decoder(plan, MIENI_OP_DECODE_LANDMARKS, "landmarks");
    op->n_inputs = presence + 1;
    op->landmarks.n_landmarks = n_refinements ? N_REFINED : (int32_t)n_points;
    op->landmarks.side = side;
    op->landmarks.refinements = refinements;
    op->landmarks.n_refinements = n_refinements;
    mieni_plan_find_lifetimes(plan, NULL);
    return MIEN_OK;
}

void mieni_plan_destroy(MieniPlan *plan)
{
    if (!plan)
        return;
    mieni_arena_destroy(plan->arena);
    mieni_free(plan->ops);
    mieni_free(plan->tensors);
    mieni_free(plan);
}
