/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/ref/ref.h"

void mieni_kernels_init_ref(MieniKernels *kernels)
{
    kernels->isa = "ref";
#define MIENI_SET(name) kernels->name = mieni_##name##_ref;
    MIENI_CONV_KERNEL_LIST(MIENI_SET)
#undef MIENI_SET
#define MIENI_SET(name, class, arguments) kernels->name = mieni_##name##_ref;
    MIENI_KERNEL_LIST(MIENI_SET)
#undef MIENI_SET
    kernels->decode_boxes = mieni_decode_boxes_ref;
    kernels->fma_loop = mieni_fma_loop_ref;
}
