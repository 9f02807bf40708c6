/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "backend/cpu/cpu.h"
#include "cpu/flags.h"

static int32_t device_count(void)
{
    return 1;
}

/* The processor's own name, as the kernel tells it; empty where it does not. */
static void read_name(char *name, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    *name = 0;
    while (file && !*name && fgets(line, sizeof(line), file)) {
        const char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0)
            snprintf(name, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    }
    if (file)
        fclose(file);
}

static void device_describe(int32_t index, MienDeviceInfo *info)
{
    (void)index;
    read_name(info->name, sizeof(info->name));
    MieniKernels kernels, halves;
    mieni_kernels_init(&kernels, mieni_cpu_flags() & ~MIENI_CPU_NEON_FP16);
    mieni_kernels_init(&halves, mieni_cpu_flags());
    bool has_halves = strcmp(kernels.isa, halves.isa) != 0;
    snprintf(info->kernels, sizeof(info->kernels), "%s%s%s%s",
             strcmp(kernels.isa, "ref") ? "ref " : "", kernels.isa, has_halves ? " " : "",
             has_halves ? halves.isa : "");
    long page = sysconf(_SC_PAGESIZE), pages = sysconf(_SC_PHYS_PAGES);
    if (page > 0 && pages > 0)
        info->memory_total_bytes = (uint64_t)page * (uint64_t)pages;
    info->software = info->integrated = info->built = info->usable = true;
}

static bool grow(float **block, size_t floats)
{
    float *larger = mieni_alloc_aligned(floats * sizeof(float));
    if (!larger)
        return false;
    mieni_free(*block);
    *block = larger;
    return true;
}

bool mieni_cpu_reserve(MieniDevice *device, size_t activation_floats, size_t scratch_floats)
{
    bool activations = activation_floats > device->activation_floats;
    bool scratch = scratch_floats > device->scratch_floats;
    for (int32_t i = 0; i < mieni_pool_n_threads(device->pool); i++) {
        CpuWorkspace *workspace = &device->workspaces[i];
        if ((activations && !grow(&workspace->activations, activation_floats)) ||
            (scratch && !grow(&workspace->scratch, scratch_floats)))
            return false;
    }
    device->activation_floats = MIENI_MAX(device->activation_floats, activation_floats);
    device->scratch_floats = MIENI_MAX(device->scratch_floats, scratch_floats);
    return true;
}

static void device_close(MieniDevice *device)
{
    if (!device)
        return;
    for (int32_t i = 0; device->workspaces && i < mieni_pool_n_threads(device->pool); i++) {
        mieni_free(device->workspaces[i].activations);
        mieni_free(device->workspaces[i].scratch);
    }
    mieni_free(device->workspaces);
    mieni_pool_destroy(device->pool);
    mieni_free(device);
}

static MienStatus device_open(int32_t index, const MieniDeviceOptions *options, MieniDevice **out,
                              MienError *error)
{
    (void)index;
    *out = NULL;
    MieniDevice *device = mieni_alloc(1, sizeof(*device));
    if (!device)
        return mieni_fail_nomem(error);
    device->log = options->log;
    uint64_t flags = mieni_cpu_flags() & options->cpu_mask;
    if (options->precision == MIEN_PRECISION_FP32)
        flags &= ~MIENI_CPU_NEON_FP16;
    mieni_kernels_init(&device->kernels, flags);
    if (mieni_pool_create(options->threads, &device->pool) != MIEN_OK) {
        device_close(device);
        return mieni_fail(error, MIEN_E_NOMEM, "out-of-memory", "cannot start %d threads",
                          (int)options->threads);
    }
    device->workspaces = mieni_alloc((size_t)options->threads, sizeof(*device->workspaces));
    if (!device->workspaces) {
        device_close(device);
        return mieni_fail_nomem(error);
    }
    mieni_log(device->log, MIEN_LOG_INFO, "cpu", "kernels: %s, threads: %d", device->kernels.isa,
              (int)options->threads);
    *out = device;
    return MIEN_OK;
}

static const char *device_isa(const MieniDevice *device)
{
    return device->kernels.isa;
}

static MienPrecision device_precision(const MieniDevice *device)
{
    return strcmp(device->kernels.isa, "neon-fp16") ? MIEN_PRECISION_FP32 : MIEN_PRECISION_FP16;
}

const MieniBackend mieni_backend_cpu = {
    .name = "cpu",
    .count = device_count,
    .describe = device_describe,
    .open = device_open,
    .isa = device_isa,
    .precision = device_precision,
    .plan_create = mieni_cpu_plan_create,
    .plan_run = mieni_cpu_plan_run,
    .plan_destroy = mieni_cpu_plan_destroy,
    .close = device_close,
};
