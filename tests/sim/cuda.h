/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the stand-in libcuda.so.1 share, and what tests read out of it. */
#ifndef MIEN_SIM_CUDA_H
#define MIEN_SIM_CUDA_H

#include <stdint.h>

#include "sim.h"

#define OK 0

/* The CUDA version that it speaks. Built as an old driver it lacks what came later, and has what is
 * gone since. */
#ifdef SIM_OLD_DRIVER
#define SIM_DRIVER 10010
#else
#define SIM_DRIVER 12040
#endif

/* What was done since the library was loaded. Tests find `sim_counts` with dlsym. */
typedef struct SimCounts {
    uint64_t inits, contexts;         /* contexts: retained and not released */
    uint64_t modules;                 /* loaded and not unloaded */
    uint64_t allocations;             /* of device memory and of pinned memory, ever */
    uint64_t device_blocks;           /* of them, still there */
    uint64_t pinned_blocks;           /* likewise */
    uint64_t streams, graphs, events; /* still there */
    uint64_t launches;                /* of kernels, in or outside of graphs */
    uint64_t graph_launches;
    uint64_t copies_up, copies_down;
    uint64_t bytes_up, bytes_down;
    uint64_t pageable_copies; /* whose host memory was not pinned */
    uint64_t synchronizations;
    uint64_t queued;         /* handed in and not done */
    uint64_t waits_ahead;    /* for an event, with work behind it still to be done */
    uint64_t calls;          /* all that can fail */
    uint64_t launches_of[4]; /* launches, by device */
    uint64_t overlaps; /* launches handed in that may begin before the one in front has ended */
} SimCounts;

extern SimCounts sim_counts;

/*
 * Every call that can fail begins with sim_enter and ends with sim_leave, which take and release a
 * lock. MIEN_SIM_FAIL=FUNCTION:N:CODE lets the n-th call of a function (from 1, counted from when
 * the variable was set to this) return a code; FUNCTION may be *, any, and behind another colon may
 * stand the one device whose calls count. Codes that lose the device
 * (214, 700 and more, 999) come back from every later call until its context is released.
 */
int sim_enter(const char *function);
int sim_leave(int code);

/* What a call returns: this, or what MIEN_SIM_FAIL_AFTER says. sim_leave asks it, too. */
int sim_answer(long code);

/* Lets all later calls fail, as a kernel that did something wrong does. */
void sim_lose(int code);

/* The code that the calling thread's device was lost with, or 0. */
int sim_loss(void);

/* The context is released: a loss is over, and what the lost device had is gone. */
void sim_recover(int device);

/* Whether a device was ever lost. */
int sim_was_lost(int device);

#endif
