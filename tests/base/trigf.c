/* SPDX-License-Identifier: Apache-2.0 */
/* The roundings of glibc 2.36, which is where the numbers are from. */
#include "base/trigf.h"

#include <math.h>

#include "base/base.h"
#include "base/rng.h"
#include "base/trig.h"
#include "support/test.h"

/* y, x, atan2f(y, x) */
static const float tangents[][3] = {
    {0x1.eb0a9ap+6f, -0x1.5e088cp+7f, 0x1.43d438p+1f},
    {0x1.fc6f9ep+6f, 0x1.d0adcp+8f, 0x1.116b0cp-2f},
    {0x1.8b66dep+9f, -0x1.526402p+7f, 0x1.c8151cp+0f},
    {-0x1.1fcd84p+9f, -0x1.5333aap+4f, -0x1.9b8c5ep+0f},
    {-0x1.7f5272p+8f, 0x1.77c07p+8f, -0x1.973adep-1f},
    {-0x1.fe17f4p+6f, -0x1.b28e92p+3f, -0x1.ad4866p+0f},
    {0x1.9c9b2ap+7f, 0x1.545ae4p+7f, 0x1.c31a74p-1f},
    {-0x1.497c14p+7f, 0x1.dd8dfp+8f, -0x1.5428f2p-2f},
    {0x1.37151ap+9f, 0x1.74beaap+5f, 0x1.7efcf2p+0f},
    {0x1.95015ep+9f, -0x1.b77e32p+7f, 0x1.d5f0fep+0f},
    {0x1.4f6d1p+9f, -0x1.0acd48p+8f, 0x1.f306dep+0f},
    {0x1.b4a94ep+9f, -0x1.b022fcp+4f, 0x1.9a09d6p+0f},
    {-0x1.081afcp+8f, 0x1.0e4798p+9f, -0x1.d16026p-2f},
    {0x1.3e1d22p+9f, -0x1.c13f72p+3f, 0x1.97c596p+0f},
    {-0x1.0bd4aep+9f, 0x1.66a4a8p+7f, -0x1.3f6cf6p+0f},
    {0x1.920ed8p+8f, -0x1.00a41cp+8f, 0x1.11c7fcp+1f},
    {-0x1.8d5fcep+9f, -0x1.607d28p+7f, -0x1.c9fd9ap+0f},
    {0x1.617186p+9f, 0x1.8de9f8p+7f, 0x1.4be368p+0f},
    {0x1.e09c74p+8f, 0x1.0f8ea8p+8f, 0x1.0e763p+0f},
    {0x1.237a86p+8f, 0x1.1107f4p+9f, 0x1.f61318p-2f},
    {0x1.bb5d62p+5f, 0x1.4ebb58p+6f, 0x1.2b7ec8p-1f},
    {-0x1.7d6768p+6f, 0x1.aace7ep+7f, -0x1.ae48ap-2f},
    {-0x1.c7c2bep+9f, 0x1.c8c1a6p+4f, -0x1.8a1be8p+0f},
    {0x1.83868ep+9f, -0x1.27c636p+6f, 0x1.aa7948p+0f},
};

/* x, sinf(x), cosf(x) */
static const float sines[][3] = {
    {0x1.7739fap-2f, 0x1.6ee2b4p-2f, 0x1.de0258p-1f},
    {0x1.bbc05ep-2f, 0x1.adfe0ap-2f, 0x1.d0ac3p-1f},
    {0x1.d584p+0f, 0x1.ee5c84p-1f, -0x1.0a76dep-2f},
    {-0x1.0d708p+1f, -0x1.b8aa98p-1f, -0x1.04af96p-1f},
    {-0x1.0d40f6p-2f, -0x1.0a296cp-2f, 0x1.ee66f2p-1f},
    {0x1.f76442p-2f, 0x1.e35c24p-2f, 0x1.c35eb2p-1f},
    {0x1.cc5116p-3f, 0x1.c87364p-3f, 0x1.f31f1cp-1f},
    {0x1.a097cp-1f, 0x1.741fb2p-1f, 0x1.5faa18p-1f},
    {0x1.b46faap-2f, 0x1.a757a6p-2f, 0x1.d23256p-1f},
    {0x1.ef0dc8p-2f, 0x1.dbfe58p-2f, 0x1.c552a2p-1f},
    {0x1.494ae6p+1f, 0x1.13dba6p-1f, -0x1.af54b6p-1f},
    {-0x1.86351ap+1f, -0x1.7cc676p-4f, -0x1.fdc868p-1f},
    {0x1.0c6e32p-6f, 0x1.0c6b1ep-6f, 0x1.ffee68p-1f},
    {-0x1.4857dap-3f, -0x1.46f03ap-3f, 0x1.f96f16p-1f},
    {0x1.19ce8ep+1f, 0x1.9d7672p-1f, -0x1.2dfb2cp-1f},
    {0x1.5967bcp+0f, 0x1.f37c22p-1f, 0x1.c20bcap-3f},
    {-0x1.b38318p-6f, -0x1.b375f6p-6f, 0x1.ffd1b2p-1f},
    {-0x1.50767ep-3f, -0x1.4ef38cp-3f, 0x1.f91b1cp-1f},
    {-0x1.7d767cp+1f, -0x1.492492p-3f, -0x1.f95832p-1f},
    {0x1.41025p+1f, 0x1.2f2cbap-1f, -0x1.9c969ap-1f},
    {-0x1.25081ep-2f, -0x1.210c76p-2f, 0x1.eb2dccp-1f},
    {0x1.76c94ap-3f, 0x1.74b2aap-3f, 0x1.f7735cp-1f},
    {-0x1.3d1e5ap+1f, -0x1.3b92b8p-1f, -0x1.932f32p-1f},
    {-0x1.0ea6b2p+0f, -0x1.bdf384p-1f, 0x1.f71398p-2f},
};

static void equals_glibc(void **state)
{
    (void)state;
    int n_tangents = 0, n_sines = 0;
    for (size_t i = 0; i < MIENI_COUNT_OF(tangents); i++) {
        assert_true(mieni_atan2f(tangents[i][0], tangents[i][1]) == tangents[i][2]);
        n_tangents +=
            (float)mieni_atan2((double)tangents[i][0], (double)tangents[i][1]) != tangents[i][2];
    }
    for (size_t i = 0; i < MIENI_COUNT_OF(sines); i++) {
        float s, c;
        double sine, cosine;
        mieni_sincosf(sines[i][0], &s, &c);
        assert_true(s == sines[i][1] && c == sines[i][2]);
        mieni_sincos((double)sines[i][0], &sine, &cosine);
        n_sines += (float)sine != s || (float)cosine != c;
    }
    /* Most of them are not the correctly rounded ones: that is the point. */
    assert_true(n_tangents >= 8 && n_sines >= 8);
}

static float ulp(double value)
{
    return (float)ldexp(1.0, ilogb(value) - 23);
}

static void is_near_the_truth(void **state)
{
    (void)state;
    uint64_t rng = 71;
    for (int i = 0; i < 20000; i++) {
        float x = mieni_rng_float(&rng, -7, 7), y = mieni_rng_float(&rng, -7, 7), s, c;
        double sine, cosine, tangent = mieni_atan2((double)y, (double)x);
        mieni_sincosf(x, &s, &c);
        mieni_sincos((double)x, &sine, &cosine);
        assert_true(fabs((double)s - sine) <= 0.6 * (double)ulp(sine));
        assert_true(fabs((double)c - cosine) <= 0.6 * (double)ulp(cosine));
        assert_true(fabs((double)mieni_atan2f(y, x) - tangent) <= 1.5 * (double)ulp(tangent));
    }
}

static void goes_all_round(void **state)
{
    (void)state;
    const float pi = (float)MIENI_PI, half = (float)(MIENI_PI / 2);
    assert_true(mieni_atan2f(0, 1) == 0 && mieni_atan2f(0, 0) == 0);
    assert_true(mieni_atan2f(0, -1) == pi && mieni_atan2f(1, 0) == half);
    assert_true(mieni_atan2f(-1, 0) == -half && mieni_atan2f(1, 1e-30f) == half);
    assert_true(mieni_atan2f(1e-30f, 1) == 1e-30f && mieni_atan2f(3e38f, 3e38f) == pi / 4);
    float s, c;
    mieni_sincosf(0, &s, &c);
    assert_true(s == 0 && c == 1);
    mieni_sincosf(NAN, &s, &c);
    assert_true(isnan(s) && isnan(c));
    mieni_sincosf(INFINITY, &s, &c);
    assert_true(isnan(s) && isnan(c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_glibc),
        cmocka_unit_test(is_near_the_truth),
        cmocka_unit_test(goes_all_round),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
