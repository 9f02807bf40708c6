/* SPDX-License-Identifier: Apache-2.0 */
/* 12 independent sums of 8 lanes: more than enough to keep two pipes of 4 or 5 cycles busy. Written
 * out, because compilers keep an array in registers only if they see constant indices. */
#include "kernels/x86/avx2.h"

#define ACCUMULATORS 12
#define ROUNDS 4

#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define BEGIN(i) sums[i] = _mm256_set1_ps((float)(i + 2));
#define STEP(i) sums[i] = _mm256_fmadd_ps(sums[i], factor, addend);
#define END(i) total = _mm256_add_ps(total, sums[i]);

double mieni_fma_loop_avx2(int64_t iterations)
{
    const __m256 factor = _mm256_set1_ps(0.999f), addend = _mm256_set1_ps(0.001f);
    __m256 sums[ACCUMULATORS], total = _mm256_setzero_ps();

    /* Every sum converges to 1: no denormals, no overflow. None begins there, as a compiler may
     * drop what does not change. */
    EACH(BEGIN)
    for (int64_t n = 0; n < iterations; n++) {
        EACH(STEP) EACH(STEP) EACH(STEP) EACH(STEP)
    }

    /* The sums must count for something, or the loop would be removed. */
    EACH(END)
    float lanes[8];
    _mm256_storeu_ps(lanes, total);
    return lanes[0] > -1.0f ? (double)iterations * (ROUNDS * ACCUMULATORS * 8) : 0.0;
}
