/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one dense product behind conv, pointwise and depthwise_pointwise: pixels times weight panels,
 * with the bias as the sums' first value, then the products in their order, then residual and
 * activation.
 *
 * Output channels are cut into panels of 8. A panel is [bias][slope][k][8], zero where there are no
 * more channels. So outputs get their zero lanes for free.
 */
#ifndef MIENI_KERNELS_ARM_GEMM_NEON_H
#define MIENI_KERNELS_ARM_GEMM_NEON_H

#include "kernels/gemm.h"
#include "kernels/arm/neon.h"

size_t mieni_gemm_packed_floats_neon(int32_t out_channels, size_t k);

/* weights [out_channels][k]; slope NULL: none. */
void mieni_gemm_pack_neon(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                          float *packed);

/* Computes output rows row_begin .. row_end - 1. */
void mieni_gemm_neon(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                     int32_t row_begin, int32_t row_end);

#endif
