/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the threads of a grid, block by block, and is what the instrumentation of kernels calls. */
#include "gpu.h"

#include <stdio.h>
#include <string.h>

#include "sim.h"

#define LAUNCH_FAILED 719
#define ILLEGAL_ADDRESS 700
#define MISALIGNED_ADDRESS 716

static struct {
    const SimKernel *kernel;
    const SimGrid *grid;
    unsigned char args[1024];
    SimThread thread;
    unsigned x, y;
    int waits;  /* the running thread stopped at a barrier */
    int failed; /* a code of the driver */
} run;

int32_t sim_thread_index(void)
{
    return (int32_t)run.thread.thread;
}

int32_t sim_block_x(void)
{
    return (int32_t)run.x;
}

int32_t sim_block_y(void)
{
    return (int32_t)run.y;
}

float *sim_shared(void)
{
    return sim_memory_shared();
}

void sim_barrier(void)
{
    run.waits = 1;
    sim_fiber_yield();
}

static void report(const char *what)
{
    fprintf(stderr, "sim: %s, block %u,%u, thread %u: %s\n", run.kernel->name, run.x, run.y,
            (unsigned)run.thread.thread, what);
}

static void start_thread(void)
{
    run.kernel->start(run.args);
}

/* The n-th thread to go on: forwards, backwards, or mixed up. */
static unsigned pick(unsigned n, unsigned seed)
{
    unsigned threads = run.grid->threads;
    switch (seed % 3) {
    case 0:
        return n;
    case 1:
        return threads - 1 - n;
    default: /* 37 has no factor in common with a number of threads that is a power of two */
        return threads & (threads - 1) ? n : (n * 37 + seed) & (threads - 1);
    }
}

/* Lets every thread go on to its next barrier or its end; returns how many wait there, or -1. */
static int run_phase(unsigned char *lives, unsigned seed)
{
    int n_waiting = 0, n_ended = 0;
    for (unsigned i = 0; i < run.grid->threads; i++) {
        unsigned thread = pick(i, seed);
        if (!lives[thread])
            continue;
        run.thread.thread = thread;
        run.waits = 0;
        lives[thread] = (unsigned char)sim_fiber_run(thread);
        if (run.failed)
            return -1;
        n_waiting += run.waits;
        n_ended += !run.waits;
    }
    if (n_waiting > 0 && n_ended > 0) {
        report("some threads ended while others wait at a barrier");
        run.failed = LAUNCH_FAILED;
        return -1;
    }
    return n_waiting;
}

static void run_block(unsigned block)
{
    unsigned char lives[SIM_MAX_THREADS];
    int n_waiting = 1;
    sim_memory_begin_block(run.grid->shared_bytes);
    memset(lives, 1, sizeof(lives));
    for (unsigned i = 0; i < run.grid->threads; i++)
        sim_fiber_begin(i, start_thread);
    run.thread.block = block;
    for (run.thread.phase = 0; n_waiting > 0; run.thread.phase++)
        n_waiting = run_phase(lives, block + run.thread.phase + run.thread.launch);
}

int sim_run(const SimKernel *kernel, const void *args, const SimGrid *grid)
{
    unsigned n_blocks = grid->x * grid->y;
    if (grid->threads < 1 || grid->threads > SIM_MAX_THREADS || grid->shared_bytes > 48 * 1024 ||
        grid->x < 1 || grid->y < 1 || grid->y > 65535 || kernel->args_bytes > sizeof(run.args))
        return 1;
    memcpy(run.args, args, kernel->args_bytes);
    run.kernel = kernel;
    run.grid = grid;
    run.failed = 0;
    run.thread.launch++;
    for (unsigned i = 0; i < n_blocks && !run.failed; i++) {
        unsigned block = run.thread.launch % 2 ? n_blocks - 1 - i : i;
        run.x = block % grid->x;
        run.y = block / grid->x;
        run_block(block);
    }
    return run.failed;
}

/* A kernel that did something wrong does not go on. */
static void judge(const void *address, size_t bytes, int is_write)
{
    size_t in_args = (uintptr_t)address - (uintptr_t)run.args;
    if (!is_write && in_args < sizeof(run.args))
        return;
    const char *wrong = sim_memory_access((uintptr_t)address, bytes, is_write, &run.thread);
    char text[256];
    if (!wrong)
        return;
    snprintf(text, sizeof(text), "%s of %zu bytes at %p, which %s", is_write ? "write" : "read",
             bytes, address, wrong);
    report(text);
    run.failed = ILLEGAL_ADDRESS;
    sim_fiber_leave();
}

/* Of a GPU, too, an access is a multiple of its size. */
static void judge_alignment(const void *address, size_t bytes)
{
    char text[128];
    if ((uintptr_t)address % bytes == 0)
        return;
    snprintf(text, sizeof(text), "%p is no multiple of the %zu bytes that are accessed", address,
             bytes);
    report(text);
    run.failed = MISALIGNED_ADDRESS;
    sim_fiber_leave();
}

/*
 * The calls of -fsanitize=thread. Nothing of its library is linked. "Unaligned" is what the host's
 * compiler made of several accesses of the source, which are words then.
 */
#define ONE_ACCESS(name, bytes, alignment, is_write)                                               \
    void __tsan_##name(void *address);                                                             \
    void __tsan_##name(void *address)                                                              \
    {                                                                                              \
        judge_alignment(address, alignment);                                                       \
        judge(address, bytes, is_write);                                                           \
    }
#define ACCESS(bytes)                                                                              \
    ONE_ACCESS(read##bytes, bytes, bytes, 0)                                                       \
    ONE_ACCESS(write##bytes, bytes, bytes, 1)                                                      \
    ONE_ACCESS(unaligned_read##bytes, bytes, bytes < 4 ? 1 : 4, 0)                                 \
    ONE_ACCESS(unaligned_write##bytes, bytes, bytes < 4 ? 1 : 4, 1)

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

void __tsan_read_range(void *address, size_t bytes);
void __tsan_read_range(void *address, size_t bytes)
{
    judge(address, bytes, 0);
}

void __tsan_write_range(void *address, size_t bytes);
void __tsan_write_range(void *address, size_t bytes)
{
    judge(address, bytes, 1);
}

/* Clang calls these instead of the library's own for copies and fills. */
void *__tsan_memcpy(void *to, const void *from, size_t bytes);
void *__tsan_memcpy(void *to, const void *from, size_t bytes)
{
    judge(from, bytes, 0);
    judge(to, bytes, 1);
    return memcpy(to, from, bytes);
}

void *__tsan_memset(void *to, int value, size_t bytes);
void *__tsan_memset(void *to, int value, size_t bytes)
{
    judge(to, bytes, 1);
    return memset(to, value, bytes);
}
