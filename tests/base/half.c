/* SPDX-License-Identifier: Apache-2.0 */
#include "base/half.h"

#include <math.h>

#include "support/test.h"

static double value_of(uint16_t half)
{
    int exponent = half >> 10 & 31, fraction = half & 0x3ff;
    double value =
        exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 15 - 10);
    return half & 0x8000 ? -value : value;
}

/* Every half is itself; between two of them the nearer one, and the even one, is taken. */
static void the_nearest(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 0x7bff; half++) {
        double low = value_of((uint16_t)half), high = value_of((uint16_t)(half + 1));
        float middle = (float)((low + high) / 2);
        assert_int_equal(mieni_half_from_float((float)low), half);
        assert_int_equal(mieni_half_from_float((float)-low), half | 0x8000);
        assert_int_equal(mieni_half_from_float(middle), half & 1 ? half + 1 : half);
        assert_int_equal(mieni_half_from_float(nextafterf(middle, 0)), half);
        assert_int_equal(mieni_half_from_float(nextafterf(middle, 1e6f)), half + 1);
    }
    assert_int_equal(mieni_half_from_float(65504), 0x7bff);
    assert_int_equal(mieni_half_from_float(1e9f), 0x7bff);
    assert_int_equal(mieni_half_from_float(-INFINITY), 0xfbff);
    assert_int_equal(mieni_half_from_float(1e-12f), 0);
    assert_true((mieni_half_from_float(NAN) & 0x7fff) > 0x7c00);
}

/* All 65536 of them. */
static void as_floats(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 0x7c00; half++) {
        assert_true(mieni_half_to_float((uint16_t)half) == (float)value_of((uint16_t)half));
        float negative = mieni_half_to_float((uint16_t)(half | 0x8000));
        assert_true(signbit(negative) && negative == (float)-value_of((uint16_t)half));
    }
    assert_true(mieni_half_to_float(0x7c00) == INFINITY);
    assert_true(mieni_half_to_float(0xfc00) == -INFINITY);
    for (uint32_t half = 0x7c01; half < 0x8000; half++)
        assert_true(isnan(mieni_half_to_float((uint16_t)half)) &&
                    isnan(mieni_half_to_float((uint16_t)(half | 0x8000))));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_nearest),
    cmocka_unit_test(as_floats),
};

TEST_MAIN(tests)
