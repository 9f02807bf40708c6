/* SPDX-License-Identifier: Apache-2.0 */
/* out[0][c][x] = in[0][x][c] * scale + add[0][c][x]: what was a channel becomes a pixel. */
#include "kernels/ref/ref.h"

void mieni_transpose_ref(const MieniPlane *in, float scale, const MieniPlane *add,
                         const MieniPlane *out)
{
    for (int32_t c = 0; c < in->channels; c++) {
        float *to = mieni_plane_at(out, 0, c);
        for (int32_t x = 0; x < in->width; x++) {
            float value = mieni_plane_at(in, 0, x)[c] * scale;
            to[x] = add->data ? value + mieni_plane_at(add, 0, c)[x] : value;
        }
        for (ptrdiff_t x = in->width; x < out->pixel_stride; x++)
            to[x] = 0.0f;
    }
}
