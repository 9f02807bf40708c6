/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv and pointwise as dense products straight out of the input plane: the zero border stands for
 * what lies outside, and one kernel row of a plane without gaps between pixels is one run of
 * factors. A plane whose border is too narrow is first gathered into scratch, a row at a time.
 */
#include "kernels/x86/gemm_avx2.h"
#include "kernels/x86/sparse_avx2.h"

#include <math.h>

void mieni_conv_tail_avx2(const MieniConvArgs *args, float *out, int32_t begin, int32_t end)
{
    if (args->shape->activation == MIENI_ACTIVATION_SIGMOID)
        for (int32_t c = begin; c < end; c++)
            out[c] = 1.0f / (1.0f + expf(-out[c]));
    if (end == args->shape->out_channels)
        for (ptrdiff_t c = avx2_round_up_8(end); c < args->out.pixel_stride; c++)
            out[c] = 0.0f;
}

static size_t packed_floats(const MieniConvShape *shape)
{
    return mieni_gemm_packed_floats_avx2(shape->out_channels, gemm_k_of(shape));
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    mieni_gemm_pack_avx2(weights, shape->out_channels, gemm_k_of(shape), gemm_panel_width, false,
                         packed);
}

static size_t conv_scratch_floats(const MieniConvShape *shape)
{
    return (size_t)shape->out_width * gemm_k_of(shape);
}

static size_t pointwise_packed_floats(const MieniConvShape *shape)
{
    return SPARSE_HEADER_FLOATS + packed_floats(shape);
}

static void pack_pointwise(const MieniConvShape *shape, const MieniConvWeights *weights,
                           float *packed)
{
    memset(packed, 0, SPARSE_HEADER_FLOATS * sizeof(float));
    if (sparse_suits_avx2(shape) && sparse_pack(shape, weights, packed + SPARSE_HEADER_FLOATS))
        packed[0] = 1;
    else
        pack(shape, weights, packed + SPARSE_HEADER_FLOATS);
}

static size_t pointwise_scratch_floats(const MieniConvShape *shape)
{
    return sparse_suits_avx2(shape) ? sparse_scratch_floats(shape) : 0;
}

static void run_conv(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    if (gemm_border_suffices(args->shape, &args->in)) {
        GemmInput direct = gemm_conv_input(args, row_begin);
        mieni_gemm_avx2(args, &direct, args->packed, false, row_begin, row_end);
        return;
    }
    for (int32_t y = row_begin; y < row_end; y++) {
        GemmInput gathered = gemm_conv_gather(args, y);
        mieni_gemm_avx2(args, &gathered, args->packed, false, y, y + 1);
    }
}

static void run_pointwise(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    GemmInput input = gemm_pointwise_input(args, row_begin);
    const float *packed = args->packed + SPARSE_HEADER_FLOATS;
    if (args->packed[0] != 0)
        mieni_sparse_avx2(args, &input, packed, args->scratch, row_begin, row_end);
    else
        mieni_gemm_avx2(args, &input, packed, false, row_begin, row_end);
}

const MieniConvKernel mieni_conv_avx2 = {packed_floats, pack, conv_scratch_floats, run_conv};
const MieniConvKernel mieni_pointwise_avx2 = {pointwise_packed_floats, pack_pointwise,
                                              pointwise_scratch_floats, run_pointwise};
