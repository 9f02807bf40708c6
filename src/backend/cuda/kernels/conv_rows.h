/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense convolutions without matrix instructions: a thread computes 4 channels of 1 or 4 rows;
 * neighbouring threads have neighbouring channels, so that weights are read in one piece. `halves`
 * is a constant: whether input and weights are halves.
 */
#ifndef MIENI_BACKEND_CUDA_KERNELS_CONV_ROWS_H
#define MIENI_BACKEND_CUDA_KERNELS_CONV_ROWS_H

#include "backend/cuda/kernels/convlike.h"

/* Four neighbouring weights. */
DEVICE Float4 weights4(const void *weights, int64_t at, int32_t halves)
{
    return halves ? widen4(load_half4((const Half *)weights + at))
                  : load4((const float *)weights + at);
}

/* Adds four channels of one pixel times their weights. */
DEVICE Float4 products4(Float4 x, const void *weights, int64_t at, int32_t n4, int32_t n_left,
                        int32_t halves, Float4 sum)
{
    sum = fused4(x.x, weights4(weights, at, halves), sum);
    if (n_left > 1)
        sum = fused4(x.y, weights4(weights, at + n4, halves), sum);
    if (n_left > 2)
        sum = fused4(x.z, weights4(weights, at + 2 * n4, halves), sum);
    if (n_left > 3)
        sum = fused4(x.w, weights4(weights, at + 3 * n4, halves), sum);
    return sum;
}

/* `n` rows from `first` on; n is a constant wherever this is inlined. `bias` and `slope` are [n4].
 */
DEVICE void conv_rows(const CudaConvArgs *args, const void *weights, const float *bias,
                      const float *slope, int32_t halves, int32_t n, int32_t first, int32_t channel)
{
    const CudaPlane *in = &args->in, *out = &args->out;
    int32_t n4 = round_up4(out->channels), n_rows = n_rows_of(args);
    int32_t taps = args->kernel_height * args->kernel_width, tap, k, i;
    Float4 sums[4];
    Place places[4];
    UNROLL
    for (i = 0; i < n; i++) {
        sums[i] = load4(bias + channel);
        places[i] = place_of_row(args, first + i);
    }
    for (tap = 0; tap < taps; tap++) {
        int64_t at = (int64_t)tap * in->channels * n4 + channel;
        int64_t from[4]; /* numbers from the plane's beginning; -1: outside */
        int32_t ky = tap / args->kernel_width, kx = tap % args->kernel_width;
        UNROLL
        for (i = 0; i < n; i++) {
            int32_t y = places[i].index / out->width * args->stride - args->pad_top + ky;
            int32_t x = places[i].index % out->width * args->stride - args->pad_left + kx;
            from[i] = -1;
            if (first + i < n_rows && y >= 0 && y < in->height && x >= 0 && x < in->width)
                from[i] = places[i].face * in->face + (int64_t)(y * in->width + x) * in->pixel;
        }
        for (k = 0; k < in->channels; k += 4) {
            UNROLL
            for (i = 0; i < n; i++) {
                if (from[i] < 0)
                    continue;
                sums[i] = products4(
                    halves ? widen4(load_half4((const Half *)(const void *)in->data + from[i] + k))
                           : input4(in, in->data + from[i], k),
                    weights, at + (int64_t)k * n4, n4, in->channels - k, halves, sums[i]);
            }
        }
    }
    UNROLL
    for (i = 0; i < n; i++)
        if (first + i < n_rows)
            finish4(args, slope, sums[i], places[i], channel, halves);
}

/* Item of rows / rows_a_thread * n4 / 4, from row `begin` on. */
DEVICE void conv_item(const CudaConvArgs *args, const void *weights, const float *bias,
                      const float *slope, int32_t halves, int32_t begin, int32_t item)
{
    int32_t groups = round_up4(args->out.channels) / 4;
    int32_t channel = item % groups * 4;
    int32_t first = begin + item / groups * args->rows_a_thread;
    if (first >= n_rows_of(args))
        return;
    if (args->rows_a_thread == 4)
        conv_rows(args, weights, bias, slope, halves, 4, first, channel);
    else
        conv_rows(args, weights, bias, slope, halves, 1, first, channel);
}

/* What a thread of a grid of all items does. */
DEVICE void conv_thread(const CudaConvArgs *args, const void *weights, const float *bias,
                        const float *slope, int32_t halves)
{
    conv_item(args, weights, bias, slope, halves, 0,
              block_x() * MIENI_BLOCK_THREADS + thread_index());
}

/* Where conv has its biases, which its slopes follow. */
DEVICE const float *conv_bias(const CudaConvArgs *args)
{
    return args->weights + (int64_t)args->kernel_height * args->kernel_width * args->in.channels *
                               round_up4(args->out.channels);
}

/* Where the kernels for halves have the weights of a dense convolution. */
DEVICE const Half *half_weights(const CudaConvArgs *args)
{
    return (const Half *)(const void *)(args->weights + 2 * round_up4(args->out.channels));
}

#endif
