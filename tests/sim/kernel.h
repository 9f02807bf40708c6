/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of src/backend/cuda/kernels/device.h on the host: a kernel becomes a function that the
 * stand-in driver starts once for each thread of a grid. Included before the kernel's source.
 */
#ifndef MIEN_SIM_KERNEL_H
#define MIEN_SIM_KERNEL_H

#include <stdint.h>

#include "gpu.h"

#define MIENI_DEVICE_CODE 1

#define DEVICE static inline
#define DEVICE_CALL static inline
#define UNROLL

/* Each is built twice: with a call for every access to memory, and without, for speed. Those whose
 * code differs between devices with and without matrix instructions are built for both. */
#if defined(SIM_PLAIN) && defined(SIM_OLD)
#define SIM_SYMBOL(name) sim_plain_old_##name
#elif defined(SIM_PLAIN)
#define SIM_SYMBOL(name) sim_plain_##name
#elif defined(SIM_OLD)
#define SIM_SYMBOL(name) sim_checked_old_##name
#else
#define SIM_SYMBOL(name) sim_checked_##name
#endif

#ifndef SIM_OLD
#define MIENI_HAS_PRODUCTS 1
#endif

#define KERNEL(name, type)                                                                         \
    extern const SimKernel SIM_SYMBOL(name);                                                       \
    static void sim_body_##name(const type args);                                                  \
    static void sim_start_##name(const void *args)                                                 \
    {                                                                                              \
        sim_body_##name(*(const type *)args);                                                      \
    }                                                                                              \
    const SimKernel SIM_SYMBOL(name) = {"mien_" #name, sizeof(type), sim_start_##name};            \
    static void sim_body_##name(const type args)

#define BRANCH_KERNEL(name, type)                                                                  \
    typedef struct mien_branches_##name {                                                          \
        type of[CUDA_MAX_BRANCHES];                                                                \
    } mien_branches_##name;                                                                        \
    static void sim_branch_##name(const type args);                                                \
    KERNEL(name, mien_branches_##name)                                                             \
    {                                                                                              \
        sim_branch_##name(args.of[block_z()]);                                                     \
    }                                                                                              \
    static void sim_branch_##name(const type args)

#define thread_index sim_thread_index
#define block_x sim_block_x
#define block_y sim_block_y
#define block_z sim_block_z
#define barrier sim_barrier
#define cluster_barrier sim_cluster_barrier
#define shared_floats sim_shared

#endif
