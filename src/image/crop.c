/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a rectangle to six integers. Positions are computed in float32 exactly where MediaPipe does
 * so (rectangle in pixels, letterbox, corners), in double from there, and in integers once they
 * are rounded. Source: docs/formulas.md, "Crop".
 */
#include "image/crop.h"

#include "base/trig.h"

/* Bound of |m0| * width + |m1| * height + |m2|: no sum over the crop leaves 62 bits. It lets
 * positions go as far as 2^24 pixels from the picture. */
#define MAX_POSITION 0x1p61

/* A rectangle in pixels of the upright picture. */
typedef struct PixelRect {
    float cx, cy, width, height;
} PixelRect;

/* Grows the shorter side until the rectangle has the crop's aspect ratio. */
static void keep_aspect(PixelRect *rect, const MieniCropSpec *spec)
{
    float want = (float)spec->height / (float)spec->width;
    float have = rect->height / rect->width;
    if (want > have)
        rect->height = rect->width * want;
    else
        rect->width = rect->height / want;
}

/* A point of the picture, in double so that sums of rounded corners stay exact. */
typedef struct Point {
    double x, y;
} Point;

/*
 * The corners in float32, as OpenCV's RotatedRect makes them for MediaPipe: top left, top right,
 * bottom right, bottom left of the crop.
 */
static void find_corners(const PixelRect *rect, float rotation, Point corners[4])
{
    /* MediaPipe hands the angle over in degrees, as float. */
    float degrees = (float)(rotation * 180.0f / MIENI_PI);
    double sine, cosine;
    mieni_sincos((double)degrees * MIENI_PI / 180.0, &sine, &cosine);
    float a = (float)sine * 0.5f, b = (float)cosine * 0.5f;
    float w = rect->width, h = rect->height;
    float bottom_left_x = rect->cx - a * h - b * w, bottom_left_y = rect->cy + b * h - a * w;
    float top_left_x = rect->cx + a * h - b * w, top_left_y = rect->cy - b * h - a * w;
    corners[0] = (Point){top_left_x, top_left_y};
    corners[1] = (Point){2 * rect->cx - bottom_left_x, 2 * rect->cy - bottom_left_y};
    corners[2] = (Point){2 * rect->cx - top_left_x, 2 * rect->cy - top_left_y};
    corners[3] = (Point){bottom_left_x, bottom_left_y};
}

/*
 * Solves one coordinate for a step by a column, a step by a row, and the start. Rounding moves the
 * corners off a parallelogram by an ulp or so, and OpenCV fits a homography to them; the nearest
 * affine map takes the mean of opposite sides and meets the corners' mean in the middle.
 */
static void fit(double top_left, double top_right, double bottom_right, double bottom_left,
                const MieniCropSpec *spec, double map[3])
{
    double across = ((top_right - top_left) + (bottom_right - bottom_left)) * 0.5;
    double down = ((bottom_left - top_left) + (bottom_right - top_right)) * 0.5;
    double twice_middle = ((top_left + bottom_right) + (top_right + bottom_left)) * 0.5;
    map[0] = across / spec->width;
    map[1] = down / spec->height;
    map[2] = (twice_middle - (across + down)) * 0.5;
}

static const double units_per_pixel = 32.0 * (double)(INT64_C(1) << MIENI_CROP_SHIFT);

/* Rounded half away from zero, so that a turned picture's coefficients are exact negatives. */
static int64_t to_fixed(double pixels)
{
    double units = pixels * units_per_pixel;
    return (int64_t)(units + (units < 0 ? -0.5 : 0.5));
}

static bool in_range(const double map[3], const MieniCropSpec *spec)
{
    const double reach[3] = {map[0] * spec->width, map[1] * spec->height, map[2]};
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (reach[i] < 0 ? -reach[i] : reach[i]) * units_per_pixel;
    return sum < MAX_POSITION; /* false for NaN */
}

/*
 * Turns positions of the upright picture into positions of the stored one, which `rotation_degrees`
 * clockwise would make upright. All in integers: a turned picture gives the very same crop.
 */
static void fold_rotation(int64_t m[6], const MienImage *image)
{
    const int64_t unit = INT64_C(32) << MIENI_CROP_SHIFT;
    int64_t right = (image->width - 1) * unit, bottom = (image->height - 1) * unit;
    int64_t x[3] = {m[0], m[1], m[2]}, y[3] = {m[3], m[4], m[5]};
    for (int i = 0; i < 3; i++) {
        switch (image->rotation_degrees) {
        case 90: /* x = Y, y = bottom - X */
            m[i] = y[i];
            m[3 + i] = (i == 2 ? bottom : 0) - x[i];
            break;
        case 180:
            m[i] = (i == 2 ? right : 0) - x[i];
            m[3 + i] = (i == 2 ? bottom : 0) - y[i];
            break;
        case 270: /* x = right - Y, y = X */
            m[i] = (i == 2 ? right : 0) - y[i];
            m[3 + i] = x[i];
            break;
        default:
            break;
        }
    }
}

MienStatus mieni_crop_init(MieniCrop *crop, const MieniView *view, MieniRect *rect,
                           const MieniCropSpec *spec)
{
    float width = (float)view->upright_width, height = (float)view->upright_height;
    PixelRect pixels = {rect->cx * width, rect->cy * height, rect->width * width,
                        rect->height * height};
    if (spec->width < 1 || spec->height < 1 || !(pixels.width > 0) || !(pixels.height > 0))
        return MIEN_E_ARGUMENT;
    if (spec->keep_aspect)
        keep_aspect(&pixels, spec);

    Point p[4];
    find_corners(&pixels, rect->rotation, p);
    double x[3], y[3];
    fit(p[0].x, p[1].x, p[2].x, p[3].x, spec, x);
    fit(p[0].y, p[1].y, p[2].y, p[3].y, spec, y);
    if (!in_range(x, spec) || !in_range(y, spec))
        return MIEN_E_ARGUMENT;

    int64_t m[6];
    for (int i = 0; i < 3; i++) {
        m[i] = to_fixed(x[i]);
        m[3 + i] = to_fixed(y[i]);
    }
    fold_rotation(m, &view->image);
    memcpy(crop->m, m, sizeof(m));
    crop->width = spec->width;
    crop->height = spec->height;
    crop->border = spec->border;
    crop->scale = (spec->range_max - spec->range_min) / 255.0f;
    crop->offset = spec->range_min;
    if (spec->keep_aspect) {
        rect->width = pixels.width / width;
        rect->height = pixels.height / height;
    }
    return MIEN_OK;
}
