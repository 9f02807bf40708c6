/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GPUs of AMD and Intel, as far as /sys tells. Source: Linux, Documentation/gpu/amdgpu/thermal.rst,
 * Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon, sysfs-driver-intel-xe-hwmon,
 * drivers/gpu/drm/i915/gt/intel_gt_sysfs_pm.c, drivers/gpu/drm/xe/xe_gt_freq.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "doctor/probe.h"
#include "doctor/watch.h"
#include "doctor/watch_parse.h"

#define DRM "/sys/class/drm"

/* The first hwmon folder of a card. False if it has none. */
static bool find_hwmon(MienWatch *watch, const char *card, char *path)
{
    char **names;
    size_t n;
    if (!mieni_path(path, DRM "/%s/device/hwmon", card))
        return false;
    mieni_machine_list(watch->machine, path, &names, &n);
    bool found = n > 0 && mieni_path(path, DRM "/%s/device/hwmon/%s", card, names[0]);
    mieni_machine_free_list(names, n);
    return found;
}

static double first_known(double a, double b)
{
    return isnan(a) ? b : a;
}

static void read_hwmon(MienWatch *watch, const char *card, MienWatchGpu *gpu)
{
    char path[MIENI_PATH_MAX];
    if (!find_hwmon(watch, card, path))
        return;
    gpu->temperature_c = mieni_watch_number(watch, 1e-3, "%s/temp1_input", path);
    gpu->temperature_limit_c = mieni_watch_number(watch, 1e-3, "%s/temp1_crit", path);
    gpu->power_w = first_known(mieni_watch_number(watch, 1e-6, "%s/power1_average", path),
                               mieni_watch_number(watch, 1e-6, "%s/power1_input", path));
    gpu->power_limit_w = first_known(mieni_watch_number(watch, 1e-6, "%s/power1_cap", path),
                                     mieni_watch_number(watch, 1e-6, "%s/power1_max", path));
}

static void read_steps(MienWatch *watch, const char *card, const char *name, double *now,
                       double *max)
{
    char path[MIENI_PATH_MAX];
    size_t n;
    if (mieni_path(path, DRM "/%s/device/%s", card, name) &&
        mieni_machine_read(watch->machine, path, watch->file, &n) == 0)
        mieni_parse_steps(watch->file, now, max);
}

static void read_amdgpu(MienWatch *watch, const char *card, MienWatchGpu *gpu)
{
    char *line = mieni_watch_line(watch, DRM "/%s/device/product_name", card);
    gpu->name = line && *line ? mieni_watch_text(watch, "%s", line) : "AMD GPU";
    gpu->load_percent = mieni_watch_number(watch, 1, DRM "/%s/device/gpu_busy_percent", card);
    gpu->memory_used_bytes =
        mieni_watch_number(watch, 1, DRM "/%s/device/mem_info_vram_used", card);
    gpu->memory_total_bytes =
        mieni_watch_number(watch, 1, DRM "/%s/device/mem_info_vram_total", card);
    read_steps(watch, card, "pp_dpm_sclk", &gpu->clock_mhz, &gpu->clock_max_mhz);
    read_steps(watch, card, "pp_dpm_mclk", &gpu->memory_clock_mhz, &gpu->memory_clock_max_mhz);
    read_hwmon(watch, card, gpu);
}

typedef struct Reason {
    const char *name;
    uint32_t bit;
} Reason;

static void read_reasons(MienWatch *watch, const char *folder, const char *prefix,
                         MienWatchGpu *gpu)
{
    static const Reason reasons[] = {
        {"pl1", MIEN_SLOWDOWN_POWER},
        {"pl2", MIEN_SLOWDOWN_POWER},
        {"pl4", MIEN_SLOWDOWN_POWER},
        {"thermal", MIEN_SLOWDOWN_HEAT},
        {"prochot", MIEN_SLOWDOWN_HEAT_BOARD},
        {"ratl", MIEN_SLOWDOWN_HEAT},
        {"vr_thermalert", MIEN_SLOWDOWN_HEAT_BOARD},
        {"vr_tdc", MIEN_SLOWDOWN_HARDWARE},
    };
    uint32_t bits = 0;
    bool known = false;
    for (size_t i = 0; i < MIENI_COUNT_OF(reasons); i++) {
        double value = mieni_watch_number(watch, 1, "%s/%s%s", folder, prefix, reasons[i].name);
        known |= !isnan(value);
        bits |= value > 0 ? reasons[i].bit : 0;
    }
    if (known)
        gpu->slowdown = bits;
}

static void read_i915(MienWatch *watch, const char *card, MienWatchGpu *gpu)
{
    char path[MIENI_PATH_MAX];
    gpu->name = "Intel GPU";
    gpu->clock_mhz = mieni_watch_number(watch, 1, DRM "/%s/gt_act_freq_mhz", card);
    gpu->clock_max_mhz = mieni_watch_number(watch, 1, DRM "/%s/gt_max_freq_mhz", card);
    gpu->clock_top_mhz = mieni_watch_number(watch, 1, DRM "/%s/gt_RP0_freq_mhz", card);
    if (mieni_path(path, DRM "/%s/gt/gt0", card))
        read_reasons(watch, path, "throttle_reason_", gpu);
    read_hwmon(watch, card, gpu);
}

static void read_xe(MienWatch *watch, const char *card, MienWatchGpu *gpu)
{
    static const char frequency[] = DRM "/%s/device/tile0/gt0/freq0/%s";
    char path[MIENI_PATH_MAX];
    gpu->name = "Intel GPU";
    gpu->clock_mhz = mieni_watch_number(watch, 1, frequency, card, "act_freq");
    gpu->clock_max_mhz = mieni_watch_number(watch, 1, frequency, card, "max_freq");
    gpu->clock_top_mhz = mieni_watch_number(watch, 1, frequency, card, "rp0_freq");
    if (mieni_path(path, DRM "/%s/device/tile0/gt0/freq0/throttle", card))
        read_reasons(watch, path, "reason_", gpu);
    read_hwmon(watch, card, gpu);
}

static const struct {
    const char *driver;
    void (*read)(MienWatch *watch, const char *card, MienWatchGpu *gpu);
} drivers[] = {{"amdgpu", read_amdgpu}, {"i915", read_i915}, {"xe", read_xe}};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void look_at(MienWatch *watch, const char *card)
{
    char path[MIENI_PATH_MAX], target[MIENI_PATH_MAX];
    if (!mieni_path(path, DRM "/%s/device/driver", card) ||
        mieni_machine_link(watch->machine, path, target) != 0)
        return;
    for (size_t i = 0; i < MIENI_COUNT_OF(drivers); i++) {
        if (strcmp(last_part(target), drivers[i].driver) != 0)
            continue;
        MienWatchGpu *gpu = mieni_watch_add_gpu(watch, card, drivers[i].driver);
        if (!gpu)
            return;
        drivers[i].read(watch, card, gpu);
        if (mieni_path(path, DRM "/%s/device", card) &&
            mieni_machine_link(watch->machine, path, target) == 0 && strchr(last_part(target), ':'))
            gpu->pci = mieni_watch_text(watch, "%s", last_part(target));
    }
}

void mieni_watch_cards(MienWatch *watch)
{
    char **names;
    size_t n;
    mieni_machine_list(watch->machine, DRM, &names, &n);
    for (size_t i = 0; i < n; i++) {
        /* "card0", but not its outputs such as "card0-DP-1". */
        size_t digits = strncmp(names[i], "card", 4) ? 0 : strspn(names[i] + 4, "0123456789");
        if (digits > 0 && !names[i][4 + digits])
            look_at(watch, names[i]);
    }
    mieni_machine_free_list(names, n);
}
