/* SPDX-License-Identifier: Apache-2.0 */
/* mien.watch/1: docs/schemas/watch-1.schema.json. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "watch_view.h"

static const char *const driver_states[] = {"ok",   "absent", "starting", "refused",
                                            "late", "hung",   "crashed"};

static void put_key(CliWriter *writer, const char *key)
{
    cli_put(writer, ",");
    cli_put_json(writer, key);
    cli_put(writer, ":");
}

/* What is unknown is null. */
static void put_number(CliWriter *writer, const char *key, double value, int decimals)
{
    put_key(writer, key);
    cli_put_fixed(writer, value, decimals);
}

static void put_text(CliWriter *writer, const char *key, const char *text)
{
    put_key(writer, key);
    cli_put_json(writer, text && *text ? text : NULL);
}

static void put_time(CliWriter *writer, int64_t time_us)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;
    char text[64] = "";
    if (gmtime_r(&seconds, &utc)) {
        size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
        snprintf(text + n, sizeof(text) - n, ".%03dZ", (int)(time_us / 1000 % 1000));
    }
    put_text(writer, "time", text);
}

static void put_slowdown(CliWriter *writer, uint32_t slowdown)
{
    const char *behind = "[";
    put_key(writer, "slowed_by");
    if (slowdown & MIEN_SLOWDOWN_UNKNOWN) {
        cli_put(writer, "null");
        return;
    }
    for (int i = 0; i < 30; i++)
        if (slowdown & 1u << i && mien_watch_slowdown_text(1u << i)) {
            cli_put(writer, behind);
            cli_put_json(writer, mien_watch_slowdown_text(1u << i));
            behind = ",";
        }
    cli_put(writer, *behind == '[' ? "[]" : "]");
}

static void put_users(CliWriter *writer, const MienWatchGpu *gpu)
{
    put_key(writer, "processes");
    if (!gpu->knows_users) {
        cli_put(writer, "null");
        return;
    }
    cli_put(writer, "[");
    for (size_t i = 0; i < gpu->n_users; i++) {
        cli_put(writer, i ? ",{\"pid\":" : "{\"pid\":");
        cli_put_int(writer, gpu->users[i].pid);
        put_text(writer, "name", gpu->users[i].name);
        put_number(writer, "memory_bytes", gpu->users[i].memory_bytes, 0);
        cli_put(writer, "}");
    }
    cli_put(writer, "]");
}

static void put_gpu(CliWriter *writer, const MienWatchGpu *gpu)
{
    cli_put(writer, "{\"id\":");
    cli_put_json(writer, gpu->id);
    put_text(writer, "source", gpu->source);
    put_text(writer, "name", gpu->name);
    put_text(writer, "pci", gpu->pci);
    put_text(writer, "error", gpu->error);
    put_number(writer, "load_percent", gpu->load_percent, 1);
    put_number(writer, "decoder_percent", gpu->decoder_percent, 1);
    put_number(writer, "encoder_percent", gpu->encoder_percent, 1);
    put_number(writer, "memory_used_bytes", gpu->memory_used_bytes, 0);
    put_number(writer, "memory_total_bytes", gpu->memory_total_bytes, 0);
    put_number(writer, "clock_mhz", gpu->clock_mhz, 1);
    put_number(writer, "clock_max_mhz", gpu->clock_max_mhz, 1);
    put_number(writer, "clock_top_mhz", gpu->clock_top_mhz, 1);
    put_number(writer, "memory_clock_mhz", gpu->memory_clock_mhz, 1);
    put_number(writer, "memory_clock_max_mhz", gpu->memory_clock_max_mhz, 1);
    put_slowdown(writer, gpu->slowdown);
    put_number(writer, "temperature_c", gpu->temperature_c, 1);
    put_number(writer, "temperature_limit_c", gpu->temperature_limit_c, 1);
    put_number(writer, "power_w", gpu->power_w, 3);
    put_number(writer, "power_limit_w", gpu->power_limit_w, 3);
    put_users(writer, gpu);
    cli_put(writer, "}");
}

static void put_readings(CliWriter *writer, const char *key, const char *unit,
                         const MienWatchReading *readings, size_t n)
{
    put_key(writer, key);
    cli_put(writer, "[");
    for (size_t i = 0; i < n; i++) {
        cli_put(writer, i ? ",{\"name\":" : "{\"name\":");
        cli_put_json(writer, readings[i].name);
        put_number(writer, unit, readings[i].value, 3);
        cli_put(writer, "}");
    }
    cli_put(writer, "]");
}

static void put_jetson(CliWriter *writer, const MienWatchJetson *jetson)
{
    put_key(writer, "jetson");
    if (!jetson) {
        cli_put(writer, "null");
        return;
    }
    cli_put(writer, "{\"board\":");
    cli_put_json(writer, *jetson->board ? jetson->board : NULL);
    put_text(writer, "l4t", jetson->l4t);
    put_number(writer, "power_mode", jetson->power_mode < 0 ? (double)NAN : jetson->power_mode, 0);
    put_text(writer, "power_mode_name", jetson->power_name);
    put_readings(writer, "zones", "temperature_c", jetson->zones, jetson->n_zones);
    put_readings(writer, "rails", "power_w", jetson->rails, jetson->n_rails);
    put_number(writer, "over_currents", jetson->over_currents, 0);
    cli_put(writer, "}");
}

static void put_cpu(CliWriter *writer, const MienWatchSample *sample)
{
    put_key(writer, "cpu");
    cli_put(writer, "{\"load_percent\":");
    cli_put_fixed(writer, sample->cpu_percent, 1);
    put_number(writer, "waits_percent", sample->cpu_waits_percent, 1);
    put_key(writer, "cores");
    cli_put(writer, "[");
    for (size_t i = 0; i < sample->n_cores; i++) {
        cli_put(writer, i ? ",{\"id\":" : "{\"id\":");
        cli_put_int(writer, sample->cores[i].id);
        put_number(writer, "load_percent", sample->cores[i].load_percent, 1);
        cli_put(writer, "}");
    }
    cli_put(writer, "]");
    put_key(writer, "busiest");
    cli_put(writer, "[");
    for (size_t i = 0; i < sample->n_tasks; i++) {
        const MienWatchTask *task = &sample->tasks[i];
        cli_put(writer, i ? ",{\"pid\":" : "{\"pid\":");
        cli_put_int(writer, task->pid);
        put_text(writer, "name", task->name);
        put_number(writer, "load_percent", task->load_percent, 1);
        put_text(writer, "thread", task->thread);
        put_number(writer, "thread_percent", task->thread_percent, 1);
        put_number(writer, "decoder_percent", task->decoder_percent, 1);
        cli_put(writer, "}");
    }
    cli_put(writer, "]}");
}

static void put_memory(CliWriter *writer, const MienWatchSample *sample)
{
    put_key(writer, "memory");
    cli_put(writer, "{\"available_bytes\":");
    cli_put_fixed(writer, sample->memory_available_bytes, 0);
    put_number(writer, "total_bytes", sample->memory_total_bytes, 0);
    put_number(writer, "swap_used_bytes", sample->swap_used_bytes, 0);
    put_number(writer, "swap_total_bytes", sample->swap_total_bytes, 0);
    put_number(writer, "swap_in_bytes_s", sample->swap_in_bytes_s, 0);
    put_number(writer, "pressure_some_percent", sample->memory_some_percent, 2);
    put_number(writer, "pressure_full_percent", sample->memory_full_percent, 2);
    cli_put(writer, "}");
}

void cli_watch_json(CliWriter *writer, const MienWatchSample *sample)
{
    cli_put(writer, "{\"schema\":\"mien.watch/1\"");
    put_time(writer, sample->time_us);
    put_number(writer, "sample", (double)sample->number, 0);
    put_number(writer, "seconds", sample->seconds, 3);
    put_key(writer, "verdicts");
    cli_put(writer, "[");
    for (size_t i = 0; i < sample->n_verdicts; i++) {
        cli_put(writer, i ? ",{\"id\":" : "{\"id\":");
        cli_put_json(writer, sample->verdicts[i].id);
        put_text(writer, "text", sample->verdicts[i].text);
        cli_put(writer, "}");
    }
    cli_put(writer, "]");
    put_key(writer, "nvml");
    cli_put(writer, "{\"state\":");
    cli_put_json(writer, driver_states[sample->driver]);
    put_text(writer, "text", sample->driver_text);
    cli_put(writer, "}");
    put_key(writer, "gpus");
    cli_put(writer, "[");
    for (size_t i = 0; i < sample->n_gpus; i++) {
        cli_put(writer, i ? "," : "");
        put_gpu(writer, &sample->gpus[i]);
    }
    cli_put(writer, "]");
    put_jetson(writer, sample->jetson);
    put_cpu(writer, sample);
    put_memory(writer, sample);
    cli_put(writer, "}\n");
}
