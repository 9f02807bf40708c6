/* SPDX-License-Identifier: Apache-2.0 */
/* Making a plan: constants go up once, memory for a batch is laid out once. */
#include "backend/cuda/cuda.h"

/*
 * Activations of a batch: enough faces to give every multiprocessor work in the small layers, few
 * enough that most of what a layer leaves is still in the cache for the next. An integrated device
 * refuses no block of the smaller size.
 */
#define MIN_BATCH_BYTES ((size_t)32 << 20)
#define MAX_CACHES 4

/* Inputs and results of a batch, which the host keeps pinned. */
#define MAX_PINNED_BYTES ((size_t)64 << 20)

static bool prepare(MieniDevicePlan *plan, const MieniPlan *from)
{
    const MieniOp *last = &from->ops[from->n_ops - 1];
    plan->n_tensors = from->n_tensors;
    plan->has_crop = from->ops[0].kind == MIENI_OP_CROP;
    plan->has_boxes = last->kind == MIENI_OP_DECODE_BOXES;
    plan->has_landmarks = last->kind == MIENI_OP_DECODE_LANDMARKS;
    plan->arena = mieni_arena_create();
    if (!plan->arena)
        return false;
    size_t n = (size_t)from->n_tensors;
    size_t n_steps = (size_t)from->n_ops + 1 + (size_t)from->n_outputs;
    plan->tensors = mieni_arena_alloc(plan->arena, n, sizeof(*plan->tensors));
    plan->offsets = mieni_arena_alloc(plan->arena, n, sizeof(*plan->offsets));
    plan->steps = mieni_arena_alloc(plan->arena, n_steps, sizeof(*plan->steps));
    if (!plan->tensors || !plan->offsets || !plan->steps)
        return false;
    memset(plan->steps, 0, n_steps * sizeof(*plan->steps));
    return true;
}

/* How much comes back for a face. */
static void set_results(MieniDevicePlan *plan, const MieniPlan *from)
{
    const MieniOp *last = &from->ops[from->n_ops - 1];
    if (plan->has_boxes) {
        plan->result_floats = 1 + (size_t)last->boxes.n_anchors * CUDA_BOX_FLOATS;
    } else if (plan->has_landmarks) {
        plan->n_landmarks = last->landmarks.n_landmarks;
        plan->result_floats = 1 + (size_t)plan->n_landmarks * 3;
        if (last->landmarks.n_refinements)
            plan->scratch_floats = (size_t)plan->n_landmarks * 3;
    } else {
        plan->n_outputs = from->n_outputs;
        for (int32_t i = 0; i < from->n_outputs; i++) {
            const MieniTensor *tensor = &from->tensors[from->outputs[i]];
            plan->output_floats[i] =
                (size_t)tensor->height * (size_t)tensor->width * (size_t)tensor->channels;
            plan->result_floats += plan->output_floats[i];
        }
    }
}

static void free_memory(MieniDevicePlan *plan)
{
    mieni_cuda_buffer_destroy(plan->device, &plan->input_buffer);
    mieni_cuda_buffer_destroy(plan->device, &plan->results);
    mieni_cuda_free(plan->device, plan->activations);
    mieni_cuda_free(plan->device, plan->scratch);
    plan->activations = plan->scratch = 0;
}

/* Memory for batches of `n` faces. */
static MienStatus try_memory(MieniDevicePlan *plan, size_t n, MienError *error)
{
    MieniDevice *device = plan->device;
    plan->capacity = (int32_t)n;
    MienStatus status = mieni_cuda_alloc(device, n * plan->activation_floats * sizeof(float),
                                         &plan->activations, error);
    if (status == MIEN_OK)
        status = mieni_cuda_alloc(device, n * plan->scratch_floats * sizeof(float), &plan->scratch,
                                  error);
    if (status == MIEN_OK)
        status = mieni_cuda_buffer_create(device, n * plan->input_floats * sizeof(float),
                                          &plan->input_buffer, error);
    if (status == MIEN_OK)
        status = mieni_cuda_buffer_create(device, n * plan->result_floats * sizeof(float),
                                          &plan->results, error);
    return status;
}

/* Faces of a batch that the device is fastest with, as far as sizes tell. */
static size_t wanted_faces(const MieniDevicePlan *plan)
{
    const MieniDevice *device = plan->device;
    size_t face_bytes = MIENI_MAX(plan->activation_floats, 1) * sizeof(float);
    size_t pinned_bytes = MIENI_MAX(plan->input_floats + plan->result_floats, 1) * sizeof(float);
    size_t most = MIENI_MAX(MAX_CACHES * device->cache_bytes, MIN_BATCH_BYTES);
    size_t free_bytes = 0, total;
    if (device->cuda->memory_info(&free_bytes, &total) == 0)
        most = MIENI_MIN(most, free_bytes / 4);
    most = MIENI_MIN(most / face_bytes, MAX_PINNED_BYTES / pinned_bytes);
    return MIENI_MIN(MIENI_MAX(most, 1), MIENI_CUDA_MAX_FACES);
}

/* Takes fewer faces where there is no memory for as many as wanted. */
static MienStatus make_memory(MieniDevicePlan *plan, MienError *error)
{
    for (size_t n = wanted_faces(plan);; n /= 2) {
        MienError failure = {.reason = ""};
        MienStatus status = try_memory(plan, n, &failure);
        if (status == MIEN_OK)
            return MIEN_OK;
        free_memory(plan);
        if (n == 1 || plan->device->is_lost) {
            if (error)
                *error = failure;
            return status;
        }
    }
}

/* Packs all constants and sends them. */
static MienStatus send_constants(MieniDevicePlan *plan, const MieniPlan *from, MienError *error)
{
    MieniDevice *device = plan->device;
    size_t n = 4;
    for (int32_t i = 0; i < from->n_ops; i++)
        n += mieni_cuda_constant_words(plan, from, &from->ops[i]);
    float *words = mieni_alloc(n, sizeof(*words));
    if (!words)
        return mieni_fail_nomem(error);
    size_t at = 0;
    for (int32_t i = 0; i < from->n_ops; i++) {
        plan->steps[1 + i].constants = at;
        mieni_cuda_pack(plan, from, &from->ops[i], words + at);
        at += mieni_cuda_constant_words(plan, from, &from->ops[i]);
    }
    MienStatus status = mieni_cuda_alloc(device, n * sizeof(float), &plan->constants, error);
    CuResult code =
        status == MIEN_OK ? device->cuda->copy_up(plan->constants, words, n * sizeof(float)) : 0;
    mieni_free(words);
    return code ? mieni_cuda_fail(device, code, "copying weights", error) : status;
}

static void place_tensors(MieniDevicePlan *plan)
{
    for (int32_t i = 0; i < plan->n_tensors; i++) {
        plan->tensors[i].data = plan->activations + plan->offsets[i] * sizeof(float);
        plan->tensors[i].face =
            (int64_t)plan->activation_floats * (plan->tensors[i].is_half ? 2 : 1);
    }
}

/* The tight form of a tensor at some floats of a buffer. */
static CudaPlane tight_plane(const CudaPlane *tensor, const CudaBuffer *buffer, size_t at,
                             size_t face_floats)
{
    CudaPlane plane = *tensor;
    plane.data = buffer->device + at * sizeof(float);
    plane.face = (int64_t)face_floats;
    plane.pixel = plane.channels;
    plane.vectors = 0;
    plane.is_half = 0;
    return plane;
}

static void make_steps(MieniDevicePlan *plan, const MieniPlan *from)
{
    int32_t n = 0;
    if (!plan->has_crop) {
        CudaPlane *input = &plan->tensors[from->input];
        CudaPlane arrived = tight_plane(input, &plan->input_buffer, 0, plan->input_floats);
        mieni_cuda_step_init_copy(&plan->steps[n], &arrived, input);
        plan->steps[n++].rank = from->n_ops; /* in front of all */
    }
    for (int32_t i = 0; i < from->n_ops; i++) {
        CudaStep *step = &plan->steps[n++];
        *step = (CudaStep){.constants = plan->steps[1 + i].constants, .rank = plan->ranks[i]};
        mieni_cuda_step_init(plan, step, &from->ops[i]);
    }
    size_t at = 0;
    for (int32_t i = 0; i < plan->n_outputs; i++) {
        const CudaPlane *tensor = &plan->tensors[from->outputs[i]];
        CudaPlane out = tight_plane(tensor, &plan->results, at, plan->result_floats);
        plan->steps[n] = (CudaStep){.rank = -1};
        mieni_cuda_step_init_copy(&plan->steps[n++], tensor, &out);
        at += plan->output_floats[i];
    }
    plan->n_steps = n;
}

static MienStatus create(MieniDevicePlan *plan, const MieniPlan *from, MienError *error)
{
    if (!prepare(plan, from))
        return mieni_fail_nomem(error);
    set_results(plan, from);
    MieniPlan ordered;
    MienStatus status = mieni_cuda_order(plan, from, &ordered, error);
    if (status == MIEN_OK)
        status = mieni_cuda_layout(plan, &ordered, error);
    if (status == MIEN_OK)
        status = make_memory(plan, error);
    if (status == MIEN_OK)
        status = send_constants(plan, &ordered, error);
    if (status != MIEN_OK)
        return status;
    place_tensors(plan);
    make_steps(plan, &ordered);
    return mieni_cuda_make_groups(plan, error);
}

MienStatus mieni_cuda_plan_create(MieniDevice *device, const MieniPlan *from, MieniDevicePlan **out,
                                  MienError *error)
{
    *out = NULL;
    MieniDevicePlan *plan = mieni_alloc(1, sizeof(*plan));
    if (!plan)
        return mieni_fail_nomem(error);
    plan->device = device;
    device->cuda->context_push(device->context);
    MienStatus status = create(plan, from, error);
    device->cuda->context_pop(NULL);
    if (status != MIEN_OK) {
        mieni_cuda_plan_destroy(plan);
        return status;
    }
    *out = plan;
    return MIEN_OK;
}

void mieni_cuda_plan_destroy(MieniDevicePlan *plan)
{
    if (!plan)
        return;
    MieniDevice *device = plan->device;
    device->cuda->context_push(device->context);
    for (int32_t i = 0; i <= MIENI_CUDA_MAX_GRAPH_FACES && !device->is_lost; i++)
        if (plan->graphs[i])
            device->cuda->graph_exec_destroy(plan->graphs[i]);
    free_memory(plan);
    mieni_cuda_free(device, plan->constants);
    device->cuda->context_pop(NULL);
    mieni_arena_destroy(plan->arena);
    mieni_free(plan);
}
