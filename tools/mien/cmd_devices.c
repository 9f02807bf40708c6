/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "message.h"
#include "mien/device.h"
#include "writer.h"

typedef struct DevicesValues {
    CliCommon common;
    bool json;
} DevicesValues;

/* clang-format off */
static const CliOption options[] = {
    {"json", 0, CLI_FLAG, offsetof(DevicesValues, json), NULL, "for programs: JSON (mien.devices/1)", 0, 0, NULL},
    CLI_COMMON_OPTIONS(DevicesValues, common),
};
/* clang-format on */

static const CliCommand command = {
    .name = "devices",
    .summary = "Lists the devices of this machine: usable, or why not.",
    .usage = "",
    .examples = "mien devices\nmien devices --json\n",
    .notes =
        "The order is that in which --device auto looks at them. A name of the first column goes\n"
        "behind --device.\n",
    .options = options,
    .operand_name = "argument",
};

static void print_table(CliWriter *out, const MienDeviceInfo *devices, size_t n)
{
    bool colored = cli_colored(STDOUT_FILENO);
    char line[1024]; /* every field at its longest, and colours */
    snprintf(line, sizeof(line), "%-10s %-8s %-40s %-14s %s\n", "DEVICE", "USABLE", "NAME",
             "KERNELS", "REASON");
    cli_put(out, line);
    for (size_t i = 0; i < n; i++) {
        const MienDeviceInfo *device = &devices[i];
        const char *color = device->usable ? "\033[32m" : "\033[33m";
        snprintf(line, sizeof(line), "%-10s %s%-8s%s %-40s %-14s %s%s%s\n", device->id,
                 colored ? color : "", device->usable ? "yes" : "no", colored ? "\033[0m" : "",
                 *device->name ? device->name : "-", *device->kernels ? device->kernels : "-",
                 device->reason, *device->reason ? ": " : "", device->reason_text);
        cli_put(out, line);
    }
}

static void put_text(CliWriter *out, const char *key, const char *text)
{
    cli_put(out, key);
    cli_put_json(out, *text ? text : NULL);
}

static void put_flag(CliWriter *out, const char *key, bool flag)
{
    cli_put(out, key);
    cli_put(out, flag ? "true" : "false");
}

static void put_bytes(CliWriter *out, const char *key, uint64_t bytes)
{
    cli_put(out, key);
    if (bytes)
        cli_put_int(out, (int64_t)bytes);
    else
        cli_put(out, "null");
}

/* "ref avx2" as a list. */
static void put_kernels(CliWriter *out, const char *kernels)
{
    char text[sizeof(((MienDeviceInfo *)0)->kernels)];
    snprintf(text, sizeof(text), "%s", kernels);
    cli_put(out, ",\"kernels\":[");
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (word != text)
            cli_put(out, ",");
        cli_put_json(out, word);
    }
    cli_put(out, "]");
}

static void print_json(CliWriter *out, const MienDeviceInfo *devices, size_t n)
{
    cli_put(out, "{\"schema\":\"mien.devices/1\",\"devices\":[");
    for (size_t i = 0; i < n; i++) {
        const MienDeviceInfo *device = &devices[i];
        put_text(out, i ? ",\n{\"id\":" : "\n{\"id\":", device->id);
        put_text(out, ",\"name\":", device->name);
        put_text(out, ",\"uuid\":", device->uuid);
        put_text(out, ",\"pci\":", device->pci);
        put_text(out, ",\"driver\":", device->driver);
        put_text(out, ",\"api\":", device->api);
        put_bytes(out, ",\"memory_total\":", device->memory_total_bytes);
        put_bytes(out, ",\"memory_free\":", device->memory_free_bytes);
        put_flag(out, ",\"software\":", device->software);
        put_flag(out, ",\"integrated\":", device->integrated);
        put_flag(out, ",\"built\":", device->built);
        put_kernels(out, device->kernels);
        put_flag(out, ",\"usable\":", device->usable);
        put_text(out, ",\"reason\":", device->reason);
        put_text(out, ",\"reason_text\":", device->reason_text);
        cli_put(out, "}");
    }
    cli_put(out, "\n]}\n");
}

static CliExit print_devices(bool json)
{
    size_t n = 0;
    mien_device_list(NULL, 0, sizeof(MienDeviceInfo), &n);
    MienDeviceInfo *devices = calloc(n ? n : 1, sizeof(*devices));
    if (!devices)
        return cli_fail(CLI_INTERNAL, "out of memory");
    size_t capacity = n;
    mien_device_list(devices, capacity, sizeof(*devices), &n);
    n = n < capacity ? n : capacity;
    static CliWriter out;
    cli_writer_init(&out, STDOUT_FILENO);
    if (json)
        print_json(&out, devices, n);
    else
        print_table(&out, devices, n);
    free(devices);
    int failed = cli_writer_flush(&out);
    return failed ? cli_fail(CLI_OUTPUT, "cannot write standard output: %s", strerror(failed))
                  : CLI_OK;
}

int cmd_devices(int argc, char **argv)
{
    DevicesValues values = {.json = false};
    CliList operands = {0};
    int status = cli_args_parse(&command, argc, argv, &values, &values.common, &operands);
    if (status == CLI_OK)
        status = (int)print_devices(values.json);
    cli_list_free(&operands);
    return status == CLI_ARGS_DONE ? CLI_OK : status;
}
