/* SPDX-License-Identifier: Apache-2.0 */
/* What the convolution-like kernels share: where their weights lie, and their last step. */
#ifndef MIENI_BACKEND_CUDA_KERNELS_CONVLIKE_H
#define MIENI_BACKEND_CUDA_KERNELS_CONVLIKE_H

#include "backend/cuda/kernels/half.h"

DEVICE int32_t round_up4(int32_t n)
{
    return (n + 3) & ~3;
}

/* An output pixel of the batch. */
typedef struct Place {
    int32_t face, index;
} Place;

DEVICE Place place_of_row(const CudaConvArgs *args, int32_t row)
{
    int32_t n_pixels = args->out.height * args->out.width;
    Place place;
    place.face = row / n_pixels;
    place.index = row - place.face * n_pixels;
    return place;
}

/* Where a block's rows end: with the batch, or, in a chain, with the face that the block has. */
DEVICE int32_t n_rows_of(const CudaConvArgs *args)
{
#ifdef MIENI_ROWS_OF_FACE
    return (block_y() + 1) * args->out.height * args->out.width;
#else
    return args->n_faces * args->out.height * args->out.width;
#endif
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

/* Four channels of a pixel. `halves` is a constant wherever this is inlined: whether the plane may
 * be one of halves. */
DEVICE Float4 channels4(const CudaPlane *plane, Place place, int32_t channel, int32_t halves)
{
    if (halves && plane->is_half)
        return widen4(load_half4(half_pixel_of(plane, place.face, place.index) + channel));
    return input4(plane, pixel_of(plane, place.face, place.index), channel);
}

/* What the residual adds to four channels of an output pixel. */
DEVICE Float4 residual4(const CudaConvArgs *args, Place place, int32_t channel, int32_t halves)
{
    const CudaPlane *plane = &args->residual;
    int32_t y = place.index / args->out.width * 2, x = place.index % args->out.width * 2, i;
    Float4 largest;
    if (args->residual_kind == CUDA_NO_RESIDUAL || channel >= plane->channels)
        return zero4();
    if (args->residual_kind == CUDA_RESIDUAL_ADD)
        return channels4(plane, place, channel, halves);
    place.index = y * plane->width + x;
    largest = channels4(plane, place, channel, halves);
    for (i = 1; i < 4; i++) {
        int32_t sy = y + i / 2, sx = x + i % 2;
        if (sy < plane->height && sx < plane->width) {
            Float4 value;
            place.index = sy * plane->width + sx;
            value = channels4(plane, place, channel, halves);
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
 * in the lanes behind the last channel. `slope` points to [n4] slopes.
 */
DEVICE void finish4(const CudaConvArgs *args, const float *slope, Float4 sum, Place place,
                    int32_t channel, int32_t halves)
{
    int32_t n = args->out.channels - channel;
    Float4 slopes = zero4(), residual = residual4(args, place, channel, halves);
    float *to = pixel_of(&args->out, place.face, place.index) + channel;
    if (args->activation == CUDA_PRELU)
        slopes = load4(slope + channel);
    sum.x = activate(args->activation, sum.x + residual.x, slopes.x);
    sum.y = n > 1 ? activate(args->activation, sum.y + residual.y, slopes.y) : 0;
    sum.z = n > 2 ? activate(args->activation, sum.z + residual.z, slopes.z) : 0;
    sum.w = n > 3 ? activate(args->activation, sum.w + residual.w, slopes.w) : 0;
    if (halves && args->out.is_half)
        store_half4(half_pixel_of(&args->out, place.face, place.index) + channel, narrow4(sum));
    else if (args->out.vectors)
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

#endif
