/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense products of 8 or 16 factors, which the first layers of the networks are: so few that a tile
 * of gemm_*.c spends as long on its begin and end as on them. Here pixels lie side by side, so that
 * one pointer with constant distances reaches the factors of all.
 */
#ifndef MIENI_KERNELS_X86_GEMM_THIN_H
#define MIENI_KERNELS_X86_GEMM_THIN_H

#include "kernels/gemm.h"

/* Neighbouring pixels, and 16 channels of them or 8. Steps are in floats. */
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

/* True if the factors of a product are like that. */
static inline bool gemm_is_thin(const GemmInput *input)
{
    return input->taps_y * input->taps_x == 1 && input->pixel == input->depth &&
           (input->depth == 8 || input->depth == 16);
}

/* channels: 8 or 16. */
void mieni_thin_row_avx2(const ThinRow *row, ptrdiff_t n_factors, int32_t channels);
void mieni_thin_row_avx512(const ThinRow *row, ptrdiff_t n_factors, int32_t channels);

#endif
