/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reduction to a short interval, then the Taylor series. Only + - * / and comparisons, each rounded
 * once (the builds forbid contraction), so every machine gets the same bits.
 */
#include "base/trig.h"

#include <math.h> /* NAN only: a macro, no function of the math library */
#include <stdint.h>

/* Past this the products with pi/2 below are no longer exact: 2^20 quarter turns. */
#define MAX_RADIANS 1.6e6

#define TWO_OVER_PI 0.6366197723675814

/* pi/2 in three parts; the first two have 33 bits, so that n * part is exact for n < 2^20. */
static const double half_pi[3] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69};

/* sin(y + low) for |y| <= pi/4: the series up to y^17 leaves less than 1e-19 of the value. */
static double short_sine(double y, double low)
{
    double z = y * y;
    double p = 2.8114572543455206e-15;
    p = p * z - 7.647163731819816e-13;
    p = p * z + 1.6059043836821613e-10;
    p = p * z - 2.505210838544172e-08;
    p = p * z + 2.7557319223985893e-06;
    p = p * z - 0.0001984126984126984;
    p = p * z + 0.008333333333333333;
    p = p * z - 0.16666666666666666;
    return y + (y * z * p + low * (1.0 - 0.5 * z));
}

static double short_cosine(double y, double low)
{
    double z = y * y;
    double p = -1.5619206968586225e-16;
    p = p * z + 4.779477332387385e-14;
    p = p * z - 1.1470745597729725e-11;
    p = p * z + 2.08767569878681e-09;
    p = p * z - 2.755731922398589e-07;
    p = p * z + 2.48015873015873e-05;
    p = p * z - 0.001388888888888889;
    p = p * z + 0.041666666666666664;
    return 1.0 - (0.5 * z - (z * z * p - y * low));
}

void mieni_sincos(double radians, double *sine, double *cosine)
{
    if (!(radians >= -MAX_RADIANS && radians <= MAX_RADIANS)) {
        *sine = *cosine = (double)NAN;
        return;
    }
    int32_t quarters = (int32_t)(radians * TWO_OVER_PI + (radians < 0.0 ? -0.5 : 0.5));
    double n = quarters;
    /* y + low = radians - n * pi/2, with what each rounding loses carried along. */
    double first = radians - n * half_pi[0];
    double second = n * half_pi[1];
    double rest = first - second;
    double low = (first - rest) - second - n * half_pi[2];
    double y = rest + low;
    low = (rest - y) + low;

    double s = short_sine(y, low), c = short_cosine(y, low);
    switch (quarters & 3) {
    case 0:
        *sine = s;
        *cosine = c;
        break;
    case 1:
        *sine = c;
        *cosine = -s;
        break;
    case 2:
        *sine = -s;
        *cosine = -c;
        break;
    default:
        *sine = -c;
        *cosine = s;
        break;
    }
}

/* atan(k / 8) and what rounding it to double left over. */
static const double arctangents[9][2] = {
    {0.0, 0.0},
    {0.12435499454676144, -3.1253241424539383e-18},
    {0.24497866312686414, 1.0698755618734451e-17},
    {0.35877067027057225, -2.4623815582638635e-17},
    {0.4636476090008061, 2.2698777452961687e-17},
    {0.5585993153435624, -5.4556305485916264e-18},
    {0.6435011087932844, 1.5834785051444286e-17},
    {0.7188299996216245, -2.1478388444456983e-17},
    {0.7853981633974483, 3.061616997868383e-17},
};

/* atan(t) for 0 <= t <= 1, from atan(t) = atan(c) + atan((t - c) / (1 + t c)) with the nearest
 * c = k/8; the series up to u^13 then leaves less than 1e-18 of the value. */
static double short_arctangent(double t)
{
    int k = (int)(t * 8.0 + 0.5);
    double c = k * 0.125;
    double u = (t - c) / (1.0 + t * c);
    double z = u * u;
    double p = 1.0 / 13.0;
    p = p * z - 1.0 / 11.0;
    p = p * z + 1.0 / 9.0;
    p = p * z - 1.0 / 7.0;
    p = p * z + 1.0 / 5.0;
    p = p * z - 1.0 / 3.0;
    return arctangents[k][0] + (u + (u * z * p + arctangents[k][1]));
}

double mieni_atan2(double y, double x)
{
    double ax = x < 0.0 ? -x : x, ay = y < 0.0 ? -y : y;
    int steep = ay > ax;
    if (ax == 0.0 && ay == 0.0)
        return 0.0;
    double t = steep ? ax / ay : ay / ax;
    if (!(t >= 0.0 && t <= 1.0)) /* NaN, or both infinite */
        return (double)NAN;
    double angle = short_arctangent(t);
    if (steep)
        angle = 1.5707963267948966 - (angle - 6.123233995736766e-17);
    if (x < 0.0)
        angle = 3.14159265358979323846 - (angle - 1.2246467991473532e-16);
    /* 1 / -0 is negative, too. */
    return y < 0.0 || (y == 0.0 && 1.0 / y < 0.0) ? -angle : angle;
}
