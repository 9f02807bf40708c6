/* SPDX-License-Identifier: Apache-2.0 */
/* As fma_loop_avx2.c, with 16 lanes. */
#include "kernels/x86/avx512.h"

#define ACCUMULATORS 12
#define ROUNDS 4

#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define BEGIN(i) sums[i] = _mm512_set1_ps((float)(i + 2));
#define STEP(i) sums[i] = _mm512_fmadd_ps(sums[i], factor, addend);
#define END(i) total = _mm512_add_ps(total, sums[i]);

double mieni_fma_loop_avx512(int64_t iterations)
{
    const __m512 factor = _mm512_set1_ps(0.999f), addend = _mm512_set1_ps(0.001f);
    __m512 sums[ACCUMULATORS], total = _mm512_setzero_ps();

    EACH(BEGIN)
    for (int64_t n = 0; n < iterations; n++) {
        EACH(STEP) EACH(STEP) EACH(STEP) EACH(STEP)
    }

    /* The sums must count for something, or the loop would be removed. */
    EACH(END)
    float lanes[16];
    _mm512_storeu_ps(lanes, total);
    return lanes[0] > -1.0f ? (double)iterations * (ROUNDS * ACCUMULATORS * 16) : 0.0;
}
