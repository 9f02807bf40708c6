/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise part of convolutions: one output pixel, or four neighbours that share what they
 * read. A value is the same either way. */
#ifndef MIENI_BACKEND_CUDA_KERNELS_DEPTHWISE_H
#define MIENI_BACKEND_CUDA_KERNELS_DEPTHWISE_H

#include "backend/cuda/kernels/convlike.h"

/*
 * The depthwise part at an output pixel, channels channel .. channel + 3, on top of its bias. Taps
 * follow column by column, as kernels.h asks. `weights` are [taps][lanes], the bias [lanes].
 */
DEVICE Float4 depthwise4(const CudaConvArgs *args, const float *weights, Place place,
                         int32_t channel)
{
    const CudaPlane *in = &args->in;
    int32_t lanes = round_up4(in->channels), kx, ky;
    int32_t taps = args->kernel_height * args->kernel_width;
    int32_t top = place.index / args->out.width * args->stride - args->pad_top;
    int32_t left = place.index % args->out.width * args->stride - args->pad_left;
    Float4 sum = load4(weights + taps * lanes + channel);
    for (kx = 0; kx < args->kernel_width; kx++) {
        for (ky = 0; ky < args->kernel_height; ky++) {
            int32_t y = top + ky, x = left + kx;
            if (y >= 0 && y < in->height && x >= 0 && x < in->width)
                sum = tap4(input4(in, pixel_of(in, place.face, y * in->width + x), channel),
                           load4(weights + (ky * args->kernel_width + kx) * lanes + channel), sum);
        }
    }
    return sum;
}

/* Halves of a depthwise part with its bias, rounded up so that what follows is aligned. */
DEVICE int32_t half_depthwise(int32_t taps, int32_t lanes)
{
    return ((taps + 1) * lanes + 7) & ~7;
}

/* The same of halves, two at a time, sums included. */
DEVICE Half4 depthwise_half4(const CudaConvArgs *args, const Half *weights, Place place,
                             int32_t channel)
{
    const CudaPlane *in = &args->in;
    int32_t lanes = round_up4(in->channels), kx, ky;
    int32_t taps = args->kernel_height * args->kernel_width;
    int32_t top = place.index / args->out.width * args->stride - args->pad_top;
    int32_t left = place.index % args->out.width * args->stride - args->pad_left;
    Half4 sum = load_half4(weights + taps * lanes + channel);
    for (kx = 0; kx < args->kernel_width; kx++) {
        for (ky = 0; ky < args->kernel_height; ky++) {
            int32_t y = top + ky, x = left + kx;
            if (y >= 0 && y < in->height && x >= 0 && x < in->width) {
                Half4 value =
                    load_half4(half_pixel_of(in, place.face, y * in->width + x) + channel);
                Half4 weight =
                    load_half4(weights + (ky * args->kernel_width + kx) * lanes + channel);
                sum.xy = fused_pair(value.xy, weight.xy, sum.xy);
                sum.zw = fused_pair(value.zw, weight.zw, sum.zw);
            }
        }
    }
    return sum;
}

/* Whether rows 4 i .. 4 i + 3 are always neighbours, and so few taps that their weights fit into
 * registers. */
DEVICE int32_t has_runs(const CudaConvArgs *args)
{
    return args->kernel_height == 3 && args->kernel_width == 3 && args->out.width % 4 == 0 &&
           args->stride <= 2;
}

/*
 * Four neighbouring output pixels: column by column of the input, each of which is read once. A sum
 * gets its taps in the same order as above. `stride` is a constant wherever this is inlined.
 */
DEVICE void depthwise_run4(const CudaConvArgs *args, const float *weights, Place place,
                           int32_t channel, int32_t stride, Float4 sums[4])
{
    const CudaPlane *in = &args->in;
    int32_t lanes = round_up4(in->channels), c, ky, i;
    int32_t top = place.index / args->out.width * stride - args->pad_top;
    int32_t left = place.index % args->out.width * stride - args->pad_left;
    Float4 taps[9];
    UNROLL
    for (i = 0; i < 9; i++)
        taps[i] = load4(weights + i * lanes + channel);
    UNROLL
    for (i = 0; i < 4; i++)
        sums[i] = load4(weights + 9 * lanes + channel);
    UNROLL
    for (c = 0; c < 3 * stride + 3; c++) {
        int32_t x = left + c;
        if (x < 0 || x >= in->width)
            continue;
        UNROLL
        for (ky = 0; ky < 3; ky++) {
            int32_t y = top + ky;
            Float4 value;
            if (y < 0 || y >= in->height)
                continue;
            value = input4(in, pixel_of(in, place.face, y * in->width + x), channel);
            UNROLL
            for (i = 0; i < 4; i++)
                if (c - i * stride >= 0 && c - i * stride < 3)
                    sums[i] = tap4(value, taps[ky * 3 + c - i * stride], sums[i]);
        }
    }
}

DEVICE void depthwise_half_run4(const CudaConvArgs *args, const Half *weights, Place place,
                                int32_t channel, int32_t stride, Half4 sums[4])
{
    const CudaPlane *in = &args->in;
    int32_t lanes = round_up4(in->channels), c, ky, i;
    int32_t top = place.index / args->out.width * stride - args->pad_top;
    int32_t left = place.index % args->out.width * stride - args->pad_left;
    Half4 taps[9];
    UNROLL
    for (i = 0; i < 9; i++)
        taps[i] = load_half4(weights + i * lanes + channel);
    UNROLL
    for (i = 0; i < 4; i++)
        sums[i] = load_half4(weights + 9 * lanes + channel);
    UNROLL
    for (c = 0; c < 3 * stride + 3; c++) {
        int32_t x = left + c;
        if (x < 0 || x >= in->width)
            continue;
        UNROLL
        for (ky = 0; ky < 3; ky++) {
            int32_t y = top + ky;
            Half4 value;
            if (y < 0 || y >= in->height)
                continue;
            value = load_half4(half_pixel_of(in, place.face, y * in->width + x) + channel);
            UNROLL
            for (i = 0; i < 4; i++)
                if (c - i * stride >= 0 && c - i * stride < 3) {
                    Half4 tap = taps[ky * 3 + c - i * stride];
                    sums[i].xy = fused_pair(value.xy, tap.xy, sums[i].xy);
                    sums[i].zw = fused_pair(value.zw, tap.zw, sums[i].zw);
                }
        }
    }
}

#endif
