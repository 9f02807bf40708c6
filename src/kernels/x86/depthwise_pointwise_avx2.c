/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few rows of the depthwise part into scratch, small enough for L1, then the product on them: as
 * many rows as give a weight panel enough pixels to be worth reading.
 *
 * Packed: header (first: 1 if the weights are sparse; second: 1 if they are halves), the depthwise
 * part, dense panels or sparse weights.
 */
#include "kernels/x86/depthwise_avx2.h"
#include "kernels/x86/gemm_avx2.h"
#include "kernels/x86/sparse_avx2.h"

#define GROUP_PIXELS 36
#define SPARSE_GROUP_PIXELS 192

static int32_t rows_of_group(const MieniConvShape *shape, bool is_sparse)
{
    int32_t pixels = is_sparse ? SPARSE_GROUP_PIXELS : GROUP_PIXELS;
    int32_t rows = (pixels + shape->out_width - 1) / shape->out_width;
    return MIENI_MIN(rows, shape->out_height);
}

static size_t packed_floats(const MieniConvShape *shape)
{
    return SPARSE_HEADER_FLOATS + mieni_depthwise_packed_floats_avx2(shape) +
           mieni_gemm_packed_floats_avx2(shape->out_channels, (size_t)shape->in_channels);
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    float *depthwise = packed + SPARSE_HEADER_FLOATS;
    float *panels = depthwise + mieni_depthwise_packed_floats_avx2(shape);

    memset(packed, 0, SPARSE_HEADER_FLOATS * sizeof(float));
    mieni_depthwise_pack_avx2(shape, weights->depthwise, weights->depthwise_bias, depthwise);
    if (sparse_suits_avx2(shape) && sparse_pack(shape, weights, panels)) {
        packed[0] = 1;
        return;
    }
    size_t k = (size_t)shape->in_channels, n = k * (size_t)shape->out_channels;
    bool halves = gemm_wants_halves(shape, k) && avx2_are_halves(weights, n);
    packed[1] = halves;
    mieni_gemm_pack_avx2(weights, shape->out_channels, k, gemm_panel_width, halves, panels);
}

static size_t rows_floats(const MieniConvShape *shape)
{
    size_t rows = (size_t)rows_of_group(shape, sparse_suits_avx2(shape));
    return mieni_round_up(
        rows * (size_t)shape->out_width * (size_t)avx2_round_up_8(shape->in_channels), 16);
}

static size_t scratch_floats(const MieniConvShape *shape)
{
    size_t turned = sparse_suits_avx2(shape) ? sparse_scratch_floats(shape) : 0;
    return rows_floats(shape) + turned;
}

static void run(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const MieniConvShape *shape = args->shape;
    const float *depthwise = args->packed + SPARSE_HEADER_FLOATS;
    const float *panels = depthwise + mieni_depthwise_packed_floats_avx2(shape);
    bool is_sparse = args->packed[0] != 0;
    int32_t group = rows_of_group(shape, is_sparse);
    GemmInput middle = {.in = args->scratch,
                        .pixel = avx2_round_up_8(shape->in_channels),
                        .taps_y = 1,
                        .taps_x = 1,
                        .depth = shape->in_channels};
    middle.row = shape->out_width * middle.pixel;

    float *turned = args->scratch + rows_floats(shape);
    bool halves = args->packed[1] != 0;
    for (int32_t y = row_begin; y < row_end; y += group) {
        int32_t n = MIENI_MIN(group, row_end - y);
        for (int32_t i = 0; i < n; i++)
            mieni_depthwise_row_avx2(args, depthwise, y + i, args->scratch + i * middle.row);
        if (is_sparse)
            mieni_sparse_avx2(args, &middle, panels, turned, y, y + n);
        else
            mieni_gemm_avx2(args, &middle, panels, halves, y, y + n);
    }
}

const MieniConvKernel mieni_depthwise_pointwise_avx2 = {packed_floats, pack, scratch_floats, run};
