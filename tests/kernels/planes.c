/* SPDX-License-Identifier: Apache-2.0 */
/* Operations from planes to planes: resize_add, depth_to_space, sample_bilinear. */
#include "cases.h"

#include <math.h>

#define RANDOM_CASES 120

static Layout random_layout(Test *test, int32_t channels)
{
    return random_below(test, 3) == 0 ? layout_tight(channels)
                                      : layout_padded(test, channels, random_below(test, 3));
}

static int32_t random_channels(Test *test)
{
    static const int32_t sizes[] = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 48, 64, 96};
    return sizes[random_below(test, (int32_t)MIENI_COUNT_OF(sizes))];
}

/* The formula of kernels.h in double, for one coordinate: two places and the second one's weight.
 */
static double resize_taps(int32_t out_position, int32_t out_size, int32_t in_size, int32_t taps[2])
{
    double position = (out_position + 0.5) * (double)in_size / out_size - 0.5;
    position = fmin(fmax(position, 0.0), in_size - 1.0);
    taps[0] = (int32_t)position;
    taps[1] = MIENI_MIN(taps[0] + 1, in_size - 1);
    return position - taps[0];
}

static void resize_oracle(const MieniPlane *in, const MieniPlane *add, float *out)
{
    for (int32_t y = 0; y < add->height; y++) {
        for (int32_t x = 0; x < add->width; x++) {
            int32_t ty[2], tx[2];
            double fy = resize_taps(y, add->height, in->height, ty);
            double fx = resize_taps(x, add->width, in->width, tx);
            for (int32_t c = 0; c < add->channels; c++) {
                double sum = (double)mieni_plane_at(add, y, x)[c];
                for (int i = 0; i < 4; i++)
                    sum += (double)mieni_plane_at(in, ty[i / 2], tx[i % 2])[c] *
                           (i / 2 ? fy : 1.0 - fy) * (i % 2 ? fx : 1.0 - fx);
                *out++ = (float)sum;
            }
        }
    }
}

static void resize_case(Test *test, int32_t in_size, int32_t out_height, int32_t out_width,
                        int32_t channels)
{
    int32_t begin = random_below(test, 2) * random_below(test, out_height), end = out_height;
    /* Not special against the oracle: the weights are floats there and doubles here, and a
     * neighbour of 1e30 makes much of the difference. */
    Fill fill = !test->is_ref && random_below(test, 5) == 0 ? FILL_SPECIAL : FILL_ORDINARY;
    if (random_bool(test))
        end = random_between(test, begin + 1, out_height);
    case_begin(test, "%dx%d to %dx%dx%d fill %d rows %d-%d", in_size, in_size, out_height,
               out_width, channels, (int)fill, begin, end);
    TestPlane in =
        plane_make(test, in_size, in_size, channels, random_layout(test, channels), fill);
    TestPlane add =
        plane_make(test, out_height, out_width, channels, random_layout(test, channels), fill);
    TestPlane out = plane_make(test, out_height, out_width, channels, random_layout(test, channels),
                               FILL_POISON);
    TestPlane want =
        plane_make(test, out_height, out_width, channels, layout_tight(channels), FILL_POISON);

    if (test->is_ref)
        resize_oracle(&in.plane, &add.plane, want.block);
    else
        test->ref->resize_add(&in.plane, &add.plane, &want.plane, 0, out_height);
    test->tested->resize_add(&in.plane, &add.plane, &out.plane, begin, end);
    plane_check(test, &out, (Written){begin, end, 0, channels}, want.block, FLOAT);
    plane_check_untouched(test, &in, "input");
    plane_check_untouched(test, &add, "addend");
    case_end(test);
}

void test_resize_add(Test *test)
{
    resize_case(test, 6, 12, 12, 96);
    resize_case(test, 12, 24, 24, 64);
    resize_case(test, 24, 48, 48, 48);
    for (int i = 0; i < RANDOM_CASES; i++)
        resize_case(test, random_between(test, 1, 9), random_between(test, 1, 20),
                    random_between(test, 1, 20), random_channels(test));
}

static void depth_to_space_case(Test *test, int32_t size, int32_t block, int32_t channels)
{
    int32_t out_size = size * block, in_channels = block * block * channels;
    case_begin(test, "%dx%dx%d by %d", size, size, in_channels, block);
    TestPlane in =
        plane_make(test, size, size, in_channels, random_layout(test, in_channels), FILL_SPECIAL);
    TestPlane out =
        plane_make(test, out_size, out_size, channels, random_layout(test, channels), FILL_POISON);
    float *want = test_alloc(test, in.n_floats * sizeof(float), sizeof(float));

    /* Where each channel of each input pixel goes. */
    for (int32_t y = 0; y < size; y++)
        for (int32_t x = 0; x < size; x++)
            for (int32_t i = 0; i < in_channels; i++) {
                int32_t cell = i / channels, to_y = y * block + cell / block;
                int32_t to_x = x * block + cell % block;
                want[(to_y * out_size + to_x) * channels + i % channels] =
                    mieni_plane_at(&in.plane, y, x)[i];
            }
    test->tested->depth_to_space(&in.plane, &out.plane);
    plane_check(test, &out, written_all(&out.plane), want, EXACT);
    plane_check_untouched(test, &in, "input");
    case_end(test);
}

void test_depth_to_space(Test *test)
{
    depth_to_space_case(test, 24, 2, 1);
    depth_to_space_case(test, 24, 2, 16);
    for (int i = 0; i < 40; i++)
        depth_to_space_case(test, random_between(test, 1, 7), random_between(test, 1, 3),
                            random_channels(test));
}

static void sample_case(Test *test)
{
    int32_t channels = random_channels(test), in_size = random_between(test, 1, 12);
    int32_t out_height = random_between(test, 1, 9), out_width = random_between(test, 1, 9);
    float matrix[16] = {0};

    case_begin(test, "%dx%dx%d to %dx%d", in_size, in_size, channels, out_height, out_width);
    TestPlane in =
        plane_make(test, in_size, in_size, channels, random_layout(test, channels), FILL_ORDINARY);
    TestPlane out = plane_make(test, out_height, out_width, channels, random_layout(test, channels),
                               FILL_POISON);
    TestPlane want =
        plane_make(test, out_height, out_width, channels, layout_tight(channels), FILL_POISON);
    for (int i = 0; i < 16; i++)
        matrix[i] = random_float(test, -1.5f, 1.5f);
    matrix[3] = random_float(test, -2.0f, (float)in_size);
    matrix[7] = random_float(test, -2.0f, (float)in_size);

    test->ref->sample_bilinear(&in.plane, matrix, &want.plane);
    test->tested->sample_bilinear(&in.plane, matrix, &out.plane);
    plane_check(test, &out, written_all(&out.plane), want.block, FLOAT);
    plane_check_untouched(test, &in, "input");
    case_end(test);
}

void test_sample_bilinear(Test *test)
{
    for (int i = 0; i < 60; i++)
        sample_case(test);
}
