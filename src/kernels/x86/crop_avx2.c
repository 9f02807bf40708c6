/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crop of ref/crop.c, bit for bit, 8 pixels of a row at a time: a lane is a pixel. Positions
 * are computed in 64 bits, their rounded high halves are the places in 1/32 pixel. Taps are clamped
 * to the picture, so that every lane may always be fetched; with MIENI_BORDER_ZERO those outside
 * get the weight 0. The tail computes all 8 lanes and stores fewer.
 *
 * Most faces lie inside of the picture: see crop_inside_avx2.c for packed pixels there, and
 * crop_inside_yuv_avx2.c for the others.
 *
 * Gathers fetch 4 bytes. No byte outside a row is read: where the last pixel is too close to the
 * row's end, the fetch begins earlier and the lane is shifted. Pictures too narrow for that, or too
 * large for 32-bit offsets, go to ref.
 */
#include "kernels/crop_prefetch.h"
#include "kernels/ref/ref.h"
#include "kernels/x86/crop_avx2.h"

/* What the map says about 8 pixels. */
typedef struct Places {
    __m256i x0, x1, y0, y1;       /* of the four taps, inside the picture */
    __m256i weights_0, weights_1; /* of the left and right tap of row y0, y1, 16 bits each */
    __m256i weights_y;            /* of the rows, 16 bits each */
} Places;

/* One channel of the taps (y0, x0), (y0, x1), (y1, x0), (y1, x1). */
typedef struct Taps {
    __m256i v00, v01, v10, v11;
} Taps;

/* R, G and B, 0..255. */
typedef struct Colours {
    Taps r, g, b;
} Colours;

MIENI_INLINE __m256i clamp(__m256i value, __m256i last)
{
    return _mm256_max_epi32(_mm256_min_epi32(value, last), _mm256_setzero_si256());
}

/* a in the low, b in the high half of each lane. */
MIENI_INLINE __m256i pair(__m256i a, __m256i b)
{
    return _mm256_or_si256(a, _mm256_slli_epi32(b, 16));
}

/* All ones where 0 <= value <= last. */
MIENI_INLINE __m256i inside(__m256i value, __m256i last)
{
    return _mm256_cmpeq_epi32(value, clamp(value, last));
}

MIENI_INLINE Places places_of(__m256i x, __m256i y, __m256i right, __m256i bottom, bool zero_border)
{
    const __m256i one = _mm256_set1_epi32(1), all = _mm256_set1_epi32(32);
    const __m256i fraction = _mm256_set1_epi32(31);
    __m256i fx = _mm256_and_si256(x, fraction), fy = _mm256_and_si256(y, fraction);
    __m256i left = _mm256_srai_epi32(x, 5), top = _mm256_srai_epi32(y, 5);
    __m256i next_x = _mm256_add_epi32(left, one), next_y = _mm256_add_epi32(top, one);
    __m256i weights_x = pair(_mm256_sub_epi32(all, fx), fx);
    Places p = {.x0 = clamp(left, right),
                .x1 = clamp(next_x, right),
                .y0 = clamp(top, bottom),
                .y1 = clamp(next_y, bottom),
                .weights_0 = weights_x,
                .weights_1 = weights_x,
                .weights_y = pair(_mm256_sub_epi32(all, fy), fy)};

    if (zero_border) {
        __m256i columns = _mm256_blend_epi16(inside(left, right), inside(next_x, right), 0xAA);
        weights_x = _mm256_and_si256(weights_x, columns);
        p.weights_0 = _mm256_and_si256(weights_x, inside(top, bottom));
        p.weights_1 = _mm256_and_si256(weights_x, inside(next_y, bottom));
    }
    return p;
}

/* Row offsets in a plane, `shift` rows of the picture's to the power of two a row of the plane's.
 */
MIENI_INLINE __m256i row_offset(const MienImage *image, int plane, __m256i y, int shift)
{
    __m256i stride = _mm256_set1_epi32((int32_t)image->strides_bytes[plane]);
    return _mm256_mullo_epi32(_mm256_srli_epi32(y, shift), stride);
}

MIENI_INLINE __m256i fetch(const MienImage *image, int plane, __m256i offset)
{
    return _mm256_i32gather_epi32((const int *)(const void *)image->planes[plane], offset, 1);
}

/* The low byte of each lane after a shift by `bits`. */
MIENI_INLINE __m256i byte_at(__m256i lanes, __m256i bits)
{
    return _mm256_and_si256(_mm256_srlv_epi32(lanes, bits), _mm256_set1_epi32(255));
}

/*
 * Bytes x0 and x1 of rows y0 and y1 of a plane with `width` >= 4 bytes in a row; x1 is x0 or x0
 * + 1.
 */
MIENI_INLINE Taps byte_taps(const MienImage *image, int plane, int32_t width, __m256i x0,
                            __m256i x1, __m256i row_0, __m256i row_1)
{
    __m256i first = _mm256_min_epi32(x0, _mm256_set1_epi32(width - 4));
    __m256i bits_0 = _mm256_slli_epi32(_mm256_sub_epi32(x0, first), 3);
    __m256i bits_1 = _mm256_slli_epi32(_mm256_sub_epi32(x1, first), 3);
    __m256i top = fetch(image, plane, _mm256_add_epi32(row_0, first));
    __m256i bottom = fetch(image, plane, _mm256_add_epi32(row_1, first));
    return (Taps){byte_at(top, bits_0), byte_at(top, bits_1), byte_at(bottom, bits_0),
                  byte_at(bottom, bits_1)};
}

MIENI_INLINE Colours colours_gray(const MieniView *view, const Places *p)
{
    const MienImage *image = &view->image;
    Taps y = byte_taps(image, 0, image->width, p->x0, p->x1, row_offset(image, 0, p->y0, 0),
                       row_offset(image, 0, p->y1, 0));
    return (Colours){y, y, y};
}

/* A tap of 3 or 4 bytes. The last of 3 begins a byte earlier. */
MIENI_INLINE __m256i packed_tap(const MienImage *image, __m256i x, __m256i row, const int bytes)
{
    if (bytes == 4)
        return fetch(image, 0, _mm256_add_epi32(row, _mm256_slli_epi32(x, 2)));
    __m256i is_last = _mm256_cmpeq_epi32(x, _mm256_set1_epi32(image->width - 1));
    __m256i offset = _mm256_add_epi32(row, _mm256_add_epi32(x, _mm256_slli_epi32(x, 1)));
    __m256i lanes = fetch(image, 0, _mm256_add_epi32(offset, is_last));
    return _mm256_srlv_epi32(lanes, _mm256_and_si256(is_last, _mm256_set1_epi32(8)));
}

MIENI_INLINE Taps bytes_of(const Taps *packed, int bits)
{
    const __m256i count = _mm256_set1_epi32(bits);
    return (Taps){byte_at(packed->v00, count), byte_at(packed->v01, count),
                  byte_at(packed->v10, count), byte_at(packed->v11, count)};
}

MIENI_INLINE Colours colours_packed(const MieniView *view, const Places *p, const int bytes,
                                    const bool blue_first)
{
    const MienImage *image = &view->image;
    __m256i row_0 = row_offset(image, 0, p->y0, 0), row_1 = row_offset(image, 0, p->y1, 0);
    Taps packed = {packed_tap(image, p->x0, row_0, bytes), packed_tap(image, p->x1, row_0, bytes),
                   packed_tap(image, p->x0, row_1, bytes), packed_tap(image, p->x1, row_1, bytes)};
    return (Colours){bytes_of(&packed, blue_first ? 16 : 0), bytes_of(&packed, 8),
                     bytes_of(&packed, blue_first ? 0 : 16)};
}

MIENI_INLINE __m256i scaled(__m256i value, int32_t factor)
{
    return _mm256_mullo_epi32(value, _mm256_set1_epi32(factor));
}

/* clip8(value >> 16) */
MIENI_INLINE __m256i clip_high(__m256i value)
{
    return clamp(_mm256_srai_epi32(value, 16), _mm256_set1_epi32(255));
}

MIENI_INLINE void convert(const MieniView *view, __m256i y, __m256i u, __m256i v, __m256i *r,
                          __m256i *g, __m256i *b)
{
    const __m256i middle = _mm256_set1_epi32(128);
    __m256i l = scaled(_mm256_sub_epi32(y, _mm256_set1_epi32(view->y_offset)), view->y_gain);
    l = _mm256_add_epi32(l, _mm256_set1_epi32(1 << 15));
    u = _mm256_sub_epi32(u, middle);
    v = _mm256_sub_epi32(v, middle);
    *r = clip_high(_mm256_add_epi32(l, scaled(v, view->r_v)));
    *g = clip_high(
        _mm256_add_epi32(l, _mm256_add_epi32(scaled(u, view->g_u), scaled(v, view->g_v))));
    *b = clip_high(_mm256_add_epi32(l, scaled(u, view->b_u)));
}

MIENI_INLINE Colours colours_of_yuv(const MieniView *view, const Taps *y, const Taps *u,
                                    const Taps *v)
{
    Colours c;
    convert(view, y->v00, u->v00, v->v00, &c.r.v00, &c.g.v00, &c.b.v00);
    convert(view, y->v01, u->v01, v->v01, &c.r.v01, &c.g.v01, &c.b.v01);
    convert(view, y->v10, u->v10, v->v10, &c.r.v10, &c.g.v10, &c.b.v10);
    convert(view, y->v11, u->v11, v->v11, &c.r.v11, &c.g.v11, &c.b.v11);
    return c;
}

MIENI_INLINE Colours colours_i420(const MieniView *view, const Places *p)
{
    const MienImage *image = &view->image;
    int32_t half_width = (image->width + 1) / 2;
    __m256i x0 = _mm256_srli_epi32(p->x0, 1), x1 = _mm256_srli_epi32(p->x1, 1);
    Taps y = colours_gray(view, p).r;
    Taps u = byte_taps(image, 1, half_width, x0, x1, row_offset(image, 1, p->y0, 1),
                       row_offset(image, 1, p->y1, 1));
    Taps v = byte_taps(image, 2, half_width, x0, x1, row_offset(image, 2, p->y0, 1),
                       row_offset(image, 2, p->y1, 1));
    return colours_of_yuv(view, &y, &u, &v);
}

/* One fetch holds the U, V pairs of both columns. */
MIENI_INLINE Colours colours_nv12(const MieniView *view, const Places *p)
{
    const MienImage *image = &view->image;
    const __m256i eight = _mm256_set1_epi32(8);
    __m256i last_pair = _mm256_set1_epi32((image->width + 1) / 2 - 2);
    __m256i x0 = _mm256_srli_epi32(p->x0, 1), x1 = _mm256_srli_epi32(p->x1, 1);
    __m256i first = _mm256_min_epi32(x0, last_pair);
    __m256i bits_0 = _mm256_slli_epi32(_mm256_sub_epi32(x0, first), 4);
    __m256i bits_1 = _mm256_slli_epi32(_mm256_sub_epi32(x1, first), 4);
    __m256i column = _mm256_slli_epi32(first, 1);
    __m256i top = fetch(image, 1, _mm256_add_epi32(row_offset(image, 1, p->y0, 1), column));
    __m256i bottom = fetch(image, 1, _mm256_add_epi32(row_offset(image, 1, p->y1, 1), column));
    Taps y = colours_gray(view, p).r;
    Taps u = {byte_at(top, bits_0), byte_at(top, bits_1), byte_at(bottom, bits_0),
              byte_at(bottom, bits_1)};
    bits_0 = _mm256_add_epi32(bits_0, eight);
    bits_1 = _mm256_add_epi32(bits_1, eight);
    Taps v = {byte_at(top, bits_0), byte_at(top, bits_1), byte_at(bottom, bits_0),
              byte_at(bottom, bits_1)};
    return colours_of_yuv(view, &y, &u, &v);
}

MIENI_INLINE __m256 value_of(const MieniCrop *crop, __m256i pixel)
{
    return crop->scale_rest != 0 ? crop_value(crop, pixel, true) : crop_value(crop, pixel, false);
}

/* One channel: weighted taps, rounded to 8 bits, and the value that they stand for. */
MIENI_INLINE __m256 blend(const Taps *t, const Places *p, const MieniCrop *crop)
{
    __m256i top = _mm256_madd_epi16(pair(t->v00, t->v01), p->weights_0);
    __m256i bottom = _mm256_madd_epi16(pair(t->v10, t->v11), p->weights_1);
    __m256i sum = _mm256_madd_epi16(pair(top, bottom), p->weights_y);
    sum = _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(512)), 10);
    return value_of(crop, sum);
}

/* The first n pixels, with zeros in further lanes. */
static void store_pixels(float *to, ptrdiff_t pixel_stride, int32_t n, __m256 r, __m256 g, __m256 b)
{
    float channels[3][8];
    _mm256_storeu_ps(channels[0], r);
    _mm256_storeu_ps(channels[1], g);
    _mm256_storeu_ps(channels[2], b);
    for (int32_t i = 0; i < n; i++)
        for (ptrdiff_t c = 0; c < pixel_stride; c++)
            to[i * pixel_stride + c] = c < 3 ? channels[c][i] : 0.0f;
}

typedef Colours (*ColoursFn)(const MieniView *view, const Places *places);

/* How sums become places: constant over a crop. */
typedef struct Rounding {
    __m128i more_shift; /* beyond 32 */
    __m256i rest;       /* what is left of it in a high half */
} Rounding;

/* The high halves of 64 bits, or the low ones. */
MIENI_INLINE __m256i halves(__m256i low, __m256i high, const bool upper)
{
    __m256 a = _mm256_castsi256_ps(low), b = _mm256_castsi256_ps(high);
    return _mm256_castps_si256(upper ? _mm256_shuffle_ps(a, b, 0xDD)
                                     : _mm256_shuffle_ps(a, b, 0x88));
}

/* Sums / 2^shift, to which a half has been added already, halves to even; the result fits 32 bits.
 * Where nothing is left behind the point it was a tie: an odd result goes back by one. */
MIENI_INLINE __m256i round_half_even(const Rounding *rounding, __m256i low, __m256i high,
                                     const bool ties)
{
    __m256i whole = halves(low, high, true);
    if (!ties)
        return _mm256_sra_epi32(whole, rounding->more_shift);
    __m256i rest = halves(low, high, false);
    rest = _mm256_or_si256(rest, _mm256_and_si256(whole, rounding->rest));
    __m256i tie = _mm256_cmpeq_epi32(rest, _mm256_setzero_si256());
    whole = _mm256_sra_epi32(whole, rounding->more_shift);
    return _mm256_andnot_si256(_mm256_srli_epi32(tie, 31), whole);
}

/*
 * What of x or y is constant over a crop: start + step * i + square * i^2 along a row, i = 8 n + k.
 * Low lanes have k = 0, 1, 4, 5, high ones 2, 3, 6, 7, as round_half_even wants them. Beyond the
 * crop's width they wrap, where no lane counts.
 */
typedef struct Axis {
    const int64_t *terms;
    bool has_ties;        /* one has been met */
    __m256i squares;      /* square * k^2, low lanes */
    __m256i squares_more; /* square * ((k + 2)^2 - k^2) */
    __m256i eights;       /* square * ((k + 8)^2 - k^2) */
} Axis;

/* begin + step * k, low lanes. */
static __m256i low_lanes(uint64_t begin, uint64_t step)
{
    return _mm256_setr_epi64x((int64_t)begin, (int64_t)(begin + step), (int64_t)(begin + 4 * step),
                              (int64_t)(begin + 5 * step));
}

static Axis axis_of(const int64_t *terms)
{
    uint64_t square = (uint64_t)terms[3];
    return (Axis){.terms = terms,
                  .has_ties = terms[6] != 0,
                  .squares = _mm256_setr_epi64x(0, (int64_t)square, (int64_t)(16 * square),
                                                (int64_t)(25 * square)),
                  .squares_more = low_lanes(4 * square, 4 * square),
                  .eights = low_lanes(64 * square, 16 * square)};
}

/* `tie` in the lanes of the eight columns whose tie goes up. */
MIENI_INLINE __m256i ties_of(const MieniCrop *crop, int32_t column, __m256i bits, __m256i tie)
{
    uint32_t eight =
        column < MIENI_CROP_MAX_TIES ? crop->column_ties[column / 32] >> column % 32 : 0;
    __m256i set = _mm256_and_si256(_mm256_set1_epi64x(eight), bits);
    return _mm256_and_si256(_mm256_cmpeq_epi64(set, bits), tie);
}

/* x or y of the next n groups of a row. Without `ties` none may be among them: returns whether that
 * was so. */
MIENI_INLINE bool find_places(const MieniCrop *crop, const Axis *axis, int32_t row, int32_t column,
                              int32_t n, __m256i *places, const bool ties)
{
    const int64_t *terms = axis->terms;
    const Rounding rounding = {_mm_cvtsi32_si128(crop->shift - 32),
                               _mm256_set1_epi32((1 << (crop->shift - 32)) - 1)};
    const __m256i low_bits = _mm256_setr_epi64x(1, 2, 16, 32);
    const __m256i high_bits = _mm256_slli_epi64(low_bits, 2);
    const __m256i tie = _mm256_set1_epi64x(terms[6]);
    uint64_t square = (uint64_t)terms[3], at = (uint64_t)column;
    uint64_t start = (uint64_t)mieni_crop_sum(terms, 0, row) +
                     (uint64_t)(terms[7] * mieni_crop_tie(crop->row_ties, row)) +
                     (UINT64_C(1) << (crop->shift - 1));
    uint64_t step = (uint64_t)terms[1] + (uint64_t)terms[4] * (uint64_t)row;
    start += (step + square * at) * at;
    step += 2 * square * at;

    /* step * k: bits 0 and 2 of k. */
    __m256i steps = _mm256_set1_epi64x((int64_t)step);
    __m256i ones = _mm256_and_si256(steps, _mm256_setr_epi64x(0, -1, 0, -1));
    __m256i fours = _mm256_and_si256(_mm256_slli_epi64(steps, 2), _mm256_setr_epi64x(0, 0, -1, -1));
    __m256i low = _mm256_add_epi64(_mm256_set1_epi64x((int64_t)start), axis->squares);
    low = _mm256_add_epi64(low, _mm256_add_epi64(ones, fours));
    __m256i high =
        _mm256_add_epi64(_mm256_add_epi64(low, axis->squares_more), _mm256_slli_epi64(steps, 1));
    __m256i low_step = _mm256_add_epi64(_mm256_slli_epi64(steps, 3), axis->eights);
    __m256i high_step = _mm256_add_epi64(low_step, _mm256_set1_epi64x((int64_t)(32 * square)));
    const __m256i next = _mm256_set1_epi64x((int64_t)(128 * square));
    __m256i least = _mm256_set1_epi32(-1);
    for (int32_t i = 0; i < n; i++) {
        __m256i a = low, b = high;
        if (ties && terms[6] != 0) {
            a = _mm256_add_epi64(a, ties_of(crop, column + 8 * i, low_bits, tie));
            b = _mm256_add_epi64(b, ties_of(crop, column + 8 * i, high_bits, tie));
        }
        places[i] = round_half_even(&rounding, a, b, ties);
        if (!ties)
            least = _mm256_min_epu32(least, _mm256_min_epu32(a, b));
        low = _mm256_add_epi64(low, low_step);
        high = _mm256_add_epi64(high, high_step);
        low_step = _mm256_add_epi64(low_step, next);
        high_step = _mm256_add_epi64(high_step, next);
    }
    /* Of a tie the low half is zero. */
    __m256i zeros = _mm256_cmpeq_epi32(least, _mm256_setzero_si256());
    return (_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_slli_epi64(zeros, 32)))) == 0;
}

/* Ties are rare, and few crops have any: what is asked for them is left out until one is met. */
static void find_row(const MieniCrop *crop, Axis *axis, int32_t row, int32_t column, int32_t n,
                     __m256i *places)
{
    if (!axis->has_ties)
        axis->has_ties = !find_places(crop, axis, row, column, n, places, false);
    if (axis->has_ties)
        find_places(crop, axis, row, column, n, places, true);
}

/* Whether 8 pixels lie beside the picture, all on one side. */
MIENI_INLINE bool is_beside(__m256i x, __m256i y, const MienImage *image)
{
    const __m256i least = _mm256_set1_epi32(-1);
    const __m256i right = _mm256_set1_epi32(image->width - 1);
    const __m256i bottom = _mm256_set1_epi32(image->height - 1);
    __m256i left = _mm256_srai_epi32(x, 5), top = _mm256_srai_epi32(y, 5);
    return _mm256_movemask_epi8(_mm256_cmpgt_epi32(least, left)) == -1 ||
           _mm256_movemask_epi8(_mm256_cmpgt_epi32(least, top)) == -1 ||
           _mm256_movemask_epi8(_mm256_cmpgt_epi32(left, right)) == -1 ||
           _mm256_movemask_epi8(_mm256_cmpgt_epi32(top, bottom)) == -1;
}

/* Up to 8 pixels of a row, wherever they lie. */
MIENI_INLINE void crop_group(const MieniView *view, const MieniCrop *crop, ColoursFn colours,
                             __m256i x, __m256i y, const MieniPlane *out, int32_t row,
                             int32_t column)
{
    bool zero_border = crop->border == MIENI_BORDER_ZERO;
    __m256 r, g, b;
    if (zero_border && is_beside(x, y, &view->image)) {
        r = g = b = value_of(crop, _mm256_setzero_si256());
    } else {
        const __m256i right = _mm256_set1_epi32(view->image.width - 1);
        const __m256i bottom = _mm256_set1_epi32(view->image.height - 1);
        Places p = places_of(x, y, right, bottom, zero_border);
        Colours c = colours(view, &p);
        r = blend(&c.r, &p, crop);
        g = blend(&c.g, &p, crop);
        b = blend(&c.b, &p, crop);
    }
    float *to = mieni_plane_at(out, row, column);
    int32_t n = MIENI_MIN(crop->width - column, 8);
    if (n == 8 && out->pixel_stride == 3)
        crop_store_interleaved(to, r, g, b);
    else
        store_pixels(to, out->pixel_stride, n, r, g, b);
}

typedef uint32_t (*InsideFn)(const MieniView *view, const MieniCrop *crop, const CropGroups *groups,
                             const MieniPlane *out, int32_t row);

/* One destination row. Inlined once a format. */
MIENI_INLINE void crop_row(const MieniView *view, const MieniCrop *crop, Axis axes[2],
                           ColoursFn colours, InsideFn inside_fn, const MieniPlane *out,
                           int32_t row)
{
    for (int32_t column = 0; column < crop->width; column += 8 * CROP_MAX_GROUPS) {
        CropGroups groups;
        int32_t n = MIENI_MIN((crop->width - column + 7) / 8, CROP_MAX_GROUPS);
        groups.column = column;
        groups.n = n;
        find_row(crop, &axes[0], row, column, n, groups.x);
        find_row(crop, &axes[1], row, column, n, groups.y);
        uint32_t done = inside_fn(view, crop, &groups, out, row);
        for (int32_t i = 0; i < n; i++)
            if (!(done >> i & 1))
                crop_group(view, crop, colours, groups.x[i], groups.y[i], out, row, column + 8 * i);
    }
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

/* True if fetches of 4 bytes find room in each row, and 32 bits hold every offset. */
static bool is_fetchable(const MienImage *image)
{
    int32_t least_width = 1;
    if (image->format == MIEN_PIXEL_RGB24 || image->format == MIEN_PIXEL_BGR24)
        least_width = 2;
    else if (image->format == MIEN_PIXEL_I420)
        least_width = 7; /* 4 bytes of chroma */
    else if (image->format == MIEN_PIXEL_GRAY8 || image->format == MIEN_PIXEL_NV12)
        least_width = 4;
    if (image->width < least_width)
        return false;
    for (int i = 0; i < 3 && image->planes[i]; i++) {
        int64_t stride = image->strides_bytes[i];
        int64_t row_bytes = INT64_C(4) * image->width;
        stride = stride < 0 ? -stride : stride;
        if (stride > INT32_MAX || stride * image->height + row_bytes > INT32_MAX)
            return false;
    }
    return true;
}

void mieni_crop_avx2(const MieniView *view, const MieniCrop *crop, const MieniPlane *out,
                     int32_t row_begin, int32_t row_end)
{
    if (!is_fetchable(&view->image)) {
        mieni_crop_ref(view, crop, out, row_begin, row_end);
        return;
    }
    int32_t spacing = crop_prefetch_spacing(view, crop);
    Axis axes[2] = {axis_of(crop->x), axis_of(crop->y)};
#define CROP_ROWS(format, colours, inside)                                                         \
    case format:                                                                                   \
        for (int32_t row = row_begin; row < row_end; row++) {                                      \
            crop_prefetch(view, crop, spacing, row, row_end);                                      \
            crop_row(view, crop, axes, colours, inside, out, row);                                 \
        }                                                                                          \
        break;
    switch (view->image.format) {
        CROP_ROWS(MIEN_PIXEL_RGB24, colours_rgb24, mieni_crop_inside_avx2)
        CROP_ROWS(MIEN_PIXEL_BGR24, colours_bgr24, mieni_crop_inside_avx2)
        CROP_ROWS(MIEN_PIXEL_RGBA32, colours_rgba32, mieni_crop_inside_avx2)
        CROP_ROWS(MIEN_PIXEL_BGRA32, colours_bgra32, mieni_crop_inside_avx2)
        CROP_ROWS(MIEN_PIXEL_GRAY8, colours_gray, mieni_crop_inside_yuv_avx2)
        CROP_ROWS(MIEN_PIXEL_NV12, colours_nv12, mieni_crop_inside_yuv_avx2)
        CROP_ROWS(MIEN_PIXEL_I420, colours_i420, mieni_crop_inside_yuv_avx2)
    }
#undef CROP_ROWS
}
