/* SPDX-License-Identifier: Apache-2.0 */
/* The sampler of ref/sample_bilinear.c, a lane a channel. No over-read. */
#include "kernels/x86/avx2.h"

#include <math.h>

/* A place in the map: its upper left cell, the distances to the right and lower one (0 beyond the
 * last column and row, where the weight is 0), and the four weights. */
typedef struct Place {
    const float *cell;
    ptrdiff_t right, down;
    float weights[4];
} Place;

static Place place_of(const MieniPlane *in, float x, float y)
{
    int32_t x0 = (int32_t)floorf(x), y0 = (int32_t)floorf(y);
    float fx = x - (float)x0, fy = y - (float)y0;
    return (Place){
        .cell = mieni_plane_at(in, y0, x0),
        .right = x0 + 1 < in->width ? in->pixel_stride : 0,
        .down = y0 + 1 < in->height ? in->row_stride : 0,
        .weights = {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy},
    };
}

static void sample(const MieniPlane *in, const MieniPlane *out, const Place *place, float *to)
{
    const float *below = place->cell + place->down;
    for (int32_t c = 0; c < in->channels; c += 8) {
        ptrdiff_t lanes = MIENI_MIN(in->channels - c, 8), room = avx2_lanes(out, c);
        __m256 a = avx2_load(place->cell + c, lanes);
        __m256 b = avx2_load(place->cell + place->right + c, lanes);
        __m256 d = avx2_load(below + c, lanes);
        __m256 e = avx2_load(below + place->right + c, lanes);
        __m256 sum = _mm256_mul_ps(a, _mm256_set1_ps(place->weights[0]));
        sum = _mm256_add_ps(sum, _mm256_mul_ps(b, _mm256_set1_ps(place->weights[1])));
        sum = _mm256_add_ps(sum, _mm256_mul_ps(d, _mm256_set1_ps(place->weights[2])));
        sum = _mm256_add_ps(sum, _mm256_mul_ps(e, _mm256_set1_ps(place->weights[3])));
        avx2_store(to + c, room, sum);
    }
}

void mieni_sample_bilinear_avx2(const MieniPlane *in, const float matrix[16], const MieniPlane *out)
{
    /* The matrix counts from corners of cells, the map from their centres. */
    float shift_x = matrix[3] + (0.5f * matrix[0] + 0.5f * matrix[1] - 0.5f);
    float shift_y = matrix[7] + (0.5f * matrix[4] + 0.5f * matrix[5] - 0.5f);
    for (int32_t j = 0; j < out->height; j++) {
        for (int32_t i = 0; i < out->width; i++) {
            float x = matrix[0] * (float)i + matrix[1] * (float)j + shift_x;
            float y = matrix[4] * (float)i + matrix[5] * (float)j + shift_y;
            float *to = mieni_plane_at(out, j, i);
            /* Written so that NaN counts as outside. */
            bool inside =
                x >= 0 && x <= (float)(in->width - 1) && y >= 0 && y <= (float)(in->height - 1);
            if (!inside || out->pixel_stride > avx2_round_up_8(in->channels))
                memset(to, 0, sizeof(float) * (size_t)out->pixel_stride);
            if (inside) {
                Place place = place_of(in, x, y);
                sample(in, out, &place, to);
            }
        }
    }
}
