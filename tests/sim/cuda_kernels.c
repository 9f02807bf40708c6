/* SPDX-License-Identifier: Apache-2.0 */
/* All kernels by name: those of src/backend/cuda/kernels, each compiled from its own source, and
 * the one that the doctor brings as PTX. */
#include <string.h>

#include "backend/cuda/kernels/args.h"
#include "cuda.h"
#include "cuda_objects.h"

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
MIENI_CUDA_KERNEL_LIST(DECLARE)
#undef DECLARE

/* MIEN_SIM_CHECK=0 leaves out the checks of memory, which take most of the time. */
const SimKernel *sim_find_kernel(const char *name)
{
#define CHECKED(name) &sim_checked_##name,
#define PLAIN(name) &sim_plain_##name,
    static const SimKernel *const checked[] = {MIENI_CUDA_KERNEL_LIST(CHECKED) & probe_kernel};
    static const SimKernel *const plain[] = {MIENI_CUDA_KERNEL_LIST(PLAIN) & probe_kernel};
#undef CHECKED
#undef PLAIN
    const SimKernel *const *kernels = sim_number("MIEN_SIM_CHECK", 1) ? checked : plain;
    for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++)
        if (strcmp(kernels[i]->name, name) == 0)
            return kernels[i];
    return NULL;
}
