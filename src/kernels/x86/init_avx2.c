/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/x86/avx2.h"

void mieni_kernels_init_avx2(MieniKernels *kernels)
{
    kernels->isa = "avx2";
#define MIENI_SET(name) kernels->name = mieni_##name##_avx2;
    MIENI_CONV_KERNEL_LIST(MIENI_SET)
#undef MIENI_SET
    kernels->crop = mieni_crop_avx2;
    kernels->layer_norm = mieni_layer_norm_avx2;
    kernels->transpose = mieni_transpose_avx2;
    kernels->resize_add = mieni_resize_add_avx2;
    kernels->sample_bilinear = mieni_sample_bilinear_avx2;
    kernels->fma_loop = mieni_fma_loop_avx2;
}
