/* SPDX-License-Identifier: Apache-2.0 */
/* Half floats (IEEE 754 binary16) as their bits. */
#ifndef MIENI_BASE_HALF_H
#define MIENI_BASE_HALF_H

#include <stdint.h>

/* The nearest half, the even one of two as near; 65504 or -65504 for what is beyond, as a weight is
 * of no use as infinity; NaN for NaN. */
uint16_t mieni_half_from_float(float value);

#endif
