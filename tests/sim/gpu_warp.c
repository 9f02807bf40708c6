/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a warp's matrix instruction computes: 16 rows of 16 numbers times 16 columns, each sum from
 * the first product to the last in fp32. Which thread has what says kernels/half.h.
 */
#include <math.h>
#include <string.h>

#include "gpu.h"

static float float_of_half(uint32_t half)
{
    uint32_t magnitude = half & 0x7fff, exponent = magnitude >> 10, fraction = magnitude & 0x3ff;
    float value = exponent == 0    ? ldexpf((float)fraction, -24)
                  : exponent == 31 ? (fraction ? NAN : INFINITY)
                                   : ldexpf((float)(fraction | 0x400), (int)exponent - 25);
    return half & 0x8000 ? -value : value;
}

/* Four halves. */
static void widen(const uint32_t pairs[2], float to[4])
{
    static float table[1 << 16];
    if (table[0x3c00] == 0)
        for (uint32_t i = 0; i < 1 << 16; i++)
            table[i] = float_of_half(i);
    for (int i = 0; i < 4; i++)
        to[i] = table[pairs[i / 2] >> (i % 2 * 16) & 0xffff];
}

void sim_multiply(SimProduct *const threads[SIM_WARP])
{
    float rows[16][16], columns[16][16]; /* [row or column][number] */
    for (int thread = 0; thread < SIM_WARP; thread++) {
        const SimProduct *product = threads[thread];
        int g = thread / 4, t = thread % 4, column = 4 * (g / 2) + g % 2;
        widen(product->low, &rows[g][4 * t]);
        widen(product->high, &rows[g + 8][4 * t]);
        widen(product->first, &columns[column][4 * t]);
        widen(product->second, &columns[column + 2][4 * t]);
    }
    for (int thread = 0; thread < SIM_WARP; thread++) {
        SimProduct *product = threads[thread];
        int g = thread / 4, t = thread % 4;
        for (int i = 0; i < 4; i++)
            for (int k = 0; k < 16; k++) {
                product->sum_low[i] += rows[g][k] * columns[4 * t + i][k];
                product->sum_high[i] += rows[g + 8][k] * columns[4 * t + i][k];
            }
    }
}
