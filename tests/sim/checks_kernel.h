/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel with a fault of one's choice. */
#ifndef MIEN_SIM_CHECKS_KERNEL_H
#define MIEN_SIM_CHECKS_KERNEL_H

#include "sim/gpu.h"

typedef struct CheckArgs {
    float *data;
    int32_t n, fault;
} CheckArgs;

enum {
    NONE,
    BEYOND_END,
    BEFORE_BEGIN,
    HOST,
    UNWRITTEN,
    NO_BARRIER,
    BLOCKS_MEET,
    LATE_READ,
    LEAVES,
    ALONE /* multiply: a thread of the warp is not there */
};

extern const SimKernel sim_checked_turn;

/* Each thread notes the number of its turn, which the test counts. */
extern const SimKernel sim_checked_order;
int32_t sim_check_turn(void);

/* 16 x 16 sums of the data's first 256 numbers, rows, times the next 256, columns, behind them. */
extern const SimKernel sim_checked_multiply;

/* Each block of a cluster writes its rank, and after their barrier reads all of them; NO_BARRIER,
 * BLOCKS_MEET (with another cluster) and LEAVES go wrong. */
extern const SimKernel sim_checked_meet;

#endif
