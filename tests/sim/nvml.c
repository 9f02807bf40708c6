/* SPDX-License-Identifier: Apache-2.0 */
/* libnvidia-ml.so.1 of a fake machine: MIEN_SIM_NVML_INIT, _NVML_DRIVER, _NVML_STATUS, _MIG,
 * _THROTTLE, _UTILIZATION, _FABRIC, _VIRTUALIZATION, _NVML_FREE in MB, _NVML_ORDER=0,1,... (numbers
 * of CUDA's devices), _PROCS=pid:mb,... A limited one (_NVML_LIMITED=1) answers 3, as a Jetson's
 * does; with _NVML_CALL=code all questions about a GPU do that. It can count its GPUs a number of
 * times, then they are lost (_LOST_AT) or gone
 * (_GONE_AT). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define OK 0
#define NOT_SUPPORTED 3
#define GPU_IS_LOST 15

typedef struct Memory {
    unsigned long long total, free, used;
} Memory;

typedef struct Utilization {
    unsigned gpu, memory;
} Utilization;

typedef struct Process {
    unsigned pid;
    unsigned long long used;
    unsigned gpu_instance, compute_instance;
} Process;

typedef struct Fabric {
    unsigned char cluster[16];
    int status;
    unsigned clique;
    unsigned char state;
} Fabric;

/* A GPU that goes away after some calls: MIEN_SIM_NVML_FAIL_AFTER=N. */
static int answer(long code)
{
    static long n_calls;
    long limit = sim_number("MIEN_SIM_NVML_FAIL_AFTER", -1);
    n_calls++;
    return limit >= 0 && n_calls > limit ? GPU_IS_LOST : (int)code;
}

static long n_counts;

/* From the n-th count of the GPUs on, if the variable says so. */
static int since(const char *name)
{
    long at = sim_number(name, 0);
    return at > 0 && n_counts >= at;
}

static int limited(void)
{
    long limits = sim_number("MIEN_SIM_NVML_LIMITED", 0) ? NOT_SUPPORTED : OK;
    return answer(sim_number("MIEN_SIM_NVML_CALL", limits));
}

static int handles[16]; /* a device is an address in here */

SIM_EXPORT int nvmlInit_v2(void)
{
    sim_fault("nvml");
    return answer(sim_number("MIEN_SIM_NVML_INIT", OK));
}

SIM_EXPORT int nvmlSystemGetDriverVersion(char *text, unsigned size)
{
    sim_copy(text, size, "MIEN_SIM_NVML_DRIVER", "550.90.07");
    return answer(OK);
}

SIM_EXPORT int nvmlSystemGetCudaDriverVersion_v2(int *version)
{
    *version = (int)sim_number("MIEN_SIM_DRIVER", 12040);
    return answer(OK);
}

SIM_EXPORT int nvmlDeviceGetCount_v2(unsigned *n)
{
    n_counts++;
    sim_fault("nvml-count");
    *n = since("MIEN_SIM_GONE_AT") ? 0 : (unsigned)sim_number("MIEN_SIM_COUNT", 1);
    return answer(sim_number("MIEN_SIM_NVML_COUNT", OK));
}

SIM_EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device)
{
    *device = &handles[index & 15];
    return answer(since("MIEN_SIM_LOST_AT") ? GPU_IS_LOST : sim_number("MIEN_SIM_NVML_STATUS", OK));
}

SIM_EXPORT int nvmlDeviceGetUUID(void *device, char *text, unsigned size)
{
    char number[8] = "";
    int i = (int)((int *)device - handles);
    if (!sim_item(sim_text("MIEN_SIM_NVML_ORDER", "0,1,2,3"), ',', i, number, sizeof(number)))
        return answer(NOT_SUPPORTED);
    snprintf(text, size, "GPU-11111111-1111-1111-1111-1111111111%02lx", strtoul(number, NULL, 10));
    return answer(OK);
}

SIM_EXPORT int nvmlDeviceGetMemoryInfo(void *device, Memory *memory)
{
    (void)device;
    memory->total = (unsigned long long)sim_number("MIEN_SIM_TOTAL", 8192) << 20;
    memory->free = (unsigned long long)sim_number("MIEN_SIM_NVML_FREE", 7000) << 20;
    memory->used = memory->total - memory->free;
    return limited();
}

SIM_EXPORT int nvmlDeviceGetComputeMode(void *device, int *mode)
{
    (void)device;
    *mode = (int)sim_number("MIEN_SIM_MODE", 0);
    return limited();
}

SIM_EXPORT int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending)
{
    (void)device;
    *current = *pending = (unsigned)sim_number("MIEN_SIM_MIG", 0);
    return answer(sim_text("MIEN_SIM_MIG", NULL) ? OK : NOT_SUPPORTED);
}

SIM_EXPORT int nvmlDeviceGetVirtualizationMode(void *device, int *mode)
{
    (void)device;
    *mode = (int)sim_number("MIEN_SIM_VIRTUALIZATION", 0);
    return limited();
}

SIM_EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *n,
                                                       Process *processes)
{
    const char *list = sim_text("MIEN_SIM_PROCS", "");
    char item[64];
    unsigned i = 0;
    (void)device;
    for (; i < *n && sim_item(list, ',', (int)i, item, sizeof(item)); i++) {
        unsigned long long megabytes = 0;
        memset(&processes[i], 0, sizeof(processes[i]));
        sscanf(item, "%u:%llu", &processes[i].pid, &megabytes);
        processes[i].used = megabytes << 20;
    }
    *n = i;
    return limited();
}

SIM_EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *reasons)
{
    (void)device;
    *reasons = (unsigned long long)sim_number("MIEN_SIM_THROTTLE", 1);
    return limited();
}

SIM_EXPORT int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *degrees)
{
    (void)device;
    (void)sensor;
    *degrees = 45;
    return limited();
}

SIM_EXPORT int nvmlDeviceGetUtilizationRates(void *device, Utilization *utilization)
{
    (void)device;
    utilization->gpu = (unsigned)sim_number("MIEN_SIM_UTILIZATION", 0);
    utilization->memory = 0;
    return limited();
}

SIM_EXPORT int nvmlDeviceGetGpuFabricInfo(void *device, Fabric *fabric)
{
    (void)device;
    memset(fabric, 0, sizeof(*fabric));
    fabric->state = (unsigned char)sim_number("MIEN_SIM_FABRIC", 0);
    return limited();
}
