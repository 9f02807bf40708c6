/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CUDA driver, found at run time: libcuda.so.1 and the calls that we need of it, declared by
 * hand, as its header is not free. Source: NVIDIA, CUDA Driver API reference manual; the ABI is
 * stable.
 */
#ifndef MIENI_BACKEND_CUDA_DRIVER_H
#define MIENI_BACKEND_CUDA_DRIVER_H

#include "base/base.h"

typedef int CuResult; /* 0 is success */
typedef int CuDevice;
typedef struct CuContextObject *CuContext;
typedef struct CuModuleObject *CuModule;
typedef struct CuFunctionObject *CuFunction;
typedef struct CuStreamObject *CuStream;
typedef struct CuGraphObject *CuGraph;
typedef struct CuGraphExecObject *CuGraphExec;
typedef struct CuEventObject *CuEvent;
typedef uint64_t CuPointer;

/* CUdevice_attribute */
enum {
    CU_MULTIPROCESSORS = 16,
    CU_INTEGRATED = 18,
    CU_CAN_MAP_HOST_MEMORY = 19,
    CU_COMPUTE_MODE = 20,
    CU_PCI_BUS = 33,
    CU_PCI_DEVICE = 34,
    CU_L2_BYTES = 38,
    CU_PCI_DOMAIN = 50,
    CU_CAPABILITY_MAJOR = 75,
    CU_CAPABILITY_MINOR = 76,
    CU_CLUSTER_LAUNCH = 120
};

enum { CU_COMPUTE_PROHIBITED = 2 };   /* CUcomputemode */
enum { CU_STREAM_NON_BLOCKING = 1 };  /* CUstream_flags */
enum { CU_HOST_MAPPED = 2 };          /* flags of cuMemHostAlloc */
enum { CU_EVENT_NO_TIMING = 2 };      /* CUevent_flags */
enum { CU_CAPTURE_THREAD_LOCAL = 1 }; /* CUstreamCaptureMode */
enum {
    CU_OUT_OF_MEMORY = 2,
    CU_NO_DEVICE = 100,
    CU_INVALID_IMAGE = 200,
    CU_NO_BINARY = 209,
    CU_UNSUPPORTED_PTX = 222
};

enum { CU_LAUNCH_CLUSTER = 4, CU_LAUNCH_OVERLAPS = 6 }; /* CUlaunchAttributeID */

typedef struct CuLaunchAttribute {
    int id;
    char unused[4];
    union {
        unsigned cluster[3]; /* blocks */
        int overlaps;        /* with the launch in front */
        char bytes[64];
    } value;
} CuLaunchAttribute;

typedef struct CuLaunchConfig {
    unsigned grid[3], block[3];
    unsigned shared_bytes;
    CuStream stream;
    const CuLaunchAttribute *attributes;
    unsigned n_attributes;
} CuLaunchConfig;

/* Result, symbol, field and parameters of every call that each driver since CUDA 10.1 has. */
#define MIENI_CUDA_DRIVER_LIST(X)                                                                  \
    X("cuInit", init, (unsigned flags))                                                            \
    X("cuDriverGetVersion", driver_version, (int *version))                                        \
    X("cuDeviceGetCount", device_count, (int *n))                                                  \
    X("cuDeviceGet", device_get, (CuDevice * device, int ordinal))                                 \
    X("cuDeviceGetName", device_name, (char *name, int size, CuDevice device))                     \
    X("cuDeviceGetAttribute", device_attribute, (int *value, int attribute, CuDevice device))      \
    X("cuDeviceTotalMem_v2", device_memory, (size_t * bytes, CuDevice device))                     \
    X("cuDevicePrimaryCtxRetain", context_retain, (CuContext * context, CuDevice device))          \
    X("cuCtxPushCurrent_v2", context_push, (CuContext context))                                    \
    X("cuCtxPopCurrent_v2", context_pop, (CuContext * context))                                    \
    X("cuModuleLoadDataEx", module_load,                                                           \
      (CuModule * module, const void *image, unsigned n_options, int *options, void **values))     \
    X("cuModuleUnload", module_unload, (CuModule module))                                          \
    X("cuModuleGetFunction", module_function,                                                      \
      (CuFunction * function, CuModule module, const char *name))                                  \
    X("cuMemGetInfo_v2", memory_info, (size_t * free_bytes, size_t * total))                       \
    X("cuMemAlloc_v2", memory_alloc, (CuPointer * pointer, size_t bytes))                          \
    X("cuMemFree_v2", memory_free, (CuPointer pointer))                                            \
    X("cuMemHostAlloc", host_alloc, (void **memory, size_t bytes, unsigned flags))                 \
    X("cuMemFreeHost", host_free, (void *memory))                                                  \
    X("cuMemHostGetDevicePointer_v2", host_pointer,                                                \
      (CuPointer * pointer, void *memory, unsigned flags))                                         \
    X("cuMemcpyHtoD_v2", copy_up, (CuPointer device, const void *host, size_t bytes))              \
    X("cuMemcpyHtoDAsync_v2", copy_up_async,                                                       \
      (CuPointer device, const void *host, size_t bytes, CuStream stream))                         \
    X("cuMemcpyDtoHAsync_v2", copy_down_async,                                                     \
      (void *host, CuPointer device, size_t bytes, CuStream stream))                               \
    X("cuStreamCreate", stream_create, (CuStream * stream, unsigned flags))                        \
    X("cuStreamDestroy_v2", stream_destroy, (CuStream stream))                                     \
    X("cuStreamSynchronize", stream_synchronize, (CuStream stream))                                \
    X("cuLaunchKernel", launch,                                                                    \
      (CuFunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,   \
       unsigned block_y, unsigned block_z, unsigned shared_bytes, CuStream stream,                 \
       void **parameters, void **extra))                                                           \
    X("cuStreamBeginCapture_v2", capture_begin, (CuStream stream, int mode))                       \
    X("cuStreamEndCapture", capture_end, (CuStream stream, CuGraph * graph))                       \
    X("cuGraphLaunch", graph_launch, (CuGraphExec graph, CuStream stream))                         \
    X("cuGraphExecDestroy", graph_exec_destroy, (CuGraphExec graph))                               \
    X("cuGraphDestroy", graph_destroy, (CuGraph graph))                                            \
    X("cuEventCreate", event_create, (CuEvent * event, unsigned flags))                            \
    X("cuEventRecord", event_record, (CuEvent event, CuStream stream))                             \
    X("cuEventSynchronize", event_synchronize, (CuEvent event))                                    \
    X("cuEventElapsedTime", event_elapsed, (float *ms, CuEvent begin, CuEvent end))                \
    X("cuEventDestroy_v2", event_destroy, (CuEvent event))

typedef struct CudaDriver {
#define MIENI_FIELD(symbol, field, parameters) CuResult(*field) parameters;
    MIENI_CUDA_DRIVER_LIST(MIENI_FIELD)
#undef MIENI_FIELD
    /* Of several versions, the newest that there is; the others NULL. */
    CuResult (*context_release)(CuDevice device);
    CuResult (*device_uuid)(unsigned char uuid[16], CuDevice device);
    CuResult (*graph_instantiate)(CuGraphExec *made, CuGraph graph, unsigned long long flags);
    CuResult (*graph_instantiate_old)(CuGraphExec *made, CuGraph graph, void **node, char *log,
                                      size_t log_bytes);
    /* Since 11.8, or NULL. */
    CuResult (*launch_extended)(const CuLaunchConfig *config, CuFunction function,
                                void **parameters, void **extra);
    int version; /* CUDA version that the driver speaks: 12040 for 12.4 */
} CudaDriver;

/*
 * Loads the driver and initialises it, once in the life of the process. Returns NULL, with reason
 * and text in `error`, if there is none or it does not start.
 *
 * Threads: any thread.
 */
const CudaDriver *mieni_cuda_driver(MienError *error);

/* "CUDA_ERROR_LAUNCH_TIMEOUT", or "CUDA error". */
const char *mieni_cuda_code_name(CuResult code);

/* The doctor's cause that a code points at. */
const char *mieni_cuda_code_reason(CuResult code);

#endif
