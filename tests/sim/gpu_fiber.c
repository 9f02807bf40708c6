/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fibers: stacks that take turns in one thread. A switch saves what the calling convention says
 * that a call keeps; processors for which that is not written down here take ucontext, which does
 * the same with a call of the system each time.
 */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "gpu.h"

#define STACK_BYTES ((size_t)64 << 10)

static unsigned char *stacks; /* [SIM_MAX_FIBERS][STACK_BYTES] */
static void (*entry)(void);
static int ended[SIM_MAX_FIBERS];
static unsigned running;

static void run_entry(void);

#if defined(__x86_64__)

void sim_switch(void **save, void *const *go);

__asm__(".text\n"
        ".hidden sim_switch\n"
        ".globl sim_switch\n"
        ".type sim_switch, @function\n"
        "sim_switch:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq (%rsi), %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size sim_switch, .-sim_switch\n");

static void *scheduler, *fibers[SIM_MAX_FIBERS];

/* The first switch to a fiber "returns" to run_entry with an aligned stack. */
static void prepare(unsigned index)
{
    uintptr_t *top = (uintptr_t *)(void *)(stacks + (index + 1) * STACK_BYTES) - 8;
    for (int i = 0; i < 8; i++)
        top[i] = 0;
    top[6] = (uintptr_t)run_entry;
    fibers[index] = top;
}

static void go_to_fiber(unsigned index)
{
    sim_switch(&scheduler, &fibers[index]);
}

static void go_to_scheduler(unsigned index)
{
    sim_switch(&fibers[index], &scheduler);
}

#else

#include <ucontext.h>

static ucontext_t scheduler, fibers[SIM_MAX_FIBERS];

static void prepare(unsigned index)
{
    if (getcontext(&fibers[index]) != 0)
        abort();
    fibers[index].uc_stack.ss_sp = stacks + index * STACK_BYTES;
    fibers[index].uc_stack.ss_size = STACK_BYTES;
    fibers[index].uc_link = NULL;
    makecontext(&fibers[index], run_entry, 0);
}

static void go_to_fiber(unsigned index)
{
    swapcontext(&scheduler, &fibers[index]);
}

static void go_to_scheduler(unsigned index)
{
    swapcontext(&fibers[index], &scheduler);
}

#endif

static void run_entry(void)
{
    entry();
    sim_fiber_leave();
}

void sim_fiber_begin(unsigned index, void (*start)(void))
{
    if (!stacks) {
        stacks = mmap(NULL, SIM_MAX_FIBERS * STACK_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stacks == MAP_FAILED)
            abort();
    }
    entry = start;
    ended[index] = 0;
    prepare(index);
}

int sim_fiber_run(unsigned index)
{
    running = index;
    go_to_fiber(index);
    return !ended[index];
}

void sim_fiber_yield(void)
{
    go_to_scheduler(running);
}

void sim_fiber_leave(void)
{
    ended[running] = 1;
    go_to_scheduler(running);
    abort(); /* nobody goes on with a fiber that has ended */
}

int sim_fiber_owns(uintptr_t address)
{
    uintptr_t stack = (uintptr_t)(stacks + running * STACK_BYTES);
    return address >= stack && address < stack + STACK_BYTES;
}
