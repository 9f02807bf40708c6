/* SPDX-License-Identifier: Apache-2.0 */
#include "codes.h"

#include <stddef.h>

#include "fact.h"

typedef struct Code {
    int code;
    const char *name;
} Code;

/* Source: cuda.h, enum cudaError_enum. */
static const Code cuda_codes[] = {
    {2, "OUT_OF_MEMORY"},
    {3, "NOT_INITIALIZED"},
    {34, "STUB_LIBRARY"},
    {36, "CALL_REQUIRES_NEWER_DRIVER"},
    {46, "DEVICE_UNAVAILABLE"},
    {100, "NO_DEVICE"},
    {101, "INVALID_DEVICE"},
    {102, "DEVICE_NOT_LICENSED"},
    {200, "INVALID_IMAGE"},
    {209, "NO_BINARY_FOR_GPU"},
    {214, "ECC_UNCORRECTABLE"},
    {218, "INVALID_PTX"},
    {221, "JIT_COMPILER_NOT_FOUND"},
    {222, "UNSUPPORTED_PTX_VERSION"},
    {223, "JIT_COMPILATION_DISABLED"},
    {303, "SHARED_OBJECT_INIT_FAILED"},
    {304, "OPERATING_SYSTEM"},
    {700, "ILLEGAL_ADDRESS"},
    {702, "LAUNCH_TIMEOUT"},
    {719, "LAUNCH_FAILED"},
    {800, "NOT_PERMITTED"},
    {801, "NOT_SUPPORTED"},
    {802, "SYSTEM_NOT_READY"},
    {803, "SYSTEM_DRIVER_MISMATCH"},
    {804, "COMPAT_NOT_SUPPORTED_ON_DEVICE"},
    {805, "MPS_CONNECTION_FAILED"},
    {806, "MPS_RPC_FAILURE"},
    {807, "MPS_SERVER_NOT_READY"},
    {808, "MPS_MAX_CLIENTS_REACHED"},
    {809, "MPS_MAX_CONNECTIONS_REACHED"},
    {810, "MPS_CLIENT_TERMINATED"},
    {999, "UNKNOWN"},
};

/* Source: nvml.h, enum nvmlReturn_enum. */
static const Code nvml_codes[] = {
    {1, "UNINITIALIZED"},
    {3, "NOT_SUPPORTED"},
    {4, "NO_PERMISSION"},
    {6, "NOT_FOUND"},
    {8, "INSUFFICIENT_POWER"},
    {9, "DRIVER_NOT_LOADED"},
    {12, "LIBRARY_NOT_FOUND"},
    {13, "FUNCTION_NOT_FOUND"},
    {15, "GPU_IS_LOST"},
    {16, "RESET_REQUIRED"},
    {17, "OPERATING_SYSTEM"},
    {18, "LIB_RM_VERSION_MISMATCH"},
    {20, "MEMORY"},
    {28, "GPU_NOT_FOUND"},
    {999, "UNKNOWN"},
};

/* Source: vulkan_core.h, enum VkResult. */
static const Code vulkan_codes[] = {
    {-1, "OUT_OF_HOST_MEMORY"},  {-2, "OUT_OF_DEVICE_MEMORY"}, {-3, "INITIALIZATION_FAILED"},
    {-4, "DEVICE_LOST"},         {-6, "LAYER_NOT_PRESENT"},    {-7, "EXTENSION_NOT_PRESENT"},
    {-8, "FEATURE_NOT_PRESENT"}, {-9, "INCOMPATIBLE_DRIVER"},
};

static void note(const char *name, int index, int code, const Code *codes, size_t n)
{
    const char *text = NULL;
    for (size_t i = 0; i < n && !text; i++)
        if (codes[i].code == code)
            text = codes[i].name;
    if (text)
        fact(name, index, "%d (%s)", code, text);
    else
        fact(name, index, "%d", code);
}

void fact_cuda_code(const char *name, int index, int code)
{
    note(name, index, code, cuda_codes, sizeof(cuda_codes) / sizeof(cuda_codes[0]));
}

void fact_nvml_code(const char *name, int index, int code)
{
    note(name, index, code, nvml_codes, sizeof(nvml_codes) / sizeof(nvml_codes[0]));
}

void fact_vulkan_code(const char *name, int index, int code)
{
    note(name, index, code, vulkan_codes, sizeof(vulkan_codes) / sizeof(vulkan_codes[0]));
}
