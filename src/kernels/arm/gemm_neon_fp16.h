/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dense product of gemm_neon.h with factors and weights in half precision. Planes, bias, slope,
 * residual and activation stay in single precision: factors are made halves on their way into a
 * block, and sums of GEMM_CHUNK products are added up in single precision.
 *
 * Output channels are cut into panels of 16, with one of 8 at the end. A panel is [bias][slope] in
 * floats and [k][width] in halves, k a multiple of 8; zero where there are no more channels and
 * factors.
 */
#ifndef MIENI_KERNELS_ARM_GEMM_NEON_FP16_H
#define MIENI_KERNELS_ARM_GEMM_NEON_FP16_H

#include "kernels/arm/gemm_neon.h"

#define GEMM_CHUNK 32 /* products that are added up as halves */

extern const MieniConvKernel mieni_conv_neon_fp16;
extern const MieniConvKernel mieni_pointwise_neon_fp16;
extern const MieniConvKernel mieni_depthwise_pointwise_neon_fp16;

/*
 * True if a product of this shape is computed in halves. What ends in numbers that are read as they
 * are (neither activation nor residual: heads) or has no panel to fill stays in single precision.
 */
static inline bool gemm_suits_fp16(const MieniConvShape *shape)
{
    return shape->out_channels >= 8 &&
           (shape->activation != MIENI_ACTIVATION_NONE || shape->residual != MIENI_RESIDUAL_NONE);
}

/* A multiple of 16, as all packed parts. */
size_t mieni_gemm_packed_floats_neon_fp16(int32_t out_channels, size_t k);

void mieni_gemm_pack_neon_fp16(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                               float *packed);

/* A block's factors as halves. */
size_t mieni_gemm_scratch_floats_neon_fp16(size_t k);

/* Computes output rows row_begin .. row_end - 1. */
void mieni_gemm_neon_fp16(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                          float *scratch, int32_t row_begin, int32_t row_end);

#endif
