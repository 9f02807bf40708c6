/* SPDX-License-Identifier: Apache-2.0 */
/* Points of a part of the face to points of the crop. Source: docs/formulas.md, "Attention". */
#include "kernels/ref/ref.h"

void mieni_transform_landmarks_ref(const float *in, int32_t n, const float matrix[16], float scale,
                                   float *out)
{
    float shift_x = matrix[3] * scale, shift_y = matrix[7] * scale;
    for (int32_t i = 0; i < n; i++) {
        float x = in[2 * i], y = in[2 * i + 1];
        out[2 * i] = matrix[0] * x + matrix[1] * y + shift_x;
        out[2 * i + 1] = matrix[4] * x + matrix[5] * y + shift_y;
    }
}
