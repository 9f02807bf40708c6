/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dense product of gemm_avx2.h with vectors of 16 channels; where a panel ends in 8, two pixels
 * share a vector for them. Panels have up to 48 channels and are packed as there.
 */
#ifndef MIENI_KERNELS_X86_GEMM_AVX512_H
#define MIENI_KERNELS_X86_GEMM_AVX512_H

#include "kernels/x86/avx512.h"
#include "kernels/x86/gemm_avx2.h"

#define GEMM_MAX_TAPS_AVX512 64

/* True if mieni_gemm_avx512 takes it. */
static inline bool gemm_takes_avx512(const GemmInput *input)
{
    return input->taps_y * input->taps_x <= GEMM_MAX_TAPS_AVX512;
}

/* Computes output rows row_begin .. row_end - 1. */
void mieni_gemm_avx512(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                       bool halves, int32_t row_begin, int32_t row_end);

/* Width of the panel that begins with `left` channels to go, left a multiple of 8. */
static inline int32_t gemm_panel_width_avx512(int32_t left, bool halves)
{
    if (halves)
        return left >= 32 ? 32 : left >= 16 ? 16 : 8;
    return left <= 48 ? left : 32;
}

#endif
