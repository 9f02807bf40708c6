/* SPDX-License-Identifier: Apache-2.0 */
/* The part of libnvidia-ml.so.1 that `mien doctor --watch` asks, beside nvml.c: MIEN_SIM_NAME,
 * _CLOCK, _CLOCK_MAX, _MEMORY_CLOCK, _DECODER, _POWER and _POWER_LIMIT in mW, _DRAWING=pid:mb,...
 * MIEN_SIM_NVML_CALL=code fails all of it. */
#include <stdio.h>
#include <string.h>

#include "sim.h"

#define NOT_SUPPORTED 3
#define NOT_AVAILABLE (~0ull)

typedef struct Pci {
    char legacy_id[16];
    unsigned domain, bus, device, device_id, subsystem_id;
    char id[32];
} Pci;

typedef struct Process {
    unsigned pid;
    unsigned long long used;
    unsigned gpu_instance, compute_instance;
} Process;

static int status(void)
{
    int code = (int)sim_number("MIEN_SIM_NVML_CALL", 0);
    return code ? code : sim_number("MIEN_SIM_NVML_LIMITED", 0) ? NOT_SUPPORTED : 0;
}

static int answer(unsigned *number, const char *name, long otherwise)
{
    *number = (unsigned)sim_number(name, otherwise);
    return status();
}

SIM_EXPORT int nvmlDeviceGetName(void *device, char *text, unsigned size)
{
    (void)device;
    sim_copy(text, size, "MIEN_SIM_NAME", "NVIDIA Simulated GPU");
    return 0;
}

SIM_EXPORT int nvmlDeviceGetPciInfo_v3(void *device, Pci *pci)
{
    (void)device;
    memset(pci, 0, sizeof(*pci));
    pci->bus = 1;
    return status();
}

SIM_EXPORT int nvmlDeviceGetDecoderUtilization(void *device, unsigned *percent, unsigned *period)
{
    (void)device;
    *period = 1000000;
    return answer(percent, "MIEN_SIM_DECODER", 0);
}

SIM_EXPORT int nvmlDeviceGetEncoderUtilization(void *device, unsigned *percent, unsigned *period)
{
    (void)device;
    *period = 1000000;
    return answer(percent, "MIEN_SIM_ENCODER", 0);
}

SIM_EXPORT int nvmlDeviceGetClockInfo(void *device, int type, unsigned *mhz)
{
    (void)device;
    return type == 2 ? answer(mhz, "MIEN_SIM_MEMORY_CLOCK", 7501)
                     : answer(mhz, "MIEN_SIM_CLOCK", 1807);
}

SIM_EXPORT int nvmlDeviceGetMaxClockInfo(void *device, int type, unsigned *mhz)
{
    (void)device;
    return type == 2 ? answer(mhz, "MIEN_SIM_MEMORY_CLOCK_MAX", 7501)
                     : answer(mhz, "MIEN_SIM_CLOCK_MAX", 2100);
}

SIM_EXPORT int nvmlDeviceGetTemperatureThreshold(void *device, int type, unsigned *degrees)
{
    (void)device;
    return type == 1 ? answer(degrees, "MIEN_SIM_TEMPERATURE_LIMIT", 93) : NOT_SUPPORTED;
}

SIM_EXPORT int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts)
{
    (void)device;
    return answer(milliwatts, "MIEN_SIM_POWER", 120500);
}

SIM_EXPORT int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *milliwatts)
{
    (void)device;
    return answer(milliwatts, "MIEN_SIM_POWER_LIMIT", 170000);
}

/* "pid:mb", or "pid:?" where the driver does not know, as on WSL. */
SIM_EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *n,
                                                        Process *processes)
{
    const char *list = sim_text("MIEN_SIM_DRAWING", "");
    char item[64];
    unsigned i = 0;
    (void)device;
    for (; i < *n && sim_item(list, ',', (int)i, item, sizeof(item)); i++) {
        unsigned long long megabytes = 0;
        memset(&processes[i], 0, sizeof(processes[i]));
        int n_read = sscanf(item, "%u:%llu", &processes[i].pid, &megabytes);
        processes[i].used = n_read == 2 ? megabytes << 20 : NOT_AVAILABLE;
    }
    *n = i;
    return status();
}
