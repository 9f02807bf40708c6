/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA's GPUs, as mien-probe tells of them. Source of bits and codes: nvml.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/watch.h"

static const struct {
    int64_t code;
    const char *text;
} codes[] = {
    {1, "NVML is not initialised"},
    {2, "NVML was asked something wrong"},
    {3, "not supported"},
    {4, "no permission"},
    {6, "not found"},
    {8, "the card's power cables are not connected"},
    {9, "NVIDIA's kernel driver is not loaded"},
    {10, "the driver did not answer in time"},
    {12, "a library of the driver is missing"},
    {13, "the library is older than the question"},
    {14, "the card's settings memory is damaged"},
    {15, "the GPU is lost: it has fallen off the bus"},
    {16, "the GPU needs a reset"},
    {17, "the system or a cgroup denies access"},
    {18, "the driver's library and kernel module have different versions"},
    {19, "the GPU is in use"},
    {20, "out of memory"},
    {28, "there is no GPU"},
    {999, "the driver does not know why"},
};

const char *mieni_nvml_text(int64_t code)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(codes); i++)
        if (codes[i].code == code)
            return codes[i].text;
    return "an error";
}

static const MieniFact *get(const MieniFacts *facts, int i, const char *name)
{
    char full[64];
    snprintf(full, sizeof(full), "W.%d.%s", i, name);
    return mieni_facts_get(facts, full);
}

static double number(const MieniFacts *facts, int i, const char *name, double scale)
{
    char *end;
    const MieniFact *fact = get(facts, i, name);
    if (fact->state != MIENI_FACT_VALUE || !isdigit((unsigned char)fact->text[0]))
        return MIENI_WATCH_UNKNOWN;
    unsigned long long value = strtoull(fact->text, &end, 10);
    return *end ? MIENI_WATCH_UNKNOWN : (double)value * scale;
}

/* A code of NVML's; what is none counts as its "unknown". */
static int64_t code(const MieniFacts *facts, int i, const char *name)
{
    double value = number(facts, i, name, 1);
    return value <= 1e6 ? (int64_t)value : 999;
}

static const char *text(MienWatch *watch, const MieniFacts *facts, int i, const char *name)
{
    return mieni_watch_text(watch, "%s", get(facts, i, name)->text);
}

/* NVML's bits, which ours follow up to the display's. */
static uint32_t slowdown(const MieniFacts *facts, int i)
{
    double bits = number(facts, i, "slowdown", 1);
    return isnan(bits) || bits >= 4294967296.0 ? MIEN_SLOWDOWN_UNKNOWN : (uint32_t)bits & 0x1ff;
}

/* "4711:3221225472 4712:? " */
static void read_users(MienWatch *watch, const MieniFacts *facts, int i, MienWatchGpu *gpu)
{
    const MieniFact *fact = get(facts, i, "users");
    MienWatchUser *users = watch->users[gpu - watch->gpus];
    if (fact->state != MIENI_FACT_VALUE)
        return;
    gpu->knows_users = 1;
    const char *at = fact->text;
    while (gpu->n_users < MIENI_WATCH_USERS && isdigit((unsigned char)*at)) {
        char *end;
        unsigned long long pid = strtoull(at, &end, 10);
        if (*end != ':' || pid > UINT32_MAX)
            break;
        at = end + 1;
        unsigned long long bytes = strtoull(at, &end, 10);
        bool known = isdigit((unsigned char)*at);
        users[gpu->n_users++] =
            (MienWatchUser){(int64_t)pid, mieni_watch_process_name(watch, (int64_t)pid),
                            known ? (double)bytes : MIENI_WATCH_UNKNOWN};
        at += strcspn(at, " ");
        at += *at == ' ';
    }
}

static void read_gpu(MienWatch *watch, const MieniFacts *facts, int i, MienWatchGpu *gpu)
{
    gpu->name = text(watch, facts, i, "name");
    gpu->pci = text(watch, facts, i, "pci");
    gpu->load_percent = number(facts, i, "load", 1);
    gpu->decoder_percent = number(facts, i, "decoder", 1);
    gpu->encoder_percent = number(facts, i, "encoder", 1);
    gpu->memory_used_bytes = number(facts, i, "used", 1);
    gpu->memory_total_bytes = number(facts, i, "total", 1);
    gpu->clock_mhz = number(facts, i, "clock", 1);
    gpu->clock_max_mhz = number(facts, i, "clock_max", 1);
    gpu->memory_clock_mhz = number(facts, i, "memory_clock", 1);
    gpu->memory_clock_max_mhz = number(facts, i, "memory_clock_max", 1);
    gpu->temperature_c = number(facts, i, "temperature", 1);
    gpu->temperature_limit_c = number(facts, i, "temperature_limit", 1);
    gpu->power_w = number(facts, i, "power", 1e-3);
    gpu->power_limit_w = number(facts, i, "power_limit", 1e-3);
    gpu->slowdown = slowdown(facts, i);
    read_users(watch, facts, i, gpu);
}

/* A Jetson's own GPU has no memory of its own; what /sys said of it already counts. */
static bool is_jetsons_own(const MienWatch *watch, const MieniFacts *facts, int i)
{
    return watch->sample.n_gpus > 0 && !strcmp(watch->gpus[0].source, "jetson") &&
           get(facts, i, "total")->state != MIENI_FACT_VALUE;
}

static void complete_jetson(MienWatch *watch, const MieniFacts *facts, int i)
{
    MienWatchGpu *gpu = &watch->gpus[0];
    const char *name = text(watch, facts, i, "name");
    gpu->name = *name ? name : gpu->name;
    if (isnan(gpu->load_percent))
        gpu->load_percent = number(facts, i, "load", 1);
    if (isnan(gpu->temperature_c))
        gpu->temperature_c = number(facts, i, "temperature", 1);
    if (isnan(gpu->clock_mhz))
        gpu->clock_mhz = number(facts, i, "clock", 1);
    read_users(watch, facts, i, gpu);
}

static void add_gpu(MienWatch *watch, const MieniFacts *facts, int i)
{
    char id[24];
    int64_t status = code(facts, i, "status");
    if (status == 0 && is_jetsons_own(watch, facts, i)) {
        complete_jetson(watch, facts, i);
        return;
    }
    snprintf(id, sizeof(id), "nvml:%d", i);
    MienWatchGpu *gpu = mieni_watch_add_gpu(watch, id, "nvml");
    if (!gpu)
        return;
    if (status == 0) {
        read_gpu(watch, facts, i, gpu);
        if (get(facts, i, "failure")->state == MIENI_FACT_VALUE)
            status = code(facts, i, "failure");
    }
    if (!*gpu->name)
        gpu->name = "NVIDIA GPU";
    if (status != 0)
        gpu->error =
            mieni_watch_text(watch, "%s (NVML %lld)", mieni_nvml_text(status), (long long)status);
}

/* What is the matter with NVML as a whole. */
static void read_state(MienWatch *watch, const MieniFacts *facts, int64_t n)
{
    MienWatchSample *sample = &watch->sample;
    int64_t init = mieni_facts_number(facts, "W.init", 0);
    int64_t count = mieni_facts_number(facts, "W.count_status", 0);
    if (mieni_facts_absent(facts, "L02.path")) {
        const char *error = mieni_facts_get(facts, "L02.error")->text;
        bool is_there = *error && !strstr(error, "No such file");
        sample->driver = is_there ? MIEN_WATCH_DRIVER_REFUSED : MIEN_WATCH_DRIVER_ABSENT;
        sample->driver_text = is_there ? mieni_watch_text(watch, "NVML cannot be loaded: %s", error)
                                       : "there is no NVML (libnvidia-ml.so.1)";
    } else if (mieni_facts_has(facts, "L02.missing_symbol")) {
        sample->driver = MIEN_WATCH_DRIVER_REFUSED;
        sample->driver_text = "NVML is too old, or no NVML";
    } else if (init || count) {
        int64_t failure = init ? init : count;
        sample->driver = MIEN_WATCH_DRIVER_REFUSED;
        sample->driver_text = mieni_watch_text(watch, "NVML: %s (code %lld)",
                                               mieni_nvml_text(failure), (long long)failure);
    } else if (n < watch->n_nvml) {
        sample->driver_text =
            mieni_watch_text(watch, "of %lld NVIDIA GPUs %lld are gone", (long long)watch->n_nvml,
                             (long long)(watch->n_nvml - n));
    }
    watch->n_nvml = MIENI_MAX(watch->n_nvml, n);
}

void mieni_watch_record(MienWatch *watch, const MieniFacts *facts)
{
    int64_t n = mieni_facts_number(facts, "W.count", 0);
    n = MIENI_MIN(MIENI_MAX(n, 0), MIENI_WATCH_GPUS);
    read_state(watch, facts, n);
    for (int i = 0; i < n; i++)
        if (get(facts, i, "status")->state == MIENI_FACT_VALUE)
            add_gpu(watch, facts, i);
}

MienStatus mieni_watch_nvml(MienWatch *watch, int32_t patience_ms)
{
    const MieniFacts *facts;
    const char *message;
    MienStatus status =
        mieni_stream_read(watch->stream, patience_ms, &watch->sample.driver, &facts, &message);
    if (status != MIEN_OK)
        return status;
    watch->sample.driver_text = mieni_watch_text(watch, "%s", message);
    if (facts)
        mieni_watch_record(watch, facts);
    return MIEN_OK;
}
