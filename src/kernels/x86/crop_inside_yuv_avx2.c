/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crop of NV12, I420 and GRAY8 where all taps lie inside the picture, see crop_yuv.h: 8 pixels
 * at a time are converted, left and right taps side by side in 16 bits, and weighed as in
 * crop_inside_avx2.c. Same integers as ref/crop.c, so the same bits.
 */
#include "kernels/x86/crop_avx2.h"
#include "kernels/x86/crop_yuv.h"

/* Where the taps of some groups are, and how they weigh. */
typedef struct Places {
    __m256i luma[CROP_MAX_GROUPS];    /* of the left upper tap, bytes */
    __m256i chroma[CROP_MAX_GROUPS];  /* of that tap's sample, bytes */
    __m256i below[CROP_MAX_GROUPS];   /* of the left lower tap's sample */
    __m256i odd[CROP_MAX_GROUPS];     /* all ones where the right taps have the next sample */
    __m256i columns[CROP_MAX_GROUPS]; /* two bytes, twice: the weights of left and right */
    __m256i rows[CROP_MAX_GROUPS];    /* two halves: the weights of above and below */
} Places;

static void find_places(const MienImage *image, const CropGroups *groups, Places *places)
{
    const __m256i luma = crop_pair((int32_t)image->strides_bytes[0], 1);
    const __m256i chroma =
        crop_pair((int32_t)image->strides_bytes[1], image->format == MIEN_PIXEL_NV12 ? 2 : 1);
    const __m256i next_row = crop_pair(1, 0);
    for (int32_t i = 0; i < groups->n; i++) {
        __m256i x = groups->x[i], y = groups->y[i];
        __m256i corners = crop_corners(x, y), lower = _mm256_add_epi16(corners, next_row);
        places->columns[i] = crop_column_weights(x);
        places->rows[i] = crop_row_weights(y);
        places->luma[i] = crop_offsets(corners, luma);
        places->chroma[i] = crop_offsets(_mm256_srli_epi16(corners, 1), chroma);
        places->below[i] = crop_offsets(_mm256_srli_epi16(lower, 1), chroma);
        places->odd[i] = _mm256_srai_epi32(_mm256_slli_epi32(x, 26), 31);
    }
}

/* Constants of a row, full vectors of them. */
typedef struct Conversion {
    __m256i y_left, y_right, bias, r, b, minus_g, whole_r, whole_b, whole_minus_g;
} Conversion;

static Conversion conversion_of(const MieniView *view)
{
    CropConversion c = crop_conversion(view);
    return (Conversion){.y_left = _mm256_set1_epi32(c.y_left),
                        .y_right = _mm256_set1_epi32(c.y_right),
                        .bias = _mm256_set1_epi32(c.bias),
                        .r = _mm256_set1_epi32(c.r),
                        .b = _mm256_set1_epi32(c.b),
                        .minus_g = _mm256_set1_epi32(c.minus_g),
                        .whole_r = _mm256_set1_epi32(c.whole_r),
                        .whole_b = _mm256_set1_epi32(c.whole_b),
                        .whole_minus_g = _mm256_set1_epi32(c.whole_minus_g)};
}

/* In which order four doublewords of each half are taken, given that of the first. */
static __m256i order_of(uint32_t first)
{
    const __m256i fours = _mm256_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12, 0, 0,
                                           0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12);
    return _mm256_add_epi8(_mm256_set1_epi32((int32_t)first), fours);
}

/* For a group's chroma, see CropOrders. */
typedef struct Orders {
    __m256i left, right, both;
} Orders;

/* high halves of left's doublewords as low, of right's as high words */
MIENI_INLINE __m256i high_words(__m256i left, __m256i right)
{
    return _mm256_blend_epi16(_mm256_srli_epi32(left, 16), right, 0xAA);
}

/* R, G and B of left and right taps that take turns, not yet clipped. */
typedef struct Words {
    __m256i r, g, b;
} Words;

MIENI_INLINE Words convert(const Conversion *c, __m256i luma, __m256i chroma, const Orders *orders)
{
    const __m256i middle = _mm256_set1_epi16(128), signs = _mm256_set1_epi8(-128);
    __m256i left = _mm256_sub_epi16(_mm256_shuffle_epi8(chroma, orders->left), middle);
    __m256i right = _mm256_sub_epi16(_mm256_shuffle_epi8(chroma, orders->right), middle);
    __m256i both = _mm256_shuffle_epi8(_mm256_xor_si256(chroma, signs), orders->both);
    __m256i y_left = _mm256_add_epi32(_mm256_madd_epi16(luma, c->y_left), c->bias);
    __m256i y_right = _mm256_add_epi32(_mm256_madd_epi16(luma, c->y_right), c->bias);
    __m256i r = high_words(_mm256_add_epi32(y_left, _mm256_madd_epi16(left, c->r)),
                           _mm256_add_epi32(y_right, _mm256_madd_epi16(right, c->r)));
    __m256i g = high_words(_mm256_sub_epi32(y_left, _mm256_madd_epi16(left, c->minus_g)),
                           _mm256_sub_epi32(y_right, _mm256_madd_epi16(right, c->minus_g)));
    __m256i b = high_words(_mm256_add_epi32(y_left, _mm256_madd_epi16(left, c->b)),
                           _mm256_add_epi32(y_right, _mm256_madd_epi16(right, c->b)));
    r = _mm256_add_epi16(r, _mm256_maddubs_epi16(c->whole_r, both));
    g = _mm256_sub_epi16(g, _mm256_maddubs_epi16(c->whole_minus_g, both));
    b = _mm256_add_epi16(b, _mm256_maddubs_epi16(c->whole_b, both));
    return (Words){_mm256_add_epi16(r, luma), _mm256_add_epi16(g, luma), _mm256_add_epi16(b, luma)};
}

/* Four bytes a pixel, left and right above and below: weighed, and the value that they stand for.
 */
MIENI_INLINE __m256 blend(const Places *places, int32_t i, __m256i taps, const MieniCrop *crop,
                          const bool once)
{
    __m256i sum = _mm256_maddubs_epi16(taps, places->columns[i]);
    sum = _mm256_madd_epi16(sum, places->rows[i]);
    sum = _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(512)), 10);
    return crop_value(crop, sum, once);
}

/* Words above and below, clipped, as blend takes them. */
MIENI_INLINE __m256i bytes_of(__m256i above, __m256i below)
{
    const __m256i order = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0,
                                           1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    return _mm256_shuffle_epi8(_mm256_packus_epi16(above, below), order);
}

MIENI_INLINE __m256i load_taps(uint8_t taps[CROP_MAX_PIXELS][4], int32_t i)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)taps[8 * i]);
}

/* once: see crop_value. A constant wherever this is inlined. */
MIENI_INLINE void crop_row(const MieniView *view, const MieniCrop *crop, const CropGroups *groups,
                           const Places *places, uint32_t inside, CropTaps *taps,
                           const MieniPlane *out, int32_t row, const bool once)
{
    const Conversion conversion = conversion_of(view);
    const CropOrders first = crop_orders(&view->image);
    const __m256i luma_above = order_of(first.luma_above), luma_below = order_of(first.luma_below);
    const __m256i left_order = order_of(first.chroma), both_order = order_of(first.both);
    const __m256i right_more = _mm256_set1_epi32((int32_t)first.chroma_more);
    const __m256i both_more = _mm256_set1_epi32((int32_t)first.both_more);

    for (int32_t i = 0; i < groups->n; i++) {
        if (!(inside >> i & 1))
            continue;
        __m256i luma = load_taps(taps->luma, i);
        float *to = mieni_plane_at(out, row, groups->column + 8 * i);
        if (view->image.format == MIEN_PIXEL_GRAY8) {
            __m256 value = blend(places, i, luma, crop, once);
            crop_store_interleaved(to, value, value, value);
            continue;
        }
        const Orders orders = {
            left_order, _mm256_add_epi8(left_order, _mm256_and_si256(places->odd[i], right_more)),
            _mm256_add_epi8(both_order, _mm256_and_si256(places->odd[i], both_more))};
        Words above = convert(&conversion, _mm256_shuffle_epi8(luma, luma_above),
                              load_taps(taps->above, i), &orders);
        Words below = convert(&conversion, _mm256_shuffle_epi8(luma, luma_below),
                              load_taps(taps->below, i), &orders);
        crop_store_interleaved(to, blend(places, i, bytes_of(above.r, below.r), crop, once),
                               blend(places, i, bytes_of(above.g, below.g), crop, once),
                               blend(places, i, bytes_of(above.b, below.b), crop, once));
    }
}

uint32_t mieni_crop_inside_yuv_avx2(const MieniView *view, const MieniCrop *crop,
                                    const CropGroups *groups, const MieniPlane *out, int32_t row)
{
    const MienImage *image = &view->image;
    int32_t right, bottom;
    if (out->pixel_stride != 3 || !crop_is_small(image) || !crop_yuv_limits(view, &right, &bottom))
        return 0;

    Places places;
    _Alignas(64) CropTaps taps;
    const int32_t *luma = (const int32_t *)(const void *)places.luma;
    const int32_t *chroma = (const int32_t *)(const void *)places.chroma;
    const int32_t *below = (const int32_t *)(const void *)places.below;
    uint32_t inside = crop_inside(crop, groups, right, bottom);
    find_places(image, groups, &places);
    for (int32_t i = 0; i < groups->n; i++)
        if (inside >> i & 1)
            crop_fetch(image, luma, chroma, below, 8 * i, 8, &taps);
    if (crop->scale_rest != 0)
        crop_row(view, crop, groups, &places, inside, &taps, out, row, true);
    else
        crop_row(view, crop, groups, &places, inside, &taps, out, row, false);
    return inside;
}
