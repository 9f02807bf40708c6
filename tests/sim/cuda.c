/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcuda.so.1 of a fake machine, and its devices: MIEN_SIM_FAIL_AFTER=N (calls; those behind them
 * give MIEN_SIM_FAIL_CODE=999), MIEN_SIM_AFTER_LOSS=0 (what opening a device gives that was lost),
 * MIEN_SIM_REPORT=FILE (written at the end), MIEN_SIM_CUINIT, _DRIVER=12040, _COUNT=1, _CC=8.6,
 * _SMS=28, _CTX, _MODLOAD, _LAUNCH, _FREE and _TOTAL in MB, _MODE, _INTEGRATED, _NAME. It obeys
 * CUDA_VISIBLE_DEVICES.
 */
#include <stdio.h>
#include <string.h>

#include "cuda.h"

#define NO_DEVICE 100
#define INVALID_DEVICE 101

__attribute__((constructor)) static void loaded(void)
{
    sim_fault("cuda-load");
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
    sim_counts.inits++;
    long code = sim_number("MIEN_SIM_CUINIT", OK);
    return sim_answer(code ? code : n_devices() ? OK : NO_DEVICE);
}

SIM_EXPORT int cuDriverGetVersion(int *version)
{
    *version = sim_number("MIEN_SIM_DRIVER", SIM_DRIVER);
    return sim_answer(OK);
}

SIM_EXPORT int cuDeviceGetCount(int *n)
{
    *n = (int)n_devices();
    return sim_answer(OK);
}

SIM_EXPORT int cuDeviceGet(int *device, int ordinal)
{
    *device = ordinal;
    return sim_answer(ordinal < n_devices() ? OK : INVALID_DEVICE);
}

SIM_EXPORT int cuDeviceGetName(char *name, int size, int device)
{
    (void)device;
    sim_copy(name, (unsigned long)size, "MIEN_SIM_NAME", "NVIDIA Simulated GPU");
    return sim_answer(OK);
}

SIM_EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    int major = 8, minor = 6;
    (void)device;
    sscanf(sim_text("MIEN_SIM_CC", "8.6"), "%d.%d", &major, &minor);
    switch (attribute) {
    case 16:
        *value = (int)sim_number("MIEN_SIM_SMS", 28);
        break;
    case 18:
        *value = (int)sim_number("MIEN_SIM_INTEGRATED", 0);
        break;
    case 20:
        *value = (int)sim_number("MIEN_SIM_MODE", 0);
        break;
    case 19:
    case 33:
        *value = 1;
        break;
    case 75:
        *value = major;
        break;
    case 76:
        *value = minor;
        break;
    case 120: /* clusters */
        *value = major >= 9;
        break;
    default:
        *value = 0;
        break;
    }
    return sim_answer(OK);
}

SIM_EXPORT int cuDeviceTotalMem_v2(size_t *bytes, int device)
{
    (void)device;
    *bytes = (size_t)sim_number("MIEN_SIM_TOTAL", 8192) << 20;
    return sim_answer(OK);
}

#ifdef SIM_OLD_DRIVER
#define cuDeviceGetUuid_v2 cuDeviceGetUuid
#endif

SIM_EXPORT int cuDeviceGetUuid_v2(unsigned char *uuid, int device)
{
    memset(uuid, 0x11, 16);
    uuid[15] = (unsigned char)device;
    return sim_answer(OK);
}
