/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Jetson's GPU, heat and supply, from /sys. Source: NVIDIA, Jetson Linux developer guide,
 * "Platform power and performance"; gpu-symptoms H12, `thermal-or-power-throttle`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "doctor/jetson.h"
#include "doctor/probe.h"
#include "doctor/watch.h"
#include "doctor/watch_parse.h"

#define HWMON "/sys/class/hwmon"
#define ZONES "/sys/class/thermal"

/* Calls `visit` for each name in a folder. */
static void each(MienWatch *watch, const char *folder,
                 void (*visit)(MienWatch *watch, const char *folder, const char *name))
{
    char **names;
    size_t n;
    mieni_machine_list(watch->machine, folder, &names, &n);
    for (size_t i = 0; i < n; i++)
        visit(watch, folder, names[i]);
    mieni_machine_free_list(names, n);
}

static bool starts(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

static bool is_gpu(MienWatch *watch, const char *device)
{
    static const char *const names[] = {"gv11b", "gp10b", "ga10b", "gb10b", "gpu"};
    if (!strcmp(device, "gpu-gpc-0"))
        return true;
    char *name = mieni_watch_line(watch, "/sys/class/devfreq/%s/device/of_node/name", device);
    for (size_t i = 0; name && i < MIENI_COUNT_OF(names); i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static void visit_devfreq(MienWatch *watch, const char *folder, const char *device)
{
    if (watch->sample.n_gpus > 0 || !is_gpu(watch, device))
        return;
    MienWatchGpu *gpu = mieni_watch_add_gpu(watch, "jetson", "jetson");
    gpu->name = mieni_watch_text(watch, "%s", device);
    gpu->load_percent = mieni_watch_number(watch, 0.1, "%s/%s/device/load", folder, device);
    gpu->clock_mhz = mieni_watch_number(watch, 1e-6, "%s/%s/cur_freq", folder, device);
    gpu->clock_max_mhz = mieni_watch_number(watch, 1e-6, "%s/%s/max_freq", folder, device);
    gpu->clock_top_mhz =
        mieni_parse_highest(mieni_watch_line(watch, "%s/%s/available_frequencies", folder, device));
}

static void add_reading(MienWatchReading *readings, size_t *n, const char *name, double value)
{
    if (*n < MIENI_WATCH_READINGS && *name && !isnan(value))
        readings[(*n)++] = (MienWatchReading){name, value};
}

static bool is_gpu_zone(const char *type)
{
    return !strcmp(type, "gpu-thermal") || !strcmp(type, "GPU-therm");
}

/* Where the zone begins to slow the GPU down: the first trip point that is passive. */
static double passive_point(MienWatch *watch, const char *zone)
{
    for (int i = 0; i < 12; i++) {
        char *type = mieni_watch_line(watch, ZONES "/%s/trip_point_%d_type", zone, i);
        if (!type)
            break;
        if (!strcmp(type, "passive"))
            return mieni_watch_number(watch, 1e-3, ZONES "/%s/trip_point_%d_temp", zone, i);
    }
    return MIENI_WATCH_UNKNOWN;
}

static void visit_zone(MienWatch *watch, const char *folder, const char *zone)
{
    MienWatchJetson *jetson = &watch->jetson;
    if (!starts(zone, "thermal_zone"))
        return;
    char *line = mieni_watch_line(watch, "%s/%s/type", folder, zone);
    if (!line)
        return;
    const char *type = mieni_watch_text(watch, "%s", line);
    double celsius = mieni_watch_number(watch, 1e-3, "%s/%s/temp", folder, zone);
    /* A part that is off has no temperature, or -256 C. */
    if (!(celsius > -200))
        return;
    add_reading(watch->zones, &jetson->n_zones, type, celsius);
    if (is_gpu_zone(type) && watch->sample.n_gpus > 0) {
        watch->gpus[0].temperature_c = celsius;
        watch->gpus[0].temperature_limit_c = passive_point(watch, zone);
    }
}

/* One channel: a name, mV and mA. JetPack 4 calls it "rail_name_0", and knows the power. */
static void visit_channel(MienWatch *watch, const char *folder, const char *name)
{
    MienWatchJetson *jetson = &watch->jetson;
    double watts = MIENI_WATCH_UNKNOWN;
    int channel, end = 0;
    if (sscanf(name, "in%2d_label%n", &channel, &end) == 1 && end > 0 && !name[end])
        watts = mieni_watch_number(watch, 1e-3, "%s/in%d_input", folder, channel) *
                mieni_watch_number(watch, 1e-3, "%s/curr%d_input", folder, channel);
    else if (sscanf(name, "rail_name_%2d%n", &channel, &end) == 1 && end > 0 && !name[end])
        watts = mieni_watch_number(watch, 1e-3, "%s/in_power%d_input", folder, channel);
    else
        return;
    char *line = mieni_watch_line(watch, "%s/%s", folder, name);
    /* "NC": not connected. */
    if (line && !starts(line, "NC"))
        add_reading(watch->rails, &jetson->n_rails, mieni_watch_text(watch, "%s", line), watts);
}

static void visit_hwmon(MienWatch *watch, const char *folder, const char *name)
{
    char path[MIENI_PATH_MAX];
    char *line = mieni_watch_line(watch, "%s/%s/name", folder, name);
    if (!line || !mieni_path(path, "%s/%s", folder, name))
        return;
    if (starts(line, "ina3221"))
        each(watch, path, visit_channel);
    if (strcmp(line, "soctherm_oc") != 0)
        return;
    for (int i = 1; i <= 3; i++) {
        double events = mieni_watch_number(watch, 1, "%s/oc%d_event_cnt", path, i);
        if (!isnan(events))
            watch->jetson.over_currents =
                events + (isnan(watch->jetson.over_currents) ? 0 : watch->jetson.over_currents);
    }
}

/* JetPack 4: /sys/bus/i2c/drivers/ina3221x/0-0040/iio:device0/rail_name_0. */
static void visit_iio(MienWatch *watch, const char *folder, const char *name)
{
    char path[MIENI_PATH_MAX];
    if (starts(name, "iio:device") && mieni_path(path, "%s/%s", folder, name))
        each(watch, path, visit_channel);
}

static void visit_i2c(MienWatch *watch, const char *folder, const char *name)
{
    char path[MIENI_PATH_MAX];
    if (strchr(name, '-') && mieni_path(path, "%s/%s", folder, name))
        each(watch, path, visit_iio);
}

/* "pmode:0002", and "< POWER_MODEL ID=2 NAME=MODE_30W >". */
static void read_power_mode(MienWatch *watch)
{
    MienWatchJetson *jetson = &watch->jetson;
    char wanted[48];
    size_t n;
    char *line = mieni_watch_line(watch, "/var/lib/nvpmodel/status");
    char *mode = line ? strstr(line, "pmode:") : NULL;
    if (!mode || strspn(mode + 6, "0123456789") == 0 || strspn(mode + 6, "0123456789") > 6)
        return;
    jetson->power_mode = (int32_t)strtol(mode + 6, NULL, 10);
    if (mieni_machine_read(watch->machine, "/etc/nvpmodel.conf", watch->file, &n) != 0)
        return;
    snprintf(wanted, sizeof(wanted), "POWER_MODEL ID=%d NAME=", (int)jetson->power_mode);
    char *found = strstr(watch->file, wanted);
    if (found) {
        found += strlen(wanted);
        jetson->power_name = mieni_watch_text(watch, "%.*s", (int)strcspn(found, " >\r\n"), found);
    }
}

/* "# R36 (release), REVISION: 4.3, GCID: ..." */
static void read_release(MienWatch *watch)
{
    int major, minor, patch;
    char *line = mieni_watch_line(watch, "/etc/nv_tegra_release");
    if (line && sscanf(line, "# R%4d (release), REVISION: %4d.%4d", &major, &minor, &patch) == 3)
        watch->jetson.l4t = mieni_watch_text(watch, "%d.%d.%d", major, minor, patch);
}

static double rail(const MienWatchJetson *jetson, const char *const *names, size_t n_names)
{
    for (size_t k = 0; k < n_names; k++)
        for (size_t i = 0; i < jetson->n_rails; i++)
            if (!strcmp(jetson->rails[i].name, names[k]))
                return jetson->rails[i].value;
    return MIENI_WATCH_UNKNOWN;
}

/* Nano, AGX Xavier, AGX Orin; on the others the GPU shares its rail with the CPU. */
static double gpu_power(const MienWatchJetson *jetson)
{
    static const char *const names[] = {"POM_5V_GPU", "GPU", "VDD_GPU", "VDD_GPU_SOC",
                                        "VDD_CPU_GPU_CV"};
    return rail(jetson, names, MIENI_COUNT_OF(names));
}

static void judge_slowdown(MienWatch *watch, MienWatchGpu *gpu)
{
    bool knows_heat = !isnan(gpu->temperature_c) && !isnan(gpu->temperature_limit_c);
    double events = watch->jetson.over_currents;
    int64_t now = events >= 0 && events < 1e15 ? (int64_t)events : -1;
    int64_t before = watch->before.over_currents;
    watch->before.over_currents = now;
    watch->jetson.over_currents =
        now >= 0 && before >= 0 && now >= before ? (double)(now - before) : MIENI_WATCH_UNKNOWN;
    if (!gpu || (!knows_heat && now < 0))
        return;
    gpu->slowdown = 0;
    if (knows_heat && gpu->temperature_c >= gpu->temperature_limit_c)
        gpu->slowdown |= MIEN_SLOWDOWN_HEAT;
    if (watch->jetson.over_currents > 0)
        gpu->slowdown |= MIEN_SLOWDOWN_OVER_CURRENT;
}

void mieni_watch_jetson(MienWatch *watch)
{
    watch->jetson = (MienWatchJetson){.board = "",
                                      .l4t = "",
                                      .power_mode = -1,
                                      .power_name = "",
                                      .zones = watch->zones,
                                      .rails = watch->rails,
                                      .over_currents = MIENI_WATCH_UNKNOWN};
    watch->sample.jetson = NULL;
    char *family = mieni_watch_line(watch, "/sys/devices/soc0/family");
    bool is_jetson = family && !strcmp(family, "Tegra");
    read_release(watch);
    each(watch, "/sys/class/devfreq", visit_devfreq);
    if (!is_jetson && !*watch->jetson.l4t && watch->sample.n_gpus == 0)
        return;
    MienWatchGpu *gpu = watch->sample.n_gpus ? &watch->gpus[0] : NULL;
    char *board = mieni_watch_line(watch, "/proc/device-tree/model");
    if (board)
        watch->jetson.board = mieni_watch_text(watch, "%s", board);
    read_power_mode(watch);
    each(watch, ZONES, visit_zone);
    each(watch, HWMON, visit_hwmon);
    each(watch, "/sys/bus/i2c/drivers/ina3221x", visit_i2c);
    if (gpu)
        gpu->power_w = gpu_power(&watch->jetson);
    judge_slowdown(watch, gpu);
    watch->sample.jetson = &watch->jetson;
}
