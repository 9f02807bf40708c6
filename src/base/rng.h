/* SPDX-License-Identifier: Apache-2.0 */
/*
 * splitmix64, for tests, benchmarks and golden data: the same numbers everywhere.
 * Source: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014.
 */
#ifndef MIENI_BASE_RNG_H
#define MIENI_BASE_RNG_H

#include <stdint.h>

static inline uint64_t mieni_rng_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Uniform in [low, high), computed in double and rounded once. */
static inline float mieni_rng_float(uint64_t *state, double low, double high)
{
    return (float)(low +
                   (high - low) * ((double)(mieni_rng_next(state) >> 40) * (1.0 / 16777216.0)));
}

/* Uniform in 0 .. n - 1. */
static inline uint32_t mieni_rng_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((mieni_rng_next(state) >> 32) * n >> 32);
}

#endif
