/* SPDX-License-Identifier: Apache-2.0 */
/* The map of OpenCV, to the last bit: the numbers are what cv2 4.11 gave for these corners. */
#include "image/warp.h"

#include <math.h>

#include "base/rng.h"
#include "base/trig.h"
#include "image/crop.h"
#include "support/test.h"

static const struct {
    MieniCorners corners;
    int32_t side;
    double m[9];
} warps[] = {
    {{{-0x1.c600000000000p+6f, 0x1.1c40000000000p+10f},
      {-0x1.c600000000000p+6f, 0x0.0p+0f},
      {0x1.ffc0000000000p+9f, 0x0.0p+0f},
      {0x1.ffc0000000000p+9f, 0x1.1c40000000000p+10f}},
     128,
     {0x1.1c40000000000p+3, -0x0.0p+0, -0x1.c600000000001p+6, -0x0.0p+0, 0x1.1c40000000000p+3,
      0x0.0p+0, 0x0.0p+0, 0x0.0p+0, 0x1.fffffffffffffp-1}},
    {{{-0x1.c600000000000p+6f, 0x1.1c40000000000p+10f},
      {-0x1.c600000000000p+6f, 0x0.0p+0f},
      {0x1.ffc0000000000p+9f, 0x0.0p+0f},
      {0x1.ffc0000000000p+9f, 0x1.1c40000000000p+10f}},
     192,
     {0x1.7b00000000000p+2, -0x0.0p+0, -0x1.c600000000000p+6, -0x0.0p+0, 0x1.7b00000000001p+2,
      0x0.0p+0, 0x0.0p+0, 0x0.0p+0, 0x1.0000000000000p+0}},
    {{{0x1.4eb4c00000000p+7f, 0x1.6cffc60000000p+7f},
      {0x1.8b16c80000000p+7f, 0x1.6653c80000000p+5f},
      {0x1.4f40cc0000000p+8f, 0x1.2bedf40000000p+6f},
      {0x1.310fc80000000p+8f, 0x1.a961ce0000000p+7f}},
     192,
     {0x1.6f3915555555cp-1, -0x1.420ad55555557p-3, 0x1.8b16c80000002p+7, 0x1.420ad5555555ap-3,
      0x1.6f391aaaaaaadp-1, 0x1.6653c80000001p+5, 0x1.5000000000004p-60, 0x1.5c6f2e187aeb6p-87,
      0x1.0000000000002p+0}},
    {{{0x1.4bd7000000000p+7f, 0x1.f2e8b20000000p+7f},
      {0x1.a9e6700000000p+7f, -0x1.f3d8c00000000p+2f},
      {0x1.d6370c0000000p+8f, 0x1.39c2d80000000p+5f},
      {0x1.a72f540000000p+8f, 0x1.287c180000000p+8f}},
     256,
     {0x1.0143d17e19762p+0, -0x1.783dbfd50ec32p-3, 0x1.a9e66ec6e65f2p+7, 0x1.783dedbd48ae0p-3,
      0x1.0143bb16f621ap+0, -0x1.f3d8be9089c4ep+2, -0x1.ed01e53d90e77p-33, -0x1.6880d4b6f9f28p-35,
      0x1.fffffe879a897p-1}},
};

static void equals_opencv(void **state)
{
    (void)state;
    for (size_t i = 0; i < MIENI_COUNT_OF(warps); i++) {
        MieniWarp warp;
        assert_true(mieni_warp_init(&warp, &warps[i].corners, warps[i].side, warps[i].side));
        assert_memory_equal(warp.m, warps[i].m, sizeof(warp.m));
    }
}

static void needs_an_area(void **state)
{
    (void)state;
    MieniWarp warp;
    const MieniCorners point = {{5, 5}, {5, 5}, {5, 5}, {5, 5}};
    const MieniCorners line = {{0, 5}, {0, 5}, {9, 5}, {9, 5}};
    const MieniCorners nothing = {{NAN, 5}, {0, 0}, {9, 0}, {9, 9}};
    assert_false(mieni_warp_init(&warp, &point, 192, 192));
    assert_false(mieni_warp_init(&warp, &line, 192, 192));
    assert_false(mieni_warp_init(&warp, &nothing, 192, 192));
}

static double rounded(double value)
{
    double down = floor(value), rest = value - down;
    return rest > 0.5 || (rest >= 0.5 && fmod(down, 2) != 0) ? down + 1 : down;
}

/* The crop's integers against this map in double, pixel by pixel; returns how many differ. */
static int n_different(int32_t width, int32_t height, MieniRect rect, int32_t side,
                       bool keep_aspect, bool as_opencv5)
{
    uint8_t pixel[3] = {0};
    MienImage image;
    MieniView view;
    MieniCrop crop;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, pixel, 0);
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    const MieniCropSpec spec = {.width = side,
                                .height = side,
                                .keep_aspect = keep_aspect,
                                .range_max = 255,
                                .as_opencv5 = as_opencv5};
    assert_int_equal(mieni_crop_init(&crop, &view, &rect, &spec), MIEN_OK);
    const MieniRect *r = &crop.region;
    float degrees = (float)(r->rotation * 180.0f / MIENI_PI);
    double sine, cosine;
    mieni_sincos((double)degrees * MIENI_PI / 180.0, &sine, &cosine);
    float b = 0.5f * (float)cosine, a = 0.5f * (float)sine;
    float w = r->width, h = r->height;
    MieniCorners corners = {.bottom_left = {r->cx - a * h - b * w, r->cy + b * h - a * w},
                            .top_left = {r->cx + a * h - b * w, r->cy - b * h - a * w},
                            .top_right = {r->cx + a * h + b * w, r->cy - b * h + a * w},
                            .bottom_right = {r->cx - a * h + b * w, r->cy + b * h + a * w}};
    for (int axis = 0; axis < 2 && !as_opencv5; axis++) {
        float twice = 2 * (axis ? r->cy : r->cx);
        corners.top_right[axis] = twice - corners.bottom_left[axis];
        corners.bottom_right[axis] = twice - corners.top_left[axis];
    }
    MieniWarp warp;
    assert_true(mieni_warp_init(&warp, &corners, side, side));
    int n = 0;
    for (int32_t row = 0; row < side; row++) {
        for (int32_t column = 0; column < side; column++) {
            double want[2];
            mieni_warp_position(&warp, column, row, want);
            int32_t x =
                mieni_crop_round(mieni_crop_position(&crop, crop.x, column, row), crop.shift);
            int32_t y =
                mieni_crop_round(mieni_crop_position(&crop, crop.y, column, row), crop.shift);
            n += x != (int32_t)rounded(want[0]) || y != (int32_t)rounded(want[1]);
        }
    }
    return n;
}

/* The letterboxes of the golden pictures, with and without ties, and the sizes of video. */
static void letterboxes_are_opencvs(void **state)
{
    (void)state;
    static const int32_t sizes[][2] = {
        {450, 450},  {424, 394}, {704, 612}, {1920, 1080}, {910, 1137}, {626, 1200},
        {1126, 661}, {512, 512}, {640, 360}, {640, 480},   {1280, 720}, {3840, 2160},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(sizes); i++)
        for (int32_t side = 128; side <= 192; side += 64)
            assert_int_equal(n_different(sizes[i][0], sizes[i][1], (MieniRect){0.5f, 0.5f, 1, 1, 0},
                                         side, true, side == 128),
                             0);
}

/* Of any size: most are the same, and where noise goes one way in some rows and another in others,
 * a few pixels are not. Half to even was off by a quarter of the pixels. */
static void letterboxes_of_any_size(void **state)
{
    (void)state;
    uint64_t rng = 62;
    int n_same = 0, n = 0;
    for (int i = 0; i < 40; i++) {
        int32_t width = 100 + (int32_t)mieni_rng_below(&rng, 2400);
        int32_t height = 100 + (int32_t)mieni_rng_below(&rng, 2400);
        int off = n_different(width, height, (MieniRect){0.5f, 0.5f, 1, 1, 0}, 128, true, i % 2);
        n_same += off == 0;
        n += off;
    }
    print_message("%d of 40 letterboxes are the same, %.2f%% of all positions differ\n", n_same,
                  100.0 * n / (40 * 128 * 128));
    assert_true(n_same >= 24 && n <= 40 * 128 * 128 / 100);
}

/* Turned squares: all but a few positions of a million, which are ties to a double's last bits. */
static void turned_crops_are_opencvs(void **state)
{
    (void)state;
    uint64_t rng = 61;
    int n = 0;
    for (int i = 0; i < 30; i++) {
        float side = mieni_rng_float(&rng, 60, 400);
        const MieniRect rect = {mieni_rng_float(&rng, 0.2, 0.8), mieni_rng_float(&rng, 0.2, 0.8),
                                side / 640, side / 360, mieni_rng_float(&rng, -0.6, 0.6)};
        n += n_different(640, 360, rect, 192, false, i % 2);
    }
    print_message("%d of %d positions differ\n", n, 30 * 192 * 192);
    assert_true(n <= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_opencv),
        cmocka_unit_test(needs_an_area),
        cmocka_unit_test(letterboxes_are_opencvs),
        cmocka_unit_test(letterboxes_of_any_size),
        cmocka_unit_test(turned_crops_are_opencvs),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
