/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/flags.h"

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>

/* Bits of XCR0: the system saves these registers when it switches threads. */
#define XCR0_YMM UINT64_C(0x06) /* XMM and YMM */
#define XCR0_ZMM UINT64_C(0xE6) /* those, the mask registers, and all ZMM */

/* Which registers the system saves. Only for CPUs that report OSXSAVE. */
static uint64_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* Source: Intel SDM volume 2A, CPUID leaves 1 and 7; volume 1, chapters 14.3 and 15.2. */
uint64_t mieni_cpu_flags(void)
{
    const uint32_t leaf1_wanted = UINT32_C(1) << 12    /* FMA */
                                  | UINT32_C(1) << 27  /* OSXSAVE */
                                  | UINT32_C(1) << 28  /* AVX */
                                  | UINT32_C(1) << 29; /* F16C */
    const uint32_t leaf7_avx512 = UINT32_C(1) << 16    /* F */
                                  | UINT32_C(1) << 17  /* DQ */
                                  | UINT32_C(1) << 30  /* BW */
                                  | UINT32_C(1) << 31; /* VL */
    const uint32_t leaf7_avx2 = UINT32_C(1) << 5;
    uint32_t a, b, c, d;

    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & leaf1_wanted) != leaf1_wanted)
        return 0;
    uint64_t xcr0 = read_xcr0();
    if ((xcr0 & XCR0_YMM) != XCR0_YMM)
        return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & leaf7_avx2))
        return 0;

    uint64_t flags = MIENI_CPU_AVX2;
    if ((b & leaf7_avx512) == leaf7_avx512 && (xcr0 & XCR0_ZMM) == XCR0_ZMM)
        flags |= MIENI_CPU_AVX512;
    return flags;
}

#elif defined(__aarch64__) && defined(__linux__)

#include <sys/auxv.h>

/* Source: Linux, Documentation/arch/arm64/elf_hwcaps.rst. */
#define HWCAP_BIT_ASIMD (1UL << 1)
#define HWCAP_BIT_ASIMDHP (1UL << 10)

uint64_t mieni_cpu_flags(void)
{
    unsigned long capabilities = getauxval(AT_HWCAP);
    uint64_t flags = 0;
    if (capabilities & HWCAP_BIT_ASIMD)
        flags |= MIENI_CPU_NEON;
    if (capabilities & HWCAP_BIT_ASIMDHP)
        flags |= MIENI_CPU_NEON_FP16;
    return flags;
}

#else

uint64_t mieni_cpu_flags(void)
{
    return 0;
}

#endif
