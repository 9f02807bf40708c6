/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tensors lie. Channels are padded to four, so that kernels read four at a time; there are no
 * borders, as a thread that looks beyond the edge costs a GPU nothing that memory would not. In
 * half precision all are halves that only convolutions and what stands between them touch.
 */
#include "backend/cuda/cuda.h"
#include "graph/memory.h"

/* More than any network needs; what asks for it is not to be trusted. */
#define MAX_ACTIVATION_BYTES ((size_t)64 << 20)

static CudaPlane plane_of(const MieniTensor *tensor)
{
    CudaPlane plane = {.height = tensor->height,
                       .width = tensor->width,
                       .channels = tensor->channels,
                       .pixel = tensor->channels};
    if (!tensor->tight)
        plane.pixel = (int32_t)mieni_round_up((size_t)tensor->channels, 4);
    return plane;
}

/* Of the input that a block keeps in shared memory. */
#define MAX_HALF_CHANNELS 1024
#define MAX_CHANNELS 3072

static bool is_conv(MieniOpKind kind)
{
    return kind == MIENI_OP_CONV || kind == MIENI_OP_POINTWISE || kind == MIENI_OP_DEPTHWISE ||
           kind == MIENI_OP_DEPTHWISE_POINTWISE || kind == MIENI_OP_FULLY_CONNECTED;
}

/* Whether an operation may read its input `index` as halves, and as residual. */
static bool reads_halves(const MieniOp *op, int32_t index)
{
    return (is_conv(op->kind) && op->shape.in_channels <= MAX_HALF_CHANNELS) ||
           op->kind == MIENI_OP_RESIZE_ADD || (op->kind == MIENI_OP_SAMPLE_BILINEAR && index == 0);
}

static bool writes_halves(const CudaPlane *tensors, const MieniOp *op)
{
    if (is_conv(op->kind)) /* there is no kernel from floats to halves */
        return tensors[op->inputs[0]].is_half;
    return op->kind == MIENI_OP_CROP || op->kind == MIENI_OP_RESIZE_ADD ||
           op->kind == MIENI_OP_SAMPLE_BILINEAR || op->kind == MIENI_OP_LAYER_NORM;
}

static void choose_halves(CudaPlane *tensors, const MieniPlan *from)
{
    for (int32_t i = 0; i < from->n_tensors; i++)
        tensors[i].is_half = !from->tensors[i].tight && from->tensors[i].parent < 0;
    for (int32_t i = 0; i < from->n_tensors; i++)
        if (from->tensors[i].parent >= 0)
            tensors[from->tensors[i].parent].is_half = 0;
    for (int32_t i = 0; i < from->n_outputs; i++)
        tensors[from->outputs[i]].is_half = 0;
    for (int32_t i = 0; i < from->n_ops; i++) {
        const MieniOp *op = &from->ops[i];
        for (int32_t k = 0; k < op->n_inputs; k++)
            if (!reads_halves(op, k))
                tensors[op->inputs[k]].is_half = 0;
        if (op->residual >= 0 && !is_conv(op->kind))
            tensors[op->residual].is_half = 0;
    }
    for (int32_t i = 0; i < from->n_ops; i++) {
        const MieniOp *op = &from->ops[i];
        if (op->output >= 0 && !writes_halves(tensors, op))
            tensors[op->output].is_half = 0;
        /* A kernel for floats adds floats. */
        if (is_conv(op->kind) && op->residual >= 0 && !tensors[op->inputs[0]].is_half)
            tensors[op->residual].is_half = 0;
    }
}

static size_t floats_of(const CudaPlane *plane)
{
    size_t n = (size_t)plane->height * (size_t)plane->width * (size_t)plane->pixel;
    return plane->is_half ? (n + 1) / 2 : n;
}

static MienStatus check_channels(const MieniPlan *from, MienError *error)
{
    for (int32_t i = 0; i < from->n_ops; i++)
        if (from->ops[i].kind == MIENI_OP_DEPTHWISE_POINTWISE &&
            from->ops[i].shape.in_channels > MAX_CHANNELS)
            return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                              "%s has %d channels, more than any known network", from->ops[i].name,
                              (int)from->ops[i].shape.in_channels);
    return MIEN_OK;
}

MienStatus mieni_cuda_layout(MieniDevicePlan *plan, const MieniPlan *from, MienError *error)
{
    size_t n = (size_t)from->n_tensors;
    MienStatus status = check_channels(from, error);
    if (status != MIEN_OK)
        return status;
    MieniBuffer *buffers = mieni_alloc(n, sizeof(*buffers));
    if (!buffers)
        return mieni_fail_nomem(error);
    for (size_t i = 0; i < n; i++)
        plan->tensors[i] = plane_of(&from->tensors[i]);
    if (plan->device->is_half)
        choose_halves(plan->tensors, from);
    for (size_t i = 0; i < n; i++) {
        const MieniTensor *tensor = &from->tensors[i];
        buffers[i].first = tensor->first;
        buffers[i].last = tensor->last;
        if (tensor->parent < 0)
            buffers[i].size_bytes = floats_of(&plan->tensors[i]) * sizeof(float);
    }
    if (!plan->has_crop) {
        const MieniTensor *input = &from->tensors[from->input];
        plan->input_floats = (size_t)input->height * (size_t)input->width * (size_t)input->channels;
    }
    size_t total = mieni_memory_plan(buffers, n, 256);
    for (size_t i = 0; i < n; i++) {
        const MieniTensor *tensor = &from->tensors[i];
        plan->offsets[i] = buffers[i].offset / sizeof(float);
        if (tensor->parent >= 0) /* the whole comes before its parts */
            plan->offsets[i] = plan->offsets[tensor->parent] + (size_t)tensor->parent_offset;
        plan->tensors[i].vectors = plan->tensors[i].pixel % 4 == 0 && plan->offsets[i] % 4 == 0;
    }
    mieni_free(buffers);
    if (total > MAX_ACTIVATION_BYTES)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network needs %zu bytes of activations, more than any known one",
                          total);
    plan->activation_floats = mieni_round_up(total / sizeof(float), 64);
    return MIEN_OK;
}
