/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/arm/gemm_neon_fp16.h"

void mieni_kernels_init_neon_fp16(MieniKernels *kernels)
{
    kernels->isa = "neon-fp16";
    kernels->conv = mieni_conv_neon_fp16;
    kernels->pointwise = mieni_pointwise_neon_fp16;
    kernels->depthwise_pointwise = mieni_depthwise_pointwise_neon_fp16;
}
