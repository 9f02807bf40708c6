/* SPDX-License-Identifier: Apache-2.0 */
/* middle[y][x][k] = sum over ky, kx of depthwise[ky][kx][k] * in[...][...][k], without bias and
 * activation; out[y][x][n] = sum over k of weights[n][k] * middle[y][x][k] on top of the bias. */
#include "kernels/ref/convlike.h"
#include "kernels/ref/ref.h"

static RefParts parts_of(const MieniConvShape *shape)
{
    return (RefParts){.taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width,
                      .k = (size_t)shape->in_channels};
}

static size_t packed_floats(const MieniConvShape *shape)
{
    return ref_packed_floats(shape, parts_of(shape));
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    ref_pack(shape, parts_of(shape), weights, packed);
}

static void run(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const MieniConvShape *shape = args->shape;
    RefWeights weights = ref_unpack(shape, parts_of(shape), args->packed);
    size_t n = (size_t)shape->out_channels, channels = (size_t)shape->in_channels;
    float *sums = args->scratch, *middle = args->scratch + n;

    for (int32_t y = row_begin; y < row_end; y++) {
        for (int32_t x = 0; x < shape->out_width; x++) {
            memcpy(middle, weights.depthwise_bias, channels * sizeof(float));
            REF_NAME(depthwise_pixel)(args, weights.depthwise, middle, y, x);
            memcpy(sums, weights.bias, n * sizeof(float));
            ref_accumulate(sums, weights.weights, middle, channels, n);
            REF_NAME(conv_finish)(args, weights.slope, sums, y, x, 0, shape->out_channels);
        }
    }
}

const MieniConvKernel REF_NAME(depthwise_pointwise) = {packed_floats, pack, ref_scratch_floats,
                                                       run};
