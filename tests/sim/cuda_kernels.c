/* SPDX-License-Identifier: Apache-2.0 */
/* All kernels by name: those of src/backend/cuda/kernels, each compiled from its own source, and
 * the one that the doctor brings as PTX. */
#include <string.h>

#include "backend/cuda/kernels/args.h"
#include "cuda.h"
#include "cuda_objects.h"

#ifdef SIM_NO_KERNELS /* the build has no compiler for them */
#undef MIENI_CUDA_KERNEL_LIST
#undef MIENI_CUDA_PRODUCT_KERNEL_LIST
#define MIENI_CUDA_KERNEL_LIST(X)
#define MIENI_CUDA_PRODUCT_KERNEL_LIST(X)
#endif

#define MARK 0x6d69656eu

/* What the doctor's PTX does. */
static void probe(const void *args)
{
    uint32_t *to;
    memcpy(&to, args, sizeof(to));
    *to = sim_number("MIEN_SIM_WRONG", 0) ? 0 : MARK;
    sim_memory_check((uint64_t)(uintptr_t)to, sizeof(*to), 0, SIM_WRITTEN);
}

static const SimKernel probe_kernel = {"mien_probe", sizeof(uint32_t *), probe};

#define DECLARE(name)                                                                              \
    extern const SimKernel sim_checked_##name;                                                     \
    extern const SimKernel sim_plain_##name;
#define DECLARE_OLD(name)                                                                          \
    extern const SimKernel sim_checked_old_##name;                                                 \
    extern const SimKernel sim_plain_old_##name;
MIENI_CUDA_KERNEL_LIST(DECLARE)
MIENI_CUDA_PRODUCT_KERNEL_LIST(DECLARE_OLD)
#undef DECLARE
#undef DECLARE_OLD

static const SimKernel *find(const SimKernel *const *kernels, const char *name)
{
    for (; *kernels; kernels++)
        if (strcmp((*kernels)->name, name) == 0)
            return *kernels;
    return NULL;
}

/* MIEN_SIM_CHECK=0 leaves out the checks of memory, which take most of the time. */
const SimKernel *sim_find_kernel(const char *name, int has_products)
{
#define CHECKED(name) &sim_checked_##name,
#define PLAIN(name) &sim_plain_##name,
#define CHECKED_OLD(name) &sim_checked_old_##name,
#define PLAIN_OLD(name) &sim_plain_old_##name,
    static const SimKernel *const checked[] = {MIENI_CUDA_KERNEL_LIST(CHECKED) & probe_kernel,
                                               NULL};
    static const SimKernel *const plain[] = {MIENI_CUDA_KERNEL_LIST(PLAIN) & probe_kernel, NULL};
    static const SimKernel *const checked_old[] = {MIENI_CUDA_PRODUCT_KERNEL_LIST(CHECKED_OLD)
                                                       NULL};
    static const SimKernel *const plain_old[] = {MIENI_CUDA_PRODUCT_KERNEL_LIST(PLAIN_OLD) NULL};
    int checks = sim_number("MIEN_SIM_CHECK", 1) != 0;
    const SimKernel *kernel = NULL;
    if (!has_products)
        kernel = find(checks ? checked_old : plain_old, name);
    return kernel ? kernel : find(checks ? checked : plain, name);
}
