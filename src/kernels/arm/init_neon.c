/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/arm/neon.h"

void mieni_kernels_init_neon(MieniKernels *kernels)
{
    kernels->isa = "neon";
#define MIENI_SET(name) kernels->name = mieni_##name##_neon;
    MIENI_CONV_KERNEL_LIST(MIENI_SET)
#undef MIENI_SET
    kernels->crop = mieni_crop_neon;
    kernels->layer_norm = mieni_layer_norm_neon;
    kernels->transpose = mieni_transpose_neon;
    kernels->resize_add = mieni_resize_add_neon;
    kernels->fma_loop = mieni_fma_loop_neon;
}
