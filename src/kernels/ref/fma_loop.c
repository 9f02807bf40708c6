/* SPDX-License-Identifier: Apache-2.0 */
/* Independent multiply-adds in registers, as plain C gets them: no fused instruction, as many lanes
 * as the compiler's baseline has. */
#include "kernels/ref/ref.h"

#define ACCUMULATORS 48 /* enough that no sum waits for itself */

double mieni_fma_loop_ref(int64_t iterations)
{
    float sums[ACCUMULATORS];
    const float factor = 0.999f, addend = 0.001f; /* converges to 1: no denormals, no overflow */

    for (int i = 0; i < ACCUMULATORS; i++)
        sums[i] = (float)i;
    for (int64_t n = 0; n < iterations; n++)
        for (int i = 0; i < ACCUMULATORS; i++)
            sums[i] = sums[i] * factor + addend;

    /* The sums must count for something, or the loop would be removed. */
    float total = 0.0f;
    for (int i = 0; i < ACCUMULATORS; i++)
        total += sums[i];
    return total > -1.0f ? (double)iterations * ACCUMULATORS : 0.0;
}
