/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crop of ref/crop.c, bit for bit, a pixel at a time: NEON cannot gather, so the lanes are the
 * four taps of a pixel, later its three channels. A tap's weight is the product of its column's and
 * its row's, and integers may be added in any order.
 *
 * A row whose taps all lie inside the picture is the usual case and needs no clamping. Otherwise
 * taps are clamped to the picture, and with MIENI_BORDER_ZERO those outside get the weight 0. No
 * byte outside a row of the picture is read: 8 bytes at a time only where that many are left.
 */
#include "kernels/arm/neon.h"
#include "kernels/crop_prefetch.h"

/* The taps of one pixel: (x0, y0), (x1, y0), (x0, y1), (x1, y1), in this order in lanes. */
typedef struct Places {
    int32_t x0, x1, y0, y1; /* inside the picture */
    bool inside;            /* x1 == x0 + 1 and 8 bytes may be read from any tap at x0 on */
    uint8x8_t weights_x;    /* left, right, left, right, ... */
    uint32x4_t weights_y;   /* top, bottom, top, bottom */
} Places;

/* 0..255, a lane a tap. */
typedef struct Colours {
    uint8x8_t rg; /* four taps of red, four of green */
    uint8x8_t b;  /* in the low half; the high half may be anything */
} Colours;

MIENI_INLINE int32_t clamp(int32_t value, int32_t last)
{
    return value < 0 ? 0 : value > last ? last : value;
}

MIENI_INLINE Places places_of(int32_t x, int32_t y)
{
    const uint8x8_t base_x = vcreate_u8(UINT64_C(0x0020002000200020));
    const uint8x8_t sign_x = vcreate_u8(UINT64_C(0x01ff01ff01ff01ff));
    const uint32x4_t base_y = vreinterpretq_u32_u64(vdupq_n_u64(32));
    const uint32x4_t sign_y = vreinterpretq_u32_u64(vdupq_n_u64(UINT64_C(0x00000001ffffffff)));
    return (Places){.x0 = x >> 5,
                    .x1 = (x >> 5) + 1,
                    .y0 = y >> 5,
                    .y1 = (y >> 5) + 1,
                    .inside = true,
                    .weights_x = vmla_u8(base_x, vdup_n_u8((uint8_t)(x & 31)), sign_x),
                    .weights_y = vmlaq_u32(base_y, vdupq_n_u32((uint32_t)(y & 31)), sign_y)};
}

/* Lanes of all ones for true. */
MIENI_INLINE uint64_t mask_of(bool even, bool odd, uint64_t even_lanes)
{
    return (even ? even_lanes : 0) | (odd ? ~even_lanes : 0);
}

static Places clamp_places(Places p, const MienImage *image, MieniBorder border)
{
    int32_t right = image->width - 1, bottom = image->height - 1;
    Places c = p;

    c.inside = false;
    c.x0 = clamp(p.x0, right);
    c.x1 = clamp(p.x1, right);
    c.y0 = clamp(p.y0, bottom);
    c.y1 = clamp(p.y1, bottom);
    if (border == MIENI_BORDER_ZERO) {
        uint64_t x = mask_of(c.x0 == p.x0, c.x1 == p.x1, UINT64_C(0x00ff00ff00ff00ff));
        uint64_t y = mask_of(c.y0 == p.y0, c.y1 == p.y1, UINT64_C(0x00000000ffffffff));
        c.weights_x = vand_u8(c.weights_x, vcreate_u8(x));
        c.weights_y = vandq_u32(c.weights_y, vreinterpretq_u32_u64(vdupq_n_u64(y)));
    }
    return c;
}

MIENI_INLINE const uint8_t *at(const MienImage *image, int plane, int32_t y, ptrdiff_t byte)
{
    return image->planes[plane] + y * image->strides_bytes[plane] + byte;
}

/* One byte of each tap, in the four low lanes. */
MIENI_INLINE uint8x8_t byte_taps(const MienImage *image, int plane, int32_t x0, int32_t x1,
                                 int32_t y0, int32_t y1)
{
    const uint8_t *top = at(image, plane, y0, 0), *bottom = at(image, plane, y1, 0);
    uint8x8_t taps = vdup_n_u8(0);
    taps = vld1_lane_u8(top + x0, taps, 0);
    taps = vld1_lane_u8(top + x1, taps, 1);
    taps = vld1_lane_u8(bottom + x0, taps, 2);
    return vld1_lane_u8(bottom + x1, taps, 3);
}

MIENI_INLINE Colours colours_gray(const MieniView *view, const Places *p)
{
    uint8x8_t y = byte_taps(&view->image, 0, p->x0, p->x1, p->y0, p->y1);
    return (Colours){vreinterpret_u8_u32(vdup_lane_u32(vreinterpret_u32_u8(y), 0)), y};
}

/* Tap by tap, `bytes` of each, as two reads of 8 bytes would have them. */
static uint8x16_t copied_taps(const MienImage *image, const Places *p, int bytes)
{
    uint8_t taps[16] = {0};
    memcpy(taps, at(image, 0, p->y0, p->x0 * bytes), (size_t)bytes);
    memcpy(taps + bytes, at(image, 0, p->y0, p->x1 * bytes), (size_t)bytes);
    memcpy(taps + 8, at(image, 0, p->y1, p->x0 * bytes), (size_t)bytes);
    memcpy(taps + 8 + bytes, at(image, 0, p->y1, p->x1 * bytes), (size_t)bytes);
    return vld1q_u8(taps);
}

/* bytes and blue_first are constants wherever this is inlined. */
MIENI_INLINE Colours colours_packed(const MieniView *view, const Places *p, const int bytes,
                                    const bool blue_first)
{
    const MienImage *image = &view->image;
    /* Bytes 0 and `bytes` of each half of the taps, the same plus 1, and plus 2. */
    const uint64_t each = bytes == 3 ? UINT64_C(0x0b080300) : UINT64_C(0x0c080400);
    const uint64_t first = each, second = each + UINT64_C(0x01010101);
    const uint64_t third = each + UINT64_C(0x02020202);
    uint8x16_t taps;

    if (p->inside)
        taps = vcombine_u8(vld1_u8(at(image, 0, p->y0, p->x0 * bytes)),
                           vld1_u8(at(image, 0, p->y1, p->x0 * bytes)));
    else
        taps = copied_taps(image, p, bytes);
    uint64_t rg = (blue_first ? third : first) | second << 32, b = blue_first ? first : third;
    return (Colours){vqtbl1_u8(taps, vcreate_u8(rg)), vqtbl1_u8(taps, vcreate_u8(b))};
}

/* The four low bytes, less 128, as integers. */
MIENI_INLINE int32x4_t chroma_of(uint8x8_t taps)
{
    int16x8_t centred = vreinterpretq_s16_u16(vsubl_u8(taps, vdup_n_u8(128)));
    return vmovl_s16(vget_low_s16(centred));
}

/* clip8(value >> 16) of two vectors. */
MIENI_INLINE uint8x8_t clip_high(int32x4_t a, int32x4_t b)
{
    return vqmovn_u16(vcombine_u16(vqshrun_n_s32(a, 16), vqshrun_n_s32(b, 16)));
}

MIENI_INLINE Colours colours_of_yuv(const MieniView *view, uint8x8_t y_taps, uint8x8_t u_taps,
                                    uint8x8_t v_taps)
{
    uint16x4_t y = vget_low_u16(vmovl_u8(y_taps));
    int32x4_t u = chroma_of(u_taps), v = chroma_of(v_taps);
    int32x4_t l = vmlaq_n_s32(vdupq_n_s32((1 << 15) - view->y_gain * view->y_offset),
                              vreinterpretq_s32_u32(vmovl_u16(y)), view->y_gain);
    int32x4_t r = vmlaq_n_s32(l, v, view->r_v);
    int32x4_t g = vmlaq_n_s32(vmlaq_n_s32(l, u, view->g_u), v, view->g_v);
    int32x4_t b = vmlaq_n_s32(l, u, view->b_u);
    return (Colours){clip_high(r, g), clip_high(b, b)};
}

MIENI_INLINE Colours colours_i420(const MieniView *view, const Places *p)
{
    const MienImage *image = &view->image;
    int32_t x0 = p->x0 >> 1, x1 = p->x1 >> 1, y0 = p->y0 >> 1, y1 = p->y1 >> 1;
    return colours_of_yuv(view, byte_taps(image, 0, p->x0, p->x1, p->y0, p->y1),
                          byte_taps(image, 1, x0, x1, y0, y1), byte_taps(image, 2, x0, x1, y0, y1));
}

/* A pair of U and V, which may lie at any address. */
MIENI_INLINE uint16_t pair_at(const uint8_t *row, int32_t x)
{
    uint16_t pair;
    memcpy(&pair, row + 2 * (ptrdiff_t)x, sizeof(pair));
    return pair;
}

MIENI_INLINE Colours colours_nv12(const MieniView *view, const Places *p)
{
    const MienImage *image = &view->image;
    const uint8_t *top = at(image, 1, p->y0 >> 1, 0), *bottom = at(image, 1, p->y1 >> 1, 0);
    int32_t x0 = p->x0 >> 1, x1 = p->x1 >> 1;
    uint16x4_t pairs = vdup_n_u16(pair_at(top, x0));
    pairs = vset_lane_u16(pair_at(top, x1), pairs, 1);
    pairs = vset_lane_u16(pair_at(bottom, x0), pairs, 2);
    pairs = vset_lane_u16(pair_at(bottom, x1), pairs, 3);
    uint8x8_t uv = vreinterpret_u8_u16(pairs);
    return colours_of_yuv(view, byte_taps(image, 0, p->x0, p->x1, p->y0, p->y1), vuzp1_u8(uv, uv),
                          vuzp2_u8(uv, uv));
}

/* Weighted taps, rounded to 8 bits: red, green, blue, and anything. */
MIENI_INLINE uint32x4_t blend(Colours c, const Places *p)
{
    uint32x4_t rg = vpaddlq_u16(vmull_u8(c.rg, p->weights_x));
    uint32x4_t b = vpaddlq_u16(vmull_u8(c.b, p->weights_x));
    uint32x4_t sum = vpaddq_u32(vmulq_u32(rg, p->weights_y), vmulq_u32(b, p->weights_y));
    return vrshrq_n_u32(sum, 10);
}

/* The first three lanes, and zeros up to pixel_stride. */
MIENI_INLINE void store_pixel(float *to, ptrdiff_t pixel_stride, float32x4_t rgb)
{
    neon_store(to, 3, rgb);
    for (ptrdiff_t lane = 3; lane < pixel_stride; lane++)
        to[lane] = 0.0f;
}

typedef Colours (*ColoursFn)(const MieniView *view, const Places *places);

/* True if all places (1/32 pixel) from `low` to `high` have their taps inside 0 .. last, and `more`
 * further places behind them. */
static bool is_inside(int32_t low, int32_t high, int32_t last, int32_t more)
{
    return (low >> 5) >= 0 && (high >> 5) + 1 + more <= last;
}

/* x or y along a row: sums and their differences. */
typedef struct Walk {
    int64_t sum, step, more, tie;
} Walk;

static Walk walk_row(const MieniCrop *crop, const int64_t *terms, int32_t row)
{
    return (Walk){.sum = mieni_crop_sum(terms, 0, row) +
                         terms[7] * mieni_crop_tie(crop->row_ties, row),
                  .step = terms[1] + terms[4] * row + terms[3],
                  .more = 2 * terms[3],
                  .tie = terms[6]};
}

/* The sum at a column, and on to the next. */
MIENI_INLINE int32_t walk(Walk *w, int64_t tie, int32_t shift)
{
    int32_t place = mieni_crop_round(w->sum + (tie ? w->tie : 0), shift);
    w->sum += w->step;
    w->step += w->more;
    return place;
}

/* The same for a whole row: a parabola leaves the line between its ends by square * n^2 / 4. */
static bool row_is_inside(const MieniCrop *crop, const int64_t *terms, int32_t row, int32_t last,
                          int32_t more)
{
    int64_t n = crop->width - 1, square = terms[3] < 0 ? -terms[3] : terms[3];
    int64_t slack = square * n * n / 4 + (terms[6] < 0 ? -terms[6] : terms[6]);
    int64_t begin = mieni_crop_position(crop, terms, 0, row);
    int64_t end = mieni_crop_position(crop, terms, crop->width - 1, row);
    return is_inside(mieni_crop_round(MIENI_MIN(begin, end) - slack, crop->shift),
                     mieni_crop_round(MIENI_MAX(begin, end) + slack, crop->shift), last, more);
}

/* One destination row. Inlined once a format, and again for rows inside the picture. */
MIENI_INLINE void crop_pixels(const MieniView *view, const MieniCrop *crop, ColoursFn colours,
                              const MieniPlane *out, int32_t row, const bool inside)
{
    const float32x4_t offset = vdupq_n_f32(crop->offset);
    Walk x = walk_row(crop, crop->x, row), y = walk_row(crop, crop->y, row);

    for (int32_t column = 0; column < crop->width; column++) {
        int64_t tie = mieni_crop_tie(crop->column_ties, column);
        int32_t place_x = walk(&x, tie, crop->shift), place_y = walk(&y, tie, crop->shift);
        Places p = places_of(place_x, place_y);
        if (!inside)
            p = clamp_places(p, &view->image, crop->border);
        float32x4_t rgb = vcvtq_f32_u32(blend(colours(view, &p), &p));
        float32x4_t rest = vmulq_n_f32(rgb, crop->scale_rest);
        rgb = vaddq_f32(vaddq_f32(vmulq_n_f32(rgb, crop->scale), offset), rest);
        float *to = mieni_plane_at(out, row, column);
        /* The fourth lane goes where the next pixel will. */
        if (out->pixel_stride == 3 && column < crop->width - 1)
            vst1q_f32(to, rgb);
        else
            store_pixel(to, out->pixel_stride, rgb);
    }
}

MIENI_INLINE void crop_row(const MieniView *view, const MieniCrop *crop, ColoursFn colours,
                           const MieniPlane *out, int32_t row)
{
    /* 8 bytes hold the taps of 3 bytes each and 2 of the next pixel. */
    if (row_is_inside(crop, crop->x, row, view->image.width - 1, 1) &&
        row_is_inside(crop, crop->y, row, view->image.height - 1, 0))
        crop_pixels(view, crop, colours, out, row, true);
    else
        crop_pixels(view, crop, colours, out, row, false);
}

#define COLOURS(name, bytes, blue_first)                                                           \
    MIENI_INLINE Colours colours_##name(const MieniView *view, const Places *p)                    \
    {                                                                                              \
        return colours_packed(view, p, bytes, blue_first);                                         \
    }
COLOURS(rgb24, 3, false)
COLOURS(bgr24, 3, true)
COLOURS(rgba32, 4, false)
COLOURS(bgra32, 4, true)

void mieni_crop_neon(const MieniView *view, const MieniCrop *crop, const MieniPlane *out,
                     int32_t row_begin, int32_t row_end)
{
    int32_t spacing = crop_prefetch_spacing(view, crop);
#define CROP_ROWS(format, colours)                                                                 \
    case format:                                                                                   \
        for (int32_t row = row_begin; row < row_end; row++) {                                      \
            crop_prefetch(view, crop, spacing, row, row_end);                                      \
            crop_row(view, crop, colours, out, row);                                               \
        }                                                                                          \
        break;
    switch (view->image.format) {
        CROP_ROWS(MIEN_PIXEL_RGB24, colours_rgb24)
        CROP_ROWS(MIEN_PIXEL_BGR24, colours_bgr24)
        CROP_ROWS(MIEN_PIXEL_RGBA32, colours_rgba32)
        CROP_ROWS(MIEN_PIXEL_BGRA32, colours_bgra32)
        CROP_ROWS(MIEN_PIXEL_GRAY8, colours_gray)
        CROP_ROWS(MIEN_PIXEL_NV12, colours_nv12)
        CROP_ROWS(MIEN_PIXEL_I420, colours_i420)
    }
#undef CROP_ROWS
}
