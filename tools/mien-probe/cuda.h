/* SPDX-License-Identifier: Apache-2.0 */
/* The few calls of the CUDA driver that are asked, declared by hand: its header is not free.
 * Source: NVIDIA, CUDA Driver API reference manual; the ABI is stable since CUDA 4. */
#ifndef MIEN_PROBE_CUDA_H
#define MIEN_PROBE_CUDA_H

#include <stddef.h>
#include <stdint.h>

typedef int CuResult; /* 0 is success */
typedef int CuDevice;
typedef struct CuContextObject *CuContext;
typedef struct CuModuleObject *CuModule;
typedef struct CuFunctionObject *CuFunction;
typedef uint64_t CuPointer;

/* CUdevice_attribute */
enum {
    CU_MULTIPROCESSORS = 16,
    CU_KERNEL_TIMEOUT = 17,
    CU_INTEGRATED = 18,
    CU_COMPUTE_MODE = 20,
    CU_PCI_BUS = 33,
    CU_PCI_DEVICE = 34,
    CU_PCI_DOMAIN = 50,
    CU_CAPABILITY_MAJOR = 75,
    CU_CAPABILITY_MINOR = 76
};

/* CUjit_option */
enum { CU_JIT_ERROR_LOG = 5, CU_JIT_ERROR_LOG_SIZE = 6 };

typedef struct CudaDriver {
    CuResult (*init)(unsigned flags);
    CuResult (*driver_version)(int *version);
    CuResult (*device_count)(int *n);
    CuResult (*device_get)(CuDevice *device, int ordinal);
    CuResult (*device_name)(char *name, int size, CuDevice device);
    CuResult (*device_attribute)(int *value, int attribute, CuDevice device);
    CuResult (*device_memory)(size_t *bytes, CuDevice device);
    CuResult (*device_uuid)(unsigned char uuid[16], CuDevice device);
    CuResult (*context_retain)(CuContext *context, CuDevice device);
    CuResult (*context_release)(CuDevice device);
    CuResult (*context_set)(CuContext context);
    CuResult (*memory_info)(size_t *free_bytes, size_t *total_bytes);
    CuResult (*module_load)(CuModule *module, const void *image, unsigned n_options, int *options,
                            void **values);
    CuResult (*module_function)(CuFunction *function, CuModule module, const char *name);
    CuResult (*memory_alloc)(CuPointer *pointer, size_t bytes);
    CuResult (*memory_free)(CuPointer pointer);
    CuResult (*copy_to_host)(void *host, CuPointer device, size_t bytes);
    CuResult (*launch)(CuFunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                       unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                       void *stream, void **parameters, void **extra);
    CuResult (*synchronize)(void);
} CudaDriver;

#endif
