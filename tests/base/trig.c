/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trig.h"

#include <float.h>
#include <math.h>

#include "base/rng.h"
#include "support/test.h"

/* Distance in units of the last place of `want`; what libm gets wrong itself (under 1) is in it. */
static double ulps(double got, double want)
{
    if (got == want)
        return 0;
    double spacing = fmax(ldexp(1.0, ilogb(want) - (DBL_MANT_DIG - 1)), DBL_TRUE_MIN);
    return fabs(got - want) / spacing;
}

#define MAX_ULPS 2.5

static void check_sincos(double x)
{
    double s, c;
    mieni_sincos(x, &s, &c);
    if (!(ulps(s, sin(x)) <= MAX_ULPS) || !(ulps(c, cos(x)) <= MAX_ULPS))
        fail_msg("%a: sin %a not %a, cos %a not %a", x, s, sin(x), c, cos(x));
}

static void check_atan2(double y, double x)
{
    double got = mieni_atan2(y, x), want = atan2(y, x);
    if (!(ulps(got, want) <= MAX_ULPS))
        fail_msg("atan2(%a, %a) = %a not %a", y, x, got, want);
}

static double uniform(uint64_t *state, double low, double high)
{
    return low + (high - low) * ((double)(mieni_rng_next(state) >> 11) * 0x1p-53);
}

static void test_sincos(void **state)
{
    (void)state;
    uint64_t rng = 1;
    for (int i = 0; i < 200000; i++) {
        check_sincos(uniform(&rng, -4, 4));
        check_sincos(uniform(&rng, -1e5, 1e5));
        check_sincos((float)uniform(&rng, -MIENI_PI, MIENI_PI));
    }
    /* Near multiples of a quarter turn, where the reduction cancels most. */
    for (int n = -20000; n <= 20000; n++) {
        double x = n * (MIENI_PI / 2);
        check_sincos(x);
        check_sincos(nextafter(x, 0));
        check_sincos((float)x);
        check_sincos(n * (MIENI_PI / 4));
    }
    static const double special[] = {0, 1e-300, DBL_TRUE_MIN, DBL_MIN, 1e-8, 0.5,
                                     1, 1.5e6,  -1.5e6,       99999.5, 1e-5, -1e-17};
    for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
        check_sincos(special[i]);
}

static void test_sincos_refuses(void **state)
{
    (void)state;
    static const double bad[] = {NAN, INFINITY, -INFINITY, 1e30, -1e7, DBL_MAX};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        double s = 0, c = 0;
        mieni_sincos(bad[i], &s, &c);
        assert_true(isnan(s) && isnan(c));
    }
}

static void test_atan2(void **state)
{
    (void)state;
    uint64_t rng = 2;
    for (int i = 0; i < 200000; i++) {
        check_atan2(uniform(&rng, -1, 1), uniform(&rng, -1, 1));
        check_atan2((float)uniform(&rng, -20, 20), (float)uniform(&rng, -600, 600));
        check_atan2(ldexp(uniform(&rng, -1, 1), (int)mieni_rng_below(&rng, 600) - 300),
                    ldexp(uniform(&rng, -1, 1), (int)mieni_rng_below(&rng, 600) - 300));
    }
    static const double special[] = {
        0.0,          -0.0,    1,        -1,     0.125,  8, DBL_MAX, -DBL_MAX,
        DBL_TRUE_MIN, DBL_MIN, -DBL_MIN, 1e-300, 0.0625, 3, -7};
    for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
        for (size_t j = 0; j < sizeof(special) / sizeof(*special); j++)
            if (special[i] != 0 || special[j] != 0)
                check_atan2(special[i], special[j]);
    assert_true(mieni_atan2(0, 0) == 0 && mieni_atan2(-0.0, -0.0) == 0);
    assert_true(mieni_atan2(0.0, -1) > 3 && mieni_atan2(-0.0, -1) < -3);
    assert_true(isnan(mieni_atan2(NAN, 1)) && isnan(mieni_atan2(1, NAN)));
    assert_true(isnan(mieni_atan2(INFINITY, INFINITY)));
}

/* The float results that the face code takes from here equal the math library's. */
static void test_rounds_like_libm(void **state)
{
    (void)state;
    uint64_t rng = 3;
    for (int i = 0; i < 100000; i++) {
        float x = mieni_rng_float(&rng, -3.2, 3.2), y = mieni_rng_float(&rng, -3, 3);
        double s, c;
        mieni_sincos(x, &s, &c);
        assert_true((float)s == (float)sin(x) && (float)c == (float)cos(x));
        assert_true((float)mieni_atan2(y, x) == (float)atan2(y, x));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sincos),
        cmocka_unit_test(test_sincos_refuses),
        cmocka_unit_test(test_atan2),
        cmocka_unit_test(test_rounds_like_libm),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
