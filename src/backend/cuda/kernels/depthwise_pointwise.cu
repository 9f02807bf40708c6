/* SPDX-License-Identifier: Apache-2.0 */
/*
 * depthwise_pointwise of kernels.h. Equals ref/depthwise_pointwise.c with fused multiply-adds, bit
 * for bit. A block has pixels_a_block neighbouring pixels: their depthwise part goes into shared
 * memory as [channels][pixels], so that the pointwise part reads 4 pixels of a channel at once.
 * Then a thread computes 4 channels of 1 or 4 pixels at a time.
 * Grid: x = pixels over pixels_a_block, y = face. Shared: pixels_a_block * k4 floats;
 * pixels_a_block is a multiple of 4.
 */
#include "backend/cuda/kernels/convlike.h"

DEVICE void depthwise_part(const CudaConvArgs *args, float *middle, int32_t face, int32_t first)
{
    int32_t n_pixels = args->out.height * args->out.width, tile = args->pixels_a_block;
    int32_t groups = round_up4(args->in.channels) / 4, item;
    for (item = thread_index(); item < tile * groups; item += MIENI_CUDA_THREADS) {
        int32_t pixel = item / groups, channel = item % groups * 4;
        Float4 value = zero4();
        if (first + pixel < n_pixels)
            value = depthwise4(args, args->weights, face, first + pixel, channel);
        middle[channel * tile + pixel] = value.x;
        middle[(channel + 1) * tile + pixel] = value.y;
        middle[(channel + 2) * tile + pixel] = value.z;
        middle[(channel + 3) * tile + pixel] = value.w;
    }
}

DEVICE void four_pixels(const CudaConvArgs *args, const float *weights, const float *middle,
                        int32_t face, int32_t first, int32_t pixel, int32_t channel)
{
    int32_t n4 = round_up4(args->out.channels), n_pixels = args->out.height * args->out.width, k;
    const float *bias = weights + (int64_t)args->in.channels * n4;
    Float4 a = load4(bias + channel), b = a, c = a, d = a;
    for (k = 0; k < args->in.channels; k++) {
        Float4 w = load4(weights + (int64_t)k * n4 + channel);
        Float4 x = load4(middle + k * args->pixels_a_block + pixel);
        a = fused4(x.x, w, a);
        b = fused4(x.y, w, b);
        c = fused4(x.z, w, c);
        d = fused4(x.w, w, d);
    }
    if (first + pixel < n_pixels)
        finish4(args, bias, a, face, first + pixel, channel);
    if (first + pixel + 1 < n_pixels)
        finish4(args, bias, b, face, first + pixel + 1, channel);
    if (first + pixel + 2 < n_pixels)
        finish4(args, bias, c, face, first + pixel + 2, channel);
    if (first + pixel + 3 < n_pixels)
        finish4(args, bias, d, face, first + pixel + 3, channel);
}

DEVICE void one_pixel(const CudaConvArgs *args, const float *weights, const float *middle,
                      int32_t face, int32_t first, int32_t pixel, int32_t channel)
{
    int32_t n4 = round_up4(args->out.channels), k;
    const float *bias = weights + (int64_t)args->in.channels * n4;
    Float4 sum = load4(bias + channel);
    if (first + pixel >= args->out.height * args->out.width)
        return;
    for (k = 0; k < args->in.channels; k++)
        sum = fused4(middle[k * args->pixels_a_block + pixel],
                     load4(weights + (int64_t)k * n4 + channel), sum);
    finish4(args, bias, sum, face, first + pixel, channel);
}

KERNEL(depthwise_pointwise, CudaConvArgs)
{
    int32_t first = block_x() * args.pixels_a_block;
    int32_t groups = round_up4(args.out.channels) / 4, item;
    int32_t taps = args.kernel_height * args.kernel_width;
    int32_t n_items = args.pixels_a_block / args.pixels_a_thread * groups;
    const float *weights = args.weights + (taps + 1) * round_up4(args.in.channels);
    float *middle = shared_floats();
    depthwise_part(&args, middle, block_y(), first);
    barrier();
    for (item = thread_index(); item < n_items; item += MIENI_CUDA_THREADS) {
        int32_t pixel = item / groups * args.pixels_a_thread, channel = item % groups * 4;
        if (args.pixels_a_thread == 4)
            four_pixels(&args, weights, middle, block_y(), first, pixel, channel);
        else
            one_pixel(&args, weights, middle, block_y(), first, pixel, channel);
    }
}
