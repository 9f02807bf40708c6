/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU back end: kernels chosen for the machine, one workspace a thread. */
#ifndef MIENI_BACKEND_CPU_CPU_H
#define MIENI_BACKEND_CPU_CPU_H

#include "backend/backend.h"
#include "base/arena.h"
#include "base/threads.h"

/* What one thread computes in. */
typedef struct CpuWorkspace {
    float *activations;
    float *scratch;
} CpuWorkspace;

struct MieniDevice {
    MieniKernels kernels;
    MieniPool *pool;
    const MieniLog *log;
    /* Plans run one at a time, so all of them compute in the same memory. */
    size_t activation_floats, scratch_floats; /* that every workspace has room for */
    CpuWorkspace *workspaces;                 /* one a thread */
};

/* Where a tensor lies in a workspace. */
typedef struct CpuTensor {
    MieniPlane plane; /* data NULL */
    size_t offset;    /* of pixel (0, 0), floats */
} CpuTensor;

/* An operation, ready to run. */
typedef struct CpuStep {
    MieniOp op;                    /* tables copied; weights are packed and no longer there */
    const MieniConvKernel *kernel; /* conv-like ops */
    float *packed;
    int32_t n_rows;   /* pieces that may be computed apart */
    int32_t row_unit; /* pieces come in multiples of this */
} CpuStep;

struct MieniDevicePlan {
    MieniDevice *device;
    MieniArena *arena; /* names and small tables */
    int32_t n_tensors;
    CpuTensor *tensors;
    int32_t n_steps;
    CpuStep *steps;
    int32_t input; /* tensor */
    int32_t n_outputs;
    int32_t outputs[MIENI_OP_MAX_INPUTS];
    size_t activation_floats, scratch_floats;
};

/* Gives every tensor of the plan its strides and its place; sets activation_floats. */
MienStatus mieni_cpu_layout(MieniDevicePlan *device_plan, const MieniPlan *plan, MienError *error);

/* Makes the workspaces large enough; after a failure they still hold what they did. */
bool mieni_cpu_reserve(MieniDevice *device, size_t activation_floats, size_t scratch_floats);

MienStatus mieni_cpu_plan_create(MieniDevice *device, const MieniPlan *plan, MieniDevicePlan **out,
                                 MienError *error);
void mieni_cpu_plan_destroy(MieniDevicePlan *plan);
MienStatus mieni_cpu_plan_run(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error);

/* Runs one job, and notes in best_ms [n_steps] which steps were faster than ever. */
void mieni_cpu_plan_time(MieniDevicePlan *plan, MieniJob *job, double *best_ms);

#endif
