/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "backend/backend.h"

struct MieniDevice {
    int32_t unused; /* a struct has at least one member */
};

struct MieniDevicePlan {
    int32_t n_outputs;
    size_t output_bytes[MIENI_OP_MAX_INPUTS];
    int32_t n_landmarks; /* 0: no landmark decoder */
};

static int32_t null_count(void)
{
    return 1;
}

static void null_describe(int32_t index, MienDeviceInfo *info)
{
    (void)index;
    snprintf(info->name, sizeof(info->name), "nothing");
    info->software = info->built = info->usable = true;
}

static MienStatus null_open(int32_t index, const MieniDeviceOptions *options, MieniDevice **out,
                            MienError *error)
{
    (void)index;
    (void)options;
    *out = mieni_alloc(1, sizeof(**out));
    return *out ? MIEN_OK : mieni_fail_nomem(error);
}

static const char *null_isa(const MieniDevice *device)
{
    (void)device;
    return "none";
}

static MienStatus null_plan_create(MieniDevice *device, const MieniPlan *from,
                                   MieniDevicePlan **out, MienError *error)
{
    MieniDevicePlan *plan = *out = mieni_alloc(1, sizeof(*plan));
    if (!plan)
        return mieni_fail_nomem(error);
    (void)device;
    plan->n_outputs = from->n_outputs;
    for (int32_t i = 0; i < from->n_outputs; i++) {
        const MieniTensor *tensor = &from->tensors[from->outputs[i]];
        plan->output_bytes[i] = (size_t)tensor->height * (size_t)tensor->width *
                                (size_t)tensor->channels * sizeof(float);
    }
    const MieniOp *last = &from->ops[from->n_ops - 1];
    if (last->kind == MIENI_OP_DECODE_LANDMARKS)
        plan->n_landmarks = last->landmarks.n_landmarks;
    return MIEN_OK;
}

static MienStatus null_plan_run(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error)
{
    (void)error;
    for (size_t i = 0; i < n; i++) {
        MieniJob *job = &jobs[i];
        for (int32_t k = 0; k < plan->n_outputs; k++)
            if (job->outputs[k])
                memset(job->outputs[k], 0, plan->output_bytes[k]);
        job->n_detections = 0;
        job->presence = 0;
        if (plan->n_landmarks)
            memset(job->landmarks, 0, (size_t)plan->n_landmarks * sizeof(*job->landmarks));
    }
    return MIEN_OK;
}

static void null_plan_destroy(MieniDevicePlan *plan)
{
    mieni_free(plan);
}

static void null_close(MieniDevice *device)
{
    mieni_free(device);
}

const MieniBackend mieni_backend_null = {
    .name = "null",
    .count = null_count,
    .describe = null_describe,
    .open = null_open,
    .isa = null_isa,
    .plan_create = null_plan_create,
    .plan_run = null_plan_run,
    .plan_destroy = null_plan_destroy,
    .close = null_close,
};
