/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/x86/avx512.h"

void mieni_kernels_init_avx512(MieniKernels *kernels)
{
    kernels->isa = "avx512";
    kernels->conv = mieni_conv_avx512;
    kernels->pointwise = mieni_pointwise_avx512;
    kernels->depthwise_pointwise = mieni_depthwise_pointwise_avx512;
    kernels->crop = mieni_crop_avx512;
    kernels->fma_loop = mieni_fma_loop_avx512;
}
