/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks for the cache lines of a picture that a crop will need some rows later. A frame that another
 * core, a camera or a disk has written lies in main memory, and where rows of the crop run across
 * rows of the picture no processor foresees which lines are next.
 */
#ifndef MIENI_KERNELS_CROP_PREFETCH_H
#define MIENI_KERNELS_CROP_PREFETCH_H

#include "kernels/kernels.h"

#define CROP_ROWS_AHEAD 16
#define CROP_LINE_BYTES 64 /* of most caches; where it is not, too few or too many lines */

#if defined(CROP_PREFETCH) /* a test looks on */
#elif defined(__GNUC__)
#define CROP_PREFETCH(address) __builtin_prefetch(address)
#else
#define CROP_PREFETCH(address) ((void)(address))
#endif

/* Columns from one line asked for to the next; at most CROP_ROWS_AHEAD. */
static inline int32_t crop_prefetch_spacing(const MieniView *view, const MieniCrop *crop)
{
    int64_t x = crop->x[1] >> crop->shift, y = crop->y[1] >> crop->shift; /* 1/32 pixel */
    int64_t step = MIENI_MAX(MIENI_MAX(x, -x), MIENI_MAX(y, -y)) + 1;
    int64_t columns = 32 * CROP_LINE_BYTES / (step * mieni_sample_bytes(view->image.format, 0));
    return (int32_t)MIENI_MIN(MIENI_MAX(columns, 1), CROP_ROWS_AHEAD);
}

/*
 * For row + CROP_ROWS_AHEAD, if it is below row_end: one column of each `spacing`, other ones in
 * each row. So all have had their turn after as many rows, which rows along columns of the picture
 * need.
 */
static inline void crop_prefetch(const MieniView *view, const MieniCrop *crop, int32_t spacing,
                                 int32_t row, int32_t row_end)
{
    const MienImage *image = &view->image;
    int32_t first = row % spacing;
    row += CROP_ROWS_AHEAD;
    if (row >= row_end)
        return;
    int64_t x = mieni_crop_sum(crop->x, first, row), y = mieni_crop_sum(crop->y, first, row);
    int64_t x_step = mieni_crop_sum(crop->x, first + spacing, row) - x;
    int64_t y_step = mieni_crop_sum(crop->y, first + spacing, row) - y;

    for (int32_t i = first; i < crop->width; i += spacing, x += x_step, y += y_step) {
        int64_t column = x >> (crop->shift + 5), line = y >> (crop->shift + 5);
        if (column < 0 || column >= image->width || line < 0 || line >= image->height - 1)
            continue;
        for (int plane = 0; plane < 3 && image->planes[plane]; plane++) {
            ptrdiff_t stride = image->strides_bytes[plane];
            const uint8_t *at = image->planes[plane] +
                                column * mieni_sample_bytes(image->format, plane) + line * stride;
            CROP_PREFETCH(at);
            if (plane == 0)
                CROP_PREFETCH(at + stride);
            column >>= plane == 0;
            line >>= plane == 0;
        }
    }
}

#endif
