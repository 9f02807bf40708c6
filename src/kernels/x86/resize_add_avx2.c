/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear resize plus a plane, a lane a channel, with the arithmetic of ref/resize_add.c. Masked
 * loads and stores where a plane has no lanes behind its last channel. */
#include "kernels/x86/avx2.h"

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

/* a + (b - a) * fraction, each product rounded. */
MIENI_INLINE __m256 mix(__m256 a, __m256 b, __m256 rest, __m256 fraction)
{
    return _mm256_fmadd_ps(a, rest, _mm256_mul_ps(b, fraction));
}

void mieni_resize_add_avx2(const MieniPlane *in, const MieniPlane *add, const MieniPlane *out,
                           int32_t row_begin, int32_t row_end)
{
    const __m256 one = _mm256_set1_ps(1.0f);

    for (int32_t y = row_begin; y < row_end; y++) {
        Taps ty = taps_of(y, out->height, in->height);
        __m256 fy = _mm256_set1_ps(ty.fraction), ry = _mm256_sub_ps(one, fy);
        for (int32_t x = 0; x < out->width; x++) {
            Taps tx = taps_of(x, out->width, in->width);
            __m256 fx = _mm256_set1_ps(tx.fraction), rx = _mm256_sub_ps(one, fx);
            const float *top_left = mieni_plane_at(in, ty.low, tx.low);
            const float *top_right = mieni_plane_at(in, ty.low, tx.high);
            const float *bottom_left = mieni_plane_at(in, ty.high, tx.low);
            const float *bottom_right = mieni_plane_at(in, ty.high, tx.high);
            const float *addend = mieni_plane_at(add, y, x);
            float *pixel = mieni_plane_at(out, y, x);

            for (int32_t c = 0; c < out->pixel_stride; c += 8) {
                ptrdiff_t in_lanes = MIENI_MIN(in->channels - c, 8);
                ptrdiff_t add_lanes = MIENI_MIN(add->channels - c, 8);
                __m256 top = mix(avx2_load(top_left + c, in_lanes),
                                 avx2_load(top_right + c, in_lanes), rx, fx);
                __m256 bottom = mix(avx2_load(bottom_left + c, in_lanes),
                                    avx2_load(bottom_right + c, in_lanes), rx, fx);
                __m256 value =
                    _mm256_add_ps(avx2_load(addend + c, add_lanes), mix(top, bottom, ry, fy));
                avx2_store(pixel + c, avx2_lanes(out, c), value);
            }
        }
    }
}
