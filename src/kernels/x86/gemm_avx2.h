/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one dense product behind conv, pointwise and depthwise_pointwise: pixels times weight panels,
 * with the bias as the sums' first value, then the products in their order, then residual and
 * activation.
 *
 * Output channels are cut into panels of 16, with one of 8 or 24 at the end. A panel is [bias]
 * [slope][k][width], zero where there are no more channels. So outputs get their zero lanes for
 * free.
 */
#ifndef MIENI_KERNELS_X86_GEMM_AVX2_H
#define MIENI_KERNELS_X86_GEMM_AVX2_H

#include "kernels/gemm.h"
#include "kernels/x86/avx2.h"

size_t mieni_gemm_packed_floats_avx2(int32_t out_channels, size_t k);

/* Width of the panel that begins with `left` channels to go, left a multiple of 8. */
typedef int32_t (*GemmPanelWidthFn)(int32_t left);

/* weights [out_channels][k]; slope NULL: none. */
void mieni_gemm_pack_avx2(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                          GemmPanelWidthFn panel_width, float *packed);

/* Computes output rows row_begin .. row_end - 1. */
void mieni_gemm_avx2(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                     int32_t row_begin, int32_t row_end);

static inline int32_t gemm_panel_width(int32_t left)
{
    return left == 24 || left == 8 ? left : 16;
}

#endif
