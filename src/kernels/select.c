/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/kernels.h"

#include "cpu/flags.h"

void mieni_kernels_init(MieniKernels *kernels, uint64_t cpu_flags)
{
    memset(kernels, 0, sizeof(*kernels));
    mieni_kernels_init_ref(kernels);
#if defined(MIENI_HAVE_AVX2)
    if (cpu_flags & MIENI_CPU_AVX2)
        mieni_kernels_init_avx2(kernels);
#endif
#if defined(MIENI_HAVE_AVX512)
    if ((cpu_flags & MIENI_CPU_AVX2) && (cpu_flags & MIENI_CPU_AVX512))
        mieni_kernels_init_avx512(kernels);
#endif
#if defined(MIENI_HAVE_NEON)
    if (cpu_flags & MIENI_CPU_NEON)
        mieni_kernels_init_neon(kernels);
#endif
#if defined(MIENI_HAVE_NEON_FP16)
    if ((cpu_flags & MIENI_CPU_NEON) && (cpu_flags & MIENI_CPU_NEON_FP16))
        mieni_kernels_init_neon_fp16(kernels);
#endif
    (void)cpu_flags;
}
