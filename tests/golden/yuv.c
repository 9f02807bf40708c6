/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YUV as input against RGB24: the clip as its decoder gives it, each frame from the same state and
 * free; pictures as I420 that is made here.
 */
#include <math.h>

#include "golden/network.h"
#include "golden/video.h"
#include "mien/media.h"

#define MESH "face_landmark.tflite"
#define DETECTOR "face_detection_short_range.tflite"
#define N_POINTS 468

static Tally compare_results(MienResult *const *got, MienResult *const *want, int n_frames)
{
    Tally tally = {0};
    float points[2 * N_POINTS];
    for (int at = 0; at < n_frames; at++) {
        size_t n = mien_result_n_faces(want[at]);
        bool agreeing = mien_result_n_faces(got[at]) == n;
        tally_frame(&tally, agreeing);
        for (size_t i = 0; i < n && agreeing; i++) {
            face_points(mien_result_face(want[at], i), NULL, N_POINTS, points);
            Difference difference = compare_face(nearest_face(got[at], points, NULL, N_POINTS),
                                                 points, NULL, N_POINTS, CLIP_WIDTH, CLIP_HEIGHT);
            tally_face(&tally, &difference);
        }
    }
    return tally;
}

static void run(bool rgb24, const Start *starts, MienResult **results)
{
    MienEngine *engine = open_engine(MIEN_MODE_VIDEO, MESH, DETECTOR, 1, MIEN_CPU_ALL);
    run_clip(engine, rgb24, starts, 1, results);
    mien_engine_destroy(engine);
}

static void yuv_clip_equals_rgb(void **state)
{
    (void)state;
    MienResult *rgb[N_FRAMES], *steps[N_FRAMES], *yuv[N_FRAMES];
    Start starts[N_FRAMES];
    run(true, NULL, rgb);
    starts_from_results(rgb, starts);
    run(false, starts, steps);
    run(false, NULL, yuv);
    Tally step = compare_results(steps, rgb, N_FRAMES);
    Tally before = compare_results(yuv, rgb, CUT);
    Tally whole = compare_results(yuv, rgb, N_FRAMES);
    tally_print("clip as YUV, each frame from the state of RGB", &step);
    tally_print("clip as YUV, free, before the cut", &before);
    tally_print("clip as YUV, free, whole clip", &whole);
    assert_true(step.n_agreeing >= MIN_AGREEING);
    assert_true(tally_mean(&step) <= BOUND_MEAN);
    assert_true(before.n_agreeing * 100 >= before.n_frames * 97);
    assert_true(tally_mean(&before) <= BOUND_MEAN);
    free_results(rgb);
    free_results(steps);
    free_results(yuv);
}

/* Full-range BT.601, chroma averaged over 2 x 2 pixels. Free planes[0] with free(). */
static MienImage make_i420(const uint8_t *rgb, int32_t width, int32_t height)
{
    int32_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    size_t luma = (size_t)width * (size_t)height;
    size_t chroma = (size_t)half_width * (size_t)half_height;
    uint8_t *pixels = calloc(luma + 2 * chroma, 1);
    assert_non_null(pixels);
    for (size_t i = 0; i < luma; i++)
        pixels[i] =
            (uint8_t)lrint(0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2]);
    for (int32_t y = 0; y < half_height; y++) {
        for (int32_t x = 0; x < half_width; x++) {
            double sum[3] = {0}, n = 0;
            for (int32_t v = 2 * y; v < 2 * y + 2 && v < height; v++)
                for (int32_t u = 2 * x; u < 2 * x + 2 && u < width; u++, n++)
                    for (int c = 0; c < 3; c++)
                        sum[c] += rgb[3 * ((size_t)v * (size_t)width + (size_t)u) + (size_t)c];
            double r = sum[0] / n, g = sum[1] / n, b = sum[2] / n;
            double y_mean = 0.299 * r + 0.587 * g + 0.114 * b;
            size_t at = luma + (size_t)y * (size_t)half_width + (size_t)x;
            pixels[at] = (uint8_t)lrint(fmin(255, 128 + (b - y_mean) / 1.772));
            pixels[at + chroma] = (uint8_t)lrint(fmin(255, 128 + (r - y_mean) / 1.402));
        }
    }
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_I420, width, height, pixels, width);
    image.color_range = MIEN_RANGE_FULL;
    image.strides_bytes[1] = image.strides_bytes[2] = half_width;
    return image;
}

/* Chroma between its samples, at a place in units of samples. */
static double interpolate(const uint8_t *plane, int32_t width, int32_t height, double x, double y)
{
    x = fmin(fmax(x, 0), width - 1);
    y = fmin(fmax(y, 0), height - 1);
    int32_t x0 = (int32_t)x, y0 = (int32_t)y;
    int32_t x1 = x0 + 1 < width ? x0 + 1 : x0, y1 = y0 + 1 < height ? y0 + 1 : y0;
    const uint8_t *top = plane + (ptrdiff_t)y0 * width, *bottom = plane + (ptrdiff_t)y1 * width;
    double u = x - x0, v = y - y0;
    return (1 - v) * ((1 - u) * top[x0] + u * top[x1]) +
           v * ((1 - u) * bottom[x0] + u * bottom[x1]);
}

static uint8_t to_byte(double value)
{
    return (uint8_t)lrint(fmin(fmax(value, 0), 255));
}

/* What a good converter makes of that: chroma interpolated, all in double. */
static void make_rgb(const MienImage *yuv, uint8_t *rgb)
{
    int32_t half_width = (yuv->width + 1) / 2, half_height = (yuv->height + 1) / 2;
    for (int32_t y = 0; y < yuv->height; y++) {
        for (int32_t x = 0; x < yuv->width; x++, rgb += 3) {
            double u = (x - 0.5) / 2, v = (y - 0.5) / 2;
            double luma = yuv->planes[0][(ptrdiff_t)y * yuv->width + x];
            double cb = interpolate(yuv->planes[1], half_width, half_height, u, v) - 128;
            double cr = interpolate(yuv->planes[2], half_width, half_height, u, v) - 128;
            rgb[0] = to_byte(luma + 1.402 * cr);
            rgb[1] = to_byte(luma - (0.114 * 1.772 * cb + 0.299 * 1.402 * cr) / 0.587);
            rgb[2] = to_byte(luma + 1.772 * cb);
        }
    }
}

static MienResult *process(MienEngine *engine, const MienImage *image)
{
    const MienResult *result;
    MienResult *clone;
    if (mien_engine_process(engine, image, 0, &result) != MIEN_OK)
        fail_msg("%s", mien_engine_message(engine));
    assert_int_equal(mien_result_clone(result, &clone), MIEN_OK);
    return clone;
}

static int check_picture(const char *file, const MienImage *rgb, const MienImage *yuv)
{
    assert_int_equal(yuv->format, MIEN_PIXEL_I420);
    MienEngine *engine = open_engine(MIEN_MODE_IMAGE, MESH, DETECTOR, 4, MIEN_CPU_ALL);
    MienResult *want = process(engine, rgb), *got = process(engine, yuv);
    float points[2 * N_POINTS];
    size_t n = mien_result_n_faces(want);
    assert_int_equal(mien_result_n_faces(got), n);
    for (size_t i = 0; i < n; i++) {
        face_points(mien_result_face(want, i), NULL, N_POINTS, points);
        Difference d = compare_face(nearest_face(got, points, NULL, N_POINTS), points, NULL,
                                    N_POINTS, rgb->width, rgb->height);
        printf("%s as I420, face %zu: mean %.4f%%, worst %.4f%% of the eye distance\n", file, i,
               100 * d.mean, 100 * d.worst);
        if (!(d.mean <= BOUND_MEAN))
            fail_msg("%s: face %zu is off by %g in the mean", file, i, d.mean);
    }
    mien_result_destroy(want);
    mien_result_destroy(got);
    mien_engine_destroy(engine);
    return (int)n;
}

static void yuv_pictures_equal_rgb(void **state)
{
    (void)state;
    static const char *const files[] = {
        "aflw-test.jpg",          "alex-lacamoire.png", "astronaut.png", "grass.jpg",
        "lin-manuel-miranda.png", "obama-1080p.jpg",    "obama.jpg",     "obama2.jpg",
        "two_people.jpg"};
    int n_faces = 0;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        int width, height;
        uint8_t *pixels = golden_picture(files[i], NULL, &width, &height);
        MienImage rgb, yuv = make_i420(pixels, width, height);
        make_rgb(&yuv, pixels);
        mien_image_init(&rgb, MIEN_PIXEL_RGB24, width, height, pixels, 0);
        n_faces += check_picture(files[i], &rgb, &yuv);
        free((void *)(uintptr_t)yuv.planes[0]);
        free(pixels);
    }
    assert_true(n_faces >= 8);
}

static MienMediaFrame *read_jpeg(bool rgb24)
{
    MienMediaReaderOptions options;
    mien_media_reader_options_init(&options);
    options.rgb24 = rgb24;
    MienMediaReader *reader;
    MienMediaFrame *frame = NULL;
    MienError error = {0};
    if (mien_media_reader_open(test_need_data("testdata/aflw-test.jpg"), &options, &reader,
                               &error) != MIEN_OK ||
        mien_media_reader_read(reader, &frame, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    mien_media_reader_destroy(reader);
    return frame;
}

/* The one JPEG of the test data that holds 4:2:0, both ways as libmien-media reads it. */
static void jpeg_as_stored_equals_rgb(void **state)
{
    (void)state;
    MienMediaFrame *rgb = read_jpeg(true), *yuv = read_jpeg(false);
    assert_int_equal(check_picture("aflw-test.jpg as stored", mien_media_frame_image(rgb),
                                   mien_media_frame_image(yuv)),
                     1);
    mien_media_frame_destroy(rgb);
    mien_media_frame_destroy(yuv);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(yuv_clip_equals_rgb),
                                              cmocka_unit_test(yuv_pictures_equal_rgb),
                                              cmocka_unit_test(jpeg_as_stored_equals_rgb)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
