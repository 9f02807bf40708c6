/* SPDX-License-Identifier: Apache-2.0 */
/* out[y][x][n] = sum over ky, kx, k of weights[n][ky][kx][k] * in[y*s + ky - pad_top][x*s + kx -
 * pad_left][k], summed in the order ky, kx, k on top of the bias. */
#include "kernels/ref/convlike.h"
#include "kernels/ref/ref.h"

static RefParts parts_of(const MieniConvShape *shape)
{
    return (RefParts){.taps = 0,
                      .k = (size_t)shape->kernel_height * (size_t)shape->kernel_width *
                           (size_t)shape->in_channels};
}

static size_t packed_floats(const MieniConvShape *shape)
{
    return ref_packed_floats(shape, parts_of(shape));
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    ref_pack(shape, parts_of(shape), weights, packed);
}

static void conv_pixel(const MieniConvArgs *args, const RefWeights *weights, int32_t y, int32_t x)
{
    const MieniConvShape *shape = args->shape;
    size_t n = (size_t)shape->out_channels, channels = (size_t)shape->in_channels;
    float *sums = args->scratch;

    memcpy(sums, weights->bias, n * sizeof(float));
    for (int32_t ky = 0; ky < shape->kernel_height; ky++) {
        for (int32_t kx = 0; kx < shape->kernel_width; kx++) {
            int32_t sy = y * shape->stride + ky - shape->pad_top;
            int32_t sx = x * shape->stride + kx - shape->pad_left;
            if (sy < 0 || sy >= shape->in_height || sx < 0 || sx >= shape->in_width)
                continue;
            const float *in = mieni_plane_at(&args->in, sy, sx);
            const float *tap =
                weights->weights + (size_t)(ky * shape->kernel_width + kx) * channels * n;
            ref_accumulate(sums, tap, in, channels, n);
        }
    }
    REF_NAME(conv_finish)(args, weights->slope, sums, y, x, 0, shape->out_channels);
}

static void run(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    RefWeights weights = ref_unpack(args->shape, parts_of(args->shape), args->packed);
    for (int32_t y = row_begin; y < row_end; y++)
        for (int32_t x = 0; x < args->shape->out_width; x++)
            conv_pixel(args, &weights, y, x);
}

const MieniConvKernel REF_NAME(conv) = {packed_floats, pack, ref_scratch_floats, run};
