/* SPDX-License-Identifier: Apache-2.0 */
/* Half floats (IEEE 754 binary16) as their bits. */
#ifndef MIENI_BASE_HALF_H
#define MIENI_BASE_HALF_H

#include <stdint.h>
#include <string.h>

/* The nearest half, the even one of two as near; 65504 or -65504 for what is beyond, as a weight is
 * of no use as infinity; NaN for NaN. */
uint16_t mieni_half_from_float(float value);

/* Exact. Without branches, so that compilers make vectors of it. */
static inline float mieni_half_to_float(uint16_t half)
{
    /* In a float's places the exponent is 112 too small, also that of subnormals. */
    uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
    uint32_t beyond = (half & 0x7c00) == 0x7c00 ? 0x7f800000 : 0; /* infinite, or no number */
    float value;
    memcpy(&value, &bits, 4);
    value *= 0x1p112f;
    memcpy(&bits, &value, 4);
    bits |= beyond | (uint32_t)(half & 0x8000) << 16;
    memcpy(&value, &bits, 4);
    return value;
}

#endif
