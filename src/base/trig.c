/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trig.h"

#include <math.h> /* NAN only: a macro, no function of the math library */
#include <stdint.h>

#define MIENI_TRIG_FUNCTION
#define MIENI_TRIG_STATIC static
#define MIENI_TRIG_TABLE static const
#define MIENI_TRIG_NAN ((double)NAN)
#include "base/trig_series.inc"
