/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the crops of NV12, I420 and GRAY8 share where all taps lie inside the picture. A row's taps
 * are fetched first, by plain loads and stores: 4 bytes of luma a pixel, 4 of chroma above and
 * below.
 *
 * Factors of the conversion have 17 bits: a multiple of 2^16 and a rest of 16 bits. The rests'
 * products are added up in 32 bits, of which the high halves are kept; whole multiples are added to
 * those. Words are clipped where they become bytes.
 */
#ifndef MIENI_KERNELS_X86_CROP_YUV_H
#define MIENI_KERNELS_X86_CROP_YUV_H

#include "kernels/kernels.h"

#define CROP_MAX_PIXELS 256 /* as many as are fetched before the first is converted */

/* The taps of each pixel. Chroma: the left tap's sample and the next, U, V, U, V of NV12 and U, U,
 * V, V of I420. */
typedef struct CropTaps {
    uint8_t luma[CROP_MAX_PIXELS][4]; /* left and right, left and right below */
    uint8_t above[CROP_MAX_PIXELS][4], below[CROP_MAX_PIXELS][4];
} CropTaps;

/* What constants turn luma and chroma into R, G and B: doublewords, of which a vector is full.
 * Words of U and V take turns, words of luma are those of the left and the right tap. */
typedef struct CropConversion {
    int32_t y_left, y_right; /* rest for the one tap, 0 for the other */
    int32_t bias;
    int32_t r, b, minus_g;                   /* rests */
    int32_t whole_r, whole_b, whole_minus_g; /* bytes, for U, V, U, V */
} CropConversion;

/* In which order a doubleword of luma or chroma is taken: bytes, of which 0x80 is a zero. */
typedef struct CropOrders {
    uint32_t luma_above, luma_below; /* words: left, right */
    uint32_t chroma;                 /* words: U and V */
    uint32_t both;                   /* bytes: U and V of the left tap, of the right */
    /* Added where the right tap has the next sample, the first for the right tap's chroma. */
    uint32_t chroma_more, both_more;
} CropOrders;

/* Two numbers in the halves of a doubleword. */
static inline int32_t crop_halves(int32_t low, int32_t high)
{
    return (int32_t)(((uint32_t)low & 0xFFFF) | (uint32_t)high << 16);
}

static inline int32_t crop_whole(int32_t factor)
{
    return (factor + (1 << 15)) >> 16;
}

static inline int32_t crop_rest(int32_t factor)
{
    return factor - crop_whole(factor) * (1 << 16);
}

/* Bytes for U and V, twice. */
static inline int32_t crop_wholes(int32_t u, int32_t v)
{
    uint32_t half = (uint32_t)crop_whole(u) | (uint32_t)crop_whole(v) << 8;
    return crop_halves((int32_t)half, (int32_t)half);
}

static inline CropConversion crop_conversion(const MieniView *view)
{
    int32_t y_rest = crop_rest(view->y_gain);
    return (CropConversion){.y_left = crop_halves(y_rest, 0),
                            .y_right = crop_halves(0, y_rest),
                            .bias = (1 << 15) - view->y_gain * view->y_offset,
                            .r = crop_halves(0, crop_rest(view->r_v)),
                            .b = crop_halves(crop_rest(view->b_u), 0),
                            .minus_g = crop_halves(crop_rest(-view->g_u), crop_rest(-view->g_v)),
                            .whole_r = crop_wholes(0, view->r_v),
                            .whole_b = crop_wholes(view->b_u, 0),
                            .whole_minus_g = crop_wholes(-view->g_u, -view->g_v)};
}

/* What crop_conversion counts on, as all known matrices have it: luma once, chroma some times, and
 * signs. */
static inline bool crop_is_convertible(const MieniView *view)
{
    const int32_t most = 8 << 16;
    return crop_whole(view->y_gain) == 1 && view->r_v >= 0 && view->r_v < most && view->b_u >= 0 &&
           view->b_u < most && view->g_u <= 0 && view->g_u > -most && view->g_v <= 0 &&
           view->g_v > -most;
}

static inline CropOrders crop_orders(const MienImage *image)
{
    bool is_nv12 = image->format == MIEN_PIXEL_NV12;
    return (CropOrders){.luma_above = 0x80018000,
                        .luma_below = 0x80038002,
                        .chroma = is_nv12 ? 0x80018000 : 0x80028000,
                        .both = is_nv12 ? 0x01000100 : 0x02000200,
                        .chroma_more = is_nv12 ? 0x00020002 : 0x00010001,
                        .both_more = is_nv12 ? 0x02020000 : 0x01010000};
}

/* Where left upper taps may be: 0 .. right, 0 .. bottom. Two samples of chroma from the left tap's
 * on lie in the row, and a row below. False: no picture of this kind can be cropped so. */
static inline bool crop_yuv_limits(const MieniView *view, int32_t *right, int32_t *bottom)
{
    const MienImage *image = &view->image;
    bool is_gray = image->format == MIEN_PIXEL_GRAY8;
    *right = is_gray ? image->width - 2 : (image->width + 1) / 2 * 2 - 3;
    *bottom = image->height - 2;
    if (image->format == MIEN_PIXEL_I420 && image->strides_bytes[1] != image->strides_bytes[2])
        return false;
    return *right >= 0 && *bottom >= 0 && (is_gray || crop_is_convertible(view));
}

/* The taps of n pixels from `first` on; offsets, in bytes, are those of the left upper tap, of its
 * chroma, and of that of the tap below. */
static inline void crop_fetch(const MienImage *image, const int32_t *luma, const int32_t *chroma,
                              const int32_t *below, int32_t first, int32_t n, CropTaps *taps)
{
    const uint8_t *top = image->planes[0], *bottom = top + image->strides_bytes[0];
    const uint8_t *u = image->planes[1], *v = image->planes[2];
    for (int32_t i = first; i < first + n; i++) {
        memcpy(taps->luma[i], top + luma[i], 2);
        memcpy(taps->luma[i] + 2, bottom + luma[i], 2);
    }
    for (int32_t i = first; i < first + n && image->format == MIEN_PIXEL_NV12; i++) {
        memcpy(taps->above[i], u + chroma[i], 4);
        memcpy(taps->below[i], u + below[i], 4);
    }
    for (int32_t i = first; i < first + n && image->format == MIEN_PIXEL_I420; i++) {
        memcpy(taps->above[i], u + chroma[i], 2);
        memcpy(taps->above[i] + 2, v + chroma[i], 2);
        memcpy(taps->below[i], u + below[i], 2);
        memcpy(taps->below[i] + 2, v + below[i], 2);
    }
}

#endif
