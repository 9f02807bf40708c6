# SPDX-License-Identifier: Apache-2.0
"""splitmix64, number for number as src/base/rng.h has it."""
import numpy as np

GAMMA = np.uint64(0x9E3779B97F4A7C15)


def next_u64(seed, n):
    """The first n outputs for a seed."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * GAMMA
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(seed, shape, low, high):
    """Uniform in [low, high) in C order: computed in double, rounded once to float32."""
    k = (next_u64(seed, int(np.prod(shape))) >> np.uint64(40)).astype(np.float64)
    return (low + (high - low) * (k * 2.0**-24)).astype(np.float32).reshape(shape)
