/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples a map at the places that a matrix gives; a place outside the map, by however little, is
 * 0 in all channels. Source: docs/formulas.md, "Attention".
 */
#include "kernels/ref/ref.h"

#include <math.h>

/* A cell of the map, or zeros beyond its last row and column, where the weight is 0 anyway. */
static float cell(const MieniPlane *in, int32_t y, int32_t x, int32_t channel)
{
    return y < in->height && x < in->width ? mieni_plane_at(in, y, x)[channel] : 0.0f;
}

static void sample(const MieniPlane *in, float x, float y, float *to)
{
    int32_t x0 = (int32_t)floorf(x), y0 = (int32_t)floorf(y);
    float fx = x - (float)x0, fy = y - (float)y0;
    for (int32_t channel = 0; channel < in->channels; channel++)
        to[channel] = cell(in, y0, x0, channel) * ((1 - fx) * (1 - fy)) +
                      cell(in, y0, x0 + 1, channel) * (fx * (1 - fy)) +
                      cell(in, y0 + 1, x0, channel) * ((1 - fx) * fy) +
                      cell(in, y0 + 1, x0 + 1, channel) * (fx * fy);
}

void mieni_sample_bilinear_ref(const MieniPlane *in, const float matrix[16], const MieniPlane *out)
{
    /* The matrix counts from corners of cells, the map from their centres. */
    float shift_x = matrix[3] + (0.5f * matrix[0] + 0.5f * matrix[1] - 0.5f);
    float shift_y = matrix[7] + (0.5f * matrix[4] + 0.5f * matrix[5] - 0.5f);
    for (int32_t j = 0; j < out->height; j++) {
        for (int32_t i = 0; i < out->width; i++) {
            float x = matrix[0] * (float)i + matrix[1] * (float)j + shift_x;
            float y = matrix[4] * (float)i + matrix[5] * (float)j + shift_y;
            float *to = mieni_plane_at(out, j, i);
            memset(to, 0, sizeof(float) * (size_t)out->pixel_stride);
            /* Written so that NaN counts as outside. */
            if (x >= 0 && x <= (float)(in->width - 1) && y >= 0 && y <= (float)(in->height - 1))
                sample(in, x, y, to);
        }
    }
}
