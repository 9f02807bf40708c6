/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest decimal numbers. A float stands for every real number between the middles to its two
 * neighbours. For k = fewest digits and upwards, the decimals d / 10^k on both sides of the value
 * are tried until one lies in that interval. All comparisons are exact: in 64 bits where the
 * numbers fit, which is so for what landmarks look like, else in 224 bits.
 */
#include "number.h"

#include <stdbool.h>
#include <string.h>

#define LIMBS 7

typedef struct Big {
    uint32_t limb[LIMBS]; /* least significant first */
} Big;

static void big_multiply(Big *a, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        carry += (uint64_t)a->limb[i] * factor;
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void big_shift(Big *a, int bits)
{
    for (; bits >= 31; bits -= 31)
        big_multiply(a, UINT32_C(1) << 31);
    big_multiply(a, UINT32_C(1) << bits);
}

static int big_compare(const Big *a, const Big *b)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* a - b, for a >= b. */
static Big big_subtract(const Big *a, const Big *b)
{
    Big difference;
    uint32_t borrow = 0;
    for (int i = 0; i < LIMBS; i++) {
        uint64_t d = (uint64_t)a->limb[i] - b->limb[i] - borrow;
        difference.limb[i] = (uint32_t)d;
        borrow = (uint32_t)(d >> 32) & 1;
    }
    return difference;
}

static Big big_product(uint32_t factor, int fives, int twos)
{
    Big a = {{factor}};
    for (int i = 0; i < fives; i++)
        big_multiply(&a, 5);
    big_shift(&a, twos);
    return a;
}

/* A float taken apart: value 4m * 2^e4, interval (4m - below .. 4m + 2) * 2^e4. */
typedef struct Parts {
    uint32_t m4;    /* 4m */
    uint32_t below; /* 2, or 1 at a power of two, whose lower neighbour is nearer */
    int e4;
    bool closed; /* the ends of the interval round to the value, too */
} Parts;

static Parts take_apart(uint32_t bits)
{
    uint32_t fraction = bits & 0x7FFFFF;
    int exponent = (int)(bits >> 23 & 0xFF);
    uint32_t m = exponent ? fraction | 0x800000 : fraction;
    return (Parts){
        .m4 = 4 * m,
        .below = fraction == 0 && exponent > 1 ? 1 : 2,
        .e4 = (exponent ? exponent : 1) - 150 - 2,
        .closed = m % 2 == 0,
    };
}

/* Looks for the d nearest to value * 10^k whose d / 10^k lies in the interval; all in 64 bits. */
static bool try_small(const Parts *p, int k, uint32_t *digits)
{
    static const uint64_t fives[] = {1,           5,           25,        125,        625,
                                     3125,        15625,       78125,     390625,     1953125,
                                     9765625,     48828125,    244140625, 1220703125, 6103515625,
                                     30517578125, 152587890625};
    /* Everything times 10^k * 2^shift is an integer below 2^26 * 5^16 < 2^64. */
    int shift = -(p->e4 + k);
    uint64_t value = p->m4 * fives[k];
    uint64_t low = (p->m4 - p->below) * fives[k];
    uint64_t high = (p->m4 + 2) * fives[k];
    uint64_t down = value >> shift;
    uint64_t below_value = value - (down << shift);
    uint64_t up_distance = (UINT64_C(1) << shift) - below_value;
    bool down_fits = (down << shift) > low || (p->closed && (down << shift) == low);
    bool up_fits = value + up_distance < high || (p->closed && value + up_distance == high);
    if (!down_fits && !up_fits)
        return false;
    bool up = up_fits && (!down_fits || up_distance < below_value ||
                          (up_distance == below_value && down % 2 == 1));
    *digits = (uint32_t)(down + up);
    return true;
}

/* The same for any exponent. The guess is at most one off, which the neighbours make up for. */
static bool try_big(const Parts *p, int k, double value, uint32_t *digits)
{
    double scaled = value;
    for (int i = 0; i < k; i++)
        scaled *= 10;
    for (int i = 0; i > k; i--)
        scaled /= 10;
    if (scaled > 4e9)
        return false;
    /* Left: m4 * 2^e4 * 10^k, right: d; negative powers change sides. */
    int twos = p->e4 + k;
    int left_twos = twos > 0 ? twos : 0, right_twos = twos < 0 ? -twos : 0;
    int left_fives = k > 0 ? k : 0, right_fives = k < 0 ? -k : 0;
    Big exact = big_product(p->m4, left_fives, left_twos);
    Big low = big_product(p->m4 - p->below, left_fives, left_twos);
    Big high = big_product(p->m4 + 2, left_fives, left_twos);
    uint32_t guess = (uint32_t)scaled;
    bool found = false;
    Big best = {{0}};
    for (uint32_t d = guess > 0 ? guess - 1 : 0; d <= guess + 2; d++) {
        Big candidate = big_product(d, right_fives, right_twos);
        int to_low = big_compare(&candidate, &low), to_high = big_compare(&candidate, &high);
        if (to_low < 0 || to_high > 0 || (!p->closed && (to_low == 0 || to_high == 0)))
            continue;
        Big distance = big_compare(&candidate, &exact) < 0 ? big_subtract(&exact, &candidate)
                                                           : big_subtract(&candidate, &exact);
        int nearer = found ? big_compare(&distance, &best) : -1;
        if (nearer < 0 || (nearer == 0 && d % 2 == 0)) {
            best = distance;
            *digits = d;
            found = true;
        }
    }
    return found;
}

/* Finds value = digits / 10^k with the fewest digits, for a positive value. */
static uint32_t shortest(uint32_t bits, double value, int *k_out)
{
    Parts p = take_apart(bits);
    int k = 1; /* value * 10^k has one digit before the point */
    double scaled = value * 10;
    for (; scaled >= 10; scaled /= 10)
        k--;
    for (; scaled < 1; scaled *= 10)
        k++;
    /* The loop above may be off by one at powers of ten: begin one digit early. */
    for (k--;; k++) {
        int shift = -(p.e4 + k);
        uint32_t digits = 0;
        bool found = k >= 0 && k <= 16 && shift >= 0 && shift < 63 ? try_small(&p, k, &digits)
                                                                   : try_big(&p, k, value, &digits);
        if (found && digits > 0) {
            *k_out = k;
            return digits;
        }
    }
}

size_t cli_format_int(int64_t value, char *text)
{
    char reversed[CLI_NUMBER_MAX];
    size_t n = 0, length = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        reversed[n++] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        text[length++] = '-';
    while (n)
        text[length++] = reversed[--n];
    return length;
}

/* Writes digits / 10^k, where `digits` has n digits, in plain notation. */
static size_t write_plain(char *text, const char *digits, int n, int k)
{
    char *out = text;
    int before_point = n - k;
    if (before_point <= 0) {
        *out++ = '0';
        *out++ = '.';
        for (int i = before_point; i < 0; i++)
            *out++ = '0';
        memcpy(out, digits, (size_t)n);
        return (size_t)(out + n - text);
    }
    for (int i = 0; i < n || i < before_point; i++) {
        if (i == before_point)
            *out++ = '.';
        *out++ = i < n ? digits[i] : '0';
    }
    return (size_t)(out - text);
}

size_t cli_format_f32(float value, char *text)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    char *out = text;
    if ((bits & 0x7F800000) == 0x7F800000) {
        memcpy(text, "null", 4);
        return 4;
    }
    if (bits >> 31)
        *out++ = '-';
    bits &= 0x7FFFFFFF;
    if (!bits) {
        /* "-0" would be read back as the integer 0. */
        const char *zero = out == text ? "0" : "0.0";
        memcpy(out, zero, strlen(zero));
        return (size_t)(out - text) + strlen(zero);
    }
    int k;
    char digits[CLI_NUMBER_MAX];
    uint32_t number = shortest(bits, value < 0 ? -(double)value : (double)value, &k);
    for (; number % 10 == 0; number /= 10)
        k--;
    int n = (int)cli_format_int(number, digits);
    int exponent = n - 1 - k;
    if (exponent >= -5 && exponent < 16)
        return (size_t)(out - text) + write_plain(out, digits, n, k);
    *out++ = digits[0];
    if (n > 1) {
        *out++ = '.';
        memcpy(out, digits + 1, (size_t)n - 1);
        out += n - 1;
    }
    *out++ = 'e';
    out += cli_format_int(exponent, out);
    return (size_t)(out - text);
}

size_t cli_format_seconds(int64_t microseconds, char *text)
{
    uint64_t rest = microseconds < 0 ? 0 - (uint64_t)microseconds : (uint64_t)microseconds;
    size_t length = 0;
    if (microseconds < 0)
        text[length++] = '-';
    length += cli_format_int((int64_t)(rest / 1000000), text + length);
    text[length++] = '.';
    uint32_t fraction = (uint32_t)(rest % 1000000);
    uint32_t place = 100000;
    do {
        text[length++] = (char)('0' + fraction / place);
        fraction %= place;
        place /= 10;
    } while (fraction);
    return length;
}
