/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise part of convolutions: one output pixel, or four neighbours that share what they
 * read. A value is the same either way. */
#ifndef MIENI_BACKEND_CUDA_KERNELS_DEPTHWISE_H
#define MIENI_BACKEND_CUDA_KERNELS_DEPTHWISE_H

#include "backend/cuda/kernels/convlike.h"

/*
 * Four channels on their way through a depthwise part: floats, or halves, of which sums are halves,
 * too, two at a time. `halves` is a constant wherever these are inlined: which of both is used.
 */
typedef struct Lanes {
    Float4 floats;
    Half4 halves;
} Lanes;

/* From a row of weights. */
DEVICE Lanes weight_lanes(const void *weights, int32_t at, int32_t halves)
{
    Lanes lanes;
    if (halves)
        lanes.halves = load_half4((const Half *)weights + at);
    else
        lanes.floats = load4((const float *)weights + at);
    return lanes;
}

/* From a pixel of the input. */
DEVICE Lanes input_lanes(const CudaPlane *in, int32_t face, int32_t index, int32_t channel,
                         int32_t halves)
{
    Lanes lanes;
    if (halves)
        lanes.halves = load_half4(half_pixel_of(in, face, index) + channel);
    else
        lanes.floats = input4(in, pixel_of(in, face, index), channel);
    return lanes;
}

/* One tap: channels do not mix. */
DEVICE Lanes tap_lanes(Lanes x, Lanes weights, Lanes sum, int32_t halves)
{
    if (halves) {
        sum.halves.xy = fused_pair(x.halves.xy, weights.halves.xy, sum.halves.xy);
        sum.halves.zw = fused_pair(x.halves.zw, weights.halves.zw, sum.halves.zw);
    } else {
        sum.floats.x = fused(x.floats.x, weights.floats.x, sum.floats.x);
        sum.floats.y = fused(x.floats.y, weights.floats.y, sum.floats.y);
        sum.floats.z = fused(x.floats.z, weights.floats.z, sum.floats.z);
        sum.floats.w = fused(x.floats.w, weights.floats.w, sum.floats.w);
    }
    return sum;
}

DEVICE Float4 floats_of(Lanes lanes, int32_t halves)
{
    return halves ? widen4(lanes.halves) : lanes.floats;
}

/* Halves of a depthwise part with its bias, rounded up so that what follows is aligned. */
DEVICE int32_t half_depthwise(int32_t taps, int32_t lanes)
{
    return ((taps + 1) * lanes + 7) & ~7;
}

/*
 * The depthwise part at an output pixel, channels channel .. channel + 3, on top of its bias. Taps
 * follow column by column, as kernels.h asks. `weights` are [taps][lanes], the bias [lanes].
 */
DEVICE Lanes depthwise4(const CudaConvArgs *args, const void *weights, Place place, int32_t channel,
                        int32_t halves)
{
    const CudaPlane *in = &args->in;
    int32_t lanes = round_up4(in->channels), kx, ky;
    int32_t taps = args->kernel_height * args->kernel_width;
    int32_t top = place.index / args->out.width * args->stride - args->pad_top;
    int32_t left = place.index % args->out.width * args->stride - args->pad_left;
    Lanes sum = weight_lanes(weights, taps * lanes + channel, halves);
    for (kx = 0; kx < args->kernel_width; kx++) {
        for (ky = 0; ky < args->kernel_height; ky++) {
            int32_t y = top + ky, x = left + kx, tap = ky * args->kernel_width + kx;
            if (y >= 0 && y < in->height && x >= 0 && x < in->width)
                sum = tap_lanes(input_lanes(in, place.face, y * in->width + x, channel, halves),
                                weight_lanes(weights, tap * lanes + channel, halves), sum, halves);
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
DEVICE void depthwise_run4(const CudaConvArgs *args, const void *weights, Place place,
                           int32_t channel, int32_t stride, int32_t halves, Lanes sums[4])
{
    const CudaPlane *in = &args->in;
    int32_t lanes = round_up4(in->channels), c, ky, i;
    int32_t top = place.index / args->out.width * stride - args->pad_top;
    int32_t left = place.index % args->out.width * stride - args->pad_left;
    Lanes taps[9];
    UNROLL
    for (i = 0; i < 9; i++)
        taps[i] = weight_lanes(weights, i * lanes + channel, halves);
    UNROLL
    for (i = 0; i < 4; i++)
        sums[i] = weight_lanes(weights, 9 * lanes + channel, halves);
    UNROLL
    for (c = 0; c < 3 * stride + 3; c++) {
        int32_t x = left + c;
        if (x < 0 || x >= in->width)
            continue;
        UNROLL
        for (ky = 0; ky < 3; ky++) {
            int32_t y = top + ky;
            Lanes value;
            if (y < 0 || y >= in->height)
                continue;
            value = input_lanes(in, place.face, y * in->width + x, channel, halves);
            UNROLL
            for (i = 0; i < 4; i++)
                if (c - i * stride >= 0 && c - i * stride < 3)
                    sums[i] = tap_lanes(value, taps[ky * 3 + c - i * stride], sums[i], halves);
        }
    }
}

#endif
