/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A back end runs plans on its devices. The engine sees nothing of a device but this table, and
 * goes through validate.h, so that back ends may take their arguments as sound.
 */
#ifndef MIENI_BACKEND_BACKEND_H
#define MIENI_BACKEND_BACKEND_H

#include "graph/plan.h"
#include "mien/device.h"

typedef struct MieniDevice MieniDevice; /* private to a back end */
typedef struct MieniDevicePlan
    MieniDevicePlan; /* a plan with its weights packed and its memory laid out */

typedef struct MieniDeviceOptions {
    int32_t threads;   /* CPU: threads that compute; other back ends ignore it */
    uint64_t cpu_mask; /* CPU: instruction sets that may be used */
    MienPrecision precision;
    const MieniLog *log; /* outlives the device */
} MieniDeviceOptions;

/*
 * One run of a plan: what goes in and what comes out for one face or picture. Which fields count
 * depends on the plan's first and last operation. All memory is the caller's.
 */
typedef struct MieniJob {
    const MieniView *picture;            /* plans with a crop */
    MieniCrop crop;                      /* plans with a crop */
    MieniProjection projection;          /* plans with a landmark decoder */
    const float *input;                  /* plans without a crop: [height][width][channels] */
    float *outputs[MIENI_OP_MAX_INPUTS]; /* plans without a decoder: each tensor, tight; NULL: not
                                            wanted */
    MieniDetection *detections;          /* plans with a box decoder: room for n_anchors */
    int32_t n_detections;                /* written */
    MienLandmark *landmarks;             /* plans with a landmark decoder: room for n_landmarks */
    float presence;                      /* written: probability, 0..1 */
} MieniJob;

/* Blocks of memory that a device reads in place at the same time. */
#define MIENI_MAX_IMPORTS 8

/* What an open device has done. */
typedef struct MieniDeviceCounts {
    uint64_t launches;    /* of kernels, those of recorded work too */
    uint64_t submissions; /* of work: a graph or command buffer is one, however much is in it */
    uint64_t copies_up, copies_down, bytes_up, bytes_down; /* between host and device */
    double busy_ms; /* the device's own time for the kernels of runs, while it is timed */
} MieniDeviceCounts;

typedef struct MieniBackend {
    const char *name; /* "cpu"; devices are called name or name:index */

    /* Whether devices are numbered: "cuda:0", but "cpu". */
    bool numbered;

    /* Whether "gpu" and "auto" look at devices with memory of their own first; else, as everywhere,
     * they go by number. */
    bool discrete_first;

    /* How many jobs it likes to be given at a time; 0: one a thread. */
    int32_t batch;

    /* How many devices there are. Cheap after the first call. */
    int32_t (*count)(void);

    /*
     * Fills all of `info` but `id` for device `index`. With count() == 0 it is called once with
     * index 0 to say why: then usable is false, and reason and reason_text are set.
     */
    void (*describe)(int32_t index, MienDeviceInfo *info);

    /*
     * Opens device `index`, 0 <= index < count(). With MIEN_PRECISION_AUTO it decides itself; one
     * that cannot do what options->precision asks opens as it can, and the registry refuses it.
     */
    MienStatus (*open)(int32_t index, const MieniDeviceOptions *options, MieniDevice **device,
                       MienError *error);

    /* The instruction set or architecture in use, for the record. */
    const char *(*isa)(const MieniDevice *device);

    /* What an open device computes in, never MIEN_PRECISION_AUTO. NULL: always in fp32. */
    MienPrecision (*precision)(const MieniDevice *device);

    /* Packs a plan's weights and lays out its memory; the plan may be freed afterwards. */
    MienStatus (*plan_create)(MieniDevice *device, const MieniPlan *plan, MieniDevicePlan **out,
                              MienError *error);

    /*
     * Runs n jobs, as one batch, and returns when they are done. Allocates nothing. Plans of one
     * device run one at a time. MIEN_E_DEVICE if the device failed: the outputs are worth nothing,
     * and the device can only be closed.
     */
    MienStatus (*plan_run)(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error);

    /* NULL is fine. */
    void (*plan_destroy)(MieniDevicePlan *plan);

    /*
     * From now on pictures that lie in this block are read there by runs, until it is released or
     * the device is closed; the block, whole pages, stays where it is until then.
     * MIEN_E_UNSUPPORTED: the device copies pictures. NULL: as if it returned that. Blocks that are
     * not known are released without a word.
     */
    MienStatus (*import_memory)(MieniDevice *device, void *memory, size_t size_bytes,
                                MienError *error);
    void (*release_memory)(MieniDevice *device, const void *memory);

    /* After all of its plans. NULL is fine. */
    void (*close)(MieniDevice *device);

    /* For measuring; all NULL where device and host are one. */
    const MieniDeviceCounts *(*counts)(const MieniDevice *device);
    /* Times runs from now on, or no more (0). Kernels of a run may be repeated that often, so that
     * what lies between two launches is not taken for theirs. MIEN_E_UNSUPPORTED: it cannot. */
    MienStatus (*time)(MieniDevice *device, int32_t repeats, MienError *error);
    /* Measures the best rate of multiply-adds on registers, in fp32. */
    MienStatus (*peak)(MieniDevice *device, double *macs_a_ms, MienError *error);
} MieniBackend;

static inline MienPrecision mieni_device_precision(const MieniBackend *backend,
                                                   const MieniDevice *device)
{
    return backend->precision ? backend->precision(device) : MIEN_PRECISION_FP32;
}

extern const MieniBackend mieni_backend_cpu;
extern const MieniBackend mieni_backend_cuda;
extern const MieniBackend mieni_backend_vulkan;

/* Runs all plumbing with no arithmetic at all: outputs are zeros, no face is found. For tests; in
 * no list. */
extern const MieniBackend mieni_backend_null;

#endif
