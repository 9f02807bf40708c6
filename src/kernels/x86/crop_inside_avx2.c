/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crop of packed pixels (RGB24, RGBA32 and their like) where all taps lie inside the picture.
 * Neighbouring taps are one load of 8 bytes, those of the row below another; both are put into 16
 * bytes, in the order left and right of R above, R below, G above, G below, B above, B below. Two
 * multiplications by pairs then weigh columns and rows. A vector has two pixels, a lane is R, G, B
 * or nothing. Same integers as ref/crop.c, so the same bits.
 */
#include "kernels/x86/crop_avx2.h"

/* Of the 16 bytes; 0x80 is a zero. */
static const uint8_t orders[4][16] = {
    {0, 3, 8, 11, 1, 4, 9, 12, 2, 5, 10, 13, 0x80, 0x80, 0x80, 0x80},  /* RGB24 */
    {2, 5, 10, 13, 1, 4, 9, 12, 0, 3, 8, 11, 0x80, 0x80, 0x80, 0x80},  /* BGR24 */
    {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 0x80, 0x80, 0x80, 0x80},  /* RGBA32 */
    {2, 6, 10, 14, 1, 5, 9, 13, 0, 4, 8, 12, 0x80, 0x80, 0x80, 0x80}}; /* BGRA32 */

/* Where the taps of some groups are, and how they weigh. Found for all before the first is fetched:
 * one group's way from position to value is too long for the processor to see the next behind it.
 */
typedef struct Places {
    __m256i offsets[CROP_MAX_GROUPS]; /* of the left upper tap, bytes */
    __m256i columns[CROP_MAX_GROUPS]; /* two bytes, twice: the weights of left and right */
    __m256i rows[CROP_MAX_GROUPS];    /* two halves: the weights of above and below */
} Places;

static void find_places(const CropGroups *groups, int32_t bytes, ptrdiff_t stride_bytes,
                        Places *places)
{
    const __m256i factors = crop_pair((int32_t)stride_bytes, bytes);
    for (int32_t i = 0; i < groups->n; i++) {
        __m256i x = groups->x[i], y = groups->y[i];
        places->offsets[i] = crop_offsets(crop_corners(x, y), factors);
        places->columns[i] = crop_column_weights(x);
        places->rows[i] = crop_row_weights(y);
    }
}

/* The taps of one pixel: 8 bytes above and 8 below. */
MIENI_INLINE __m128i taps_at(const uint8_t *above, const uint8_t *below, int32_t offset)
{
    __m128i taps = _mm_loadl_epi64((const __m128i *)(const void *)(above + offset));
    const __m64 *others = (const __m64 *)(const void *)(below + offset);
    return _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(taps), others));
}

/* 8 pixels, 16 bytes for each, of which the last float is the next pixel's; the last pixel keeps to
 * its own. pixels[i]: number i in the low half, number i + 4 in the high half. */
MIENI_INLINE void store_eight(float *to, const __m256 pixels[4])
{
    for (int32_t i = 0; i < 4; i++)
        _mm_storeu_ps(to + 3 * i, _mm256_castps256_ps128(pixels[i]));
    for (int32_t i = 0; i < 3; i++)
        _mm_storeu_ps(to + 12 + 3 * i, _mm256_extractf128_ps(pixels[i], 1));
    __m128 last = _mm256_extractf128_ps(pixels[3], 1);
    _mm_storel_pi((__m64 *)(void *)(to + 21), last);
    _mm_store_ss(to + 23, _mm_movehl_ps(last, last));
}

MIENI_INLINE void blend_group(const Places *places, int32_t i, const uint8_t *above,
                              const uint8_t *below, __m256i order, const MieniCrop *crop, float *to,
                              const bool once)
{
    const __m256i half = _mm256_set1_epi32(512);
    const int32_t *offsets = (const int32_t *)(const void *)&places->offsets[i];
    __m256i columns = places->columns[i], rows = places->rows[i];
    __m256 pixels[4];
#define BLEND(k)                                                                                   \
    {                                                                                              \
        __m128i low = taps_at(above, below, offsets[k]);                                           \
        __m128i high = taps_at(above, below, offsets[k + 4]);                                      \
        __m256i taps = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);              \
        taps = _mm256_shuffle_epi8(taps, order);                                                   \
        taps = _mm256_maddubs_epi16(taps, _mm256_shuffle_epi32(columns, (k)*0x55));                \
        taps = _mm256_madd_epi16(taps, _mm256_shuffle_epi32(rows, (k)*0x55));                      \
        taps = _mm256_srli_epi32(_mm256_add_epi32(taps, half), 10);                                \
        pixels[k] = crop_value(crop, taps, once);                                                  \
    }
    BLEND(0)
    BLEND(1)
    BLEND(2)
    BLEND(3)
#undef BLEND
    store_eight(to, pixels);
}

uint32_t mieni_crop_inside_avx2(const MieniView *view, const MieniCrop *crop,
                                const CropGroups *groups, const MieniPlane *out, int32_t row)
{
    const MienImage *image = &view->image;
    bool blue_first = image->format == MIEN_PIXEL_BGR24 || image->format == MIEN_PIXEL_BGRA32;
    bool three = image->format == MIEN_PIXEL_RGB24 || image->format == MIEN_PIXEL_BGR24;
    bool four = image->format == MIEN_PIXEL_RGBA32 || image->format == MIEN_PIXEL_BGRA32;
    /* 8 bytes from the left tap on lie in the row, and a row below. */
    int32_t right = image->width - (three ? 3 : 2), bottom = image->height - 2;
    if (!(three || four) || out->pixel_stride != 3 || right < 0 || bottom < 0 ||
        !crop_is_small(image))
        return 0;
    const uint8_t *above = image->planes[0];
    ptrdiff_t stride = image->strides_bytes[0];
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(const void *)orders[2 * four + blue_first]));
    Places places;
    uint32_t inside = crop_inside(crop, groups, right, bottom);
    find_places(groups, three ? 3 : 4, stride, &places);
    for (int32_t i = 0; i < groups->n; i++) {
        float *to = mieni_plane_at(out, row, groups->column + 8 * i);
        if (!(inside >> i & 1))
            continue;
        if (crop->scale_rest != 0)
            blend_group(&places, i, above, above + stride, order, crop, to, true);
        else
            blend_group(&places, i, above, above + stride, order, crop, to, false);
    }
    return inside;
}
