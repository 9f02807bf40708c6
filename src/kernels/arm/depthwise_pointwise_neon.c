/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few rows of the depthwise part into scratch, small enough for L1, then the dense product on
 * them: as many rows as give a weight panel enough pixels to be worth reading.
 */
#include "kernels/arm/depthwise_neon.h"
#include "kernels/arm/gemm_neon.h"

#define GROUP_PIXELS 32

static int32_t rows_of_group(const MieniConvShape *shape)
{
    int32_t rows = (GROUP_PIXELS + shape->out_width - 1) / shape->out_width;
    return MIENI_MIN(rows, shape->out_height);
}

static size_t packed_floats(const MieniConvShape *shape)
{
    return mieni_depthwise_packed_floats_neon(shape) +
           mieni_gemm_packed_floats_neon(shape->out_channels, (size_t)shape->in_channels);
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    mieni_depthwise_pack_neon(shape, weights->depthwise, weights->depthwise_bias, packed);
    mieni_gemm_pack_neon(weights, shape->out_channels, (size_t)shape->in_channels,
                         packed + mieni_depthwise_packed_floats_neon(shape));
}

static size_t scratch_floats(const MieniConvShape *shape)
{
    return (size_t)rows_of_group(shape) * (size_t)shape->out_width *
           (size_t)neon_round_up_4(shape->in_channels);
}

static void run(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const MieniConvShape *shape = args->shape;
    const float *panels = args->packed + mieni_depthwise_packed_floats_neon(shape);
    int32_t group = rows_of_group(shape);
    GemmInput middle = {.in = args->scratch,
                        .pixel = neon_round_up_4(shape->in_channels),
                        .taps_y = 1,
                        .taps_x = 1,
                        .depth = shape->in_channels};
    middle.row = shape->out_width * middle.pixel;

    for (int32_t y = row_begin; y < row_end; y += group) {
        int32_t n = MIENI_MIN(group, row_end - y);
        for (int32_t i = 0; i < n; i++)
            mieni_depthwise_row_neon(args, args->packed, y + i, args->scratch + i * middle.row);
        mieni_gemm_neon(args, &middle, panels, y, y + n);
    }
}

const MieniConvKernel mieni_depthwise_pointwise_neon = {packed_floats, pack, scratch_floats, run};
