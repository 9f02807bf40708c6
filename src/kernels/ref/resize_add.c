/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out[y][x][c] = add[y][x][c] + in resized to out's size: bilinear, half-pixel centres, no aligned
 * corners. Places before the first and behind the last pixel take the nearest one.
 * Source: TensorFlow Lite, RESIZE_BILINEAR with half_pixel_centers.
 */
#include "kernels/ref/ref.h"

#include <math.h>

typedef struct Taps {
    int32_t low, high;
    float fraction; /* weight of `high` */
} Taps;

static Taps taps_of(int32_t out_position, int32_t out_size, int32_t in_size)
{
    float scale = (float)in_size / (float)out_size;
    float position = ((float)out_position + 0.5f) * scale - 0.5f;
    float below = floorf(position);
    int32_t low = (int32_t)below;
    return (Taps){.low = MIENI_MAX(low, 0),
                  .high = MIENI_MIN(low + 1, in_size - 1),
                  .fraction = position - below};
}

void mieni_resize_add_ref(const MieniPlane *in, const MieniPlane *add, const MieniPlane *out,
                          int32_t row_begin, int32_t row_end)
{
    for (int32_t y = row_begin; y < row_end; y++) {
        Taps ty = taps_of(y, out->height, in->height);
        for (int32_t x = 0; x < out->width; x++) {
            Taps tx = taps_of(x, out->width, in->width);
            const float *top_left = mieni_plane_at(in, ty.low, tx.low);
            const float *top_right = mieni_plane_at(in, ty.low, tx.high);
            const float *bottom_left = mieni_plane_at(in, ty.high, tx.low);
            const float *bottom_right = mieni_plane_at(in, ty.high, tx.high);
            const float *addend = mieni_plane_at(add, y, x);
            float *pixel = mieni_plane_at(out, y, x);

            for (int32_t c = 0; c < out->channels; c++) {
                float top = top_left[c] * (1.0f - tx.fraction) + top_right[c] * tx.fraction;
                float bottom =
                    bottom_left[c] * (1.0f - tx.fraction) + bottom_right[c] * tx.fraction;
                pixel[c] = addend[c] + (top * (1.0f - ty.fraction) + bottom * ty.fraction);
            }
            for (ptrdiff_t c = out->channels; c < out->pixel_stride; c++)
                pixel[c] = 0.0f;
        }
    }
}
