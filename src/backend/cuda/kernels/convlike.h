/* SPDX-License-Identifier: Apache-2.0 */
/* What the convolution-like kernels share: where their weights lie, and their last step. */
#ifndef MIENI_BACKEND_CUDA_KERNELS_CONVLIKE_H
#define MIENI_BACKEND_CUDA_KERNELS_CONVLIKE_H

#include "backend/cuda/kernels/device.h"

DEVICE int32_t round_up4(int32_t n)
{
    return (n + 3) & ~3;
}

/* Four channels of a pixel, zeros behind the last; pixels may be tight. */
DEVICE Float4 input4(const CudaPlane *in, const float *from, int32_t channel)
{
    Float4 value = zero4();
    if (in->vectors)
        return load4(from + channel);
    value.x = from[channel];
    if (channel + 1 < in->channels)
        value.y = from[channel + 1];
    if (channel + 2 < in->channels)
        value.z = from[channel + 2];
    if (channel + 3 < in->channels)
        value.w = from[channel + 3];
    return value;
}

DEVICE float max_of(float a, float b)
{
    return b > a ? b : a;
}

/* What the residual adds to four channels of output pixel `index`. */
DEVICE Float4 residual4(const CudaConvArgs *args, int32_t face, int32_t index, int32_t channel)
{
    const CudaPlane *plane = &args->residual;
    int32_t y = index / args->out.width * 2, x = index % args->out.width * 2, i;
    Float4 largest;
    if (args->residual_kind == CUDA_NO_RESIDUAL || channel >= plane->channels)
        return zero4();
    if (args->residual_kind == CUDA_RESIDUAL_ADD)
        return input4(plane, pixel_of(plane, face, index), channel);
    largest = input4(plane, pixel_of(plane, face, y * plane->width + x), channel);
    for (i = 1; i < 4; i++) {
        int32_t sy = y + i / 2, sx = x + i % 2;
        if (sy < plane->height && sx < plane->width) {
            Float4 value = input4(plane, pixel_of(plane, face, sy * plane->width + sx), channel);
            largest.x = max_of(largest.x, value.x);
            largest.y = max_of(largest.y, value.y);
            largest.z = max_of(largest.z, value.z);
            largest.w = max_of(largest.w, value.w);
        }
    }
    return largest;
}

DEVICE float activate(int32_t activation, float x, float slope)
{
    if (activation == CUDA_RELU)
        return x < 0 ? 0 : x;
    if (activation == CUDA_PRELU)
        return x < 0 ? x * slope : x;
    return activation == CUDA_SIGMOID ? sigmoid(x) : x;
}

/* The first n of four values, where they cannot be written at once. Not inlined: a compiler would
 * join its stores with those of store4. */
DEVICE_CALL void store_some(float *to, float x, float y, float z, float w, int32_t n)
{
    to[0] = x;
    if (n > 1)
        to[1] = y;
    if (n > 2)
        to[2] = z;
    if (n > 3)
        to[3] = w;
}

/*
 * Adds the residual to four channels of a pixel, applies the activation and writes them, and zeros
 * in the lanes behind the last channel. `bias` points to [n4] biases and [n4] slopes.
 */
DEVICE void finish4(const CudaConvArgs *args, const float *bias, Float4 sum, int32_t face,
                    int32_t index, int32_t channel)
{
    float *to = pixel_of(&args->out, face, index) + channel;
    int32_t n = args->out.channels - channel;
    Float4 slope = zero4(), residual = residual4(args, face, index, channel);
    if (args->activation == CUDA_PRELU)
        slope = load4(bias + round_up4(args->out.channels) + channel);
    sum.x = activate(args->activation, sum.x + residual.x, slope.x);
    sum.y = n > 1 ? activate(args->activation, sum.y + residual.y, slope.y) : 0;
    sum.z = n > 2 ? activate(args->activation, sum.z + residual.z, slope.z) : 0;
    sum.w = n > 3 ? activate(args->activation, sum.w + residual.w, slope.w) : 0;
    if (args->out.vectors)
        store4(to, sum);
    else
        store_some(to, sum.x, sum.y, sum.z, sum.w, args->out.pixel - channel);
}

/* sum + x * weights, four times. */
DEVICE Float4 fused4(float x, Float4 weights, Float4 sum)
{
    sum.x = fused(x, weights.x, sum.x);
    sum.y = fused(x, weights.y, sum.y);
    sum.z = fused(x, weights.z, sum.z);
    sum.w = fused(x, weights.w, sum.w);
    return sum;
}

/* One tap of a depthwise: channels do not mix. */
DEVICE Float4 tap4(Float4 x, Float4 weights, Float4 sum)
{
    sum.x = fused(x.x, weights.x, sum.x);
    sum.y = fused(x.y, weights.y, sum.y);
    sum.z = fused(x.z, weights.z, sum.z);
    sum.w = fused(x.w, weights.w, sum.w);
    return sum;
}

/*
 * The depthwise part at output pixel `index`, channels channel .. channel + 3, on top of its bias.
 * Taps follow column by column, as kernels.h asks. `weights` are [taps][lanes], the bias [lanes].
 */
DEVICE Float4 depthwise4(const CudaConvArgs *args, const float *weights, int32_t face,
                         int32_t index, int32_t channel)
{
    const CudaPlane *in = &args->in;
    int32_t lanes = round_up4(in->channels), kx, ky;
    int32_t taps = args->kernel_height * args->kernel_width;
    int32_t top = index / args->out.width * args->stride - args->pad_top;
    int32_t left = index % args->out.width * args->stride - args->pad_left;
    Float4 sum = load4(weights + taps * lanes + channel);
    for (kx = 0; kx < args->kernel_width; kx++) {
        for (ky = 0; ky < args->kernel_height; ky++) {
            int32_t y = top + ky, x = left + kx;
            if (y >= 0 && y < in->height && x >= 0 && x < in->width)
                sum = tap4(input4(in, pixel_of(in, face, y * in->width + x), channel),
                           load4(weights + (ky * args->kernel_width + kx) * lanes + channel), sum);
        }
    }
    return sum;
}

#endif
