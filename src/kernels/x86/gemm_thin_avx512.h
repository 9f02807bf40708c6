/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense products of 8 or 16 factors, which the first layers of the networks are: so few that a tile
 * of gemm_avx512.c spends as long on its begin and end as on them.
 */
#ifndef MIENI_KERNELS_X86_GEMM_THIN_AVX512_H
#define MIENI_KERNELS_X86_GEMM_THIN_AVX512_H

#include "kernels/x86/avx512.h"

/* Pixels of a row, and 16 channels of them or 8. Steps are in floats. */
typedef struct ThinRow {
    int32_t n;
    const float *in; /* the factors of the pixels, one pixel behind the other */
    const float *bias, *slope;
    const float *weights; /* of the first factor */
    ptrdiff_t weights_step;
    const float *residual; /* NULL: none */
    ptrdiff_t residual_step;
    float *out;
    ptrdiff_t out_step;
    MieniActivation activation;
} ThinRow;

static inline bool thin_takes_avx512(ptrdiff_t n_factors)
{
    return n_factors == 8 || n_factors == 16;
}

/* channels: 8 or 16. */
void mieni_thin_row_avx512(const ThinRow *row, ptrdiff_t n_factors, int32_t channels);

#endif
