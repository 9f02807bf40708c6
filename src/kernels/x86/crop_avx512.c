/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crop of ref/crop.c, bit for bit, 16 pixels of a row at a time, for rows whose taps all lie
 * inside the picture; others are left to AVX2. NV12, I420 and GRAY8 as in crop_yuv.h, where a lane
 * is a pixel.
 */
#include "kernels/crop_prefetch.h"
#include "kernels/x86/avx512.h"
#include "kernels/x86/crop_avx2.h"
#include "kernels/x86/crop_yuv.h"

#define MAX_GROUPS (CROP_MAX_PIXELS / 16)

/* What the map says about a row, 1/32 pixel. */
typedef struct Row {
    int32_t n; /* groups of 16 pixels */
    __m512i x[MAX_GROUPS], y[MAX_GROUPS];
} Row;

/* Where the taps are, and how they weigh, as in crop_inside_yuv_avx2.c. */
typedef struct Places {
    __m512i luma[MAX_GROUPS], chroma[MAX_GROUPS], below[MAX_GROUPS];
    __m512i columns[MAX_GROUPS], rows[MAX_GROUPS];
    __mmask16 odd[MAX_GROUPS]; /* the right taps have the next sample */
} Places;

/* Sums / 2^shift, to which a half has been added already, halves to even: where nothing is left
 * behind the point it was a tie, and an odd result goes back by one. */
MIENI_INLINE __m512i round_half_even(__m128i shift, __m512i rest, __m512i low, __m512i high)
{
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    __mmask16 ties =
        _mm512_kunpackb(_mm512_testn_epi64_mask(high, rest), _mm512_testn_epi64_mask(low, rest));
    __m512i whole = _mm512_permutex2var_epi32(_mm512_sra_epi64(low, shift), even,
                                              _mm512_sra_epi64(high, shift));
    return _mm512_mask_and_epi32(whole, ties, whole, _mm512_set1_epi32(-2));
}

/* x or y of a row's pixels: start + step * i + square * i^2, and what ties add. */
static void find_places(const MieniCrop *crop, const int64_t *terms, int32_t row, int32_t n,
                        __m512i *places)
{
    const __m512i rest = _mm512_set1_epi64((INT64_C(1) << crop->shift) - 1);
    const __m512i k = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    const __m512i tie = _mm512_set1_epi64(terms[6]);
    const __m128i shift = _mm_cvtsi32_si128(crop->shift);
    uint64_t square = (uint64_t)terms[3];
    uint64_t step = (uint64_t)terms[1] + (uint64_t)terms[4] * (uint64_t)row;
    uint64_t start = (uint64_t)mieni_crop_sum(terms, 0, row) +
                     (uint64_t)(terms[7] * mieni_crop_tie(crop->row_ties, row)) +
                     (UINT64_C(1) << (crop->shift - 1));
    __m512i squares = _mm512_set1_epi64((int64_t)square), steps = _mm512_set1_epi64((int64_t)step);
    __m512i low = _mm512_mullo_epi64(_mm512_add_epi64(_mm512_mullo_epi64(squares, k), steps), k);
    low = _mm512_add_epi64(low, _mm512_set1_epi64((int64_t)start));
    /* From i to i + 8: 8 step + square (16 i + 64), which grows by 128 square. */
    __m512i eights = _mm512_mullo_epi64(
        squares, _mm512_add_epi64(_mm512_slli_epi64(k, 4), _mm512_set1_epi64(64)));
    eights = _mm512_add_epi64(eights, _mm512_slli_epi64(steps, 3));
    const __m512i grow = _mm512_slli_epi64(squares, 7);
    __m512i high = _mm512_add_epi64(low, eights);
    /* The same for 16 at a time. */
    __m512i low_step = _mm512_add_epi64(_mm512_slli_epi64(eights, 1), grow);
    __m512i high_step = _mm512_add_epi64(low_step, _mm512_slli_epi64(grow, 1));
    const __m512i grow_steps = _mm512_slli_epi64(grow, 2);

    for (int32_t i = 0; i < n; i++) {
        __m512i a = low, b = high;
        if (terms[6] != 0) {
            uint32_t bits = crop->column_ties[i / 2] >> 16 * (i % 2);
            a = _mm512_mask_add_epi64(a, (__mmask8)bits, a, tie);
            b = _mm512_mask_add_epi64(b, (__mmask8)(bits >> 8), b, tie);
        }
        places[i] = round_half_even(shift, rest, a, b);
        low = _mm512_add_epi64(low, low_step);
        high = _mm512_add_epi64(high, high_step);
        low_step = _mm512_add_epi64(low_step, grow_steps);
        high_step = _mm512_add_epi64(high_step, grow_steps);
    }
}

/* Whether left upper taps lie in 0 .. right, 0 .. bottom. */
static bool is_inside(const MieniCrop *crop, const Row *row, int32_t right, int32_t bottom)
{
    const int32_t *x = (const int32_t *)(const void *)row->x;
    const int32_t *y = (const int32_t *)(const void *)row->y;
    int32_t n = 16 * row->n;
    return crop_is_between(x[0], x[n - 1], crop_slack(crop, crop->x, n), right) &&
           crop_is_between(y[0], y[n - 1], crop_slack(crop, crop->y, n), bottom);
}

static __m512i factors_of(ptrdiff_t stride_bytes, int32_t bytes)
{
    return _mm512_set1_epi32(crop_halves((int32_t)stride_bytes, bytes));
}

/* Four doublewords in each quarter of a vector, given the first's bytes, see CropOrders. */
static __m512i order_of(uint32_t first)
{
    const __m512i fours =
        _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x04040404, 0x08080808, 0x0C0C0C0C));
    return _mm512_add_epi8(_mm512_set1_epi32((int32_t)first), fours);
}

static void weigh(const MienImage *image, const Row *row, Places *places)
{
    const __m512i fraction = _mm512_set1_epi32(31), all = _mm512_set1_epi32(32);
    const __m512i luma = factors_of(image->strides_bytes[0], 1);
    const __m512i chroma =
        factors_of(image->strides_bytes[1], image->format == MIEN_PIXEL_NV12 ? 2 : 1);
    const __m512i next_row = _mm512_set1_epi32(1), bytes = order_of(0);
    for (int32_t i = 0; i < row->n; i++) {
        __m512i x = row->x[i], y = row->y[i];
        __m512i fx = _mm512_shuffle_epi8(_mm512_and_si512(x, fraction), bytes);
        __m512i fy = _mm512_and_si512(y, fraction);
        __m512i corners =
            _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srai_epi32(y, 5), _mm512_slli_epi32(x, 11));
        __m512i lower = _mm512_add_epi16(corners, next_row);
        /* 32 - fx, fx, twice. */
        places->columns[i] = _mm512_mask_sub_epi8(fx, 0x5555555555555555, _mm512_set1_epi8(32), fx);
        places->rows[i] = _mm512_add_epi32(_mm512_sub_epi32(_mm512_slli_epi32(fy, 16), fy), all);
        places->odd[i] = _mm512_test_epi32_mask(x, all);
        places->luma[i] = _mm512_madd_epi16(corners, luma);
        places->chroma[i] = _mm512_madd_epi16(_mm512_srli_epi16(corners, 1), chroma);
        places->below[i] = _mm512_madd_epi16(_mm512_srli_epi16(lower, 1), chroma);
    }
}

/* Constants of a row, full vectors of them. */
typedef struct Conversion {
    __m512i y_left, y_right, bias, r, b, minus_g, whole_r, whole_b, whole_minus_g;
} Conversion;

static Conversion conversion_of(const MieniView *view)
{
    CropConversion c = crop_conversion(view);
    return (Conversion){.y_left = _mm512_set1_epi32(c.y_left),
                        .y_right = _mm512_set1_epi32(c.y_right),
                        .bias = _mm512_set1_epi32(c.bias),
                        .r = _mm512_set1_epi32(c.r),
                        .b = _mm512_set1_epi32(c.b),
                        .minus_g = _mm512_set1_epi32(c.minus_g),
                        .whole_r = _mm512_set1_epi32(c.whole_r),
                        .whole_b = _mm512_set1_epi32(c.whole_b),
                        .whole_minus_g = _mm512_set1_epi32(c.whole_minus_g)};
}

/* For a group's chroma, see CropOrders. */
typedef struct Orders {
    __m512i left, right, both;
} Orders;

/* High halves of left's doublewords as low, of right's as high words. */
MIENI_INLINE __m512i high_words(__m512i left, __m512i right)
{
    return _mm512_mask_blend_epi16(0xAAAAAAAA, _mm512_srli_epi32(left, 16), right);
}

/* R, G and B of left and right taps that take turns, not yet clipped. */
typedef struct Words {
    __m512i r, g, b;
} Words;

MIENI_INLINE Words convert(const Conversion *c, __m512i luma, __m512i chroma, const Orders *orders)
{
    const __m512i middle = _mm512_set1_epi16(128), signs = _mm512_set1_epi8(-128);
    __m512i left = _mm512_sub_epi16(_mm512_shuffle_epi8(chroma, orders->left), middle);
    __m512i right = _mm512_sub_epi16(_mm512_shuffle_epi8(chroma, orders->right), middle);
    __m512i both = _mm512_shuffle_epi8(_mm512_xor_si512(chroma, signs), orders->both);
    __m512i y_left = _mm512_add_epi32(_mm512_madd_epi16(luma, c->y_left), c->bias);
    __m512i y_right = _mm512_add_epi32(_mm512_madd_epi16(luma, c->y_right), c->bias);
    __m512i r = high_words(_mm512_add_epi32(y_left, _mm512_madd_epi16(left, c->r)),
                           _mm512_add_epi32(y_right, _mm512_madd_epi16(right, c->r)));
    __m512i g = high_words(_mm512_sub_epi32(y_left, _mm512_madd_epi16(left, c->minus_g)),
                           _mm512_sub_epi32(y_right, _mm512_madd_epi16(right, c->minus_g)));
    __m512i b = high_words(_mm512_add_epi32(y_left, _mm512_madd_epi16(left, c->b)),
                           _mm512_add_epi32(y_right, _mm512_madd_epi16(right, c->b)));
    r = _mm512_add_epi16(r, _mm512_maddubs_epi16(c->whole_r, both));
    g = _mm512_sub_epi16(g, _mm512_maddubs_epi16(c->whole_minus_g, both));
    b = _mm512_add_epi16(b, _mm512_maddubs_epi16(c->whole_b, both));
    return (Words){_mm512_add_epi16(r, luma), _mm512_add_epi16(g, luma), _mm512_add_epi16(b, luma)};
}

/* As crop_value. */
MIENI_INLINE __m512 value_of(const MieniCrop *crop, __m512i pixel, const bool once)
{
    const __m512 scale = _mm512_set1_ps(crop->scale), offset = _mm512_set1_ps(crop->offset);
    __m512 value = _mm512_cvtepi32_ps(pixel);
    if (!once)
        return _mm512_add_ps(_mm512_mul_ps(value, scale), offset);
    __m512 most = _mm512_fmadd_ps(value, scale, offset);
    return _mm512_fmadd_ps(value, _mm512_set1_ps(crop->scale_rest), most);
}

/* Four bytes a pixel, left and right above and below: weighed, and the value that they stand for.
 */
MIENI_INLINE __m512 blend(const Places *places, int32_t i, __m512i taps, const MieniCrop *crop,
                          const bool once)
{
    __m512i sum = _mm512_maddubs_epi16(taps, places->columns[i]);
    sum = _mm512_madd_epi16(sum, places->rows[i]);
    sum = _mm512_srli_epi32(_mm512_add_epi32(sum, _mm512_set1_epi32(512)), 10);
    return value_of(crop, sum, once);
}

/* Words above and below, clipped, as blend takes them. */
MIENI_INLINE __m512i bytes_of(__m512i above, __m512i below)
{
    const __m512i order =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));
    return _mm512_shuffle_epi8(_mm512_packus_epi16(above, below), order);
}

/* 16 pixels without gaps: R, G, B, R, G, B, … Each channel once in the order in which three vectors
 * take every third lane of it. */
MIENI_INLINE void store_interleaved(float *to, __m512 r, __m512 g, __m512 b)
{
    const __m512i order_r = _mm512_setr_epi32(0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5);
    const __m512i order_g = _mm512_setr_epi32(5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10);
    const __m512i order_b = _mm512_setr_epi32(10, 5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15);
    r = _mm512_permutexvar_ps(order_r, r);
    g = _mm512_permutexvar_ps(order_g, g);
    b = _mm512_permutexvar_ps(order_b, b);
    _mm512_storeu_ps(to, _mm512_mask_blend_ps(0x2492, _mm512_mask_blend_ps(0x4924, r, b), g));
    _mm512_storeu_ps(to + 16, _mm512_mask_blend_ps(0x9249, _mm512_mask_blend_ps(0x2492, r, b), g));
    _mm512_storeu_ps(to + 32, _mm512_mask_blend_ps(0x4924, _mm512_mask_blend_ps(0x9249, r, b), g));
}

MIENI_INLINE __m512i load_taps(uint8_t taps[CROP_MAX_PIXELS][4], int32_t i)
{
    return _mm512_loadu_si512(taps[16 * i]);
}

/* once: see crop_value. A constant wherever this is inlined. */
MIENI_INLINE void crop_taps(const MieniView *view, const MieniCrop *crop, const Places *places,
                            int32_t n, CropTaps *taps, float *to, const bool once)
{
    const Conversion conversion = conversion_of(view);
    const CropOrders first = crop_orders(&view->image);
    const __m512i luma_above = order_of(first.luma_above), luma_below = order_of(first.luma_below);
    const __m512i left_order = order_of(first.chroma), both_order = order_of(first.both);
    const __m512i right_order =
        _mm512_add_epi8(left_order, _mm512_set1_epi32((int32_t)first.chroma_more));
    const __m512i next_order =
        _mm512_add_epi8(both_order, _mm512_set1_epi32((int32_t)first.both_more));

    for (int32_t i = 0; i < n; i++, to += 48) {
        __m512i luma = load_taps(taps->luma, i);
        if (view->image.format == MIEN_PIXEL_GRAY8) {
            __m512 value = blend(places, i, luma, crop, once);
            store_interleaved(to, value, value, value);
            continue;
        }
        const Orders orders = {left_order,
                               _mm512_mask_mov_epi32(left_order, places->odd[i], right_order),
                               _mm512_mask_mov_epi32(both_order, places->odd[i], next_order)};
        Words above = convert(&conversion, _mm512_shuffle_epi8(luma, luma_above),
                              load_taps(taps->above, i), &orders);
        Words below = convert(&conversion, _mm512_shuffle_epi8(luma, luma_below),
                              load_taps(taps->below, i), &orders);
        store_interleaved(to, blend(places, i, bytes_of(above.r, below.r), crop, once),
                          blend(places, i, bytes_of(above.g, below.g), crop, once),
                          blend(places, i, bytes_of(above.b, below.b), crop, once));
    }
}

/* A row inside the picture. */
static void crop_yuv(const MieniView *view, const MieniCrop *crop, const Row *row, float *to)
{
    Places places;
    _Alignas(64) CropTaps taps;
    const int32_t *luma = (const int32_t *)(const void *)places.luma;
    const int32_t *chroma = (const int32_t *)(const void *)places.chroma;
    const int32_t *below = (const int32_t *)(const void *)places.below;
    weigh(&view->image, row, &places);
    for (int32_t i = 0; i < row->n; i++)
        crop_fetch(&view->image, luma, chroma, below, 16 * i, 16, &taps);
    if (crop->scale_rest != 0)
        crop_taps(view, crop, &places, row->n, &taps, to, true);
    else
        crop_taps(view, crop, &places, row->n, &taps, to, false);
}

void mieni_crop_avx512(const MieniView *view, const MieniCrop *crop, const MieniPlane *out,
                       int32_t row_begin, int32_t row_end)
{
    const MienImage *image = &view->image;
    bool is_yuv = image->format == MIEN_PIXEL_NV12 || image->format == MIEN_PIXEL_I420 ||
                  image->format == MIEN_PIXEL_GRAY8;
    int32_t right, bottom;
    if (!is_yuv || out->pixel_stride != 3 || crop->width % 16 != 0 ||
        crop->width > CROP_MAX_PIXELS || !crop_is_small(image) ||
        !crop_yuv_limits(view, &right, &bottom)) {
        mieni_crop_avx2(view, crop, out, row_begin, row_end);
        return;
    }
    int32_t spacing = crop_prefetch_spacing(view, crop);
    for (int32_t y = row_begin; y < row_end; y++) {
        Row row;
        crop_prefetch(view, crop, spacing, y, row_end);
        row.n = crop->width / 16;
        find_places(crop, crop->x, y, row.n, row.x);
        find_places(crop, crop->y, y, row.n, row.y);
        if (is_inside(crop, &row, right, bottom))
            crop_yuv(view, crop, &row, mieni_plane_at(out, y, 0));
        else
            mieni_crop_avx2(view, crop, out, y, y + 1);
    }
}
