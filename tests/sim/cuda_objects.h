/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of the stand-in libcuda.so.1. */
#ifndef MIEN_SIM_CUDA_OBJECTS_H
#define MIEN_SIM_CUDA_OBJECTS_H

#include "gpu.h"

typedef struct SimModule {
    const char *image;
} SimModule;

/* The kernel of this name, for devices with or without matrix instructions, or NULL
 * (cuda_kernels.c). */
const SimKernel *sim_find_kernel(const char *name, int has_products);

/* Whether the calling thread has a context that lives. */
int sim_has_context(void);

#define SIM_MAX_DEVICES 16

/* The device of the calling thread's context; 0 without one. */
int sim_device(void);

/* Zeroed memory for an object of the calling thread's device; what is left goes with the context.
 * `counter`, which may be NULL, counts such objects (cuda_fail.c). */
void *sim_object_new(size_t bytes, uint64_t *counter);
void sim_object_delete(void *object);

/*
 * Does this with a copy of the data when the stream comes to it, that is, when somebody waits for
 * the device; without a stream at once (cuda_stream.c).
 */
typedef struct SimStream SimStream;
void sim_work_add(SimStream *stream, void (*run)(void *data), const void *data, size_t bytes);
/* All that was handed in is done; whether there is some; what a lost device had is never done. */
void sim_work_finish(void);
int sim_work_is_left(void);
void sim_work_forget(int device);

/* Frees all pinned memory of a device (cuda_memory.c). */
void sim_pinned_reset(int device);

#endif
