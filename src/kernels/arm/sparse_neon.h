/* SPDX-License-Identifier: Apache-2.0 */
/* The pointwise product for weights of which most are zero, see sparse.h. */
#ifndef MIENI_KERNELS_ARM_SPARSE_NEON_H
#define MIENI_KERNELS_ARM_SPARSE_NEON_H

#include "kernels/arm/neon.h"
#include "kernels/sparse.h"

/* True if products of this shape gain from sparse weights. */
static inline bool sparse_suits_neon(const MieniConvShape *shape)
{
    return sparse_suits(shape, 256);
}

/* As mieni_gemm_neon, for inputs with one tap and weights that sparse_pack packed. */
void mieni_sparse_neon(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                       float *scratch, int32_t row_begin, int32_t row_end);

#endif
