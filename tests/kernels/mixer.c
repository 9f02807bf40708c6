/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of the blendshape network that are no convolutions: center_points, layer_norm,
 * transpose. */
#include "cases.h"

#include <math.h>

#define RANDOM_CASES 80

static Layout random_layout(Test *test, int32_t channels)
{
    return random_bool(test) ? layout_tight(channels) : layout_padded(test, channels, 0);
}

/* The formulas of kernels.h in double. */
static void center_oracle(const MieniPlane *in, float *out)
{
    double mean[2] = {0, 0}, distance = 0;
    for (int32_t i = 0; i < in->width; i++)
        for (int k = 0; k < 2; k++)
            mean[k] += (double)mieni_plane_at(in, 0, i)[k] / in->width;
    for (int32_t i = 0; i < in->width; i++)
        distance += hypot((double)mieni_plane_at(in, 0, i)[0] - mean[0],
                          (double)mieni_plane_at(in, 0, i)[1] - mean[1]) /
                    in->width;
    for (int32_t i = 0; i < in->width; i++)
        for (int k = 0; k < 2; k++)
            *out++ = (float)(((double)mieni_plane_at(in, 0, i)[k] - mean[k]) / distance);
}

static void center_case(Test *test, int32_t n)
{
    case_begin(test, "%d points", (int)n);
    TestPlane in = plane_make(test, 1, n, 2, random_layout(test, 2), FILL_ORDINARY);
    TestPlane out = plane_make(test, 1, n, 2, random_layout(test, 2), FILL_POISON);
    TestPlane want = plane_make(test, 1, n, 2, layout_tight(2), FILL_POISON);
    if (test->is_ref)
        center_oracle(&in.plane, want.block);
    else
        test->ref->center_points(&in.plane, &want.plane);
    test->tested->center_points(&in.plane, &out.plane);
    plane_check(test, &out, written_all(&out.plane), want.block, FLOAT);
    plane_check_untouched(test, &in, "input");
    case_end(test);
}

void test_center_points(Test *test)
{
    center_case(test, 146);
    for (int i = 0; i < RANDOM_CASES; i++)
        center_case(test, random_between(test, 2, 200));
}

static void norm_oracle(const MieniNormSpec *spec, const MieniPlane *in, float *out)
{
    int32_t n = in->channels;
    for (int32_t x = 0; x < in->width; x++) {
        const float *from = mieni_plane_at(in, 0, x);
        double mean = 0, variance = 0;
        for (int32_t c = 0; c < n; c++)
            mean += (double)from[c] / n;
        for (int32_t c = 0; c < n; c++)
            variance += ((double)from[c] - mean) * ((double)from[c] - mean) / n;
        for (int32_t c = 0; c < n; c++) {
            float value = (float)(((double)from[c] - mean) /
                                  sqrt(variance + (double)spec->epsilon) * (double)spec->gain[c]);
            out[spec->transposed ? c * in->width + x : x * n + c] = value;
        }
    }
}

static void norm_case(Test *test, int32_t width, int32_t channels, bool transposed)
{
    int32_t out_width = transposed ? channels : width;
    int32_t out_channels = transposed ? width : channels;
    case_begin(test, "%d pixels of %d channels%s", (int)width, (int)channels,
               transposed ? ", transposed" : "");
    TestPlane in =
        plane_make(test, 1, width, channels, random_layout(test, channels), FILL_ORDINARY);
    TestPlane out = plane_make(test, 1, out_width, out_channels, random_layout(test, out_channels),
                               FILL_POISON);
    TestPlane want =
        plane_make(test, 1, out_width, out_channels, layout_tight(out_channels), FILL_POISON);
    float *gain = test_alloc(test, (size_t)channels * sizeof(float), sizeof(float));
    for (int32_t c = 0; c < channels; c++)
        gain[c] = random_float(test, -2.0f, 2.0f);
    /* A large epsilon where one channel leaves nothing but rounding. */
    const MieniNormSpec spec = {random_bool(test) || channels < 3 ? 0.01f : 1e-6f, gain,
                                transposed};
    if (test->is_ref)
        norm_oracle(&spec, &in.plane, want.block);
    else
        test->ref->layer_norm(&spec, &in.plane, &want.plane);
    test->tested->layer_norm(&spec, &in.plane, &out.plane);
    plane_check(test, &out, written_all(&out.plane), want.block, FLOAT);
    plane_check_untouched(test, &in, "input");
    case_end(test);
}

void test_layer_norm(Test *test)
{
    norm_case(test, 97, 64, false);
    norm_case(test, 97, 64, true);
    for (int i = 0; i < RANDOM_CASES; i++)
        norm_case(test, random_between(test, 1, 30), random_between(test, 1, 40),
                  random_bool(test));
}

static void transpose_case(Test *test, int32_t width, int32_t channels, bool adds)
{
    float scale = random_bool(test) ? 1.0f : 0.5f; /* products that are exact, fused or not */
    case_begin(test, "%d pixels of %d channels, times %g%s", (int)width, (int)channels,
               (double)scale, adds ? ", and a sum" : "");
    TestPlane in =
        plane_make(test, 1, width, channels, random_layout(test, channels), FILL_SPECIAL);
    TestPlane add = plane_make(test, 1, channels, width, random_layout(test, width), FILL_ORDINARY);
    TestPlane out = plane_make(test, 1, channels, width, random_layout(test, width), FILL_POISON);
    float *want = test_alloc(test, (size_t)width * (size_t)channels * sizeof(float), sizeof(float));
    const MieniPlane nothing = {0};
    for (int32_t c = 0; c < channels; c++)
        for (int32_t x = 0; x < width; x++) {
            float value = mieni_plane_at(&in.plane, 0, x)[c] * scale;
            want[c * width + x] = adds ? value + mieni_plane_at(&add.plane, 0, c)[x] : value;
        }
    test->tested->transpose(&in.plane, scale, adds ? &add.plane : &nothing, &out.plane);
    plane_check(test, &out, written_all(&out.plane), want, EXACT);
    plane_check_untouched(test, &in, "input");
    plane_check_untouched(test, &add, "addend");
    case_end(test);
}

void test_transpose(Test *test)
{
    transpose_case(test, 64, 97, true);
    transpose_case(test, 146, 2, false);
    for (int i = 0; i < RANDOM_CASES; i++)
        transpose_case(test, random_between(test, 1, 40), random_between(test, 1, 40),
                       random_bool(test));
}
