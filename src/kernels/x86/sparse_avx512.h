/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pointwise product for weights of which most are zero: only the others are stored, and
 * multiplied. Skipping a zero changes no finite sum, so the result is that of the dense product.
 */
#ifndef MIENI_KERNELS_X86_SPARSE_AVX512_H
#define MIENI_KERNELS_X86_SPARSE_AVX512_H

#include "kernels/x86/gemm_avx512.h"

/* True if products of this shape gain from sparse weights. */
bool mieni_sparse_suits_avx512(const MieniConvShape *shape);

/* Floats of scratch for a shape that suits. */
size_t mieni_sparse_scratch_floats_avx512(const MieniConvShape *shape);

/*
 * Packs into as much memory as dense panels would take. False: the weights are not sparse enough,
 * nothing is written.
 */
bool mieni_sparse_pack_avx512(const MieniConvShape *shape, const MieniConvWeights *weights,
                              float *packed);

/* As mieni_gemm_avx512, for inputs with one tap. */
void mieni_sparse_avx512(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                         float *scratch, int32_t row_begin, int32_t row_end);

#endif
