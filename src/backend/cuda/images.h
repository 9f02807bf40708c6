/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels that this build has, as images that a driver loads. */
#ifndef MIENI_BACKEND_CUDA_IMAGES_H
#define MIENI_BACKEND_CUDA_IMAGES_H

#include "base/base.h"

typedef struct MieniCudaModule {
    const char *kernel; /* NULL: the table's end */
    const void *image;  /* PTX, with a zero behind it, or native code */
} MieniCudaModule;

/* One image a kernel, for devices of this compute capability and later ones. */
typedef struct MieniCudaImages {
    int32_t capability; /* 75 for 7.5 */
    int32_t driver;     /* the oldest driver that reads them, as CUDA version: 11000 for 11.0 */
    const MieniCudaModule *modules;
} MieniCudaImages;

/* All that there are, by rising capability; none in a build without a compiler for kernels. */
const MieniCudaImages *mieni_cuda_images(size_t *n);

/* The best for a device, or NULL. */
const MieniCudaImages *mieni_cuda_images_for(int32_t capability, int32_t driver);

/* The same as native code, each for one compute capability and no other; none in a build without
 * NVIDIA's assembler. Whether a driver reads it shows when it loads it. */
const MieniCudaImages *mieni_cuda_native(size_t *n);
const MieniCudaImages *mieni_cuda_native_for(int32_t capability);

#endif
