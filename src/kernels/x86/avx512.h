/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the AVX-512 kernels: their names, and what they share. They stand on top of the AVX2
 * set, whose helpers they use, and are compiled for AVX-512 F, BW, DQ and VL; the rules of avx2.h
 * hold for them too.
 */
#ifndef MIENI_KERNELS_X86_AVX512_H
#define MIENI_KERNELS_X86_AVX512_H

#include "kernels/x86/avx2.h"

extern const MieniConvKernel mieni_conv_avx512;
extern const MieniConvKernel mieni_pointwise_avx512;
extern const MieniConvKernel mieni_depthwise_pointwise_avx512;

void mieni_crop_avx512(const MieniView *view, const MieniCrop *crop, const MieniPlane *out,
                       int32_t row_begin, int32_t row_end);
double mieni_fma_loop_avx512(int64_t iterations);

/* A mask of the first n lanes; n may be anything. */
static inline __mmask16 avx512_mask(ptrdiff_t n)
{
    return (__mmask16)(n <= 0 ? 0 : n >= 16 ? 0xFFFF : (1 << n) - 1);
}

/* As avx2_activate. */
MIENI_INLINE __m512 avx512_activate(MieniActivation activation, __m512 x, __m512 slope)
{
    if (activation == MIENI_ACTIVATION_PRELU)
        return _mm512_mask_mul_ps(x, _mm512_movepi32_mask(_mm512_castps_si512(x)), x, slope);
    if (activation == MIENI_ACTIVATION_RELU)
        return _mm512_max_ps(_mm512_setzero_ps(), x); /* in this order NaN stays NaN */
    return x;
}

#endif
