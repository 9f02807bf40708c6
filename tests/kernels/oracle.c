/* SPDX-License-Identifier: Apache-2.0 */
#include "conv.h"

#include <math.h>

typedef struct Oracle {
    ConvKind kind;
    const MieniConvShape *shape;
    const MieniConvWeights *weights;
    const MieniPlane *in;
} Oracle;

/* in[y*s + ky - pad_top][x*s + kx - pad_left][channel], 0 outside. */
static double tap(const Oracle *o, int32_t y, int32_t x, int32_t ky, int32_t kx, int32_t channel)
{
    const MieniConvShape *s = o->shape;
    int32_t sy = y * s->stride + ky - s->pad_top, sx = x * s->stride + kx - s->pad_left;
    if (sy < 0 || sy >= s->in_height || sx < 0 || sx >= s->in_width)
        return 0.0;
    return (double)mieni_plane_at(o->in, sy, sx)[channel];
}

static double depthwise(const Oracle *o, int32_t y, int32_t x, int32_t channel)
{
    const MieniConvShape *s = o->shape;
    double sum = 0.0;
    for (int32_t ky = 0; ky < s->kernel_height; ky++)
        for (int32_t kx = 0; kx < s->kernel_width; kx++)
            sum +=
                tap(o, y, x, ky, kx, channel) *
                (double)
                    o->weights->depthwise[(ky * s->kernel_width + kx) * s->in_channels + channel];
    return sum;
}

static double conv(const Oracle *o, int32_t y, int32_t x, int32_t n, int32_t kernel_height,
                   int32_t kernel_width)
{
    int32_t channels = o->shape->in_channels;
    const float *w = o->weights->weights + (ptrdiff_t)n * kernel_height * kernel_width * channels;
    double sum = 0.0;
    for (int32_t ky = 0; ky < kernel_height; ky++)
        for (int32_t kx = 0; kx < kernel_width; kx++)
            for (int32_t k = 0; k < channels; k++)
                sum += tap(o, y, x, ky, kx, k) * (double)*w++;
    return sum;
}

static double pointwise(const Oracle *o, int32_t n, const double *from)
{
    const float *w = o->weights->weights + (ptrdiff_t)n * o->shape->in_channels;
    double sum = 0.0;
    for (int32_t k = 0; k < o->shape->in_channels; k++)
        sum += from[k] * (double)w[k];
    return sum;
}

static double residual_value(const MieniConvShape *shape, const MieniPlane *residual, int32_t y,
                             int32_t x, int32_t n)
{
    if (shape->residual == MIENI_RESIDUAL_NONE || n >= shape->residual_channels)
        return 0.0;
    if (shape->residual == MIENI_RESIDUAL_ADD)
        return (double)mieni_plane_at(residual, y, x)[n];
    double largest = -HUGE_VAL;
    for (int32_t sy = 2 * y; sy < MIENI_MIN(2 * y + 2, residual->height); sy++)
        for (int32_t sx = 2 * x; sx < MIENI_MIN(2 * x + 2, residual->width); sx++)
            largest = fmax(largest, (double)mieni_plane_at(residual, sy, sx)[n]);
    return largest;
}

static double activation_value(const MieniConvShape *shape, double x, const float *slope, int32_t n)
{
    switch (shape->activation) {
    case MIENI_ACTIVATION_NONE:
        return x;
    case MIENI_ACTIVATION_RELU:
        return fmax(x, 0.0);
    case MIENI_ACTIVATION_PRELU:
        return x < 0.0 ? x * (double)slope[n] : x;
    case MIENI_ACTIVATION_SIGMOID:
        return 1.0 / (1.0 + exp(-x));
    }
    return NAN;
}

void conv_oracle(ConvKind kind, const MieniConvShape *shape, const MieniConvWeights *weights,
                 const MieniPlane *in, const MieniPlane *residual, float *out)
{
    const Oracle o = {kind, shape, weights, in};
    static double middle[4096]; /* one pixel between depthwise and pointwise */

    for (int32_t y = 0; y < shape->out_height; y++) {
        for (int32_t x = 0; x < shape->out_width; x++) {
            if (kind == KIND_pointwise)
                for (int32_t k = 0; k < shape->in_channels; k++)
                    middle[k] = (double)mieni_plane_at(in, y, x)[k];
            if (kind == KIND_depthwise_pointwise)
                for (int32_t k = 0; k < shape->in_channels; k++)
                    middle[k] = (double)weights->depthwise_bias[k] + depthwise(&o, y, x, k);
            for (int32_t n = 0; n < shape->out_channels; n++) {
                double sum = (double)weights->bias[n] + residual_value(shape, residual, y, x, n);
                if (kind == KIND_depthwise)
                    sum += depthwise(&o, y, x, n);
                else if (kind == KIND_conv)
                    sum += conv(&o, y, x, n, shape->kernel_height, shape->kernel_width);
                else if (kind == KIND_fully_connected)
                    sum += conv(&o, 0, 0, n, shape->in_height, shape->in_width);
                else
                    sum += pointwise(&o, n, middle);
                *out++ = (float)activation_value(shape, sum, weights->slope, n);
            }
        }
    }
}
