/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one dense product behind conv, pointwise and depthwise_pointwise: pixels times weight panels,
 * with the bias as the sums' first value, then the products in their order, then residual and
 * activation.
 *
 * Output channels are cut into panels of 16, with one of 8 or 24 at the end. A panel is [bias]
 * [slope][k][width], zero where there are no more channels. So outputs get their zero lanes for
 * free.
 *
 * With few pixels it is reading the weights that takes long. Where each of them is exactly a half
 * they may be kept as such, which halves what has to be read: [bias][slope] are floats then, and
 * [k][width] halves, which tiles widen as they load them. Such panels have 16 or 8 channels.
 */
#ifndef MIENI_KERNELS_X86_GEMM_AVX2_H
#define MIENI_KERNELS_X86_GEMM_AVX2_H

#include "kernels/gemm.h"
#include "kernels/x86/avx2.h"

size_t mieni_gemm_packed_floats_avx2(int32_t out_channels, size_t k);

/* Width of the panel that begins with `left` channels to go, left a multiple of 8. */
typedef int32_t (*GemmPanelWidthFn)(int32_t left, bool halves);

/* weights [out_channels][k]; slope NULL: none. */
void mieni_gemm_pack_avx2(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                          GemmPanelWidthFn panel_width, bool halves, float *packed);

/* Computes output rows row_begin .. row_end - 1. halves: what the weights were packed as. */
void mieni_gemm_avx2(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                     bool halves, int32_t row_begin, int32_t row_end);

#define GEMM_FEW_PIXELS 6 /* of one tile: each weight is widened once */
#define GEMM_MANY_WEIGHTS 4096

/* True if halves would be worth it. */
static inline bool gemm_wants_halves(const MieniConvShape *shape, size_t k)
{
    return shape->out_height * shape->out_width <= GEMM_FEW_PIXELS &&
           k * (size_t)shape->out_channels >= GEMM_MANY_WEIGHTS;
}

/* Floats of the panel of `width` channels, as packed. */
static inline size_t gemm_panel_floats(size_t k, int32_t width, bool halves)
{
    return 2 * (size_t)width + k * (size_t)width / (halves ? 2 : 1);
}

static inline int32_t gemm_panel_width(int32_t left, bool halves)
{
    return left == 8 || (left == 24 && !halves) ? left : 16;
}

#endif
