/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the bytes of a .tflite file all the way: read, plan, prepare for the CPU, run, compare. */
#ifndef MIEN_TESTS_SUPPORT_NETWORK_H
#define MIEN_TESTS_SUPPORT_NETWORK_H

#include "graph/plan.h"

typedef struct NetworkCheck {
    MienStatus status; /* of reading, planning and preparing: OK, or why not */
    MienError error;
    bool ran;            /* it was small enough to run */
    bool narrowed;       /* something was left out of it */
    bool compared;       /* and its operations are known to the interpreter, its numbers finite */
    const char *problem; /* why the interpreter could not run what the planner accepted, or NULL */
    char wrong[160];     /* not empty: the plan's outputs are not those of the graph */
} NetworkCheck;

/*
 * Runs networks of up to `max_macs` multiply-adds and `max_floats` floats of activations on a
 * seeded input, once with the plain and once with the vector kernels, each after a run on NaN that
 * would shine through wherever memory is used before it is written. Where the planner has left
 * something out, the plan with everything has to give the same bits.
 */
NetworkCheck network_check(const void *data, size_t size, double max_macs, size_t max_floats);

#endif
