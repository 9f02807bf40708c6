/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trigf.h"

#include <math.h> /* NAN only: a macro, no function of the math library */

#define MIENI_TRIG_FUNCTION
#define MIENI_TRIG_STATIC static
#define MIENI_TRIG_NAN ((float)NAN)
#include "base/trigf_series.inc"
