/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear resize plus a plane, a lane a channel, with the arithmetic of ref/resize_add.c. Lanes
 * one by one where a plane has none behind its last channel. */
#include "kernels/arm/neon.h"

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

/* a * rest + b * fraction */
MIENI_INLINE float32x4_t mix(float32x4_t a, float32x4_t b, float rest, float fraction)
{
    return vfmaq_n_f32(vmulq_n_f32(b, fraction), a, rest);
}

void mieni_resize_add_neon(const MieniPlane *in, const MieniPlane *add, const MieniPlane *out,
                           int32_t row_begin, int32_t row_end)
{
    for (int32_t y = row_begin; y < row_end; y++) {
        Taps ty = taps_of(y, out->height, in->height);
        float fy = ty.fraction, ry = 1.0f - fy;
        for (int32_t x = 0; x < out->width; x++) {
            Taps tx = taps_of(x, out->width, in->width);
            float fx = tx.fraction, rx = 1.0f - fx;
            const float *top_left = mieni_plane_at(in, ty.low, tx.low);
            const float *top_right = mieni_plane_at(in, ty.low, tx.high);
            const float *bottom_left = mieni_plane_at(in, ty.high, tx.low);
            const float *bottom_right = mieni_plane_at(in, ty.high, tx.high);
            const float *addend = mieni_plane_at(add, y, x);
            float *pixel = mieni_plane_at(out, y, x);

            for (int32_t c = 0; c < out->pixel_stride; c += 4) {
                ptrdiff_t in_lanes = in->channels - c, add_lanes = add->channels - c;
                float32x4_t top = mix(neon_load(top_left + c, in_lanes),
                                      neon_load(top_right + c, in_lanes), rx, fx);
                float32x4_t bottom = mix(neon_load(bottom_left + c, in_lanes),
                                         neon_load(bottom_right + c, in_lanes), rx, fx);
                float32x4_t value =
                    vaddq_f32(neon_load(addend + c, add_lanes), mix(top, bottom, ry, fy));
                neon_store(pixel + c, out->pixel_stride - c, value);
            }
        }
    }
}
