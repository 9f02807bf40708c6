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
    unsigned char args[SIM_MAX_ARGS];
    SimThread thread;
    unsigned x, y, z;
    unsigned first; /* fiber of the running block; a cluster's blocks follow each other */
    unsigned char states[SIM_MAX_FIBERS];
    unsigned n_members; /* of the warp, who brought their part of a product */
    SimProduct *members[SIM_WARP];
    int failed; /* a code of the driver */
} run;

/* Of a thread. */
enum { RUNS, AT_PRODUCT, AT_BARRIER, AT_CLUSTER, ENDED };

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

int32_t sim_block_z(void)
{
    return (int32_t)run.z;
}

float *sim_shared(void)
{
    return sim_memory_shared(run.first / run.grid->threads);
}

static void wait_at(int state)
{
    run.states[run.first + run.thread.thread] = (unsigned char)state;
    sim_fiber_yield();
}

void sim_barrier(void)
{
    wait_at(AT_BARRIER);
}

void sim_cluster_barrier(void)
{
    wait_at(AT_CLUSTER);
}

/* The last to come multiplies for all. */
void sim_warp_product(SimProduct *mine)
{
    unsigned thread = run.thread.thread, warp = thread / SIM_WARP * SIM_WARP;
    run.members[thread - warp] = mine;
    if (++run.n_members < SIM_WARP) {
        wait_at(AT_PRODUCT);
        return;
    }
    sim_multiply(run.members);
    run.n_members = 0;
    memset(run.states + run.first + warp, RUNS, SIM_WARP);
}

static void report(const char *what)
{
    fprintf(stderr, "sim: %s, block %u,%u,%u, thread %u: %s\n", run.kernel->name, run.x, run.y,
            run.z, (unsigned)run.thread.thread, what);
}

static void start_thread(void)
{
    run.kernel->start(run.args);
}

/* The i-th of n to go on: forwards, backwards, or mixed up. */
static unsigned pick(unsigned i, unsigned n, unsigned seed)
{
    switch (seed % 3) {
    case 0:
        return i;
    case 1:
        return n - 1 - i;
    default: /* 37 has no factor in common with a power of two */
        return n & (n - 1) ? i : (i * 37 + seed) & (n - 1);
    }
}

static int any_in(unsigned first, unsigned n, int state)
{
    for (unsigned i = 0; i < n; i++)
        if (run.states[first + i] == state)
            return 1;
    return 0;
}

static void fail(const char *what)
{
    report(what);
    run.failed = LAUNCH_FAILED;
}

/* Lets the threads of a warp of the running block go on to a barrier or their end. */
static void run_warp(unsigned warp, unsigned n, unsigned seed)
{
    unsigned first = run.first + warp;
    run.n_members = 0;
    while (any_in(first, n, RUNS)) {
        for (unsigned i = 0; i < n; i++) {
            unsigned thread = pick(i, n, seed);
            if (run.states[first + thread] != RUNS)
                continue;
            run.thread.thread = warp + thread;
            if (!sim_fiber_run(first + thread))
                run.states[first + thread] = ENDED;
            if (run.failed)
                return;
        }
    }
    if (any_in(first, n, AT_PRODUCT))
        fail("some threads of a warp wait for others at a product");
}

/* Lets the running block go on to its end, or to a barrier of its cluster. */
static void run_block(void)
{
    unsigned n = run.grid->threads, n_warps = (n + SIM_WARP - 1) / SIM_WARP;
    run.thread.phase = 0;
    while (any_in(run.first, n, RUNS)) {
        unsigned seed = run.thread.block + run.thread.epoch + run.thread.phase + run.thread.launch;
        for (unsigned i = 0; i < n_warps && !run.failed; i++) {
            unsigned warp = pick(i, n_warps, seed) * SIM_WARP;
            run_warp(warp, n - warp < SIM_WARP ? n - warp : SIM_WARP, seed);
        }
        if (run.failed)
            return;
        if (any_in(run.first, n, AT_BARRIER)) {
            if (any_in(run.first, n, ENDED) || any_in(run.first, n, AT_CLUSTER)) {
                fail("some threads wait at a barrier, and others are elsewhere");
                return;
            }
            memset(run.states + run.first, RUNS, n);
        }
        run.thread.phase++;
    }
}

/* Blocks `block` and those behind it that are its cluster. */
static void run_cluster(unsigned block, unsigned n_blocks)
{
    unsigned threads = run.grid->threads, n = n_blocks * threads;
    sim_memory_begin_blocks(n_blocks, run.grid->shared_bytes);
    memset(run.states, RUNS, n);
    for (unsigned i = 0; i < n; i++)
        sim_fiber_begin(i, start_thread);
    run.thread.epoch = 0;
    while (any_in(0, n, RUNS)) {
        for (unsigned i = 0; i < n_blocks && !run.failed; i++) {
            unsigned which = pick(i, n_blocks, run.thread.launch + run.thread.epoch);
            run.first = which * threads;
            run.thread.block = block + which;
            run.x = run.thread.block % run.grid->x;
            run.y = run.thread.block / run.grid->x % run.grid->y;
            run.z = run.thread.block / run.grid->x / run.grid->y;
            run_block();
        }
        if (run.failed)
            return;
        if (any_in(0, n, AT_CLUSTER)) {
            if (any_in(0, n, ENDED)) {
                fail("some threads ended while others wait at a barrier of their cluster");
                return;
            }
            memset(run.states, RUNS, n);
        }
        run.thread.epoch++;
    }
}

int sim_run(const SimKernel *kernel, const void *args, const SimGrid *grid)
{
    unsigned cluster = grid->cluster ? grid->cluster : 1;
    if (grid->threads < 1 || grid->threads > SIM_MAX_THREADS || grid->shared_bytes > 48 * 1024 ||
        grid->x < 1 || grid->y < 1 || grid->y > 65535 || grid->z < 1 || grid->z > 65535 ||
        kernel->args_bytes > sizeof(run.args) || cluster > SIM_MAX_CLUSTER || grid->x % cluster ||
        cluster * grid->threads > SIM_MAX_FIBERS)
        return 1;
    memcpy(run.args, args, kernel->args_bytes);
    run.kernel = kernel;
    run.grid = grid;
    run.failed = 0;
    run.thread.launch++;
    run.thread.cluster = cluster;
    unsigned n = grid->x * grid->y * grid->z / cluster;
    for (unsigned i = 0; i < n && !run.failed; i++)
        run_cluster((run.thread.launch % 2 ? n - 1 - i : i) * cluster, cluster);
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
