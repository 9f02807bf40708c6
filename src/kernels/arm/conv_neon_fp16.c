/* SPDX-License-Identifier: Apache-2.0 */
/* conv_neon.c and depthwise_pointwise_neon.c with their dense products in half precision. The
 * depthwise part, a few products each, stays in single precision. */
#include "kernels/arm/depthwise_neon.h"
#include "kernels/arm/gemm_neon_fp16.h"

#define GROUP_PIXELS 32

static size_t conv_packed_floats(const MieniConvShape *shape)
{
    return gemm_suits_fp16(shape)
               ? mieni_gemm_packed_floats_neon_fp16(shape->out_channels, gemm_k_of(shape))
               : mieni_conv_neon.packed_floats(shape);
}

static void conv_pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    if (gemm_suits_fp16(shape))
        mieni_gemm_pack_neon_fp16(weights, shape->out_channels, gemm_k_of(shape), packed);
    else
        mieni_conv_neon.pack(shape, weights, packed);
}

/* Of a row that is gathered. */
static size_t gathered_floats(const MieniConvShape *shape)
{
    return mieni_round_up(mieni_conv_neon.scratch_floats(shape), 16);
}

static size_t conv_scratch_floats(const MieniConvShape *shape)
{
    return gathered_floats(shape) + mieni_gemm_scratch_floats_neon_fp16(gemm_k_of(shape));
}

static void run_conv(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    float *halves = args->scratch + gathered_floats(args->shape);
    if (!gemm_suits_fp16(args->shape)) {
        mieni_conv_neon.run(args, row_begin, row_end);
        return;
    }
    if (gemm_border_suffices(args->shape, &args->in)) {
        GemmInput direct = gemm_conv_input(args, row_begin);
        mieni_gemm_neon_fp16(args, &direct, args->packed, halves, row_begin, row_end);
        return;
    }
    for (int32_t y = row_begin; y < row_end; y++) {
        GemmInput gathered = gemm_conv_gather(args, y);
        mieni_gemm_neon_fp16(args, &gathered, args->packed, halves, y, y + 1);
    }
}

static size_t pointwise_scratch_floats(const MieniConvShape *shape)
{
    return mieni_gemm_scratch_floats_neon_fp16((size_t)shape->in_channels);
}

static void run_pointwise(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    GemmInput input = gemm_pointwise_input(args, row_begin);
    if (gemm_suits_fp16(args->shape))
        mieni_gemm_neon_fp16(args, &input, args->packed, args->scratch, row_begin, row_end);
    else
        mieni_pointwise_neon.run(args, row_begin, row_end);
}

static int32_t rows_of_group(const MieniConvShape *shape)
{
    int32_t rows = (GROUP_PIXELS + shape->out_width - 1) / shape->out_width;
    return MIENI_MIN(rows, shape->out_height);
}

static size_t both_packed_floats(const MieniConvShape *shape)
{
    size_t k = (size_t)shape->in_channels;
    return gemm_suits_fp16(shape) ? mieni_depthwise_packed_floats_neon(shape) +
                                        mieni_gemm_packed_floats_neon_fp16(shape->out_channels, k)
                                  : mieni_depthwise_pointwise_neon.packed_floats(shape);
}

static void both_pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    if (!gemm_suits_fp16(shape)) {
        mieni_depthwise_pointwise_neon.pack(shape, weights, packed);
        return;
    }
    mieni_depthwise_pack_neon(shape, weights->depthwise, weights->depthwise_bias, packed);
    mieni_gemm_pack_neon_fp16(weights, shape->out_channels, (size_t)shape->in_channels,
                              packed + mieni_depthwise_packed_floats_neon(shape));
}

/* Rows of the depthwise part. */
static size_t rows_floats(const MieniConvShape *shape)
{
    return mieni_round_up((size_t)rows_of_group(shape) * (size_t)shape->out_width *
                              (size_t)neon_round_up_4(shape->in_channels),
                          16);
}

static size_t both_scratch_floats(const MieniConvShape *shape)
{
    size_t halves = mieni_gemm_scratch_floats_neon_fp16((size_t)shape->in_channels);
    return MIENI_MAX(rows_floats(shape) + halves,
                     mieni_depthwise_pointwise_neon.scratch_floats(shape));
}

static void run_both(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const MieniConvShape *shape = args->shape;
    if (!gemm_suits_fp16(shape)) {
        mieni_depthwise_pointwise_neon.run(args, row_begin, row_end);
        return;
    }
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
        mieni_gemm_neon_fp16(args, &middle, panels, args->scratch + rows_floats(shape), y, y + n);
    }
}

const MieniConvKernel mieni_conv_neon_fp16 = {conv_packed_floats, conv_pack, conv_scratch_floats,
                                              run_conv};
const MieniConvKernel mieni_pointwise_neon_fp16 = {conv_packed_floats, conv_pack,
                                                   pointwise_scratch_floats, run_pointwise};
const MieniConvKernel mieni_depthwise_pointwise_neon_fp16 = {both_packed_floats, both_pack,
                                                             both_scratch_floats, run_both};
