/* SPDX-License-Identifier: Apache-2.0 */
/* Landmarks of a crop to landmarks of the picture. Source: docs/formulas.md, "Landmarks". */
#include "kernels/ref/ref.h"

void mieni_decode_landmarks_ref(const float *raw, int32_t n, float side,
                                const MieniProjection *projection, MienLandmark *out)
{
    const MieniProjection *p = projection;
    for (int32_t i = 0; i < n; i++) {
        float x = raw[3 * i] / side - p->origin;
        float y = raw[3 * i + 1] / side - p->origin;
        float z = raw[3 * i + 2] / side;
        out[i].x = (p->x[0] * x + p->x[1] * y) * p->scale[0] + p->offset[0];
        out[i].y = (p->y[0] * x + p->y[1] * y) * p->scale[1] + p->offset[1];
        out[i].z = z * p->depth;
    }
}
