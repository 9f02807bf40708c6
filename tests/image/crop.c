/* SPDX-License-Identifier: Apache-2.0 */
/* The crop as a whole: mieni_crop_init with the reference kernel. */
#include "image/crop.h"

#include <math.h>

#include "base/rng.h"
#include "base/trig.h"
#include "face/face.h"
#include "image/crop_image.h"
#include "support/test.h"

static uint8_t *random_bytes(uint64_t *rng, size_t n)
{
    uint8_t *bytes = malloc(n);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)mieni_rng_next(rng);
    return bytes;
}

/* Stores an upright RGB24 picture so that turning it clockwise by `degrees` makes it upright. */
static uint8_t *store_turned(const uint8_t *upright, int32_t width, int32_t height, int32_t degrees)
{
    int32_t stored_width = degrees % 180 ? height : width;
    int32_t stored_height = degrees % 180 ? width : height;
    uint8_t *stored = malloc(3 * (size_t)width * (size_t)height);
    assert_non_null(stored);
    for (int32_t y = 0; y < stored_height; y++) {
        for (int32_t x = 0; x < stored_width; x++) {
            int32_t to_x = degrees == 0     ? x
                           : degrees == 90  ? stored_height - 1 - y
                           : degrees == 180 ? stored_width - 1 - x
                                            : y;
            int32_t to_y = degrees == 0     ? y
                           : degrees == 90  ? x
                           : degrees == 180 ? stored_height - 1 - y
                                            : stored_width - 1 - x;
            memcpy(stored + 3 * ((ptrdiff_t)y * stored_width + x),
                   upright + 3 * ((ptrdiff_t)to_y * width + to_x), 3);
        }
    }
    return stored;
}

static MieniRect random_rect(uint64_t *rng)
{
    return (MieniRect){mieni_rng_float(rng, -0.2, 1.2), mieni_rng_float(rng, -0.2, 1.2),
                       mieni_rng_float(rng, 0.05, 1.5), mieni_rng_float(rng, 0.05, 1.5),
                       mieni_rng_float(rng, -3.2, 3.2)};
}

/* A crop of the picture is the same, bit for bit, whichever way it is stored. */
static void assert_turned_crops(const uint8_t *upright, int32_t width, int32_t height,
                                MieniRect rect, const MieniCropSpec *spec)
{
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, width, height, upright, 0);
    float *want = crop_image(&image, rect, spec);
    for (int32_t degrees = 90; degrees < 360; degrees += 90) {
        uint8_t *stored = store_turned(upright, width, height, degrees);
        mien_image_init(&image, MIEN_PIXEL_RGB24, degrees % 180 ? height : width,
                        degrees % 180 ? width : height, stored, 0);
        image.rotation_degrees = degrees;
        float *got = crop_image(&image, rect, spec);
        assert_memory_equal(got, want,
                            sizeof(float) * 3 * (size_t)spec->width * (size_t)spec->height);
        free(got);
        free(stored);
    }
    free(want);
}

/*
 * A picture that is stored turned gives the same crop, bit for bit and at rounding ties, too:
 * halves to even and the bilinear filter are symmetrical. Half of the rectangles are dyadic, so
 * that many positions are ties.
 */
static void test_rotation_is_folded(void **state)
{
    (void)state;
    uint64_t rng = 11;
    const int32_t width = 37, height = 22;
    uint8_t *upright = random_bytes(&rng, 3 * 37 * 22);
    for (int i = 0; i < 40; i++) {
        MieniRect rect = random_rect(&rng);
        if (i % 2)
            rect = (MieniRect){0.5f, 0.5f + 0.25f * (float)(i % 3), 0.75f, 1.25f, 0};
        MieniCropSpec spec =
            byte_spec(32, i % 4 < 2 ? 64 : 24, i % 3 ? MIENI_BORDER_REPLICATE : MIENI_BORDER_ZERO,
                      i % 5 == 0);
        assert_turned_crops(upright, width, height, rect, &spec);
    }
    free(upright);
}

/* Of the longest picture, too: the farther side's positions find room beside those of a crop that
 * lies near the corner and so has as many bits as there are. */
static void test_long_pictures(void **state)
{
    (void)state;
    uint64_t rng = 23;
    const int32_t sides[][2] = {
        {MIEN_IMAGE_MAX_SIDE, 3}, {3, MIEN_IMAGE_MAX_SIDE}, {20000, 2}, {9000, 5}};
    for (size_t i = 0; i < MIENI_COUNT_OF(sides); i++) {
        int32_t width = sides[i][0], height = sides[i][1];
        uint8_t *upright = random_bytes(&rng, 3 * (size_t)width * (size_t)height);
        for (int n = 0; n < 10; n++) {
            float side = 60.0f, far = (float)n / 9;
            MieniRect rect = {far, far, side / (float)width, side / (float)height,
                              mieni_rng_float(&rng, -3.2, 3.2)};
            MieniCropSpec spec = byte_spec(32, 24, MIENI_BORDER_REPLICATE, n % 2);
            assert_turned_crops(upright, width, height, rect, &spec);
        }
        free(upright);
    }
}

/* In pixels. */
static double position_of(const MieniCrop *crop, const int64_t *terms, int32_t column, int32_t row)
{
    return ldexp((double)mieni_crop_position(crop, terms, column, row), -crop->shift - 5);
}

/* Positions in plain double, as docs/formulas.md writes them; what is not within a hair of a tie
 * must round to the same 1/32 pixel. */
static void test_positions(void **state)
{
    (void)state;
    uint64_t rng = 12;
    uint8_t pixel[3] = {0};
    for (int i = 0; i < 300; i++) {
        MienImage image;
        mien_image_init(&image, MIEN_PIXEL_RGB24, 1 + (int32_t)mieni_rng_below(&rng, 4000),
                        1 + (int32_t)mieni_rng_below(&rng, 4000), pixel, 0);
        MieniView view;
        assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
        MieniRect rect = random_rect(&rng);
        MieniCropSpec spec = byte_spec(192, 128, MIENI_BORDER_REPLICATE, false);
        MieniCrop crop;
        assert_int_equal(mieni_crop_init(&crop, &view, &rect, &spec), MIEN_OK);
        double w = (double)rect.width * image.width, h = (double)rect.height * image.height;
        for (int n = 0; n < 200; n++) {
            int32_t column = (int32_t)mieni_rng_below(&rng, 192);
            int32_t row = (int32_t)mieni_rng_below(&rng, 128);
            double u = (column / 192.0 - 0.5) * w, v = (row / 128.0 - 0.5) * h;
            double c = cos((double)rect.rotation), s = sin((double)rect.rotation);
            double x = (double)rect.cx * image.width + c * u - s * v;
            double y = (double)rect.cy * image.height + s * u + c * v;
            double got_x = position_of(&crop, crop.x, column, row);
            double got_y = position_of(&crop, crop.y, column, row);
            /* The corners are float32: half an ulp of 8192 pixels, a few times, and more along a
             * side that is many times the other. */
            assert_true(fabs(got_x - x) < 1e-2 && fabs(got_y - y) < 1e-2);
        }
    }
}

/* The letterbox takes the whole picture in and tells where it was. */
static void test_letterbox(void **state)
{
    (void)state;
    uint8_t pixel[3] = {0};
    MienImage image;
    MieniView view;
    MieniCrop crop;
    MieniCropSpec spec = byte_spec(128, 128, MIENI_BORDER_ZERO, true);
    mien_image_init(&image, MIEN_PIXEL_RGB24, 640, 480, pixel, 0);
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    MieniRect rect = {0.5f, 0.5f, 1, 1, 0};
    assert_int_equal(mieni_crop_init(&crop, &view, &rect, &spec), MIEN_OK);
    const MieniRect want = {320, 240, 640, 640, 0};
    assert_memory_equal(&crop.region, &want, sizeof(want));

    image.rotation_degrees = 90;
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    const MieniRect turned = {240, 320, 640, 640, 0};
    assert_int_equal(mieni_crop_init(&crop, &view, &rect, &spec), MIEN_OK);
    assert_memory_equal(&crop.region, &turned, sizeof(turned));

    const MieniRect stretched = {240, 320, 480, 640, 0};
    spec.keep_aspect = false;
    assert_int_equal(mieni_crop_init(&crop, &view, &rect, &spec), MIEN_OK);
    assert_memory_equal(&crop.region, &stretched, sizeof(stretched));
}

/* The crop samples where the projection says: both go through the same letterbox. */
static void test_projection_fits_the_crop(void **state)
{
    (void)state;
    uint8_t pixel[3] = {0};
    MienImage image;
    MieniView view;
    MieniCrop crop;
    mien_image_init(&image, MIEN_PIXEL_RGB24, 640, 480, pixel, 0);
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    const MieniCropSpec spec = {
        .width = 128, .height = 128, .keep_aspect = true, .range_min = -1, .range_max = 1};
    MieniRect rect = {0.4f, 0.6f, 0.7f, 0.5f, 0.3f};
    assert_int_equal(mieni_crop_init(&crop, &view, &rect, &spec), MIEN_OK);
    MieniDetection d = {.keypoints = {{32.0f / 128, 96.0f / 128}}};
    mieni_detection_project(&d, &crop.region, 640, 480);
    double x = position_of(&crop, crop.x, 32, 96), y = position_of(&crop, crop.y, 32, 96);
    assert_true(fabs((double)d.keypoints[0][0] * 640 - x) < 1e-3);
    assert_true(fabs((double)d.keypoints[0][1] * 480 - y) < 1e-3);
}

static void test_value_range(void **state)
{
    (void)state;
    uint8_t pixels[3] = {0, 40, 255};
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, 1, 1, pixels, 0);
    MieniCropSpec spec = byte_spec(1, 1, MIENI_BORDER_REPLICATE, false);
    spec.range_min = -1;
    spec.range_max = 1;
    float *got = crop_image(&image, (MieniRect){0.5f, 0.5f, 1, 1, 0}, &spec);
    /* One rounding: in double the product and the sum are exact. */
    const double scale = (double)(2.0f / 255.0f);
    assert_true(got[0] == -1 && got[1] == (float)(40 * scale - 1) &&
                got[2] == (float)(255 * scale - 1));
    free(got);
    spec.as_opencv5 = true; /* two */
    got = crop_image(&image, (MieniRect){0.5f, 0.5f, 1, 1, 0}, &spec);
    assert_true(got[0] == -1 && got[1] == 40 * (2.0f / 255.0f) - 1 &&
                got[2] == 255 * (2.0f / 255.0f) - 1);
    assert_true(got[1] != (float)(40 * scale - 1));
    free(got);
    spec.range_min = 0;
    got = crop_image(&image, (MieniRect){0.5f, 0.5f, 1, 1, 0}, &spec);
    assert_true(got[0] == 0 && got[1] == 40 * (1.0f / 255.0f));
    free(got);
}

/* The same content in every packed format and layout gives the same crop. */
static void test_packed_formats(void **state)
{
    (void)state;
    uint64_t rng = 13;
    enum { WIDTH = 19, HEIGHT = 13 };
    uint8_t *rgb = random_bytes(&rng, 3 * WIDTH * HEIGHT);
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, WIDTH, HEIGHT, rgb, 0);
    MieniCropSpec spec = byte_spec(24, 24, MIENI_BORDER_ZERO, false);
    MieniRect rect = {0.6f, 0.4f, 0.9f, 1.2f, 0.4f};
    float *want = crop_image(&image, rect, &spec);
    size_t bytes = sizeof(float) * 3 * 24 * 24;

    static const struct {
        MienPixelFormat format;
        int bytes, r, b;
    } formats[] = {{MIEN_PIXEL_RGB24, 3, 0, 2},
                   {MIEN_PIXEL_BGR24, 3, 2, 0},
                   {MIEN_PIXEL_RGBA32, 4, 0, 2},
                   {MIEN_PIXEL_BGRA32, 4, 2, 0}};
    for (size_t f = 0; f < MIENI_COUNT_OF(formats); f++) {
        int step = formats[f].bytes;
        uint8_t *other = random_bytes(&rng, (size_t)step * WIDTH * HEIGHT);
        for (int y = 0; y < HEIGHT; y++) { /* bottom row first: a negative stride */
            for (int x = 0; x < WIDTH; x++) {
                uint8_t *to = other + step * (y * WIDTH + x);
                const uint8_t *from = rgb + 3 * ((HEIGHT - 1 - y) * WIDTH + x);
                to[formats[f].r] = from[0];
                to[1] = from[1];
                to[formats[f].b] = from[2];
            }
        }
        mien_image_init(&image, formats[f].format, WIDTH, HEIGHT,
                        other + step * WIDTH * (HEIGHT - 1), -step * WIDTH);
        float *got = crop_image(&image, rect, &spec);
        assert_memory_equal(got, want, bytes);
        free(got);
        free(other);
    }
    free(want);

    uint8_t *gray = random_bytes(&rng, WIDTH * HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        memset(rgb + 3 * i, gray[i], 3);
    mien_image_init(&image, MIEN_PIXEL_RGB24, WIDTH, HEIGHT, rgb, 0);
    want = crop_image(&image, rect, &spec);
    mien_image_init(&image, MIEN_PIXEL_GRAY8, WIDTH, HEIGHT, gray, 0);
    float *got = crop_image(&image, rect, &spec);
    assert_memory_equal(got, want, bytes);
    free(got);
    free(want);
    free(gray);
    free(rgb);
}

static uint8_t to_byte(double value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : floor(value + 0.5));
}

/* ITU-T H.273 in plain double; integers may round the other way at halves: those are counted. */
static void convert_plainly(const MienImage *image, uint8_t *rgb)
{
    static const double kr_kb[3][2] = {{0.299, 0.114}, {0.2126, 0.0722}, {0.2627, 0.0593}};
    double kr = kr_kb[image->color_matrix][0], kb = kr_kb[image->color_matrix][1];
    bool full = image->color_range == MIEN_RANGE_FULL;
    for (int32_t y = 0; y < image->height; y++) {
        for (int32_t x = 0; x < image->width; x++) {
            const uint8_t *c = image->planes[1] + (y / 2) * image->strides_bytes[1];
            uint8_t u, v;
            if (image->format == MIEN_PIXEL_NV12) {
                u = c[x / 2 * 2];
                v = c[x / 2 * 2 + 1];
            } else {
                u = c[x / 2];
                v = image->planes[2][(y / 2) * image->strides_bytes[2] + x / 2];
            }
            double l = image->planes[0][y * image->strides_bytes[0] + x];
            l = full ? l / 255 : (l - 16) / 219;
            double cb = (u - 128) / (full ? 255.0 : 224.0), cr = (v - 128) / (full ? 255.0 : 224.0);
            double r = l + 2 * (1 - kr) * cr, b = l + 2 * (1 - kb) * cb;
            double g = (l - kr * r - kb * b) / (1 - kr - kb);
            uint8_t *to = rgb + 3 * (y * image->width + x);
            to[0] = to_byte(255 * r);
            to[1] = to_byte(255 * g);
            to[2] = to_byte(255 * b);
        }
    }
}

/* Luma and chroma blocks of exactly the bytes that a format has, so that sanitizers see overreads.
 */
static void random_yuv(uint64_t *rng, MienImage *image, MienPixelFormat format, int32_t width,
                       int32_t height)
{
    size_t half = (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
    mien_image_init(image, format, width, height, NULL, 0);
    image->planes[0] = random_bytes(rng, (size_t)width * (size_t)height);
    image->strides_bytes[0] = width;
    image->strides_bytes[1] = image->strides_bytes[2] = (width + 1) / 2;
    if (format == MIEN_PIXEL_NV12) {
        image->planes[1] = random_bytes(rng, 2 * half);
        image->strides_bytes[1] *= 2;
    } else {
        image->planes[1] = random_bytes(rng, half);
        image->planes[2] = random_bytes(rng, half);
    }
}

static void free_planes(MienImage *image)
{
    for (int i = 0; i < 3; i++)
        free((void *)(uintptr_t)image->planes[i]);
}

static void test_yuv(void **state)
{
    (void)state;
    uint64_t rng = 14;
    size_t n_off_by_one = 0, n_all = 0;
    for (int i = 0; i < 48; i++) {
        MienImage yuv, rgb;
        int32_t width = 20 + i % 3, height = 14 + i % 5; /* odd sizes, too */
        random_yuv(&rng, &yuv, i % 2 ? MIEN_PIXEL_NV12 : MIEN_PIXEL_I420, width, height);
        yuv.color_matrix = (MienColorMatrix)(i / 2 % 3);
        yuv.color_range = (MienColorRange)(i / 6 % 2);
        uint8_t *plain = malloc(3 * (size_t)width * (size_t)height);
        assert_non_null(plain);
        convert_plainly(&yuv, plain);
        mien_image_init(&rgb, MIEN_PIXEL_RGB24, width, height, plain, 0);

        /* Pixel for pixel, then through the filter. */
        for (int filtered = 0; filtered < 2; filtered++) {
            MieniCropSpec spec =
                byte_spec(filtered ? 40 : width, filtered ? 40 : height,
                          filtered ? MIENI_BORDER_ZERO : MIENI_BORDER_REPLICATE, false);
            MieniRect rect = {0.5f, 0.5f, 1, 1, 0};
            if (filtered)
                rect = (MieniRect){0.45f, 0.55f, 0.9f, 1.1f, -0.7f};
            float *got = crop_image(&yuv, rect, &spec), *want = crop_image(&rgb, rect, &spec);
            for (int n = 0; n < 3 * spec.width * spec.height; n++, n_all++) {
                assert_true(fabsf(got[n] - want[n]) <= 1);
                n_off_by_one += got[n] != want[n];
            }
            free(got);
            free(want);
        }
        free(plain);
        free_planes(&yuv);
    }
    print_message("%zu of %zu values round to the neighbour\n", n_off_by_one, n_all);
    assert_true(n_off_by_one * 1000 < n_all * 3);
}

/* What swscale and every textbook give for the primaries: the numbers are from ITU-R BT.601-7 and
 * BT.709-6 colour bars at 100%. */
static void test_yuv_colours(void **state)
{
    (void)state;
    static const struct {
        MienColorMatrix matrix;
        MienColorRange range;
        uint8_t yuv[3], rgb[3];
    } bars[] = {
        {MIEN_MATRIX_BT601, MIEN_RANGE_LIMITED, {16, 128, 128}, {0, 0, 0}},
        {MIEN_MATRIX_BT601, MIEN_RANGE_LIMITED, {235, 128, 128}, {255, 255, 255}},
        {MIEN_MATRIX_BT601, MIEN_RANGE_LIMITED, {0, 128, 128}, {0, 0, 0}},
        {MIEN_MATRIX_BT601, MIEN_RANGE_LIMITED, {81, 90, 240}, {254, 0, 0}},
        {MIEN_MATRIX_BT709, MIEN_RANGE_LIMITED, {63, 102, 240}, {255, 1, 0}},
        {MIEN_MATRIX_BT601, MIEN_RANGE_FULL, {76, 85, 255}, {254, 0, 0}},
        {MIEN_MATRIX_BT601, MIEN_RANGE_FULL, {255, 128, 128}, {255, 255, 255}},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(bars); i++) {
        MienImage image;
        mien_image_init(&image, MIEN_PIXEL_I420, 1, 1, bars[i].yuv, 0);
        image.color_matrix = bars[i].matrix;
        image.color_range = bars[i].range;
        MieniCropSpec spec = byte_spec(1, 1, MIENI_BORDER_REPLICATE, false);
        float *got = crop_image(&image, (MieniRect){0.5f, 0.5f, 1, 1, 0}, &spec);
        for (int channel = 0; channel < 3; channel++)
            assert_int_equal((int)got[channel], bars[i].rgb[channel]);
        free(got);
    }
}

/* A turned picture with half chroma and even sides: chroma samples turn with their pixels. */
static void test_yuv_rotation(void **state)
{
    (void)state;
    uint64_t rng = 15;
    MienImage image;
    random_yuv(&rng, &image, MIEN_PIXEL_I420, 16, 10);
    uint8_t *rgb = malloc(3 * 16 * 10);
    assert_non_null(rgb);
    MieniCropSpec spec = byte_spec(16, 10, MIENI_BORDER_REPLICATE, false);
    float *pixels = crop_image(&image, (MieniRect){0.5f, 0.5f, 1, 1, 0}, &spec);
    for (int i = 0; i < 3 * 16 * 10; i++)
        rgb[i] = (uint8_t)pixels[i];
    free(pixels);
    for (int32_t degrees = 0; degrees < 360; degrees += 90) {
        MienImage plain;
        mien_image_init(&plain, MIEN_PIXEL_RGB24, 16, 10, rgb, 0);
        plain.rotation_degrees = image.rotation_degrees = degrees;
        MieniRect rect = {0.4f, 0.6f, 0.8f, 0.7f, 0.3f};
        spec = byte_spec(24, 20, MIENI_BORDER_ZERO, false);
        float *got = crop_image(&image, rect, &spec), *want = crop_image(&plain, rect, &spec);
        assert_memory_equal(got, want, sizeof(float) * 3 * 24 * 20);
        free(got);
        free(want);
    }
    free(rgb);
    free_planes(&image);
}

/* Rows may be computed apart; padded planes get zeros between channels and nothing else. */
static void test_planes(void **state)
{
    (void)state;
    uint64_t rng = 16;
    enum { SIDE = 9, PIXEL = 8, ROW = (SIDE + 2) * PIXEL, ALL = (SIDE + 2) * ROW };
    uint8_t *rgb = random_bytes(&rng, 3 * 12 * 12);
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_RGB24, 12, 12, rgb, 0);
    MieniCropSpec spec = byte_spec(SIDE, SIDE, MIENI_BORDER_REPLICATE, false);
    MieniRect rect = {0.5f, 0.5f, 0.7f, 0.8f, 0.2f};
    float *want = crop_image(&image, rect, &spec);

    MieniView view;
    MieniCrop crop;
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    assert_int_equal(mieni_crop_init(&crop, &view, &rect, &spec), MIEN_OK);
    float padded[ALL];
    for (int i = 0; i < ALL; i++)
        padded[i] = -7;
    MieniPlane plane = {.data = padded + ROW + PIXEL,
                        .height = SIDE,
                        .width = SIDE,
                        .channels = 3,
                        .row_stride = ROW,
                        .pixel_stride = PIXEL,
                        .border = 1};
    mieni_crop_ref(&view, &crop, &plane, 4, SIDE);
    for (int i = 0; i < 5 * ROW; i++)
        assert_true(padded[i] == -7);
    mieni_crop_ref(&view, &crop, &plane, 0, 3);
    mieni_crop_ref(&view, &crop, &plane, 3, 4);
    for (int y = -1; y <= SIDE; y++) {
        for (int x = -1; x <= SIDE; x++) {
            const float *pixel = mieni_plane_at(&plane, y, x);
            bool border = y < 0 || y == SIDE || x < 0 || x == SIDE;
            for (int lane = 0; lane < PIXEL; lane++)
                assert_true(pixel[lane] == (border     ? -7
                                            : lane < 3 ? want[3 * (y * SIDE + x) + lane]
                                                       : 0));
        }
    }
    free(want);
    free(rgb);
}

static void test_refuses(void **state)
{
    (void)state;
    uint8_t pixel[3] = {9, 9, 9};
    MienImage image;
    MieniView view;
    mien_image_init(&image, MIEN_PIXEL_RGB24, 640, 480, pixel, 0);
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    static const MieniRect bad[] = {
        {NAN, 0.5f, 1, 1, 0},         {0.5f, NAN, 1, 1, 0},      {0.5f, 0.5f, NAN, 1, 0},
        {0.5f, 0.5f, 1, NAN, 0},      {0.5f, 0.5f, 1, 1, NAN},   {INFINITY, 0.5f, 1, 1, 0},
        {0.5f, 0.5f, 1, 1, INFINITY}, {0.5f, 0.5f, 0, 1, 0},     {0.5f, 0.5f, 1, 0, 0},
        {0.5f, 0.5f, -1, 1, 0},       {0.5f, 0.5f, 1, -1, 0},    {0.5f, 0.5f, INFINITY, 1, 0},
        {1e5f, 0.5f, 1, 1, 0},        {0.5f, -1e5f, 1, 1, 0},    {0.5f, 0.5f, 1e6f, 1, 0},
        {3e38f, 0.5f, 1, 1, 0},       {0.5f, 0.5f, 3e38f, 1, 0}, {0.5f, 0.5f, 1e-45f, 1e38f, 0},
        {0.5f, 0.5f, 1, 1, 3e38f},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(bad); i++) {
        for (int keep = 0; keep < 2; keep++) {
            MieniCrop crop;
            MieniCropSpec spec = byte_spec(192, 192, MIENI_BORDER_REPLICATE, keep);
            if (mieni_crop_init(&crop, &view, &bad[i], &spec) != MIEN_E_ARGUMENT)
                fail_msg("rectangle %zu was taken", i);
        }
    }
}

/* Whatever is taken can be computed: sanitizers watch the sums of the farthest rectangles. */
static void test_far_out(void **state)
{
    (void)state;
    uint64_t rng = 17;
    int n_taken = 0;
    uint8_t pixels[6] = {1, 2, 3, 4, 5, 6};
    for (int i = 0; i < 3000; i++) {
        MienImage image;
        mien_image_init(&image, MIEN_PIXEL_RGB24, 1, 2, pixels, 0);
        image.rotation_degrees = 90 * (int32_t)mieni_rng_below(&rng, 4);
        MieniView view;
        assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
        float reach = (float)ldexp(1, (int)mieni_rng_below(&rng, 27));
        MieniRect rect = {mieni_rng_float(&rng, -1, 1) * reach,
                          mieni_rng_float(&rng, -1, 1) * reach, mieni_rng_float(&rng, 0, 1) * reach,
                          mieni_rng_float(&rng, 0, 1) * reach, mieni_rng_float(&rng, -4, 4)};
        MieniCropSpec spec = byte_spec(16, 8, MIENI_BORDER_REPLICATE, i % 2);
        MieniCrop crop;
        if (mieni_crop_init(&crop, &view, &rect, &spec) != MIEN_OK)
            continue;
        n_taken++;
        float out[16 * 8 * 3];
        MieniPlane plane = {.data = out,
                            .height = 8,
                            .width = 16,
                            .channels = 3,
                            .row_stride = 48,
                            .pixel_stride = 3};
        mieni_crop_ref(&view, &crop, &plane, 0, 8);
        for (size_t n = 0; n < MIENI_COUNT_OF(out); n++)
            assert_true(out[n] >= 1 && out[n] <= 6);
    }
    assert_true(n_taken > 1000 && n_taken < 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotation_is_folded),
        cmocka_unit_test(test_long_pictures),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_letterbox),
        cmocka_unit_test(test_projection_fits_the_crop),
        cmocka_unit_test(test_value_range),
        cmocka_unit_test(test_packed_formats),
        cmocka_unit_test(test_yuv),
        cmocka_unit_test(test_yuv_colours),
        cmocka_unit_test(test_yuv_rotation),
        cmocka_unit_test(test_planes),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_far_out),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
