/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tensors lie. Planes inside the network have their channels padded to whole vectors and a
 * border of zeros, so that kernels have no edge cases. Whoever fills a plane zeroes its border too:
 * other planes have had the memory before. A sum with a residual that nobody reads again takes its
 * place: fewer bytes to keep in the caches, and none to fetch only to be written over.
 */
#include "backend/cpu/cpu.h"
#include "graph/memory.h"

/* More than any network needs; what asks for it is not to be trusted. */
#define MAX_ACTIVATION_BYTES ((size_t)64 << 20)

static void set_plane(CpuTensor *tensor, const MieniTensor *of, bool is_input)
{
    int32_t border = of->tight ? 0 : of->border;
    ptrdiff_t pixel = of->channels;
    /* Pictures come in as three channels, which the first convolution reads as they are. */
    if (!of->tight && !(is_input && of->channels < MIENI_LANES))
        pixel = (ptrdiff_t)mieni_round_up((size_t)of->channels, MIENI_LANES);
    tensor->plane = (MieniPlane){.height = of->height,
                                 .width = of->width,
                                 .channels = of->channels,
                                 .row_stride = (of->width + 2 * border) * pixel,
                                 .pixel_stride = pixel,
                                 .border = border};
}

/* Pixel (0, 0) of a plane, counted from the start of its memory in floats. */
static size_t origin(const MieniPlane *plane)
{
    return (size_t)(plane->border * (plane->row_stride + plane->pixel_stride));
}

static size_t plane_bytes(const MieniPlane *plane)
{
    size_t floats = (size_t)(plane->height + 2 * plane->border) * (size_t)plane->row_stride;
    return mieni_round_up(floats * sizeof(float), MIENI_ALIGNMENT);
}

static bool same_geometry(const MieniPlane *a, const MieniPlane *b)
{
    return a->height == b->height && a->width == b->width && a->border == b->border &&
           a->pixel_stride == b->pixel_stride;
}

/* The tensor whose place the output of an operation takes, or -1: a residual that is added pixel by
 * pixel and read no more. */
static int32_t find_replaced(const MieniDevicePlan *device_plan, const MieniPlan *plan,
                             int32_t index)
{
    const MieniOp *op = &plan->ops[index];
    if (op->residual < 0 || op->shape.residual != MIENI_RESIDUAL_ADD ||
        op->residual == op->inputs[0])
        return -1;
    const MieniTensor *residual = &plan->tensors[op->residual];
    if (residual->last > index || residual->parent >= 0 || plan->tensors[op->output].parent >= 0 ||
        !same_geometry(&device_plan->tensors[op->residual].plane,
                       &device_plan->tensors[op->output].plane))
        return -1;
    return op->residual;
}

MienStatus mieni_cpu_layout(MieniDevicePlan *device_plan, const MieniPlan *plan, MienError *error)
{
    size_t n = (size_t)plan->n_tensors;
    MieniBuffer *buffers = mieni_alloc(n, sizeof(*buffers));
    int32_t *places = mieni_alloc(n, sizeof(*places)); /* whose buffer a tensor lies in */
    if (!buffers || !places) {
        mieni_free(buffers);
        mieni_free(places);
        return mieni_fail_nomem(error);
    }
    for (int32_t i = 0; i < plan->n_tensors; i++) {
        const MieniTensor *tensor = &plan->tensors[i];
        set_plane(&device_plan->tensors[i], tensor, i == plan->input);
        buffers[i].first = tensor->first;
        buffers[i].last = tensor->last;
        places[i] = i;
        /* A part lies in its whole and needs no memory of its own. */
        if (tensor->parent < 0)
            buffers[i].size_bytes = plane_bytes(&device_plan->tensors[i].plane);
    }
    for (int32_t i = 0; i < plan->n_ops; i++) {
        int32_t replaced = find_replaced(device_plan, plan, i), output = plan->ops[i].output;
        if (replaced < 0)
            continue;
        places[output] = places[replaced];
        buffers[places[output]].last = buffers[output].last;
        buffers[output].size_bytes = 0;
    }
    size_t total = mieni_memory_plan(buffers, n, MIENI_ALIGNMENT);
    for (int32_t i = 0; i < plan->n_tensors; i++) {
        const MieniTensor *tensor = &plan->tensors[i];
        CpuTensor *place = &device_plan->tensors[i];
        if (tensor->parent < 0)
            place->offset = buffers[places[i]].offset / sizeof(float) + origin(&place->plane);
        else /* the whole comes before its parts */
            place->offset =
                device_plan->tensors[tensor->parent].offset + (size_t)tensor->parent_offset;
    }
    mieni_free(buffers);
    mieni_free(places);
    if (total > MAX_ACTIVATION_BYTES)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network needs %zu bytes of activations, more than any known one",
                          total);
    /* A vector's worth behind the last plane may be read. */
    device_plan->activation_floats = total / sizeof(float) + MIENI_LANES;
    return MIEN_OK;
}
