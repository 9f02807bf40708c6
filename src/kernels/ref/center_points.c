/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in a frame of their own: out = (in - mean) / d, where d is the mean distance from the
 * mean. Source: the first operations of the blendshape network's file.
 */
#include "kernels/ref/ref.h"

#include <math.h>

void mieni_center_points_ref(const MieniPlane *in, const MieniPlane *out)
{
    float sum_x = 0, sum_y = 0, n = (float)in->width;
    for (int32_t i = 0; i < in->width; i++) {
        sum_x += mieni_plane_at(in, 0, i)[0];
        sum_y += mieni_plane_at(in, 0, i)[1];
    }
    float mean_x = sum_x / n, mean_y = sum_y / n, sum = 0;
    for (int32_t i = 0; i < in->width; i++) {
        float *to = mieni_plane_at(out, 0, i);
        to[0] = mieni_plane_at(in, 0, i)[0] - mean_x;
        to[1] = mieni_plane_at(in, 0, i)[1] - mean_y;
        sum += sqrtf(to[0] * to[0] + to[1] * to[1]);
    }
    float distance = sum / n;
    for (int32_t i = 0; i < in->width; i++) {
        float *to = mieni_plane_at(out, 0, i);
        to[0] /= distance;
        to[1] /= distance;
        for (ptrdiff_t c = 2; c < out->pixel_stride; c++)
            to[c] = 0.0f;
    }
}
