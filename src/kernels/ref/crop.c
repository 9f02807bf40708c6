/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crop: for each destination pixel the source position in 1/32 pixel from the map, four taps as
 * 8-bit RGB, bilinear weights in integers, one rounding to 8 bits, then the value range in float.
 * Source: docs/formulas.md, "Crop".
 */
#include "kernels/ref/ref.h"

typedef struct Rgb {
    int32_t r, g, b;
} Rgb;

/* Reads one pixel; x, y lie inside the picture. */
typedef Rgb (*TapFn)(const MieniView *view, int32_t x, int32_t y);

static const uint8_t *row_of(const MieniView *view, int plane, int32_t y)
{
    return view->image.planes[plane] + y * view->image.strides_bytes[plane];
}

static inline Rgb tap_rgb24(const MieniView *view, int32_t x, int32_t y)
{
    const uint8_t *p = row_of(view, 0, y) + 3 * x;
    return (Rgb){p[0], p[1], p[2]};
}

static inline Rgb tap_bgr24(const MieniView *view, int32_t x, int32_t y)
{
    const uint8_t *p = row_of(view, 0, y) + 3 * x;
    return (Rgb){p[2], p[1], p[0]};
}

static inline Rgb tap_rgba32(const MieniView *view, int32_t x, int32_t y)
{
    const uint8_t *p = row_of(view, 0, y) + 4 * x;
    return (Rgb){p[0], p[1], p[2]};
}

static inline Rgb tap_bgra32(const MieniView *view, int32_t x, int32_t y)
{
    const uint8_t *p = row_of(view, 0, y) + 4 * x;
    return (Rgb){p[2], p[1], p[0]};
}

static inline Rgb tap_gray8(const MieniView *view, int32_t x, int32_t y)
{
    int32_t value = row_of(view, 0, y)[x];
    return (Rgb){value, value, value};
}

static inline int32_t clip8(int32_t value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* Compilers shift negative numbers arithmetically; the formulas in view.h count on it. */
static inline Rgb convert(const MieniView *view, int32_t luma, int32_t u, int32_t v)
{
    int32_t l = view->y_gain * (luma - view->y_offset) + (1 << 15);
    u -= 128;
    v -= 128;
    return (Rgb){clip8((l + view->r_v * v) >> 16), clip8((l + view->g_u * u + view->g_v * v) >> 16),
                 clip8((l + view->b_u * u) >> 16)};
}

static inline Rgb tap_nv12(const MieniView *view, int32_t x, int32_t y)
{
    const uint8_t *chroma = row_of(view, 1, y >> 1) + (x >> 1) * 2;
    return convert(view, row_of(view, 0, y)[x], chroma[0], chroma[1]);
}

static inline Rgb tap_i420(const MieniView *view, int32_t x, int32_t y)
{
    return convert(view, row_of(view, 0, y)[x], row_of(view, 1, y >> 1)[x >> 1],
                   row_of(view, 2, y >> 1)[x >> 1]);
}

static inline Rgb bordered(const MieniView *view, MieniBorder border, TapFn tap, int32_t x,
                           int32_t y)
{
    int32_t right = view->image.width - 1, bottom = view->image.height - 1;
    int32_t inside_x = x < 0 ? 0 : x > right ? right : x;
    int32_t inside_y = y < 0 ? 0 : y > bottom ? bottom : y;
    if (border == MIENI_BORDER_ZERO && (inside_x != x || inside_y != y))
        return (Rgb){0, 0, 0};
    return tap(view, inside_x, inside_y);
}

static inline int32_t blend(int32_t top_left, int32_t top_right, int32_t bottom_left,
                            int32_t bottom_right, int32_t fx, int32_t fy)
{
    int32_t top = (32 - fx) * top_left + fx * top_right;
    int32_t bottom = (32 - fx) * bottom_left + fx * bottom_right;
    return ((32 - fy) * top + fy * bottom + 512) >> 10;
}

/* One destination row. Inlined once a format, so that the tap is no call. */
static inline void crop_row(const MieniView *view, const MieniCrop *crop, TapFn tap,
                            const MieniPlane *out, int32_t row)
{
    for (int32_t column = 0; column < crop->width; column++) {
        int32_t x = mieni_crop_round(mieni_crop_position(crop, crop->x, column, row), crop->shift);
        int32_t y = mieni_crop_round(mieni_crop_position(crop, crop->y, column, row), crop->shift);
        int32_t fx = x & 31, fy = y & 31;
        x >>= 5;
        y >>= 5;
        Rgb a = bordered(view, crop->border, tap, x, y);
        Rgb b = bordered(view, crop->border, tap, x + 1, y);
        Rgb c = bordered(view, crop->border, tap, x, y + 1);
        Rgb d = bordered(view, crop->border, tap, x + 1, y + 1);
        float *to = mieni_plane_at(out, row, column);
        to[0] = mieni_crop_value(crop, blend(a.r, b.r, c.r, d.r, fx, fy));
        to[1] = mieni_crop_value(crop, blend(a.g, b.g, c.g, d.g, fx, fy));
        to[2] = mieni_crop_value(crop, blend(a.b, b.b, c.b, d.b, fx, fy));
        for (ptrdiff_t lane = 3; lane < out->pixel_stride; lane++)
            to[lane] = 0.0f;
    }
}

void mieni_crop_ref(const MieniView *view, const MieniCrop *crop, const MieniPlane *out,
                    int32_t row_begin, int32_t row_end)
{
#define CROP_ROWS(format, tap)                                                                     \
    case format:                                                                                   \
        for (int32_t row = row_begin; row < row_end; row++)                                        \
            crop_row(view, crop, tap, out, row);                                                   \
        break;
    switch (view->image.format) {
        CROP_ROWS(MIEN_PIXEL_RGB24, tap_rgb24)
        CROP_ROWS(MIEN_PIXEL_BGR24, tap_bgr24)
        CROP_ROWS(MIEN_PIXEL_RGBA32, tap_rgba32)
        CROP_ROWS(MIEN_PIXEL_BGRA32, tap_bgra32)
        CROP_ROWS(MIEN_PIXEL_GRAY8, tap_gray8)
        CROP_ROWS(MIEN_PIXEL_NV12, tap_nv12)
        CROP_ROWS(MIEN_PIXEL_I420, tap_i420)
    }
#undef CROP_ROWS
}
