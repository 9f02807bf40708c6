/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled as the kernels of the CUDA back end are: each access is a call. */
#include "sim/checks_kernel.h"

#include "sim/kernel.h"

DEVICE_TABLE float ones[2] = {1, 1};

extern float sim_host_memory[1];
float sim_host_memory[1];

/* Turns the floats of each block round, through shared memory. */
KERNEL(turn, CheckArgs)
{
    int32_t thread = thread_index(), n = args.n, block = block_x() * n;
    float *shared = shared_floats(), value = 0;
    if (args.fault == BEYOND_END)
        value = args.data[2 * n + thread];
    if (args.fault == BEFORE_BEGIN)
        args.data[-1 - thread] = 1;
    if (args.fault == HOST)
        sim_host_memory[0] = 1;
    if (args.fault == UNWRITTEN)
        value = shared[n - 1 - thread];
    if (args.fault == LEAVES && thread == 3)
        return;
    shared[thread] = args.data[block + thread] + value;
    if (args.fault != NO_BARRIER)
        barrier();
    if (args.fault == BLOCKS_MEET)
        args.data[thread] = 1;
    args.data[block + thread] = shared[n - 1 - thread] * ones[thread % 2];
    if (args.fault == LATE_READ)
        args.data[block + thread] += args.data[block + (thread + 1) % n];
}
