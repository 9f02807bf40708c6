/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a rectangle to a few integers. Positions are computed in float32 exactly where MediaPipe
 * does so (rectangle in pixels, letterbox, corners), in double from there, and in integers once
 * they are rounded. Source: docs/formulas.md, "Crop".
 */
#include "image/crop.h"

#include "base/trig.h"
#include "image/warp.h"

/* Bound of the terms' absolute values over the crop, and of the picture's sides, which turning the
 * picture adds: no sum leaves 63 bits. It lets positions go as far as 2^24 pixels from the
 * picture. */
#define MAX_POSITION 0x1p61

/* A homography is taken for one whose perspective is a rounding error up to here, over the crop. */
#define MAX_PERSPECTIVE 0.125

/* A tie is moved by 2^-20 of 1/32 pixel: by more than coefficients are off, by less than matters
 * anywhere else. */
#define TIE_SHIFT 20

/* Grows the shorter side until the rectangle has the crop's aspect ratio. */
static void keep_aspect(MieniRect *rect, const MieniCropSpec *spec)
{
    float want = (float)spec->height / (float)spec->width;
    float have = rect->height / rect->width;
    if (want > have)
        rect->height = rect->width * want;
    else
        rect->width = rect->height / want;
}

/* The corners in float32, as OpenCV's RotatedRect makes them for MediaPipe. */
static MieniCorners corners_of(const MieniRect *rect, bool as_opencv5)
{
    /* MediaPipe hands the angle over in degrees, as float. */
    float degrees = (float)(rect->rotation * 180.0f / MIENI_PI);
    double sine, cosine;
    mieni_sincos((double)degrees * MIENI_PI / 180.0, &sine, &cosine);
    float a = (float)sine * 0.5f, b = (float)cosine * 0.5f;
    float w = rect->width, h = rect->height;
    float x = rect->cx, y = rect->cy;
    MieniCorners c = {.bottom_left = {x - a * h - b * w, y + b * h - a * w},
                      .top_left = {x + a * h - b * w, y - b * h - a * w},
                      .top_right = {x + a * h + b * w, y - b * h + a * w},
                      .bottom_right = {x - a * h + b * w, y + b * h + a * w}};
    if (!as_opencv5) {
        c.top_right[0] = 2 * x - c.bottom_left[0];
        c.top_right[1] = 2 * y - c.bottom_left[1];
        c.bottom_right[0] = 2 * x - c.top_left[0];
        c.bottom_right[1] = 2 * y - c.top_left[1];
    }
    return c;
}

/* What follows of a coordinate's numerator n and the denominator d, both divided by d[2], up to the
 * second order: the cubes are less than a rounding error of the homography itself. */
static void expand(const double n[3], const double d[2], double terms[MIENI_CROP_TERMS])
{
    double across = n[0] - n[2] * d[0], down = n[1] - n[2] * d[1];
    const double all[MIENI_CROP_TERMS] = {
        n[2], across, down, -across * d[0], -(across * d[1] + down * d[0]), -down * d[1]};
    memcpy(terms, all, sizeof(all));
}

/* False if the perspective is more than a rounding error. */
static bool expand_warp(const MieniWarp *warp, double x[MIENI_CROP_TERMS],
                        double y[MIENI_CROP_TERMS])
{
    double m[8];
    for (int i = 0; i < 8; i++)
        m[i] = warp->m[i] / warp->m[8];
    double sum = m[6] * warp->width, other = m[7] * warp->height;
    sum = (sum < 0 ? -sum : sum) + (other < 0 ? -other : other);
    if (!(sum < MAX_PERSPECTIVE)) /* true for NaN */
        return false;
    expand(&m[0], &m[6], x);
    expand(&m[3], &m[6], y);
    return true;
}

/* The nearest affine map takes the mean of opposite sides and meets the corners' mean in the
 * middle. For rectangles so small that float32 leaves no shape of their corners. */
static void fit(const MieniCorners *c, int axis, const MieniCropSpec *spec,
                double terms[MIENI_CROP_TERMS])
{
    double top_left = (double)c->top_left[axis], top_right = (double)c->top_right[axis];
    double bottom_left = (double)c->bottom_left[axis], bottom_right = (double)c->bottom_right[axis];
    double across = ((top_right - top_left) + (bottom_right - bottom_left)) * 0.5;
    double down = ((bottom_left - top_left) + (bottom_right - top_right)) * 0.5;
    double twice_middle = ((top_left + bottom_right) + (top_right + bottom_left)) * 0.5;
    const double all[MIENI_CROP_TERMS] = {(twice_middle - (across + down)) * 0.5,
                                          across / spec->width, down / spec->height};
    memcpy(terms, all, sizeof(all));
}

static double units_per_pixel(int32_t shift)
{
    return 32.0 * (double)(INT64_C(1) << shift);
}

/* Rounded half away from zero, so that a turned picture's coefficients are exact negatives. */
static int64_t to_fixed(double pixels, int32_t shift)
{
    double units = pixels * units_per_pixel(shift);
    return (int64_t)(units + (units < 0 ? -0.5 : 0.5));
}

/* Bound of a coordinate's terms over the crop, in pixels. */
static double reach_of(const double terms[MIENI_CROP_TERMS], const MieniCropSpec *spec)
{
    double w = spec->width, h = spec->height;
    const double most[MIENI_CROP_TERMS] = {1, w, h, w * w, w * h, h * h};
    double sum = 0;
    for (int i = 0; i < MIENI_CROP_TERMS; i++)
        sum += (terms[i] < 0 ? -terms[i] : terms[i]) * most[i];
    return sum;
}

/* The largest shift that leaves room for such positions; 0 if there is none or NaN. */
static int32_t shift_for(double reach)
{
    int32_t shift = MIENI_CROP_MAX_SHIFT;
    while (shift >= MIENI_CROP_MIN_SHIFT && !(reach * units_per_pixel(shift) < MAX_POSITION))
        shift--;
    return shift < MIENI_CROP_MIN_SHIFT ? 0 : shift;
}

static bool is_upright(const MieniCorners *c)
{
    return c->top_left[1] == c->top_right[1] && c->bottom_left[1] == c->bottom_right[1] &&
           c->top_left[0] == c->bottom_left[0] && c->top_right[0] == c->bottom_right[0];
}

/* Of a position: below 2^29, as the shift leaves room for it. */
static int64_t round_half_even(double value)
{
    int64_t whole = (int64_t)value - (value < 0); /* at most value, and less than 2 below it */
    double rest = value - (double)whole;
    if (rest >= 1) {
        whole++;
        rest -= 1;
    }
    return whole + (rest > 0.5 || (rest >= 0.5 && whole % 2 != 0));
}

/*
 * Where a side of an upright crop has positions half-way between two steps, as the letterbox of a
 * picture 1137 pixels wide has at every fourth column, finds out which way OpenCV rounds them in
 * the middle of the other side, sets the bits of those that go up, and moves all others down.
 */
static void break_ties(int64_t terms[MIENI_CROP_TERMS], int64_t *tie_term, int32_t shift,
                       const MieniWarp *warp, bool is_column, uint32_t *bits)
{
    const int64_t nudge = INT64_C(1) << (shift - TIE_SHIFT);
    const int64_t half = INT64_C(1) << (shift - 1);
    int32_t n = is_column ? warp->width : warp->height, n_ties = 0;
    for (int32_t at = 0; at < n; at++) {
        int32_t column = is_column ? at : warp->width / 2, row = is_column ? warp->height / 2 : at;
        int64_t there = mieni_crop_sum(terms, column, row) + half;
        int64_t below = (there - nudge) >> shift, above = (there + nudge) >> shift;
        if (below == above)
            continue;
        double position[2];
        mieni_warp_position(warp, column, row, position);
        n_ties++;
        if (round_half_even(position[is_column ? 0 : 1]) == above)
            bits[at / 32] |= UINT32_C(1) << at % 32;
    }
    if (n_ties == 0)
        return;
    terms[0] -= nudge;
    *tie_term = 2 * nudge;
}

/*
 * Turns positions of the upright picture into positions of the stored one, which `rotation_degrees`
 * clockwise would make upright. All in integers: a turned picture gives the very same crop.
 */
static void fold_rotation(MieniCrop *crop, const MienImage *image)
{
    const int64_t unit = INT64_C(32) << crop->shift;
    for (int i = 0; i < MIENI_CROP_TERMS; i++) {
        int64_t right = i == 0 ? (image->width - 1) * unit : 0;
        int64_t bottom = i == 0 ? (image->height - 1) * unit : 0;
        int64_t x = crop->x[i], y = crop->y[i];
        switch (image->rotation_degrees) {
        case 90: /* x = Y, y = bottom - X */
            crop->x[i] = y;
            crop->y[i] = bottom - x;
            break;
        case 180:
            crop->x[i] = right - x;
            crop->y[i] = bottom - y;
            break;
        case 270: /* x = right - Y, y = X */
            crop->x[i] = right - y;
            crop->y[i] = x;
            break;
        default:
            break;
        }
    }
}

MienStatus mieni_crop_init(MieniCrop *crop, const MieniView *view, const MieniRect *rect,
                           const MieniCropSpec *spec)
{
    float width = (float)view->upright_width, height = (float)view->upright_height;
    MieniRect pixels = {rect->cx * width, rect->cy * height, rect->width * width,
                        rect->height * height, rect->rotation};
    if (spec->width < 1 || spec->height < 1 || !(pixels.width > 0) || !(pixels.height > 0))
        return MIEN_E_ARGUMENT;
    if (spec->keep_aspect)
        keep_aspect(&pixels, spec);

    MieniCorners corners = corners_of(&pixels, spec->as_opencv5);
    MieniWarp warp;
    double x[MIENI_CROP_TERMS], y[MIENI_CROP_TERMS];
    bool is_warp =
        mieni_warp_init(&warp, &corners, spec->width, spec->height) && expand_warp(&warp, x, y);
    if (!is_warp) {
        fit(&corners, 0, spec, x);
        fit(&corners, 1, spec, y);
    }
    int32_t shift = MIENI_MIN(shift_for(reach_of(x, spec)), shift_for(reach_of(y, spec)));
    shift = MIENI_MIN(shift, shift_for(MIENI_MAX(view->upright_width, view->upright_height)));
    if (shift == 0)
        return MIEN_E_ARGUMENT;

    *crop = (MieniCrop){.shift = shift};
    for (int i = 0; i < MIENI_CROP_TERMS; i++) {
        crop->x[i] = to_fixed(x[i], shift);
        crop->y[i] = to_fixed(y[i], shift);
    }
    if (is_warp && is_upright(&corners) && spec->width <= MIENI_CROP_MAX_TIES &&
        spec->height <= MIENI_CROP_MAX_TIES) {
        break_ties(crop->x, &crop->x[6], shift, &warp, true, crop->column_ties);
        break_ties(crop->y, &crop->y[7], shift, &warp, false, crop->row_ties);
    }
    fold_rotation(crop, &view->image);
    crop->width = spec->width;
    crop->height = spec->height;
    crop->border = spec->border;
    mieni_crop_set_range(crop, (spec->range_max - spec->range_min) / 255.0f, spec->range_min,
                         !spec->as_opencv5);
    crop->region = pixels;
    return MIEN_OK;
}
