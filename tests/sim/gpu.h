/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GPU in plain C for the stand-in driver: device memory, and kernels that run thread by thread.
 *
 * Threads of a block are fibers that take turns at barriers, in an order that changes; those of a
 * warp also wait for each other where they multiply together, and the blocks of a cluster at their
 * own barriers. Kernels are
 * compiled with -fsanitize=thread, whose calls for every load and store end here instead of in the
 * sanitizer's library: an access outside of what was allocated, a read of what nobody wrote, and
 * two threads that touch one word without a barrier between them end the launch.
 */
#ifndef MIEN_SIM_GPU_H
#define MIEN_SIM_GPU_H

#include <stddef.h>
#include <stdint.h>

typedef struct SimKernel {
    const char *name;
    size_t args_bytes;
    void (*start)(const void *args);
} SimKernel;

#define SIM_MAX_ARGS 4096

typedef struct SimGrid {
    unsigned x, y, z, threads;
    unsigned shared_bytes;
    unsigned cluster; /* blocks along x that run together; 0 is 1 */
} SimGrid;

/* What a kernel asks about itself. */
int32_t sim_thread_index(void);
int32_t sim_block_x(void);
int32_t sim_block_y(void);
int32_t sim_block_z(void);
void sim_barrier(void);
void sim_cluster_barrier(void);
float *sim_shared(void);

/* A product by the threads of a warp (kernels/half.h): what each brings along, and its sums. */
#define SIM_WARP 32
typedef struct SimProduct {
    uint32_t low[2], high[2];     /* four halves of rows g and g + 8 */
    uint32_t first[2], second[2]; /* four weights of both columns */
    float sum_low[4], sum_high[4];
} SimProduct;
void sim_warp_product(SimProduct *mine);

/* Adds the products of a whole warp (gpu_warp.c). */
void sim_multiply(SimProduct *const threads[SIM_WARP]);

/* Runs a grid. Returns 0, or the driver's code after a word on standard error. */
int sim_run(const SimKernel *kernel, const void *args, const SimGrid *grid);

/* Device memory: real addresses, so that kernels can use them. 0 if there is none left. */
uint64_t sim_memory_alloc(size_t bytes, int device);
int sim_memory_free(uint64_t pointer);
size_t sim_memory_used(void);
size_t sim_memory_reset(int device); /* frees all that this one has, and returns how much */
/* Whether the bytes are allocated; `written`: and have been written. Marks them as `mark` unless it
 * is 0. */
enum { SIM_WRITTEN = 2, SIM_COPIED = 3 };
int sim_memory_check(uint64_t pointer, size_t bytes, int written, int mark);

/* Of one access of the running thread: 0, or what is wrong with it. (gpu_memory.c) */
typedef struct SimThread {
    uint32_t launch, block, thread;
    uint32_t cluster; /* blocks of one */
    uint32_t epoch;   /* barriers of the cluster so far */
    uint32_t phase;   /* barriers of the block since then */
} SimThread;
const char *sim_memory_access(uintptr_t address, size_t bytes, int is_write,
                              const SimThread *thread);
/* Shared memory for n blocks, and that of one of them. */
void sim_memory_begin_blocks(unsigned n, size_t shared_bytes);
float *sim_memory_shared(unsigned block);

/* Fibers (gpu_fiber.c): sim_fiber_run goes on with one until it yields or ends; returns whether it
 * lives. */
#define SIM_MAX_THREADS 1024
#define SIM_MAX_CLUSTER 8
#define SIM_MAX_FIBERS 4096
void sim_fiber_begin(unsigned index, void (*start)(void));
int sim_fiber_run(unsigned index);
void sim_fiber_yield(void);
/* Leaves the running fiber for good. */
void sim_fiber_leave(void);
/* Whether the address lies on the running fiber's stack. */
int sim_fiber_owns(uintptr_t address);

#endif
