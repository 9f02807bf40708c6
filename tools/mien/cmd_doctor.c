/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "examine.h"
#include "explain.h"
#include "message.h"
#include "mien/doctor.h"
#include "watch.h"
#include "writer.h"

typedef struct DoctorValues {
    CliCommon common;
    const char *device, *explain, *python;
    double interval;
    bool json, watch, host;
} DoctorValues;

/* clang-format off */
static const CliOption doctor_options[] = {
    {"device", 'd', CLI_TEXT, offsetof(DoctorValues, device), "D",
     "cuda[:N|:GPU-uuid], vulkan[:N], gpu or cpu: end with 3 if it does not work", 0, 0, NULL},
    {"host", 0, CLI_FLAG, offsetof(DoctorValues, host), NULL,
     "look also whether this host can hand its GPUs to Docker's containers", 0, 0, NULL},
    {"json", 0, CLI_FLAG, offsetof(DoctorValues, json), NULL,
     "for programs: JSON (mien.doctor/1); with --verbose also every fact", 0, 0, NULL},
    {"explain", 0, CLI_TEXT, offsetof(DoctorValues, explain), "WHAT",
     "a cause: what it is and what mends it; else a log, or - for standard input: what its lines mean",
     0, 0, NULL},
    {"python", 0, CLI_TEXT, offsetof(DoctorValues, python), "PATH",
     "whether the MediaPipe, TensorFlow, ... of this environment can use a GPU at all", 0, 0, NULL},
    {"watch", 0, CLI_FLAG, offsetof(DoctorValues, watch), NULL,
     "show, until Ctrl-C, what GPUs, processor and memory do, and who waits for whom", 0, 0, NULL},
    {"interval", 0, CLI_REAL, offsetof(DoctorValues, interval), "S",
     "with --watch: seconds between two looks (default 1)", 0.1, 3600, NULL},
    CLI_COMMON_OPTIONS(DoctorValues, common)};
/* clang-format on */

static const CliCommand doctor_command = {
    .name = "doctor",
    .summary = "Says why the GPU is not used, and what to do about it.",
    .usage = "[--device D] [--json]",
    .examples = "mien doctor\nmien doctor --device cuda --json\n"
                "mien doctor --explain nouveau-bound\n"
                "mien doctor --explain mediapipe.log\nmien doctor --python venv\n"
                "mien doctor --watch\n",
    .notes =
        "CUDA, Vulkan and EGL (which MediaPipe uses) are judged apart: one can work without the\n"
        "others. Drivers are loaded by a helper with a time limit. Nothing is changed. Each "
        "device\n"
        "of mien's runs a small network; one that computes on the CPU only if --device names it.\n",
    .options = doctor_options,
};

static int put(void *user, const char *text, size_t n)
{
    CliWriter *writer = user;
    cli_put_bytes(writer, text, n);
    return writer->error;
}

static CliExit flush(CliWriter *writer)
{
    int error = cli_writer_flush(writer);
    if (error)
        return cli_fail(CLI_OUTPUT, "cannot write standard output: %s", strerror(error));
    return CLI_OK;
}

static CliExit write_report(const DoctorValues *values, const MienDoctor *doctor)
{
    CliWriter *writer = malloc(sizeof(*writer));
    if (!writer)
        return cli_fail(CLI_INTERNAL, "out of memory");
    cli_writer_init(writer, 1);
    if (values->json)
        mien_doctor_write_json(doctor, values->common.verbose, put, writer);
    else
        mien_doctor_write_text(doctor, put, writer);
    CliExit code = flush(writer);
    free(writer);
    return code;
}

static CliExit examine(const DoctorValues *values)
{
    MienDoctor *doctor;
    MienError error = {.reason = ""};
    MienStatus status = cli_examine(values->device, values->host, &doctor, &error);
    if (status != MIEN_OK)
        return cli_fail(status == MIEN_E_ARGUMENT ? CLI_USAGE : CLI_INTERNAL, "doctor: %s",
                        error.text);
    CliExit code = write_report(values, doctor);
    const MienVerdict *device = mien_doctor_device(doctor);
    if (code == CLI_OK && device && device->state != MIEN_VERDICT_WORKS)
        code = CLI_DEVICE;
    mien_doctor_destroy(doctor);
    return code;
}

static CliExit watch(const DoctorValues *values)
{
    if (!values->watch)
        return cli_fail(CLI_USAGE, "doctor: --interval goes with --watch");
    if (values->explain || values->python || values->device)
        return cli_fail(CLI_USAGE, "doctor: --watch goes with --json and --interval alone");
    return cli_watch(values->json, values->interval > 0 ? values->interval : 1);
}

int cmd_doctor(int argc, char **argv)
{
    DoctorValues values = {.device = NULL};
    CliList operands = {NULL, 0};
    int status = cli_args_parse(&doctor_command, argc, argv, &values, &values.common, &operands);
    cli_list_free(&operands);
    if (status != CLI_OK)
        return status == CLI_ARGS_DONE ? CLI_OK : status;
    if (values.watch || values.interval > 0)
        return (int)watch(&values);
    if (values.explain)
        return (int)cli_explain(values.explain, values.json);
    if (values.python)
        return (int)cli_inspect_python(values.python, values.json);
    if (values.host && values.device)
        return (int)cli_fail(CLI_USAGE, "doctor: --host and --device are two questions");
    return (int)examine(&values);
}
