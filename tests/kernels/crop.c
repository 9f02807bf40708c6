/* SPDX-License-Identifier: Apache-2.0 */
/* crop: every format, border rule and direction, maps inside, across and far outside the picture.
 */
#include "cases.h"

#include <math.h>

/* Sometimes bottom up. */
static ptrdiff_t random_stride(Test *test, int32_t row_bytes)
{
    ptrdiff_t stride = row_bytes + random_below(test, 2) * random_below(test, 9);
    return random_below(test, 4) == 0 ? -stride : stride;
}

/* A plane of random bytes. Nothing lies behind the last pixel. */
static void fill_plane(Test *test, MienImage *image, int plane, int32_t row_bytes, int32_t rows,
                       ptrdiff_t stride)
{
    size_t before = (size_t)((rows - 1) * (stride < 0 ? -stride : stride));
    uint8_t *bytes = test_alloc(test, before + (size_t)row_bytes, 1);

    for (size_t i = 0; i < before + (size_t)row_bytes; i++)
        bytes[i] = (uint8_t)random_below(test, 256);
    image->planes[plane] = stride < 0 ? bytes + before : bytes;
    image->strides_bytes[plane] = stride;
}

static MieniView random_picture(Test *test, MienPixelFormat format, int32_t width, int32_t height)
{
    /* Two matrices, and two that no picture has, whose factors have other signs and sizes. */
    static const int32_t yuv[4][6] = {{16, 76309, 104597, -25675, -53279, 132201},
                                      {0, 65536, 103206, -12276, -30679, 121609},
                                      {16, 76309, -104597, 25675, 53279, -132201},
                                      {0, 123456, 104597, -25675, -53279, 132201}};
    const int32_t *c =
        yuv[random_below(test, 8) == 0 ? random_below(test, 4) : random_below(test, 2)];
    MieniView view = {.image = {.struct_size = sizeof(MienImage),
                                .format = format,
                                .width = width,
                                .height = height},
                      .upright_width = width,
                      .upright_height = height,
                      .y_offset = c[0],
                      .y_gain = c[1],
                      .r_v = c[2],
                      .g_u = c[3],
                      .g_v = c[4],
                      .b_u = c[5]};
    int32_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    ptrdiff_t half_stride = random_stride(test, half_width);

    switch (format) {
    case MIEN_PIXEL_RGB24:
    case MIEN_PIXEL_BGR24:
        fill_plane(test, &view.image, 0, 3 * width, height, random_stride(test, 3 * width));
        break;
    case MIEN_PIXEL_RGBA32:
    case MIEN_PIXEL_BGRA32:
        fill_plane(test, &view.image, 0, 4 * width, height, random_stride(test, 4 * width));
        break;
    case MIEN_PIXEL_GRAY8:
        fill_plane(test, &view.image, 0, width, height, random_stride(test, width));
        break;
    case MIEN_PIXEL_NV12:
        fill_plane(test, &view.image, 0, width, height, random_stride(test, width));
        fill_plane(test, &view.image, 1, 2 * half_width, half_height,
                   random_stride(test, 2 * half_width));
        break;
    case MIEN_PIXEL_I420:
        fill_plane(test, &view.image, 0, width, height, random_stride(test, width));
        fill_plane(test, &view.image, 1, half_width, half_height, half_stride);
        if (random_below(test, 4) == 0)
            half_stride = random_stride(test, half_width);
        fill_plane(test, &view.image, 2, half_width, half_height, half_stride);
        break;
    }
    return view;
}

/* A position in 2^-shift of 1/32 pixel. */
static int64_t position(Test *test, int32_t shift, double low, double high)
{
    double pixels = low + (high - low) * (double)random_float(test, 0.0f, 1.0f);
    return (int64_t)(pixels * 32.0 * (double)(INT64_C(1) << shift));
}

/* Terms of x or y: up to 2.5 pixels a step, and squares that bend a row by some pixels. */
static void random_terms(Test *test, int32_t shift, int64_t terms[MIENI_CROP_TERMS], double low,
                         double high, double step, int32_t side)
{
    double bend = random_bool(test) ? 4.0 / side / side : 0.0;
    terms[0] = position(test, shift, low, high);
    for (int i = 1; i < 6; i++)
        terms[i] = i < 3 ? position(test, shift, -step, step) : position(test, shift, -bend, bend);
    if (random_below(test, 4) == 0) { /* whole pixels, for exact ties and edges */
        const int64_t unit = INT64_C(32) << shift;
        for (int i = 0; i < 6; i++)
            terms[i] = terms[i] / unit * unit;
        terms[0] += random_bool(test) ? unit / 2 : INT64_C(1) << (shift - 1);
    }
}

/* A turned square, or nearly one, that mostly lies inside the picture: how faces lie. */
static void place_inside(Test *test, MieniCrop *crop, int32_t width, int32_t height, int32_t side)
{
    double angle = (double)random_float(test, -3.2f, 3.2f);
    double pixels = 32.0 * (double)(INT64_C(1) << crop->shift);
    double step = (double)random_float(test, 0.05f, 0.8f) * MIENI_MIN(width, height) / side;
    double step_x = step * cos(angle), step_y = step * sin(angle);
    double x = width * (double)random_float(test, 0.3f, 0.7f);
    double y = height * (double)random_float(test, 0.3f, 0.7f);
    double half = 0.5 * side;
    crop->x[0] = (int64_t)((x - half * (step_x - step_y)) * pixels);
    crop->x[1] = (int64_t)(step_x * pixels);
    crop->x[2] = (int64_t)(-step_y * pixels);
    crop->y[0] = (int64_t)((y - half * (step_x + step_y)) * pixels);
    crop->y[1] = (int64_t)(step_y * pixels);
    crop->y[2] = (int64_t)(step_x * pixels);
}

/* Rows whose ends lie inside while their middle bends over the picture's edge. */
static void place_bent(Test *test, MieniCrop *crop, int32_t width, int32_t height, int32_t side)
{
    double pixels = 32.0 * (double)(INT64_C(1) << crop->shift);
    double n = MIENI_MAX(side - 1, 1), bend = 4.0 * (double)random_float(test, 3.0f, 6.0f) / n;
    bool over_right = random_bool(test);
    int64_t *bent = over_right ? crop->x : crop->y, *other = over_right ? crop->y : crop->x;
    memset(crop->x, 0, sizeof(crop->x));
    memset(crop->y, 0, sizeof(crop->y));
    bent[0] = (int64_t)(((over_right ? width : height) - 5) * pixels);
    bent[1] = (int64_t)(bend * pixels);
    bent[3] = (int64_t)(-bend / n * pixels);
    other[0] = (int64_t)(0.2 * (over_right ? height : width) * pixels);
    other[1] = (int64_t)(0.5 * (over_right ? height : width) / n * pixels);
}

/* Half units: ties that go up, and ties that go down. */
static void make_ties(MieniCrop *crop)
{
    const int64_t half = INT64_C(1) << (crop->shift - 1);
    for (int i = 0; i < MIENI_CROP_TERMS; i++) {
        crop->x[i] = crop->x[i] / half * half;
        crop->y[i] = crop->y[i] / half * half;
    }
}

static MieniCrop random_map(Test *test, int32_t width, int32_t height, int32_t side)
{
    MieniCrop crop = {.border = random_bool(test) ? MIENI_BORDER_ZERO : MIENI_BORDER_REPLICATE};
    double step = 2.5 * (double)(width + height) / (2.0 * side);
    double reach = random_below(test, 6) == 0 ? 4e6 : 0.0; /* far outside */
    /* The farther, the less bits are left. */
    crop.shift = MIENI_CROP_MIN_SHIFT;
    if (reach == 0.0)
        crop.shift += random_below(test, MIENI_CROP_MAX_SHIFT - MIENI_CROP_MIN_SHIFT + 1);
    double low = -0.3 * width - reach, high = 1.1 * height + reach;
    random_terms(test, crop.shift, crop.x, low, high, step, side);
    random_terms(test, crop.shift, crop.y, low, high, step, side);
    if (random_below(test, 3) == 0)
        place_inside(test, &crop, width, height, side);
    else if (random_below(test, 6) == 0)
        place_bent(test, &crop, width, height, side);
    if (random_below(test, 4) == 0)
        make_ties(&crop);
    if (random_below(test, 3) == 0) { /* ties go either way, along either side */
        int64_t nudge = position(test, crop.shift, -0.1, 0.1);
        bool is_turned = random_bool(test);
        *(is_turned ? &crop.y[6] : &crop.x[6]) = nudge;
        *(is_turned ? &crop.x[7] : &crop.y[7]) = -nudge;
        for (int i = 0; i < MIENI_CROP_MAX_TIES / 32; i++) {
            crop.column_ties[i] = (uint32_t)random_below(test, 1 << 16) * 65537u;
            crop.row_ties[i] = (uint32_t)random_below(test, 1 << 16) * 40503u;
        }
    }
    bool signed_range = random_bool(test);
    mieni_crop_set_range(&crop, (signed_range ? 2.0f : 1.0f) / 255.0f, signed_range ? -1.0f : 0.0f,
                         random_bool(test));
    return crop;
}

static void crop_case(Test *test, MienPixelFormat format, int32_t width, int32_t height,
                      int32_t out_width, int32_t out_height)
{
    static const int32_t strides[] = {3, 3, 4, 8};
    int32_t begin = random_below(test, out_height);
    int32_t end = random_between(test, begin + 1, out_height);
    if (random_bool(test)) {
        begin = 0;
        end = out_height;
    }
    MieniCrop crop = random_map(test, width, height, MIENI_MAX(out_width, out_height));
    crop.width = out_width;
    crop.height = out_height;
    Layout layout = {strides[random_below(test, 4)], random_below(test, 3), 0};
    case_begin(test, "format %d %dx%d to %dx%d stride %d border %d rows %d-%d", (int)format, width,
               height, out_width, out_height, layout.pixel_stride, (int)crop.border, begin, end);

    MieniView view = random_picture(test, format, width, height);
    TestPlane out = plane_make(test, out_height, out_width, 3, layout, FILL_POISON);
    TestPlane want = plane_make(test, out_height, out_width, 3, layout_tight(3), FILL_POISON);
    test->ref->crop(&view, &crop, &want.plane, 0, out_height);
    test->tested->crop(&view, &crop, &out.plane, begin, end);
    plane_check(test, &out, (Written){begin, end, 0, 3}, want.block, EXACT);
    case_end(test);
}

void prepare_crop(Test *test, MienPixelFormat format, MieniView *view, MieniCrop *crop,
                  MieniPlane *out)
{
    const double pixels = 32.0 * (double)(INT64_C(1) << MIENI_CROP_MAX_SHIFT);
    const int64_t across = (int64_t)(0.95 * 2.2 * pixels), along = (int64_t)(0.31 * 2.2 * pixels);
    do
        *view = random_picture(test, format, 1280, 720);
    while (format == MIEN_PIXEL_I420 &&
           view->image.strides_bytes[1] != view->image.strides_bytes[2]);
    *crop = (MieniCrop){.x = {(int64_t)(500 * pixels), across, -along},
                        .y = {(int64_t)(200 * pixels), along, across},
                        .shift = MIENI_CROP_MAX_SHIFT,
                        .width = 192,
                        .height = 192,
                        .border = MIENI_BORDER_REPLICATE};
    mieni_crop_set_range(crop, 1.0f / 255.0f, 0, true);
    *out = plane_make(test, 192, 192, 3, (Layout){3, 1, 0}, FILL_POISON).plane;
}

void test_crop(Test *test)
{
    for (int32_t format = MIEN_PIXEL_RGB24; format <= MIEN_PIXEL_I420; format++) {
        for (int i = 0; i < 80; i++)
            crop_case(test, (MienPixelFormat)format, random_between(test, 1, 40),
                      random_between(test, 1, 40), random_between(test, 1, 35),
                      random_between(test, 1, 12));
        for (int i = 0; i < 20; i++)
            crop_case(test, (MienPixelFormat)format, random_between(test, 40, 200),
                      random_between(test, 40, 200), random_between(test, 8, 300),
                      random_between(test, 1, 12));
        for (int i = 0; i < 20; i++) /* so many rows that lines are asked for ahead */
            crop_case(test, (MienPixelFormat)format, random_between(test, 1, 100),
                      random_between(test, 1, 100), random_between(test, 1, 70),
                      random_between(test, 17, 70));
        for (int i = 0; i < 40; i++) /* whole vectors, mostly inside */
            crop_case(test, (MienPixelFormat)format, random_between(test, 60, 300),
                      random_between(test, 60, 300), 16 * random_between(test, 1, 17),
                      random_between(test, 1, 8));
        crop_case(test, (MienPixelFormat)format, 1, 1, 192, 192);
        crop_case(test, (MienPixelFormat)format, 321, 243, 128, 128);
        crop_case(test, (MienPixelFormat)format, 1280, 720, 192, 192);
    }
}
