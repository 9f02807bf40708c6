/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <math.h>
#include <stdio.h>

Layout layout_padded(Test *test, int32_t channels, int32_t border)
{
    int32_t stride = (channels + MIENI_LANES - 1) / MIENI_LANES * MIENI_LANES;
    if (random_below(test, 8) == 0)
        stride += MIENI_LANES;
    return (Layout){stride, border, random_below(test, 4) == 0 ? MIENI_LANES : 0};
}

Layout layout_tight(int32_t channels)
{
    return (Layout){channels, 0, 0};
}

static float special_value(Test *test)
{
    static const float values[] = {0.0f, -0.0f, 1e-45f,   1.17549421e-38f, 1.17549435e-38f, 1e-20f,
                                   1.0f, 3.0f,  65504.0f, 1e10f,           0.3333f,         1e30f};
    return values[random_below(test, (int32_t)MIENI_COUNT_OF(values))];
}

TestPlane plane_make(Test *test, int32_t height, int32_t width, int32_t channels, Layout layout,
                     Fill fill)
{
    ptrdiff_t border = layout.border;
    ptrdiff_t row_floats = (width + 2 * border) * layout.pixel_stride;
    ptrdiff_t row_stride = row_floats + layout.row_gap;
    TestPlane made = {.n_floats = (size_t)((height + 2 * border - 1) * row_stride + row_floats)};

    made.block = test_alloc(test, made.n_floats * sizeof(float), sizeof(float));
    made.plane = (MieniPlane){made.block + border * (row_stride + layout.pixel_stride),
                              height,
                              width,
                              channels,
                              row_stride,
                              layout.pixel_stride,
                              layout.border};
    for (int32_t y = 0; y < height + 2 * border; y++)
        memset(made.block + y * row_stride, 0, (size_t)row_floats * sizeof(float));
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            float *pixel = mieni_plane_at(&made.plane, y, x);
            if (fill == FILL_POISON)
                poison(pixel, (size_t)layout.pixel_stride);
            for (int32_t c = 0; c < channels && fill != FILL_POISON; c++)
                pixel[c] =
                    fill == FILL_SPECIAL ? special_value(test) : random_float(test, -1.0f, 1.0f);
        }
    }
    made.before = test_alloc(test, made.n_floats * sizeof(float), sizeof(float));
    memcpy(made.before, made.block, made.n_floats * sizeof(float));
    return made;
}

Written written_all(const MieniPlane *plane)
{
    return (Written){0, plane->height, 0, plane->channels};
}

static double tolerance(float value, Class class)
{
    double absolute = class == HALF ? (double)MIENI_TOLERANCE_HALF : (double)MIENI_TOLERANCE_ABS;
    double relative = class == HALF ? (double)MIENI_TOLERANCE_HALF : (double)MIENI_TOLERANCE_REL;
    return absolute + relative * fabs((double)value);
}

bool values_agree(float got, float want, Class class)
{
    if (class == EXACT)
        return memcmp(&got, &want, sizeof(got)) == 0;
    if (isnan(want) || isinf(want) || class == EQUAL)
        return isnan(want) ? isnan(got) : got == want;
    return fabs((double)got - (double)want) <= tolerance(want, class);
}

/* Makes a right result wrong by a little more than the class allows. */
static float spoiled(float value, Class class)
{
    if (class != FLOAT && class != HALF)
        return nextafterf(value, INFINITY);
    return value + 2.0f * (float)tolerance(value, class);
}

/* What float `at` of the block ought to be: a result, a zero lane, or what it was before. */
typedef enum Role { ROLE_KEPT, ROLE_LANE, ROLE_RESULT } Role;

static Role role_of(const MieniPlane *plane, Written written, int32_t y, int32_t x,
                    ptrdiff_t channel)
{
    if (y < written.row_begin || y >= written.row_end || x < 0 || x >= plane->width)
        return ROLE_KEPT;
    if (channel >= plane->channels)
        return written.channel_end == plane->channels ? ROLE_LANE : ROLE_KEPT;
    return channel >= written.channel_begin && channel < written.channel_end ? ROLE_RESULT
                                                                             : ROLE_KEPT;
}

static void check_float(Test *test, const TestPlane *got, Written written, const float *want,
                        Class class, size_t at)
{
    const MieniPlane *plane = &got->plane;
    ptrdiff_t row = (ptrdiff_t)at / plane->row_stride, rest = (ptrdiff_t)at % plane->row_stride;
    int32_t y = (int32_t)row - plane->border;
    int32_t x = (int32_t)(rest / plane->pixel_stride) - plane->border;
    ptrdiff_t c = rest % plane->pixel_stride;
    float value = got->block[at];

    if (x >= plane->width + plane->border) { /* the gap between rows */
        x = -1;
        c = 0;
    }
    switch (role_of(plane, written, y, x, c)) {
    case ROLE_RESULT: {
        float wanted = want[((ptrdiff_t)y * plane->width + x) * plane->channels + c];
        if (!values_agree(value, wanted, class))
            case_fault(test, "pixel (%d, %d) channel %d is %.9g, not %.9g", y, x, (int)c,
                       (double)value, (double)wanted);
        break;
    }
    case ROLE_LANE:
        if (value != 0.0f)
            case_fault(test, "pixel (%d, %d) lane %d is %.9g, not 0", y, x, (int)c, (double)value);
        break;
    case ROLE_KEPT:
        if (memcmp(&value, &got->before[at], sizeof(value)) != 0)
            case_fault(test, "float %d of row %d was written and must not be", (int)rest, y);
        break;
    }
}

void plane_check(Test *test, const TestPlane *got, Written written, const float *want, Class class)
{
    if (test->spoil && written.row_end > written.row_begin) {
        float *last = mieni_plane_at(&got->plane, written.row_end - 1, got->plane.width - 1) +
                      written.channel_end - 1;
        *last = spoiled(*last, class);
    }
    for (size_t at = 0; at < got->n_floats; at++)
        check_float(test, got, written, want, class, at);
}

void plane_check_untouched(Test *test, const TestPlane *plane, const char *name)
{
    if (memcmp(plane->block, plane->before, plane->n_floats * sizeof(float)) != 0)
        case_fault(test, "the %s was written", name);
}

float *plane_values(Test *test, const MieniPlane *plane)
{
    size_t channels = (size_t)plane->channels;
    float *values =
        test_alloc(test, (size_t)plane->height * (size_t)plane->width * channels * sizeof(float),
                   sizeof(float));
    float *to = values;
    for (int32_t y = 0; y < plane->height; y++)
        for (int32_t x = 0; x < plane->width; x++, to += channels)
            memcpy(to, mieni_plane_at(plane, y, x), channels * sizeof(float));
    return values;
}

void array_check(Test *test, const char *name, float *got, const float *want, size_t n, Class class)
{
    if (test->spoil && n > 0)
        got[n - 1] = spoiled(got[n - 1], class);
    for (size_t i = 0; i < n; i++)
        if (!values_agree(got[i], want[i], class))
            case_fault(test, "%s[%d] is %.9g, not %.9g", name, (int)i, (double)got[i],
                       (double)want[i]);
}
