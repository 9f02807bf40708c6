/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled as the kernels of the CUDA back end are: each access is a call. */
#include "sim/checks_kernel.h"

#include "sim/kernel.h"

#include "backend/cuda/kernels/half.h"

extern float sim_host_memory[1];
float sim_host_memory[1];

/* Turns the floats of each block round, through shared memory. */
KERNEL(turn, CheckArgs)
{
    int32_t thread = thread_index(), n = args.n;
    int32_t block = (block_x() + block_y() + block_z()) * n;
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
    args.data[block + thread] = shared[n - 1 - thread];
    if (args.fault == LATE_READ)
        args.data[block + thread] += args.data[block + (thread + 1) % n];
}

/* Notes when each thread ran. */
KERNEL(order, CheckArgs)
{
    args.data[block_x() * args.n + thread_index()] = (float)sim_check_turn();
}

KERNEL(multiply, CheckArgs)
{
    int32_t g = thread_index() / 4, t = thread_index() % 4, column = 4 * (g / 2) + g % 2;
    const float *rows = args.data + 4 * t, *columns = args.data + 256 + 4 * t;
    float *sums = args.data + 512 + 4 * t;
    Float4 low = zero4(), high = zero4();
    Half4 first = narrow4(load4(columns + 16 * column));
    Half4 second = narrow4(load4(columns + 16 * (column + 2)));
    Half8 weights = {first.xy, first.zw, second.xy, second.zw};
    if (args.fault == ALONE && thread_index() == 3)
        return;
    warp_product(narrow4(load4(rows + 16 * g)), narrow4(load4(rows + 16 * (g + 8))), weights, &low,
                 &high);
    store4(sums + 16 * g, low);
    store4(sums + 16 * (g + 8), high);
}

KERNEL(meet, CheckArgs)
{
    int32_t thread = thread_index(), rank = block_x() % 4, first = block_x() / 4 * 4, i;
    float *sums = args.data + 8, sum = 0;
    if (args.fault == LEAVES && rank == 1 && thread == 3)
        return;
    if (thread == 0)
        args.data[first + rank] = (float)(first + rank);
    if (args.fault != NO_BARRIER)
        cluster_barrier();
    for (i = 0; i < 4; i++)
        sum += args.data[(args.fault == BLOCKS_MEET ? 0 : first) + i];
    sums[block_x() * 32 + thread] = sum;
}
