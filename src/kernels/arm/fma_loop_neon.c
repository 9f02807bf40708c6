/* SPDX-License-Identifier: Apache-2.0 */
/* 16 independent sums of 4 lanes: more than enough to keep two pipes of 4 or 5 cycles busy. Written
 * out, because compilers keep an array in registers only if they see constant indices. */
#include "kernels/arm/neon.h"

#define ACCUMULATORS 16
#define ROUNDS 4

#define EACH(DO)                                                                                   \
    DO(0)                                                                                          \
    DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
#define BEGIN(i) sums[i] = vdupq_n_f32((float)(i + 2) * 1e-3f);
#define STEP(i) sums[i] = vfmaq_f32(sums[i], factor, other);
#define END(i) total = vaddq_f32(total, sums[i]);

double mieni_fma_loop_neon(int64_t iterations)
{
    /* The accumulating operand is the sum, as in the kernels; what is added is so little that no
     * sum ever overflows. */
    const float32x4_t factor = vdupq_n_f32(1e-15f), other = vdupq_n_f32(1e-3f);
    float32x4_t sums[ACCUMULATORS], total = vdupq_n_f32(0.0f);

    /* clang-format off */
    EACH(BEGIN)
    for (int64_t n = 0; n < iterations; n++) {
        EACH(STEP) EACH(STEP) EACH(STEP) EACH(STEP)
    }
    /* clang-format on */

    /* The sums must count for something, or the loop would be removed. */
    EACH(END)
    return vgetq_lane_f32(total, 0) > -1.0f ? (double)iterations * (ROUNDS * ACCUMULATORS * 4)
                                            : 0.0;
}
