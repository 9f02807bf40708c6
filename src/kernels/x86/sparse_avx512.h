/* SPDX-License-Identifier: Apache-2.0 */
/* The pointwise product for weights of which most are zero, see sparse.h. */
#ifndef MIENI_KERNELS_X86_SPARSE_AVX512_H
#define MIENI_KERNELS_X86_SPARSE_AVX512_H

#include "kernels/sparse.h"
#include "kernels/x86/gemm_avx512.h"

/* True if products of this shape gain from sparse weights. */
static inline bool sparse_suits_avx512(const MieniConvShape *shape)
{
    return sparse_suits(shape, 2048);
}

/* As mieni_gemm_avx512, for inputs with one tap and weights that sparse_pack packed. */
void mieni_sparse_avx512(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                         float *scratch, int32_t row_begin, int32_t row_end);

#endif
