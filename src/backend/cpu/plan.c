/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/cpu/cpu.h"

static const MieniConvKernel *find_kernel(const MieniKernels *kernels, MieniOpKind kind)
{
    switch (kind) {
    case MIENI_OP_CONV:
        return &kernels->conv;
    case MIENI_OP_POINTWISE:
        return &kernels->pointwise;
    case MIENI_OP_DEPTHWISE:
        return &kernels->depthwise;
    case MIENI_OP_DEPTHWISE_POINTWISE:
        return &kernels->depthwise_pointwise;
    case MIENI_OP_FULLY_CONNECTED:
        return &kernels->fully_connected;
    default:
        return NULL;
    }
}

/* How an operation may be shared out over threads. */
static void set_rows(CpuStep *step, const MieniPlan *plan)
{
    const MieniOp *op = &step->op;
    step->n_rows = step->row_unit = 1;
    if (op->kind == MIENI_OP_FULLY_CONNECTED) {
        step->n_rows = op->shape.out_channels;
        step->row_unit = MIENI_LANES;
    } else if (step->kernel || op->kind == MIENI_OP_RESIZE_ADD || op->kind == MIENI_OP_CROP) {
        step->n_rows = plan->tensors[op->output].height;
    }
}

static const float *copy_floats(MieniDevicePlan *plan, const float *from, size_t n)
{
    float *copy = mieni_arena_alloc(plan->arena, n, sizeof(*copy));
    return copy ? memcpy(copy, from, n * sizeof(*copy)) : NULL;
}

/* Copies the small tables that an operation points to, so that the plan may go. */
static bool copy_tables(MieniDevicePlan *plan, CpuStep *step, const MieniPlan *from,
                        const MieniOp *op)
{
    step->op = *op;
    memset(&step->op.weights, 0, sizeof(step->op.weights));
    step->op.name = mieni_arena_text(plan->arena, op->name, strlen(op->name));
    if (!step->op.name)
        return false;
    if (op->matrix.n_subset) {
        size_t n = (size_t)op->matrix.n_subset;
        int32_t *subset = mieni_arena_alloc(plan->arena, n, sizeof(*subset));
        if (!subset)
            return false;
        step->op.matrix.subset = memcpy(subset, op->matrix.subset, n * sizeof(*subset));
    }
    if (op->boxes.n_anchors) {
        size_t n = (size_t)op->boxes.n_anchors;
        MieniAnchor *anchors = mieni_arena_alloc(plan->arena, n, sizeof(*anchors));
        if (!anchors)
            return false;
        step->op.boxes.anchors = memcpy(anchors, op->boxes.anchors, n * sizeof(*anchors));
    }
    const MieniTensor *out = op->output < 0 ? NULL : &from->tensors[op->output];
    if (op->constant) {
        size_t n = (size_t)out->height * (size_t)out->width * (size_t)out->channels;
        step->op.constant = copy_floats(plan, op->constant, n);
        if (!step->op.constant)
            return false;
    }
    if (op->norm.gain) {
        size_t n = (size_t)from->tensors[op->inputs[0]].channels;
        step->op.norm.gain = copy_floats(plan, op->norm.gain, n);
        if (!step->op.norm.gain)
            return false;
    }
    return true;
}

static bool prepare_step(MieniDevicePlan *plan, CpuStep *step, const MieniPlan *from,
                         const MieniOp *op)
{
    if (!copy_tables(plan, step, from, op))
        return false;
    step->kernel = find_kernel(&plan->device->kernels, op->kind);
    set_rows(step, from);
    if (op->kind == MIENI_OP_DECODE_LANDMARKS)
        plan->scratch_floats =
            MIENI_MAX(plan->scratch_floats, (size_t)op->landmarks.n_landmarks * 3);
    if (!step->kernel)
        return true;
    step->packed = mieni_alloc_aligned(step->kernel->packed_floats(&op->shape) * sizeof(float));
    if (!step->packed)
        return false;
    step->kernel->pack(&op->shape, &op->weights, step->packed);
    plan->scratch_floats =
        MIENI_MAX(plan->scratch_floats, step->kernel->scratch_floats(&op->shape));
    return true;
}

MienStatus mieni_cpu_plan_create(MieniDevice *device, const MieniPlan *from, MieniDevicePlan **out,
                                 MienError *error)
{
    *out = NULL;
    MieniDevicePlan *plan = mieni_alloc(1, sizeof(*plan));
    if (!plan)
        return mieni_fail_nomem(error);
    plan->device = device;
    plan->n_tensors = from->n_tensors;
    plan->n_steps = from->n_ops;
    plan->input = from->input;
    plan->n_outputs = from->n_outputs;
    memcpy(plan->outputs, from->outputs, sizeof(plan->outputs));
    plan->arena = mieni_arena_create();
    plan->tensors = mieni_alloc((size_t)from->n_tensors, sizeof(*plan->tensors));
    plan->steps = mieni_alloc((size_t)from->n_ops, sizeof(*plan->steps));
    MienStatus status = MIEN_OK;
    if (!plan->arena || !plan->tensors || !plan->steps)
        status = mieni_fail_nomem(error);
    if (status == MIEN_OK)
        status = mieni_cpu_layout(plan, from, error);
    for (int32_t i = 0; i < from->n_ops && status == MIEN_OK; i++)
        if (!prepare_step(plan, &plan->steps[i], from, &from->ops[i]))
            status = mieni_fail_nomem(error);
    if (status == MIEN_OK &&
        !mieni_cpu_reserve(device, plan->activation_floats, plan->scratch_floats))
        status = mieni_fail_nomem(error);
    if (status != MIEN_OK) {
        mieni_cpu_plan_destroy(plan);
        return status;
    }
    *out = plan;
    return MIEN_OK;
}

void mieni_cpu_plan_destroy(MieniDevicePlan *plan)
{
    if (!plan)
        return;
    for (int32_t i = 0; i < plan->n_steps && plan->steps; i++)
        mieni_free(plan->steps[i].packed);
    mieni_free(plan->steps);
    mieni_free(plan->tensors);
    mieni_arena_destroy(plan->arena);
    mieni_free(plan);
}
