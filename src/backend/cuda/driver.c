/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/cuda/driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/* Codes, names and what the doctor suspects first. Source: NVIDIA, CUDA Driver API, CUresult. */
static const struct {
    CuResult code;
    const char *name, *reason;
} codes[] = {
    {1, "CUDA_ERROR_INVALID_VALUE", "device-refused"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out-of-memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "cuda-after-fork"},
    {34, "CUDA_ERROR_STUB_LIBRARY", "stub-libcuda-loaded"},
    {36, "CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER", "driver-too-old-for-toolkit"},
    {46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "exclusive-compute-mode"},
    {100, "CUDA_ERROR_NO_DEVICE", "no-gpu-hardware"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "no-such-device"},
    {102, "CUDA_ERROR_DEVICE_NOT_LICENSED", "vgpu-unlicensed"},
    {200, "CUDA_ERROR_INVALID_IMAGE", "device-refused"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "device-refused"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no-kernel-image"},
    {214, "CUDA_ERROR_ECC_UNCORRECTABLE", "ecc-or-reset-required"},
    {218, "CUDA_ERROR_INVALID_PTX", "device-refused"},
    {220, "CUDA_ERROR_NVLINK_UNCORRECTABLE", "ecc-or-reset-required"},
    {221, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND", "jit-compiler-missing"},
    {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "ptx-newer-than-driver"},
    {223, "CUDA_ERROR_JIT_COMPILATION_DISABLED", "ptx-jit-disabled"},
    {226, "CUDA_ERROR_CONTAINED", "ecc-or-reset-required"},
    {303, "CUDA_ERROR_SHARED_OBJECT_INIT_FAILED", "device-refused"},
    {304, "CUDA_ERROR_OPERATING_SYSTEM", "device-node-permission"},
    {400, "CUDA_ERROR_INVALID_HANDLE", "device-refused"},
    {500, "CUDA_ERROR_NOT_FOUND", "device-refused"},
    {600, "CUDA_ERROR_NOT_READY", "device-refused"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "gpu-lost"},
    {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "device-refused"},
    {702, "CUDA_ERROR_LAUNCH_TIMEOUT", "watchdog-timeout"},
    {709, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "gpu-lost"},
    {710, "CUDA_ERROR_ASSERT", "gpu-lost"},
    {714, "CUDA_ERROR_HARDWARE_STACK_ERROR", "gpu-lost"},
    {715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "gpu-lost"},
    {716, "CUDA_ERROR_MISALIGNED_ADDRESS", "gpu-lost"},
    {717, "CUDA_ERROR_INVALID_ADDRESS_SPACE", "gpu-lost"},
    {718, "CUDA_ERROR_INVALID_PC", "gpu-lost"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "gpu-lost"},
    {800, "CUDA_ERROR_NOT_PERMITTED", "device-refused"},
    {801, "CUDA_ERROR_NOT_SUPPORTED", "device-refused"},
    {802, "CUDA_ERROR_SYSTEM_NOT_READY", "fabric-manager-not-running"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "driver-library-version-mismatch"},
    {804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", "forward-compat-on-consumer-gpu"},
    {805, "CUDA_ERROR_MPS_CONNECTION_FAILED", "mps-daemon-problem"},
    {806, "CUDA_ERROR_MPS_RPC_FAILURE", "mps-daemon-problem"},
    {807, "CUDA_ERROR_MPS_SERVER_NOT_READY", "mps-daemon-problem"},
    {808, "CUDA_ERROR_MPS_MAX_CLIENTS_REACHED", "mps-daemon-problem"},
    {809, "CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED", "mps-daemon-problem"},
    {810, "CUDA_ERROR_MPS_CLIENT_TERMINATED", "mps-daemon-problem"},
    {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "device-refused"},
    {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "device-refused"},
    {906, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT", "device-refused"},
    {909, "CUDA_ERROR_TIMEOUT", "watchdog-timeout"},
    {912, "CUDA_ERROR_INVALID_CLUSTER_SIZE", "device-refused"},
    {999, "CUDA_ERROR_UNKNOWN", "broken-after-suspend"},
};

const char *mieni_cuda_code_name(CuResult code)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(codes); i++)
        if (codes[i].code == code)
            return codes[i].name;
    return "CUDA error";
}

const char *mieni_cuda_code_reason(CuResult code)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(codes); i++)
        if (codes[i].code == code)
            return codes[i].reason;
    return "device-refused";
}

/* What loading gave, for every later call. */
static struct {
    CudaDriver driver;
    bool usable;
    pid_t process; /* that initialised the driver */
    MienError error;
} loaded;

/* POSIX lets a pointer to a function pass through one to an object; C does not. */
static bool find(void *library, const char *symbol, void *function)
{
    void *address = dlsym(library, symbol);
    memcpy(function, &address, sizeof(address));
    return address != NULL;
}

static const char *find_all(void *library, CudaDriver *driver)
{
    bool complete = true;
    const char *missing = NULL;
#define MIENI_FIND(symbol, field, parameters)                                                      \
    complete = find(library, symbol, &driver->field);                                              \
    if (!complete && !missing)                                                                     \
        missing = symbol;
    MIENI_CUDA_DRIVER_LIST(MIENI_FIND)
#undef MIENI_FIND
    if (!find(library, "cuDevicePrimaryCtxRelease_v2", &driver->context_release) &&
        !find(library, "cuDevicePrimaryCtxRelease", &driver->context_release))
        missing = "cuDevicePrimaryCtxRelease";
    if (!find(library, "cuDeviceGetUuid_v2", &driver->device_uuid))
        find(library, "cuDeviceGetUuid", &driver->device_uuid);
    find(library, "cuLaunchKernelEx", &driver->launch_extended);
    /* Three generations; the name of the first one means the last one in new headers. */
    if (!find(library, "cuGraphInstantiateWithFlags", &driver->graph_instantiate) &&
        !find(library, "cuGraphInstantiate_v2", &driver->graph_instantiate_old) &&
        !find(library, "cuGraphInstantiate", &driver->graph_instantiate_old))
        missing = "cuGraphInstantiate";
    return missing;
}

static void load(void)
{
    MienError *error = &loaded.error;
    CudaDriver *driver = &loaded.driver;
    loaded.process = getpid();
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        mieni_fail(error, MIEN_E_DEVICE, "no-libcuda",
                   "the CUDA driver's library libcuda.so.1 cannot be loaded; run: mien doctor");
        return;
    }
    const char *missing = find_all(library, driver);
    if (missing) {
        mieni_fail(error, MIEN_E_DEVICE, "driver-too-old-for-toolkit",
                   "the CUDA driver has no %s; CUDA 10.1 or newer is needed", missing);
        return;
    }
    if (driver->driver_version(&driver->version) != 0)
        driver->version = 0;
    CuResult code = driver->init(0);
    if (code != 0) {
        mieni_fail(error, MIEN_E_DEVICE, mieni_cuda_code_reason(code),
                   "the CUDA driver does not start: %s (%d); run: mien doctor",
                   mieni_cuda_code_name(code), code);
        return;
    }
    loaded.usable = true;
}

const CudaDriver *mieni_cuda_driver(MienError *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    if (loaded.usable && loaded.process == getpid())
        return &loaded.driver;
    if (loaded.usable)
        mieni_fail(error, MIEN_E_DEVICE, "cuda-after-fork",
                   "CUDA was started before this process forked; create engines after the fork");
    else if (error)
        *error = loaded.error;
    return NULL;
}
