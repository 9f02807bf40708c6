/* SPDX-License-Identifier: Apache-2.0 */
/* What `mien bench --device` measured, as a table and as JSON. */
#ifndef MIEN_TOOL_BENCH_DEVICE_H
#define MIEN_TOOL_BENCH_DEVICE_H

#include "exit.h"
#include "mien/bench.h"
#include "writer.h"

typedef struct CliDeviceBench {
    MienBenchDevice device;
    size_t n_rows, capacity;
    MienBenchBatch *rows;
    bool out_of_memory;
} CliDeviceBench;

/* MienBenchOptions.batch, with a CliDeviceBench as its batch_user. */
void cli_bench_keep_batch(void *bench, const MienBenchBatch *batch);

/* `names` are those of the networks. */
void cli_bench_device_table(CliWriter *out, const CliDeviceBench *bench, const char *const *names);

/* From the word "device" on to the end of networks and frame, without the last brace. */
void cli_bench_device_json(CliWriter *out, const CliDeviceBench *bench, size_t n,
                           const char *const *names);

void cli_bench_device_free(CliDeviceBench *bench);

#endif
