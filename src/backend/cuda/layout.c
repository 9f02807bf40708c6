/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tensors lie. Channels are padded to four, so that kernels read four at a time; there are no
 * borders, as a thread that looks beyond the edge costs a GPU nothing that memory would not.
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

static size_t floats_of(const CudaPlane *plane)
{
    return (size_t)plane->height * (size_t)plane->width * (size_t)plane->pixel;
}

MienStatus mieni_cuda_layout(MieniDevicePlan *plan, const MieniPlan *from, MienError *error)
{
    size_t n = (size_t)from->n_tensors;
    MieniBuffer *buffers = mieni_alloc(n, sizeof(*buffers));
    if (!buffers)
        return mieni_fail_nomem(error);
    for (size_t i = 0; i < n; i++) {
        const MieniTensor *tensor = &from->tensors[i];
        plan->tensors[i] = plane_of(tensor);
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
