/* SPDX-License-Identifier: Apache-2.0 */
/* out[y][x][c] = in[y/b][x/b][((y%b)*b + x%b) * out.channels + c], b = out.height / in.height. */
#include "kernels/ref/ref.h"

void mieni_depth_to_space_ref(const MieniPlane *in, const MieniPlane *out)
{
    int32_t block = out->height / in->height;
    for (int32_t y = 0; y < out->height; y++) {
        for (int32_t x = 0; x < out->width; x++) {
            const float *from = mieni_plane_at(in, y / block, x / block) +
                                (ptrdiff_t)(y % block * block + x % block) * out->channels;
            float *to = mieni_plane_at(out, y, x);
            for (int32_t c = 0; c < out->channels; c++)
                to[c] = from[c];
            for (ptrdiff_t c = out->channels; c < out->pixel_stride; c++)
                to[c] = 0.0f;
        }
    }
}
