/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "model/graph.h"
#include "support/test.h"

static float convert(uint16_t half)
{
    const MieniGraphTensor tensor = {.name = "t",
                                     .type = MIENI_TYPE_F16,
                                     .rank = 1,
                                     .shape = {1},
                                     .n_elements = 1,
                                     .data = &half};
    float value;
    assert_int_equal(mieni_graph_constant_f32(&tensor, &value, NULL), MIEN_OK);
    return value;
}

/* Every half float is a float: sign, 5 bits of exponent, 10 of fraction. */
static void all_half_floats(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        int exponent = bits >> 10 & 31, fraction = bits & 1023;
        double want = exponent == 0    ? ldexp(fraction, -24)
                      : exponent == 31 ? (fraction ? NAN : INFINITY)
                                       : ldexp(1024 + fraction, exponent - 25);
        want = bits & 0x8000 ? -want : want;
        double got = (double)convert((uint16_t)bits);
        if (!(isnan(want) && isnan(got)) && (got != want || signbit(got) != signbit(want)))
            fail_msg("%04x is %g, not %g", (unsigned)bits, got, want);
    }
}

static void unaligned_floats(void **state)
{
    (void)state;
    static const float values[] = {1.5f, -0.0f, 3e38f};
    uint8_t bytes[sizeof(values) + 1];
    memcpy(bytes + 1, values, sizeof(values));
    const MieniGraphTensor tensor = {
        .name = "t", .rank = 1, .shape = {3}, .n_elements = 3, .data = bytes + 1};
    float out[3];
    assert_int_equal(mieni_graph_constant_f32(&tensor, out, NULL), MIEN_OK);
    assert_memory_equal(out, values, sizeof(values));
}

static void what_is_no_constant(void **state)
{
    (void)state;
    static const int32_t number = 1;
    MieniGraphTensor tensor = {.name = "t9", .rank = 0, .n_elements = 1};
    float out;
    MienError error;
    assert_int_equal(mieni_graph_constant_f32(&tensor, &out, &error), MIEN_E_FORMAT);
    assert_non_null(strstr(error.text, "'t9'"));
    tensor.data = &number;
    tensor.type = MIENI_TYPE_I32;
    assert_int_equal(mieni_graph_constant_f32(&tensor, &out, &error), MIEN_E_FORMAT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_half_floats),
    cmocka_unit_test(unaligned_floats),
    cmocka_unit_test(what_is_no_constant),
};

TEST_MAIN(tests)
