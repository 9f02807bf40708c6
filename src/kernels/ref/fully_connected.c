/* SPDX-License-Identifier: Apache-2.0 */
/* out[n] = sum over y, x, k of weights[n][y][x][k] * in[y][x][k], in that order, on top of the
 * bias. Rows of the run call are output channels. */
#include "kernels/ref/convlike.h"
#include "kernels/ref/ref.h"

static RefParts parts_of(const MieniConvShape *shape)
{
    return (RefParts){.taps = 0,
                      .k = (size_t)shape->in_height * (size_t)shape->in_width *
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

static void run(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const MieniConvShape *shape = args->shape;
    RefWeights weights = ref_unpack(shape, parts_of(shape), args->packed);
    size_t n = (size_t)shape->out_channels, count = (size_t)(row_end - row_begin);
    float *restrict sums = args->scratch + row_begin;
    const float *row = weights.weights + row_begin;

    memcpy(sums, weights.bias + row_begin, count * sizeof(float));
    for (int32_t y = 0; y < shape->in_height; y++) {
        for (int32_t x = 0; x < shape->in_width; x++) {
            const float *in = mieni_plane_at(&args->in, y, x);
            for (int32_t k = 0; k < shape->in_channels; k++, row += n)
                for (size_t i = 0; i < count; i++) /* reads the weights in their order */
                    sums[i] = ref_multiply_add(in[k], row[i], sums[i]);
        }
    }
    REF_NAME(conv_finish)(args, weights.slope, args->scratch, 0, 0, row_begin, row_end);
}

const MieniConvKernel REF_NAME(fully_connected) = {packed_floats, pack, ref_scratch_floats, run};
