/* SPDX-License-Identifier: Apache-2.0 */
/* How NVIDIA's GPUs do, again and again: a record of facts each time, whose last line is "done". */
#include "watch.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fact.h"
#include "library.h"
#include "nvml.h"

#define MAX_DEVICES 16
#define MAX_PROCESSES 256
#define MAX_USERS 64
#define LONGEST_CALL_S 120 /* should whoever started us not look after us */

/* Source: nvml.h, nvmlClockType_t, nvmlTemperatureThresholds_t, NVML_VALUE_NOT_AVAILABLE. */
#define CLOCK_GRAPHICS 0
#define CLOCK_MEMORY 2
#define LIMIT_SLOWDOWN 1
#define NOT_SUPPORTED 3
#define FUNCTION_NOT_FOUND 13
#define NO_VALUE (~0ull)

typedef NvmlReturn (*GetText)(NvmlDevice device, char *text, unsigned size);
typedef NvmlReturn (*GetNumber)(NvmlDevice device, unsigned *number);
typedef NvmlReturn (*GetOfType)(NvmlDevice device, int type, unsigned *number);
typedef NvmlReturn (*GetPair)(NvmlDevice device, unsigned *number, unsigned *period_us);
typedef NvmlReturn (*GetProcesses)(NvmlDevice device, unsigned *n, NvmlProcess *processes);

/* nvmlPciInfo_t */
typedef struct NvmlPci {
    char legacy_id[16];
    unsigned domain, bus, device, device_id, subsystem_id;
    char id[32];
} NvmlPci;

typedef struct Watch {
    NvmlReturn (*init)(void);
    NvmlReturn (*driver_version)(char *text, unsigned size);
    NvmlReturn (*count)(unsigned *n);
    NvmlReturn (*device)(unsigned index, NvmlDevice *device);
    GetText name, uuid;
    NvmlReturn (*pci)(NvmlDevice device, NvmlPci *pci);
    NvmlReturn (*memory)(NvmlDevice device, NvmlMemory *memory);
    NvmlReturn (*utilization)(NvmlDevice device, NvmlUtilization *utilization);
    NvmlReturn (*throttle)(NvmlDevice device, unsigned long long *reasons);
    GetPair decoder, encoder;
    GetOfType clock, clock_max, temperature, limit;
    GetNumber power, power_limit;
    GetProcesses computing, drawing;
} Watch;

#define FUNCTION(name, field)                                                                      \
    {                                                                                              \
        name, offsetof(Watch, field), 0                                                            \
    }
#define OPTIONAL(name, field)                                                                      \
    {                                                                                              \
        name, offsetof(Watch, field), 1                                                            \
    }

static const LibraryFunction functions[] = {
    FUNCTION("nvmlInit_v2", init),
    FUNCTION("nvmlDeviceGetCount_v2", count),
    FUNCTION("nvmlDeviceGetHandleByIndex_v2", device),
    OPTIONAL("nvmlSystemGetDriverVersion", driver_version),
    OPTIONAL("nvmlDeviceGetName", name),
    OPTIONAL("nvmlDeviceGetUUID", uuid),
    OPTIONAL("nvmlDeviceGetPciInfo_v3", pci),
    OPTIONAL("nvmlDeviceGetMemoryInfo", memory),
    OPTIONAL("nvmlDeviceGetUtilizationRates", utilization),
    OPTIONAL("nvmlDeviceGetCurrentClocksEventReasons", throttle),
    OPTIONAL("nvmlDeviceGetDecoderUtilization", decoder),
    OPTIONAL("nvmlDeviceGetEncoderUtilization", encoder),
    OPTIONAL("nvmlDeviceGetClockInfo", clock),
    OPTIONAL("nvmlDeviceGetMaxClockInfo", clock_max),
    OPTIONAL("nvmlDeviceGetTemperature", temperature),
    OPTIONAL("nvmlDeviceGetTemperatureThreshold", limit),
    OPTIONAL("nvmlDeviceGetPowerUsage", power),
    OPTIONAL("nvmlDeviceGetEnforcedPowerLimit", power_limit),
    OPTIONAL("nvmlDeviceGetComputeRunningProcesses_v3", computing),
    OPTIONAL("nvmlDeviceGetGraphicsRunningProcesses_v3", drawing),
};

/* One device, and the first failure that is more than "not supported". */
typedef struct Look {
    const Watch *nvml;
    NvmlDevice device;
    int index;
    NvmlReturn failure;
} Look;

static int good(Look *look, NvmlReturn result)
{
    if (result != 0 && result != NOT_SUPPORTED && result != FUNCTION_NOT_FOUND && !look->failure)
        look->failure = result;
    return result == 0;
}

static void note_text(Look *look, GetText get, const char *name)
{
    char text[128] = "";
    if (get && good(look, get(look->device, text, sizeof(text) - 1)))
        fact(name, look->index, "%s", text);
}

static void note_number(Look *look, GetNumber get, const char *name)
{
    unsigned number;
    if (get && good(look, get(look->device, &number)))
        fact(name, look->index, "%u", number);
}

static void note_of_type(Look *look, GetOfType get, int type, const char *name)
{
    unsigned number;
    if (get && good(look, get(look->device, type, &number)))
        fact(name, look->index, "%u", number);
}

static void note_pair(Look *look, GetPair get, const char *name)
{
    unsigned number, period_us;
    if (get && good(look, get(look->device, &number, &period_us)))
        fact(name, look->index, "%u", number);
}

static void note_what_it_is(Look *look)
{
    NvmlPci pci = {.domain = 0};
    note_text(look, look->nvml->name, "W.%d.name");
    note_text(look, look->nvml->uuid, "W.%d.uuid");
    if (look->nvml->pci && good(look, look->nvml->pci(look->device, &pci)))
        fact("W.%d.pci", look->index, "%04x:%02x:%02x.0", pci.domain, pci.bus, pci.device);
}

/* Adds what is not in the list yet: a process can compute and draw. */
static unsigned merge(NvmlProcess *all, unsigned n, const NvmlProcess *more, unsigned n_more)
{
    for (unsigned i = 0; i < n_more; i++) {
        unsigned k = 0;
        while (k < n && all[k].pid != more[i].pid)
            k++;
        if (k < n && more[i].used_bytes != NO_VALUE &&
            (all[k].used_bytes == NO_VALUE || all[k].used_bytes < more[i].used_bytes))
            all[k].used_bytes = more[i].used_bytes;
        else if (k == n)
            all[n++] = more[i];
    }
    return n;
}

static int by_memory(const void *a, const void *b)
{
    unsigned long long x = ((const NvmlProcess *)a)->used_bytes + 1;
    unsigned long long y = ((const NvmlProcess *)b)->used_bytes + 1; /* NO_VALUE becomes 0 */
    return x > y ? -1 : x < y;
}

static void note_processes(Look *look)
{
    static NvmlProcess all[2 * MAX_PROCESSES], some[MAX_PROCESSES];
    GetProcesses gets[] = {look->nvml->computing, look->nvml->drawing};
    unsigned n_all = 0;
    int known = 0;
    for (int i = 0; i < 2; i++) {
        unsigned n = MAX_PROCESSES;
        if (!gets[i] || !good(look, gets[i](look->device, &n, some)) || n > MAX_PROCESSES)
            continue;
        known = 1;
        n_all = merge(all, n_all, some, n);
    }
    if (!known)
        return;
    qsort(all, n_all, sizeof(all[0]), by_memory);
    char text[2000] = "";
    size_t used = 0;
    for (unsigned i = 0; i < n_all && i < MAX_USERS && used + 48 < sizeof(text); i++)
        used += (size_t)(all[i].used_bytes == NO_VALUE
                             ? snprintf(text + used, sizeof(text) - used, "%u:? ", all[i].pid)
                             : snprintf(text + used, sizeof(text) - used, "%u:%llu ", all[i].pid,
                                        all[i].used_bytes));
    fact("W.%d.users", look->index, "%s", text);
}

static void note_load(Look *look)
{
    const Watch *nvml = look->nvml;
    NvmlMemory memory;
    NvmlUtilization utilization;
    unsigned long long reasons;
    if (nvml->utilization && good(look, nvml->utilization(look->device, &utilization)))
        fact("W.%d.load", look->index, "%u", utilization.gpu);
    if (nvml->memory && good(look, nvml->memory(look->device, &memory))) {
        fact("W.%d.used", look->index, "%llu", memory.used);
        fact("W.%d.total", look->index, "%llu", memory.total);
    }
    if (nvml->throttle && good(look, nvml->throttle(look->device, &reasons)))
        fact("W.%d.slowdown", look->index, "%llu", reasons);
    note_pair(look, nvml->decoder, "W.%d.decoder");
    note_pair(look, nvml->encoder, "W.%d.encoder");
    note_of_type(look, nvml->clock, CLOCK_GRAPHICS, "W.%d.clock");
    note_of_type(look, nvml->clock_max, CLOCK_GRAPHICS, "W.%d.clock_max");
    note_of_type(look, nvml->clock, CLOCK_MEMORY, "W.%d.memory_clock");
    note_of_type(look, nvml->clock_max, CLOCK_MEMORY, "W.%d.memory_clock_max");
    note_of_type(look, nvml->temperature, 0, "W.%d.temperature");
    note_of_type(look, nvml->limit, LIMIT_SLOWDOWN, "W.%d.temperature_limit");
    note_number(look, nvml->power, "W.%d.power");
    note_number(look, nvml->power_limit, "W.%d.power_limit");
}

static void look_at(const Watch *nvml, int index)
{
    Look look = {nvml, NULL, index, 0};
    NvmlReturn result = nvml->device((unsigned)index, &look.device);
    fact("W.%d.status", index, "%d", result);
    if (result != 0)
        return;
    note_what_it_is(&look);
    note_load(&look);
    note_processes(&look);
    if (look.failure)
        fact("W.%d.failure", index, "%d", look.failure);
}

static void print_record(const Watch *nvml)
{
    unsigned n = 0;
    NvmlReturn result = nvml->count(&n);
    fact("W.count_status", 0, "%d", result);
    fact("W.count", 0, "%u", result == 0 ? n : 0);
    for (unsigned i = 0; result == 0 && i < n && i < MAX_DEVICES; i++)
        look_at(nvml, (int)i);
    puts("done");
    fflush(stdout);
}

static void *load(const char *root, Watch *nvml)
{
    const char *missing = NULL;
    char version[128] = "";
    void *library = library_open(root, "L02", "libnvidia-ml.so.1");
    if (!library)
        return NULL;
    if (!library_functions(library, functions, sizeof(functions) / sizeof(functions[0]), nvml,
                           &missing)) {
        fact("L02.missing_symbol", 0, "%s", missing);
        return NULL;
    }
    if (!nvml->throttle) /* its name before 2024 */
        library_function(library, "nvmlDeviceGetCurrentClocksThrottleReasons", &nvml->throttle);
    if (!nvml->computing) /* before driver 510, with the same contents */
        library_function(library, "nvmlDeviceGetComputeRunningProcesses_v2", &nvml->computing);
    if (!nvml->drawing)
        library_function(library, "nvmlDeviceGetGraphicsRunningProcesses_v2", &nvml->drawing);
    NvmlReturn result = nvml->init();
    fact("W.init", 0, "%d", result);
    if (result != 0)
        return NULL;
    if (nvml->driver_version && nvml->driver_version(version, sizeof(version) - 1) == 0)
        fact("W.driver", 0, "%s", version);
    return library;
}

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void probe_watch(const char *root, int interval_ms)
{
    Watch nvml;
    alarm(LONGEST_CALL_S);
    if (!load(root, &nvml)) {
        /* That is all there is to say. */
        fact("W.end", 0, "yes");
        return;
    }
    for (int64_t next = now_ms();;) {
        alarm(LONGEST_CALL_S);
        print_record(&nvml);
        alarm(0);
        int64_t now = now_ms();
        next = next + interval_ms > now ? next + interval_ms : now + interval_ms;
        /* Whoever started us holds the other end, and sends nothing: any event is its end. */
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&input, 1, (int)(next - now)) != 0)
            _exit(0);
    }
}
