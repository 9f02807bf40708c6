/* SPDX-License-Identifier: Apache-2.0 */
/* As conv_avx2.c. */
#include "kernels/x86/sparse_avx512.h"

static size_t k_of(const MieniConvShape *shape)
{
    return (size_t)shape->kernel_height * (size_t)shape->kernel_width * (size_t)shape->in_channels;
}

static size_t packed_floats(const MieniConvShape *shape)
{
    return mieni_gemm_packed_floats_avx2(shape->out_channels, k_of(shape));
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    mieni_gemm_pack_avx2(weights, shape->out_channels, k_of(shape), gemm_panel_width_avx512, false,
                         packed);
}

static size_t conv_scratch_floats(const MieniConvShape *shape)
{
    return (size_t)shape->out_width * k_of(shape);
}

static size_t pointwise_packed_floats(const MieniConvShape *shape)
{
    return SPARSE_HEADER_FLOATS + packed_floats(shape);
}

static void pack_pointwise(const MieniConvShape *shape, const MieniConvWeights *weights,
                           float *packed)
{
    memset(packed, 0, SPARSE_HEADER_FLOATS * sizeof(float));
    if (sparse_suits_avx512(shape) && sparse_pack(shape, weights, packed + SPARSE_HEADER_FLOATS))
        packed[0] = 1;
    else
        pack(shape, weights, packed + SPARSE_HEADER_FLOATS);
}

static size_t pointwise_scratch_floats(const MieniConvShape *shape)
{
    return sparse_suits_avx512(shape) ? sparse_scratch_floats(shape) : 0;
}

static void run_conv(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    GemmInput direct = gemm_conv_input(args, row_begin);
    if (gemm_border_suffices(args->shape, &args->in) && gemm_takes_avx512(&direct)) {
        mieni_gemm_avx512(args, &direct, args->packed, false, row_begin, row_end);
        return;
    }
    for (int32_t y = row_begin; y < row_end; y++) {
        GemmInput gathered = gemm_conv_gather(args, y);
        mieni_gemm_avx512(args, &gathered, args->packed, false, y, y + 1);
    }
}

static void run_pointwise(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    GemmInput input = gemm_pointwise_input(args, row_begin);
    const float *packed = args->packed + SPARSE_HEADER_FLOATS;
    if (args->packed[0] != 0)
        mieni_sparse_avx512(args, &input, packed, args->scratch, row_begin, row_end);
    else
        mieni_gemm_avx512(args, &input, packed, false, row_begin, row_end);
}

const MieniConvKernel mieni_conv_avx512 = {packed_floats, pack, conv_scratch_floats, run_conv};
const MieniConvKernel mieni_pointwise_avx512 = {pointwise_packed_floats, pack_pointwise,
                                                pointwise_scratch_floats, run_pointwise};
