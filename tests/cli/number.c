/* SPDX-License-Identifier: Apache-2.0 */
#include "../../tools/mien/number.h"

#include <float.h>

#include "base/rng.h"
#include "support/test.h"

static const char *f32(float value)
{
    static char text[CLI_NUMBER_MAX + 1];
    text[cli_format_f32(value, text)] = 0;
    return text;
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static void known_numbers(void **state)
{
    (void)state;
    assert_string_equal(f32(0.0f), "0");
    assert_string_equal(f32(-0.0f), "-0.0");
    assert_string_equal(f32(1.0f), "1");
    assert_string_equal(f32(-0.5f), "-0.5");
    assert_string_equal(f32(0.1f), "0.1");
    assert_string_equal(f32(100.0f), "100");
    assert_string_equal(f32(1e-5f), "0.00001");
    assert_string_equal(f32(1e-6f), "1e-6");
    assert_string_equal(f32(1.5e-7f), "1.5e-7");
    assert_string_equal(f32(9999999e8f), "999999900000000");
    assert_string_equal(f32(1e15f), "1000000000000000");
    assert_string_equal(f32(1e16f), "1e16");
    assert_string_equal(f32(16777216.0f), "16777216");
    assert_string_equal(f32(33554432.0f), "33554432");
    assert_string_equal(f32(FLT_MAX), "3.4028235e38");
    assert_string_equal(f32(-FLT_MIN), "-1.1754944e-38");
    assert_string_equal(f32(from_bits(1)), "1e-45");
    assert_string_equal(f32(from_bits(0x7F800000)), "null");
    assert_string_equal(f32(from_bits(0xFF800000)), "null");
    assert_string_equal(f32(from_bits(0x7FC00000)), "null");
}

/* Significant digits, without zeros at either end. */
static int n_digits(const char *text)
{
    int n = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
            continue;
        n++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return n - zeros;
}

/* The text is read back as the same float, and no text with fewer digits is. */
static void check(float value)
{
    const char *text = f32(value);
    if (bits_of(strtof(text, NULL)) != bits_of(value))
        fail_msg("%a was written as %s", (double)value, text);
    int n = n_digits(text);
    for (int fewer = n - 1; fewer > 0; fewer--) {
        char other[64];
        snprintf(other, sizeof(other), "%.*e", fewer - 1, (double)value);
        if (strtof(other, NULL) == value)
            fail_msg("%a was written as %s, but %s would do", (double)value, text, other);
    }
    /* Of the texts with that many digits it is the nearest: C's printf rounds correctly. */
    char nearest[64];
    snprintf(nearest, sizeof(nearest), "%.*e", n > 0 ? n - 1 : 0, (double)value);
    if (strtof(nearest, NULL) == value && strtod(nearest, NULL) != strtod(text, NULL))
        fail_msg("%a was written as %s, but %s is nearer", (double)value, text, nearest);
}

static void every_exponent(void **state)
{
    (void)state;
    for (uint32_t exponent = 0; exponent < 255; exponent++) {
        static const uint32_t fractions[] = {0, 1, 2, 3, 0x400000, 0x7FFFFD, 0x7FFFFE, 0x7FFFFF};
        for (size_t i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++) {
            check(from_bits(exponent << 23 | fractions[i]));
            check(from_bits(UINT32_C(1) << 31 | exponent << 23 | fractions[i]));
        }
    }
}

static void random_numbers(void **state)
{
    (void)state;
    uint64_t rng = 1;
    for (int i = 0; i < 100000; i++) {
        uint32_t bits = (uint32_t)mieni_rng_next(&rng);
        if ((bits & 0x7F800000) != 0x7F800000)
            check(from_bits(bits));
        check(mieni_rng_float(&rng, -1.5, 1.5));
        check(mieni_rng_float(&rng, 0, 4000));
    }
}

static void powers_of_ten(void **state)
{
    (void)state;
    for (int exponent = -45; exponent <= 38; exponent++) {
        char text[16];
        snprintf(text, sizeof(text), "1e%d", exponent);
        uint32_t bits = bits_of(strtof(text, NULL));
        for (uint32_t around = bits > 3 ? bits - 3 : 0; around <= bits + 3; around++)
            check(from_bits(around));
    }
}

static void seconds(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "0.0"},
        {1, "0.000001"},
        {33367, "0.033367"},
        {100000, "0.1"},
        {1000000, "1.0"},
        {-1500000, "-1.5"},
        {INT64_MAX, "9223372036854.775807"},
        {INT64_MIN, "-9223372036854.775808"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[CLI_NUMBER_MAX + 1];
        text[cli_format_seconds(cases[i].us, text)] = 0;
        assert_string_equal(text, cases[i].text);
    }
}

static void integers(void **state)
{
    (void)state;
    char text[CLI_NUMBER_MAX + 1];
    text[cli_format_int(INT64_MIN, text)] = 0;
    assert_string_equal(text, "-9223372036854775808");
    text[cli_format_int(INT64_MAX, text)] = 0;
    assert_string_equal(text, "9223372036854775807");
    text[cli_format_int(0, text)] = 0;
    assert_string_equal(text, "0");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(known_numbers),  cmocka_unit_test(every_exponent),
    cmocka_unit_test(random_numbers), cmocka_unit_test(powers_of_ten),
    cmocka_unit_test(seconds),        cmocka_unit_test(integers),
};

TEST_MAIN(tests)
