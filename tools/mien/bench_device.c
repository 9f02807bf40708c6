/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_device.h"

#include <stdio.h>
#include <stdlib.h>

#include "args.h"

void cli_bench_keep_batch(void *user, const MienBenchBatch *batch)
{
    CliDeviceBench *bench = user;
    if (bench->n_rows == bench->capacity) {
        size_t capacity = bench->capacity ? 2 * bench->capacity : 32;
        MienBenchBatch *rows = realloc(bench->rows, capacity * sizeof(*rows));
        if (!rows) {
            bench->out_of_memory = true;
            return;
        }
        bench->rows = rows;
        bench->capacity = capacity;
    }
    bench->rows[bench->n_rows++] = *batch;
}

/* Faces a second; 0 where the time is not known. */
static double rate(const MienBenchBatch *row, double ms)
{
    return ms > 0 ? row->batch / ms * 1e3 : 0;
}

/* How near the device's own time is to what its multiply-adds take at best. */
static double share(const MienBenchBatch *row)
{
    return row->device_ms > 0 ? row->floor_ms / row->device_ms : 0;
}

static void put_row(CliWriter *out, const char *name, const MienBenchBatch *row)
{
    char line[256], device[32] = "-", floor[32] = "-", part[32] = "-";
    if (row->device_ms > 0)
        snprintf(device, sizeof(device), "%.4f", row->device_ms);
    if (row->floor_ms > 0)
        snprintf(floor, sizeof(floor), "%.4f", row->floor_ms);
    if (share(row) > 0)
        snprintf(part, sizeof(part), "%.1f%%", share(row) * 100);
    snprintf(line, sizeof(line),
             "%-26s %5d %10.4f %10.4f %10.4f %10s %10s %7s %11.0f %8.1f %6.1f\n", name,
             (int)row->batch, row->best_ms, row->median_ms, row->p99_ms, device, floor, part,
             rate(row, row->median_ms), row->launches, row->copies_up + row->copies_down);
    cli_put(out, line);
}

static const char *name_of(const MienBenchBatch *row, const char *const *names)
{
    return row->network == MIEN_BENCH_FRAME ? "tracked frame" : names[row->network];
}

static double macs_of(const CliDeviceBench *bench, size_t network)
{
    for (size_t i = 0; i < bench->n_rows; i++)
        if (bench->rows[i].network == network)
            return bench->rows[i].macs / bench->rows[i].batch;
    return 0;
}

void cli_bench_device_table(CliWriter *out, const CliDeviceBench *bench, const char *const *names)
{
    char line[512];
    const MienBenchDevice *device = &bench->device;
    snprintf(line, sizeof(line), "%s: %s, %s, %s; ", device->id, device->name, device->isa,
             cli_precision_names[device->precision]);
    cli_put(out, line);
    if (device->peak_gmac_s > 0)
        snprintf(line, sizeof(line), "multiply-adds in fp32 at best: %.1f GMAC/s\n",
                 device->peak_gmac_s);
    else
        snprintf(line, sizeof(line), "its best rate is not known\n");
    cli_put(out, line);
    cli_put(out,
            "times in ms; DEVICE: its own for the kernels; FLOOR: multiply-adds at that rate\n");
    if (macs_of(bench, MIEN_BENCH_FRAME) > 0) {
        snprintf(line, sizeof(line),
                 "tracked frame: %dx%d NV12 up, crop, network, landmarks back\n",
                 MIEN_BENCH_FRAME_WIDTH, MIEN_BENCH_FRAME_HEIGHT);
        cli_put(out, line);
    }
    cli_put(out, "\n");
    snprintf(line, sizeof(line), "%-26s %5s %10s %10s %10s %10s %10s %7s %11s %8s %6s\n", "NETWORK",
             "BATCH", "BEST", "MEDIAN", "P99", "DEVICE", "FLOOR", "SHARE", "FACES/s", "LAUNCHES",
             "COPIES");
    cli_put(out, line);
    for (size_t i = 0; i < bench->n_rows; i++)
        put_row(out, name_of(&bench->rows[i], names), &bench->rows[i]);
}

static void put_number(CliWriter *out, const char *key, double value, int decimals)
{
    cli_put(out, key);
    cli_put_fixed(out, value, decimals);
}

/* A number that may not be known. */
static void put_known(CliWriter *out, const char *key, double value)
{
    cli_put(out, key);
    if (value > 0)
        cli_put_fixed(out, value, 6);
    else
        cli_put(out, "null");
}

static void put_json_row(CliWriter *out, const MienBenchBatch *row)
{
    cli_put(out, "\n {\"batch\":");
    cli_put_int(out, row->batch);
    cli_put(out, ",\"runs\":");
    cli_put_int(out, row->runs);
    put_number(out, ",\"ms\":", row->best_ms, 6);
    put_number(out, ",\"median_ms\":", row->median_ms, 6);
    put_number(out, ",\"p99_ms\":", row->p99_ms, 6);
    put_number(out, ",\"faces_s\":", rate(row, row->median_ms), 3);
    put_known(out, ",\"device_ms\":", row->device_ms);
    put_known(out, ",\"device_faces_s\":", rate(row, row->device_ms));
    put_known(out, ",\"floor_ms\":", row->floor_ms);
    put_known(out, ",\"share_of_floor\":", share(row));
    put_number(out, ",\"launches\":", row->launches, 3);
    put_number(out, ",\"submissions\":", row->submissions, 3);
    put_number(out, ",\"copies_up\":", row->copies_up, 3);
    put_number(out, ",\"copies_down\":", row->copies_down, 3);
    put_number(out, ",\"bytes_up\":", row->bytes_up, 0);
    put_number(out, ",\"bytes_down\":", row->bytes_down, 0);
    cli_put(out, "}");
}

static void put_json_rows(CliWriter *out, const CliDeviceBench *bench, size_t network)
{
    bool first = true;
    put_number(out, ",\"macs\":", macs_of(bench, network), 0);
    cli_put(out, ",\"batches\":[");
    for (size_t i = 0; i < bench->n_rows; i++) {
        if (bench->rows[i].network != network)
            continue;
        if (!first)
            cli_put(out, ",");
        put_json_row(out, &bench->rows[i]);
        first = false;
    }
    cli_put(out, "]}");
}

void cli_bench_device_json(CliWriter *out, const CliDeviceBench *bench, size_t n,
                           const char *const *names)
{
    const MienBenchDevice *device = &bench->device;
    cli_put(out, ",\n\"device\":{\"id\":");
    cli_put_json(out, device->id);
    cli_put(out, ",\"name\":");
    cli_put_json(out, device->name);
    cli_put(out, ",\"isa\":");
    cli_put_json(out, device->isa);
    cli_put(out, ",\"precision\":");
    cli_put_json(out, cli_precision_names[device->precision]);
    put_known(out, ",\"peak_gmac_s\":", device->peak_gmac_s);
    cli_put(out, "},\n\"networks\":[");
    for (size_t i = 0; i < n; i++) {
        cli_put(out, i ? ",\n{\"name\":" : "\n{\"name\":");
        cli_put_json(out, names[i]);
        put_json_rows(out, bench, i);
    }
    cli_put(out, "\n]");
    if (macs_of(bench, MIEN_BENCH_FRAME) > 0) {
        cli_put(out, ",\n\"frame\":{\"width\":");
        cli_put_int(out, MIEN_BENCH_FRAME_WIDTH);
        cli_put(out, ",\"height\":");
        cli_put_int(out, MIEN_BENCH_FRAME_HEIGHT);
        cli_put(out, ",\"format\":\"nv12\"");
        put_json_rows(out, bench, MIEN_BENCH_FRAME);
    }
}

void cli_bench_device_free(CliDeviceBench *bench)
{
    free(bench->rows);
}
