/* SPDX-License-Identifier: Apache-2.0 */
#include "base/half.h"

#include "base/base.h"

uint16_t mieni_half_from_float(float value)
{
    uint32_t word, rest;
    memcpy(&word, &value, sizeof(word));
    uint16_t sign = (uint16_t)(word >> 16 & 0x8000);
    uint32_t exponent = word >> 23 & 0xff, fraction = word & 0x7fffff;
    if (exponent == 0xff && fraction)
        return sign | 0x7e00;
    if (exponent >= 127 + 16)
        return sign | 0x7bff;
    if (exponent < 127 - 25)
        return sign;
    /* Below 2^-14 halves lie at even distances: the fraction moves right. */
    uint32_t shift = exponent < 127 - 14 ? 13 + (127 - 14 - exponent) : 13;
    uint32_t half = exponent < 127 - 14 ? 0 : (exponent - (127 - 14)) << 10;
    fraction |= 0x800000;
    half += fraction >> shift;
    rest = fraction & ((1u << shift) - 1);
    if (rest > 1u << (shift - 1) || (rest == 1u << (shift - 1) && (half & 1)))
        half++;
    return sign | (uint16_t)MIENI_MIN(half, 0x7bff);
}
