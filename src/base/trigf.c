/* SPDX-License-Identifier: Apache-2.0 */
/* The polynomials' numbers are those of the libraries named below; the code is our own. */
#include "base/trigf.h"

#include <math.h> /* NAN only: a macro, no function of the math library */
#include <stdbool.h>

#define HALF_PI 0x1.921fb54442d18p0 /* double */

/* Source: Arm Optimized Routines, sincosf: sine and cosine over a quarter turn, in double, rounded
 * once at the end. */
static double sine_near_0(double x, double square)
{
    double cube = x * square;
    double low = x + cube * -0x1.555545995a603p-3;
    double high = 0x1.1107605230bc4p-7 + square * -0x1.994eb3774cf24p-13;
    return low + cube * square * high;
}

static double cosine_near_0(double square)
{
    double fourth = square * square;
    double low = 1 + square * -0x1.ffffffd0c621cp-2 + fourth * 0x1.55553e1068f19p-5;
    double high = -0x1.6c087e89a359dp-10 + square * 0x1.99343027bf8c3p-16;
    return low + fourth * square * high;
}

void mieni_sincosf(float radians, float *sine, float *cosine)
{
    double x = (double)radians;
    *sine = *cosine = (float)NAN;
    if (!(x > -100 && x < 100))
        return;
    double turns = x * (1 / HALF_PI);
    int quarter = (int)(turns + (turns < 0 ? -0.5 : 0.5));
    double rest = x - quarter * HALF_PI;
    double s = sine_near_0(rest, rest * rest), c = cosine_near_0(rest * rest);
    switch (quarter & 3) {
    case 0:
        *sine = (float)s;
        *cosine = (float)c;
        break;
    case 1:
        *sine = (float)c;
        *cosine = (float)-s;
        break;
    case 2:
        *sine = (float)-s;
        *cosine = (float)-c;
        break;
    default:
        *sine = (float)-c;
        *cosine = (float)s;
        break;
    }
}

/* An angle as the sum of two floats. */
typedef struct Angle {
    float high, low;
} Angle;

/* Source: fdlibm, s_atan.c (Sun Microsystems, 1993), in float: the arc tangent of x >= 0 is that of
 * a near 0.5, 1, 1.5 or infinity plus a series in (x - a) / (1 + a x). All in float. */
static float arc_tangent(float x)
{
    static const float series[] = {3.3333334327e-01f,  -2.0000000298e-01f, 1.4285714924e-01f,
                                   -1.1111110449e-01f, 9.0908870101e-02f,  -7.6918758452e-02f,
                                   6.6610731184e-02f,  -5.8335702866e-02f, 4.9768779427e-02f,
                                   -3.6531571299e-02f, 1.6285819933e-02f};
    Angle near_angle = {0, 0};
    if (x >= 0x1p25f)
        return 1.5707962513e+00f + 7.5497894159e-08f;
    if (x < 0x1p-29f)
        return x;
    if (x >= 2.4375f) {
        near_angle = (Angle){1.5707962513e+00f, 7.5497894159e-08f};
        x = -1.0f / x;
    } else if (x >= 1.1875f) {
        near_angle = (Angle){9.8279368877e-01f, 3.4473217170e-08f};
        x = (x - 1.5f) / (1.0f + 1.5f * x);
    } else if (x >= 0.6875f) {
        near_angle = (Angle){7.8539812565e-01f, 3.7748947079e-08f};
        x = (x - 1.0f) / (x + 1.0f);
    } else if (x >= 0.4375f) {
        near_angle = (Angle){4.6364760399e-01f, 5.0121582440e-09f};
        x = (2.0f * x - 1.0f) / (2.0f + x);
    }
    /* Even and odd terms apart. */
    float square = x * x, fourth = square * square, even = series[10], odd = series[9];
    for (int i = 8; i >= 0; i -= 2)
        even = series[i] + fourth * even;
    for (int i = 7; i >= 1; i -= 2)
        odd = series[i] + fourth * odd;
    float less = x * (square * even + fourth * odd);
    if (near_angle.high > 0)
        return near_angle.high - ((less - near_angle.low) - x);
    return x - less;
}

/* Source: fdlibm, e_atan2.c, in float. */
float mieni_atan2f(float y, float x)
{
    const Angle pi = {3.1415927410e+00f, -8.7422776573e-08f};
    bool is_below = y < 0, is_left = x < 0;
    float angle;
    y = is_below ? -y : y;
    x = is_left ? -x : x;
    if (y == 0 && x == 0)
        return 0;
    if (x == 0 || y / x >= 0x1p60f)
        angle = 0.5f * pi.high + 0.5f * pi.low;
    else if (is_left && y / x < 0x1p-60f)
        angle = 0;
    else
        angle = arc_tangent(y / x);
    if (is_left)
        angle = pi.high - (angle - pi.low);
    return is_below ? -angle : angle;
}
