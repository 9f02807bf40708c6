/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/cuda/images.h"

/* The build says which levels there are: LEVEL(capability, version of PTX)... */
#ifdef MIENI_CUDA_LEVELS

#define LEVEL(capability, ptx_version) extern const MieniCudaModule mieni_cuda_ptx_##capability[];
MIENI_CUDA_LEVELS
#undef LEVEL

/* The CUDA version whose driver reads this version of PTX. Source: NVIDIA, PTX ISA, release notes.
 */
#define DRIVER_OF(ptx_version)                                                                     \
    ((ptx_version) <= 42 ? 7000 : (ptx_version) <= 65 ? 10020 : (ptx_version) <= 70 ? 11000 : 11080)

#define LEVEL(capability, ptx_version)                                                             \
    {(capability), DRIVER_OF(ptx_version), mieni_cuda_ptx_##capability},
static const MieniCudaImages images[] = {MIENI_CUDA_LEVELS};
#undef LEVEL
#define N_IMAGES MIENI_COUNT_OF(images)

#else

static const MieniCudaImages *const images;
#define N_IMAGES 0

#endif

/* And for which capabilities there is native code: NATIVE(capability)... */
#ifdef MIENI_CUDA_NATIVE

#define NATIVE(capability) extern const MieniCudaModule mieni_cuda_native_##capability[];
MIENI_CUDA_NATIVE
#undef NATIVE

#define NATIVE(capability) {(capability), 0, mieni_cuda_native_##capability},
static const MieniCudaImages native[] = {MIENI_CUDA_NATIVE};
#undef NATIVE
#define N_NATIVE MIENI_COUNT_OF(native)

#else

static const MieniCudaImages *const native;
#define N_NATIVE 0

#endif

const MieniCudaImages *mieni_cuda_images(size_t *n)
{
    *n = N_IMAGES;
    return images;
}

const MieniCudaImages *mieni_cuda_images_for(int32_t capability, int32_t driver)
{
    const MieniCudaImages *best = NULL;
    size_t n;
    const MieniCudaImages *all = mieni_cuda_images(&n);
    for (size_t i = 0; i < n; i++)
        if (all[i].capability <= capability && all[i].driver <= driver)
            best = &all[i];
    return best;
}

const MieniCudaImages *mieni_cuda_native(size_t *n)
{
    *n = N_NATIVE;
    return native;
}

const MieniCudaImages *mieni_cuda_native_for(int32_t capability)
{
    size_t n;
    const MieniCudaImages *all = mieni_cuda_native(&n);
    for (size_t i = 0; i < n; i++)
        if (all[i].capability == capability)
            return &all[i];
    return NULL;
}
