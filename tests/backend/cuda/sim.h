/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the CUDA back end ask the stand-in driver, where it is the one that was loaded. */
#ifndef MIEN_TESTS_BACKEND_CUDA_SIM_H
#define MIEN_TESTS_BACKEND_CUDA_SIM_H

#include <dlfcn.h>

#include "backend/backend.h"
#include "backend/cuda/images.h"
#include "sim/cuda.h"
#include "support/test.h"

/* Skips where the build has no kernels. A build that has them must have a device, too: these tests
 * run with the stand-in driver, or on a machine with a GPU. */
static inline void sim_need_cuda(void)
{
    size_t n;
    mieni_cuda_images(&n);
    if (n == 0)
        test_skip("this build has no CUDA kernels (no clang 19)");
    MienDeviceInfo info;
    memset(&info, 0, sizeof(info));
    mieni_backend_cuda.describe(0, &info);
    if (!info.usable)
        fail_msg("%s: %s", info.reason, info.reason_text);
}

/* The stand-in's counters, or NULL with a real driver. */
static inline const SimCounts *sim_counters(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    return library ? dlsym(library, "sim_counts") : NULL;
}

/* For tests that are about the stand-in driver alone: its counters; skips with a real one. */
static inline const SimCounts *sim_need_stand_in(void)
{
    sim_need_cuda();
    const SimCounts *counts = sim_counters();
    if (!counts)
        test_skip("the driver is a real one");
    return counts;
}

#endif
