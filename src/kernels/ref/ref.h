/* SPDX-License-Identifier: Apache-2.0 */
/* The reference kernels: one operation a file, plain C, what every other instruction set equals. */
#ifndef MIENI_KERNELS_REF_REF_H
#define MIENI_KERNELS_REF_REF_H

#include "kernels/kernels.h"

#define MIENI_DECLARE(name) extern const MieniConvKernel mieni_##name##_ref;
MIENI_CONV_KERNEL_LIST(MIENI_DECLARE)
#undef MIENI_DECLARE

#define MIENI_DECLARE(name, class, arguments) void mieni_##name##_ref arguments;
MIENI_KERNEL_LIST(MIENI_DECLARE)
#undef MIENI_DECLARE

int32_t mieni_decode_boxes_ref(const float *regressors, const float *scores,
                               const MieniAnchor *anchors, int32_t n, float side, float min_score,
                               MieniDetection *out);

double mieni_fma_loop_ref(int64_t iterations);

#endif
