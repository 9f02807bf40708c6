/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/ref/convlike.h"

#include <math.h>

static inline float larger(float a, float b)
{
    return b > a ? b : a;
}

/* Adds what the residual has for channels begin .. end - 1 of output pixel (y, x). */
static void add_residual(const MieniConvArgs *args, float *restrict sums, int32_t y, int32_t x,
                         int32_t begin, int32_t end)
{
    const MieniPlane *plane = &args->residual;
    if (args->shape->residual == MIENI_RESIDUAL_NONE)
        return;
    end = MIENI_MIN(end, args->shape->residual_channels);
    if (args->shape->residual == MIENI_RESIDUAL_ADD) {
        const float *from = mieni_plane_at(plane, y, x);
        for (int32_t i = begin; i < end; i++)
            sums[i] += from[i];
        return;
    }
    const float *top = mieni_plane_at(plane, 2 * y, 2 * x);
    const float *bottom = top + (2 * y + 1 < plane->height ? plane->row_stride : 0);
    ptrdiff_t right = 2 * x + 1 < plane->width ? plane->pixel_stride : 0;
    for (int32_t i = begin; i < end; i++)
        sums[i] += larger(larger(larger(top[i], top[i + right]), bottom[i]), bottom[i + right]);
}

/* x < 0 ? x * slope : x, of which compilers would make a branch, of bits. */
static inline float prelu(float x, float slope)
{
    float scaled = x * slope, result;
    uint32_t mask = x < 0.0f ? UINT32_MAX : 0, x_bits, scaled_bits;
    memcpy(&x_bits, &x, sizeof(x));
    memcpy(&scaled_bits, &scaled, sizeof(scaled));
    x_bits = (scaled_bits & mask) | (x_bits & ~mask);
    memcpy(&result, &x_bits, sizeof(result));
    return result;
}

/* Loops of their own, so that a compiler may vectorise them. */
static void activate(MieniActivation activation, const float *slope, const float *restrict sums,
                     float *out, int32_t begin, int32_t end)
{
    switch (activation) {
    case MIENI_ACTIVATION_NONE:
        for (int32_t i = begin; i < end; i++)
            out[i] = sums[i];
        break;
    case MIENI_ACTIVATION_RELU:
        for (int32_t i = begin; i < end; i++)
            out[i] = sums[i] < 0.0f ? 0.0f : sums[i];
        break;
    case MIENI_ACTIVATION_PRELU:
        for (int32_t i = begin; i < end; i++)
            out[i] = prelu(sums[i], slope[i]);
        break;
    case MIENI_ACTIVATION_SIGMOID:
        for (int32_t i = begin; i < end; i++)
            out[i] = 1.0f / (1.0f + expf(-sums[i]));
        break;
    }
}

void REF_NAME(conv_finish)(const MieniConvArgs *args, const float *slope, float *sums, int32_t y,
                           int32_t x, int32_t begin, int32_t end)
{
    const MieniConvShape *shape = args->shape;
    float *out = mieni_plane_at(&args->out, y, x);
    add_residual(args, sums, y, x, begin, end);
    activate(shape->activation, slope, sums, out, begin, end);
    if (end == shape->out_channels)
        for (ptrdiff_t i = end; i < args->out.pixel_stride; i++)
            out[i] = 0.0f;
}

/* Channels begin .. begin + n - 1, n at most REF_BLOCK. */
static inline void depthwise_block(const MieniConvArgs *args, const float *depthwise,
                                   float *restrict sums, int32_t y, int32_t x, size_t begin,
                                   size_t n)
{
    const MieniConvShape *shape = args->shape;
    float block[REF_BLOCK];

    memcpy(block, sums + begin, n * sizeof(float));
    for (int32_t kx = 0; kx < shape->kernel_width; kx++) {
        for (int32_t ky = 0; ky < shape->kernel_height; ky++) {
            int32_t sy = y * shape->stride + ky - shape->pad_top;
            int32_t sx = x * shape->stride + kx - shape->pad_left;
            if (sy < 0 || sy >= shape->in_height || sx < 0 || sx >= shape->in_width)
                continue;
            size_t tap = (size_t)(ky * shape->kernel_width + kx) * (size_t)shape->in_channels;
            const float *in = mieni_plane_at(&args->in, sy, sx) + begin;
            for (size_t i = 0; i < n; i++)
                block[i] = ref_multiply_add(in[i], depthwise[tap + begin + i], block[i]);
        }
    }
    memcpy(sums + begin, block, n * sizeof(float));
}

void REF_NAME(depthwise_pixel)(const MieniConvArgs *args, const float *depthwise, float *sums,
                               int32_t y, int32_t x)
{
    size_t channels = (size_t)args->shape->in_channels, begin = 0;

    for (; begin + REF_BLOCK <= channels; begin += REF_BLOCK)
        depthwise_block(args, depthwise, sums, y, x, begin, REF_BLOCK);
    if (begin < channels)
        depthwise_block(args, depthwise, sums, y, x, begin, channels - begin);
}
