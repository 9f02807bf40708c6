/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/ref/convlike.h"

#include <math.h>

static float activate(MieniActivation activation, float x, const float *slope, int32_t channel)
{
    switch (activation) {
    case MIENI_ACTIVATION_NONE:
        return x;
    case MIENI_ACTIVATION_RELU:
        return x < 0.0f ? 0.0f : x;
    case MIENI_ACTIVATION_PRELU:
        return x < 0.0f ? x * slope[channel] : x;
    case MIENI_ACTIVATION_SIGMOID:
        return 1.0f / (1.0f + expf(-x));
    }
    return x;
}

/* What the residual adds to a channel of output pixel (y, x). */
static float residual_at(const MieniConvArgs *args, int32_t y, int32_t x, int32_t channel)
{
    const MieniPlane *plane = &args->residual;
    if (args->shape->residual == MIENI_RESIDUAL_NONE || channel >= args->shape->residual_channels)
        return 0.0f;
    if (args->shape->residual == MIENI_RESIDUAL_ADD)
        return mieni_plane_at(plane, y, x)[channel];

    float largest = mieni_plane_at(plane, 2 * y, 2 * x)[channel];
    for (int32_t i = 1; i < 4; i++) {
        int32_t sy = 2 * y + i / 2, sx = 2 * x + i % 2;
        if (sy >= plane->height || sx >= plane->width)
            continue;
        float value = mieni_plane_at(plane, sy, sx)[channel];
        largest = value > largest ? value : largest;
    }
    return largest;
}

void REF_NAME(conv_finish)(const MieniConvArgs *args, const float *slope, const float *sums,
                           int32_t y, int32_t x, int32_t begin, int32_t end)
{
    const MieniConvShape *shape = args->shape;
    float *out = mieni_plane_at(&args->out, y, x);
    for (int32_t i = begin; i < end; i++)
        out[i] = activate(shape->activation, sums[i] + residual_at(args, y, x, i), slope, i);
    if (end == shape->out_channels)
        for (ptrdiff_t i = end; i < args->out.pixel_stride; i++)
            out[i] = 0.0f;
}

void REF_NAME(depthwise_pixel)(const MieniConvArgs *args, const float *depthwise, float *sums,
                               int32_t y, int32_t x)
{
    const MieniConvShape *shape = args->shape;
    size_t channels = (size_t)shape->in_channels;

    for (int32_t kx = 0; kx < shape->kernel_width; kx++) {
        for (int32_t ky = 0; ky < shape->kernel_height; ky++) {
            int32_t sy = y * shape->stride + ky - shape->pad_top;
            int32_t sx = x * shape->stride + kx - shape->pad_left;
            if (sy < 0 || sy >= shape->in_height || sx < 0 || sx >= shape->in_width)
                continue;
            const float *in = mieni_plane_at(&args->in, sy, sx);
            const float *tap = depthwise + (size_t)(ky * shape->kernel_width + kx) * channels;
            for (size_t i = 0; i < channels; i++)
                sums[i] = ref_multiply_add(in[i], tap[i], sums[i]);
        }
    }
}
