/* SPDX-License-Identifier: Apache-2.0 */
/* What the CPU can do and the operating system allows: a bit counts only if both agree. */
#ifndef MIENI_CPU_FLAGS_H
#define MIENI_CPU_FLAGS_H

#include <stdint.h>

#define MIENI_CPU_AVX2                                                                             \
    (UINT64_C(1) << 0) /* AVX2 with FMA3 and F16C, and YMM state saved by the system */
#define MIENI_CPU_AVX512                                                                           \
    (UINT64_C(1) << 1) /* AVX-512 F, BW, DQ, VL, and ZMM state saved by the system */
#define MIENI_CPU_NEON (UINT64_C(1) << 2)
#define MIENI_CPU_NEON_FP16 (UINT64_C(1) << 3)

/* Returns the bits of the CPU that runs this. */
uint64_t mieni_cpu_flags(void);

#endif
