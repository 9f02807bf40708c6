/* SPDX-License-Identifier: Apache-2.0 */
/* N01 and N02 of the catalogue. */
#include "nvml.h"

#include <stdio.h>

#include "codes.h"
#include "fact.h"
#include "library.h"

#define MAX_DEVICES 16
#define MAX_PROCESSES 64

#define FUNCTION(name, field)                                                                      \
    {                                                                                              \
        name, offsetof(Nvml, field), 0                                                             \
    }
#define OPTIONAL(name, field)                                                                      \
    {                                                                                              \
        name, offsetof(Nvml, field), 1                                                             \
    }

static const LibraryFunction functions[] = {
    FUNCTION("nvmlInit_v2", init),
    FUNCTION("nvmlSystemGetDriverVersion", driver_version),
    OPTIONAL("nvmlSystemGetCudaDriverVersion_v2", cuda_version),
    FUNCTION("nvmlDeviceGetCount_v2", count),
    FUNCTION("nvmlDeviceGetHandleByIndex_v2", device),
    OPTIONAL("nvmlDeviceGetUUID", uuid),
    OPTIONAL("nvmlDeviceGetMemoryInfo", memory),
    OPTIONAL("nvmlDeviceGetComputeMode", mode),
    OPTIONAL("nvmlDeviceGetMigMode", mig),
    OPTIONAL("nvmlDeviceGetVirtualizationMode", virtualization),
    OPTIONAL("nvmlDeviceGetComputeRunningProcesses_v3", processes),
    OPTIONAL("nvmlDeviceGetCurrentClocksEventReasons", throttle),
    OPTIONAL("nvmlDeviceGetTemperature", temperature),
    OPTIONAL("nvmlDeviceGetUtilizationRates", utilization),
    OPTIONAL("nvmlDeviceGetGpuFabricInfo", fabric),
};

static void note_processes(const Nvml *nvml, int i, NvmlDevice device)
{
    NvmlProcess processes[MAX_PROCESSES];
    unsigned n = MAX_PROCESSES;
    char text[1024] = "";
    size_t used = 0;
    if (!nvml->processes || nvml->processes(device, &n, processes) != 0)
        return;
    for (unsigned k = 0; k < n && k < MAX_PROCESSES && used + 64 < sizeof(text); k++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u:%llu MB", k ? ", " : "",
                                 processes[k].pid, processes[k].used_bytes >> 20);
    if (n > 0)
        fact("N02.%d.processes", i, "%s", text);
}

/* How it is set up. Code 3, "not supported", is normal for much of this and no fact. */
static void note_modes(const Nvml *nvml, int i, NvmlDevice device)
{
    int number;
    unsigned current, pending;
    NvmlFabric fabric = {.status = 0};
    if (nvml->mode && nvml->mode(device, &number) == 0)
        fact("N02.%d.mode", i, "%d", number);
    if (nvml->mig && nvml->mig(device, &current, &pending) == 0)
        fact("N02.%d.mig", i, "%u", current);
    if (nvml->virtualization && nvml->virtualization(device, &number) == 0)
        fact("N02.%d.virtualization", i, "%d", number);
    if (nvml->fabric && nvml->fabric(device, &fabric) == 0 && fabric.state != 0)
        fact("N02.%d.fabric", i, "%d", fabric.state);
}

/* How it is doing. */
static void note_load(const Nvml *nvml, int i, NvmlDevice device)
{
    NvmlMemory memory;
    NvmlUtilization utilization;
    unsigned long long reasons;
    unsigned degrees;
    if (nvml->memory && nvml->memory(device, &memory) == 0) {
        fact("N02.%d.free", i, "%llu", memory.free);
        fact("N02.%d.total", i, "%llu", memory.total);
    }
    if (nvml->throttle && nvml->throttle(device, &reasons) == 0)
        fact("N02.%d.throttle", i, "0x%llx", reasons);
    if (nvml->temperature && nvml->temperature(device, 0, &degrees) == 0)
        fact("N02.%d.temperature", i, "%u", degrees);
    if (nvml->utilization && nvml->utilization(device, &utilization) == 0)
        fact("N02.%d.utilization", i, "%u", utilization.gpu);
    note_processes(nvml, i, device);
}

static void probe_device(const Nvml *nvml, int i)
{
    NvmlDevice device = NULL;
    char uuid[128] = "";
    NvmlReturn result = nvml->device((unsigned)i, &device);
    fact_nvml_code("N02.%d.status", i, result);
    if (result != 0)
        return;
    if (nvml->uuid && nvml->uuid(device, uuid, sizeof(uuid) - 1) == 0)
        fact("N02.%d.uuid", i, "%s", uuid);
    note_modes(nvml, i, device);
    note_load(nvml, i, device);
}

void probe_nvml(const char *root)
{
    Nvml nvml;
    const char *missing = NULL;
    char version[128] = "";
    int cuda_version = 0;
    unsigned n = 0;
    void *library = library_open(root, "L02", "libnvidia-ml.so.1");
    if (!library)
        return;
    if (!library_functions(library, functions, sizeof(functions) / sizeof(functions[0]), &nvml,
                           &missing)) {
        fact("L02.missing_symbol", 0, "%s", missing);
        return;
    }
    if (!nvml.throttle) /* its name before 2024 */
        library_function(library, "nvmlDeviceGetCurrentClocksThrottleReasons", &nvml.throttle);
    NvmlReturn result = nvml.init();
    fact_nvml_code("N01.init", 0, result);
    if (result != 0)
        return;
    if (nvml.driver_version(version, sizeof(version) - 1) == 0)
        fact("N01.driver", 0, "%s", version);
    if (nvml.cuda_version && nvml.cuda_version(&cuda_version) == 0)
        fact("N01.cuda", 0, "%d", cuda_version);
    result = nvml.count(&n);
    fact("N01.count", 0, "%u", result == 0 ? n : 0);
    for (unsigned i = 0; i < n && i < MAX_DEVICES; i++)
        probe_device(&nvml, (int)i);
}
