/* SPDX-License-Identifier: Apache-2.0 */
/* Landmarks of a crop to landmarks of the picture. Source: docs/formulas.md, "Landmarks". */
#include "kernels/ref/ref.h"

void mieni_decode_landmarks_ref(const float *raw, int32_t n, float side,
                                const MieniProjection *projection, MienLandmark *out)
{
    const MieniRect *rect = &projection->rect;
    float cosine = projection->cosine;
    for (int32_t i = 0; i < n; i++) {
        float x = raw[3 * i] / side - 0.5f;
        float y = raw[3 * i + 1] / side - 0.5f;
        float z = raw[3 * i + 2] / side;
        out[i].x = (cosine * x - projection->sine_x * y) * rect->width + rect->cx;
        out[i].y = (projection->sine_y * x + cosine * y) * rect->height + rect->cy;
        out[i].z = z * projection->depth;
    }
}
