/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcuda.so.1 of a fake machine: MIEN_SIM_FAIL_AFTER=N (calls; those behind them give
 * MIEN_SIM_FAIL_CODE=999), MIEN_SIM_CUINIT, _DRIVER=12040, _COUNT=1, _CC=8.6, _CTX,
 * _MODLOAD, _LAUNCH, _FREE and _TOTAL in MB, _MODE, _NAME. It obeys CUDA_VISIBLE_DEVICES. Kernels
 * do not run: a launch writes what the doctor's own kernel would write.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"

#define OK 0
#define NO_DEVICE 100
#define INVALID_DEVICE 101
#define MARK 0x6d69656eu

typedef struct Context {
    int device;
} Context;

static Context context;
static uint32_t memory[1];

__attribute__((constructor)) static void loaded(void)
{
    sim_fault("cuda-load");
}

/* A driver that goes away after some calls. */
static int answer(long code)
{
    static long n_calls;
    long limit = sim_number("MIEN_SIM_FAIL_AFTER", -1);
    n_calls++;
    return (int)(limit >= 0 && n_calls > limit ? sim_number("MIEN_SIM_FAIL_CODE", 999) : code);
}

static long n_devices(void)
{
    const char *visible = sim_text("CUDA_VISIBLE_DEVICES", NULL);
    long n = sim_number("MIEN_SIM_COUNT", 1), n_visible = 0;
    char item[64];
    if (!visible)
        return n;
    /* The list ends at its first entry that is no device. */
    for (int i = 0; sim_item(visible, ',', i, item, sizeof(item)); i++) {
        int index;
        if (sscanf(item, "%d", &index) != 1 || index < 0 || index >= n)
            break;
        n_visible++;
    }
    return n_visible;
}

SIM_EXPORT int cuInit(unsigned flags)
{
    (void)flags;
    sim_fault("cuda");
    long code = sim_number("MIEN_SIM_CUINIT", OK);
    return answer(code ? code : n_devices() ? OK : NO_DEVICE);
}

SIM_EXPORT int cuDriverGetVersion(int *version)
{
    *version = sim_number("MIEN_SIM_DRIVER", 12040);
    return answer(OK);
}

SIM_EXPORT int cuDeviceGetCount(int *n)
{
    *n = (int)n_devices();
    return answer(OK);
}

SIM_EXPORT int cuDeviceGet(int *device, int ordinal)
{
    *device = ordinal;
    return answer(ordinal < n_devices() ? OK : INVALID_DEVICE);
}

SIM_EXPORT int cuDeviceGetName(char *name, int size, int device)
{
    (void)device;
    sim_copy(name, (unsigned long)size, "MIEN_SIM_NAME", "NVIDIA Simulated GPU");
    return answer(OK);
}

SIM_EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    int major = 8, minor = 6;
    (void)device;
    sscanf(sim_text("MIEN_SIM_CC", "8.6"), "%d.%d", &major, &minor);
    switch (attribute) {
    case 16:
        *value = 28;
        break;
    case 20:
        *value = sim_number("MIEN_SIM_MODE", 0);
        break;
    case 33:
        *value = 1;
        break;
    case 75:
        *value = major;
        break;
    case 76:
        *value = minor;
        break;
    default:
        *value = 0;
        break;
    }
    return answer(OK);
}

SIM_EXPORT int cuDeviceTotalMem_v2(size_t *bytes, int device)
{
    (void)device;
    *bytes = (size_t)sim_number("MIEN_SIM_TOTAL", 8192) << 20;
    return answer(OK);
}

SIM_EXPORT int cuDeviceGetUuid_v2(unsigned char *uuid, int device)
{
    memset(uuid, 0x11, 16);
    uuid[15] = (unsigned char)device;
    return answer(OK);
}

SIM_EXPORT int cuDevicePrimaryCtxRetain(Context **made, int device)
{
    context.device = device;
    *made = &context;
    return answer(sim_number("MIEN_SIM_CTX", OK));
}

SIM_EXPORT int cuDevicePrimaryCtxRelease(int device)
{
    (void)device;
    return answer(OK);
}

SIM_EXPORT int cuCtxSetCurrent(Context *current)
{
    (void)current;
    return answer(OK);
}

SIM_EXPORT int cuMemGetInfo_v2(size_t *free_bytes, size_t *total)
{
    *total = (size_t)sim_number("MIEN_SIM_TOTAL", 8192) << 20;
    *free_bytes = (size_t)sim_number("MIEN_SIM_FREE", 7000) << 20;
    return answer(OK);
}

SIM_EXPORT int cuModuleLoadDataEx(void **module, const char *image, unsigned n, int *options,
                                  void **values)
{
    (void)n;
    (void)options;
    (void)values;
    *module = memory;
    return answer(strstr(image, ".entry") ? sim_number("MIEN_SIM_MODLOAD", OK) : 200);
}

SIM_EXPORT int cuModuleGetFunction(void **function, void *module, const char *name)
{
    (void)name;
    *function = module;
    return answer(OK);
}

SIM_EXPORT int cuMemAlloc_v2(uint64_t *pointer, size_t bytes)
{
    *pointer = (uint64_t)(uintptr_t)memory;
    return answer(bytes <= sizeof(memory) ? OK : 2);
}

SIM_EXPORT int cuMemFree_v2(uint64_t pointer)
{
    (void)pointer;
    return answer(OK);
}

SIM_EXPORT int cuMemcpyDtoH_v2(void *host, uint64_t device, size_t bytes)
{
    memcpy(host, (const void *)(uintptr_t)device, bytes);
    return answer(OK);
}

SIM_EXPORT int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                              unsigned by, unsigned bz, unsigned shared, void *stream,
                              void **parameters, void **extra)
{
    (void)function;
    (void)gx, (void)gy, (void)gz, (void)bx, (void)by, (void)bz;
    (void)shared, (void)stream, (void)parameters, (void)extra;
    memory[0] = sim_number("MIEN_SIM_WRONG", 0) ? 0 : MARK;
    return answer(OK);
}

SIM_EXPORT int cuCtxSynchronize(void)
{
    return answer(sim_number("MIEN_SIM_LAUNCH", OK));
}
