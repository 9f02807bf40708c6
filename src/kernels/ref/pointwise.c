/* SPDX-License-Identifier: Apache-2.0 */
/* out[y][x][n] = sum over k of weights[n][k] * in[y][x][k], summed in the order of k on top of the
 * bias. */
#include "kernels/ref/convlike.h"
#include "kernels/ref/ref.h"

static RefParts parts_of(const MieniConvShape *shape)
{
    return (RefParts){.taps = 0, .k = (size_t)shape->in_channels};
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
    size_t n = (size_t)shape->out_channels;
    float *sums = args->scratch;

    for (int32_t y = row_begin; y < row_end; y++) {
        for (int32_t x = 0; x < shape->out_width; x++) {
            const float *in = mieni_plane_at(&args->in, y, x);
            memcpy(sums, weights.bias, n * sizeof(float));
            ref_accumulate(sums, weights.weights, in, (size_t)shape->in_channels, n);
            REF_NAME(conv_finish)(args, weights.slope, sums, y, x, 0, shape->out_channels);
        }
    }
}

const MieniConvKernel REF_NAME(pointwise) = {packed_floats, pack, ref_scratch_floats, run};
