/* SPDX-License-Identifier: Apache-2.0 */
/* The depthwise part that depthwise and depthwise_pointwise share. Weights are packed as
 * [groups of 4 channels][bias, then kernel_height * kernel_width taps][4], zero where there are no
 * more channels. */
#ifndef MIENI_KERNELS_ARM_DEPTHWISE_NEON_H
#define MIENI_KERNELS_ARM_DEPTHWISE_NEON_H

#include "kernels/arm/neon.h"

/* A multiple of 16, so that what follows keeps the alignment of a cache line. */
size_t mieni_depthwise_packed_floats_neon(const MieniConvShape *shape);

/* bias [in_channels]. */
void mieni_depthwise_pack_neon(const MieniConvShape *shape, const float *depthwise,
                               const float *bias, float *packed);

/* Computes output row y with its bias, without residual and activation into
 * to[out_width][in_channels rounded up to 4]. */
void mieni_depthwise_row_neon(const MieniConvArgs *args, const float *packed, int32_t y, float *to);

#endif
