/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layer normalisation of each pixel over its channels, without a bias: out = (in - mean) * scale,
 * scale = gain / sqrt(variance + epsilon). Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer
 * Normalization", 2016; the order of operations is that of the blendshape network's file.
 */
#include "kernels/ref/ref.h"

#include <math.h>

void mieni_layer_norm_ref(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    float n = (float)in->channels;
    for (int32_t i = 0; i < in->height * in->width; i++) {
        const float *x = mieni_plane_at(in, i / in->width, i % in->width);
        float sum = 0, squares = 0;
        for (int32_t c = 0; c < in->channels; c++)
            sum += x[c];
        float mean = sum / n;
        for (int32_t c = 0; c < in->channels; c++)
            squares += (x[c] - mean) * (x[c] - mean);
        float scale = 1.0f / sqrtf(squares / n + spec->epsilon);
        for (int32_t c = 0; c < in->channels; c++) {
            float gain = scale * spec->gain[c];
            float *y = spec->transposed ? mieni_plane_at(out, 0, c) + i
                                        : mieni_plane_at(out, i / in->width, i % in->width) + c;
            *y = x[c] * gain + -mean * gain;
        }
    }
    for (int32_t i = 0; i < out->height * out->width; i++) {
        float *y = mieni_plane_at(out, i / out->width, i % out->width);
        for (ptrdiff_t c = out->channels; c < out->pixel_stride; c++)
            y[c] = 0.0f;
    }
}
