/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise part of depthwise_pointwise. Weights are packed as [groups of 16 channels, and one
 * of 8 at the end where they want it][bias, then kernel_height * kernel_width taps][16 or 8]. */
#ifndef MIENI_KERNELS_X86_DEPTHWISE_AVX512_H
#define MIENI_KERNELS_X86_DEPTHWISE_AVX512_H

#include "kernels/x86/avx512.h"

/* A multiple of 16, so that what follows keeps the alignment of a cache line. */
size_t mieni_depthwise_packed_floats_avx512(const MieniConvShape *shape);

/* bias [in_channels]. */
void mieni_depthwise_pack_avx512(const MieniConvShape *shape, const float *depthwise,
                                 const float *bias, float *packed);

/* Computes output row y with its bias, without residual and activation into
 * to[out_width][in_channels rounded up to 8]. */
void mieni_depthwise_row_avx512(const MieniConvArgs *args, const float *packed, int32_t y,
                                float *to);

#endif
