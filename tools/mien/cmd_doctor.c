/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "explain.h"
#include "message.h"
#include "mien/doctor.h"
#include "writer.h"

typedef struct DoctorValues {
    CliCommon common;
    const char *device, *explain, *python;
    bool json;
} DoctorValues;

/* clang-format off */
static const CliOption doctor_options[] = {
    {"device", 'd', CLI_TEXT, offsetof(DoctorValues, device), "D",
     "cuda[:N], vulkan[:N], gpu or cpu: end with 3 if it does not work", 0, 0, NULL},
    {"json", 0, CLI_FLAG, offsetof(DoctorValues, json), NULL,
     "for programs: JSON (mien.doctor/1); with --verbose also every fact", 0, 0, NULL},
    {"explain", 0, CLI_TEXT, offsetof(DoctorValues, explain), "WHAT",
     "a cause: what it is and what mends it; else a log, or - for standard input: what its lines mean",
     0, 0, NULL},
    {"python", 0, CLI_TEXT, offsetof(DoctorValues, python), "PATH",
     "whether the MediaPipe, TensorFlow, ... of this environment can use a GPU at all", 0, 0, NULL},
    CLI_COMMON_OPTIONS(DoctorValues, common)};
/* clang-format on */

static const CliCommand doctor_command = {
    .name = "doctor",
    .summary = "Says why the GPU is not used, and what to do about it.",
    .usage = "[--device D] [--json]",
    .examples = "mien doctor\nmien doctor --device cuda --json\n"
                "mien doctor --explain nouveau-bound\n"
                "mien doctor --explain mediapipe.log\nmien doctor --python venv\n",
    .notes =
        "CUDA, Vulkan and EGL (which MediaPipe uses) are judged apart: one can work without the\n"
        "others. Drivers are loaded by a helper with a time limit. Nothing is changed.\n",
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

/* Which stacks a device's name stands for, as bits; 0 for the CPU, -1 for no device. */
static int stacks_of(const char *device)
{
    static const struct {
        const char *name;
        int stacks;
    } devices[] = {{"cpu", 0},
                   {"cuda", 1 << MIEN_STACK_CUDA},
                   {"vulkan", 1 << MIEN_STACK_VULKAN},
                   {"gpu", 1 << MIEN_STACK_CUDA | 1 << MIEN_STACK_VULKAN},
                   {"auto", 0}};
    size_t n = strcspn(device, ":");
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        if (strlen(devices[i].name) == n && !strncmp(devices[i].name, device, n) &&
            (device[n] == '\0' || (devices[i].stacks && strcmp(devices[i].name, "gpu") != 0)))
            return devices[i].stacks;
    return -1;
}

static bool any_works(const MienDoctor *doctor, int stacks)
{
    for (int i = 0; i < 3; i++)
        if ((stacks & 1 << i) &&
            mien_doctor_verdict(doctor, (MienStack)i)->state == MIEN_VERDICT_WORKS)
            return true;
    return stacks == 0;
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

static CliExit examine(const DoctorValues *values, int stacks)
{
    MienDoctorOptions options;
    MienDoctor *doctor;
    MienError error;
    mien_doctor_options_init(&options);
    options.root = getenv("MIEN_DOCTOR_ROOT");
    options.no_rules = getenv("MIEN_DOCTOR_NO_RULES");
    const char *timeout = getenv("MIEN_DOCTOR_TIMEOUT_MS");
    if (timeout && atoi(timeout) > 0)
        options.timeout_ms = atoi(timeout);
    if (mien_doctor_create(&options, &doctor, &error) != MIEN_OK)
        return cli_fail(CLI_INTERNAL, "%s", error.text);
    CliExit code = write_report(values, doctor);
    if (code == CLI_OK && values->device && !any_works(doctor, stacks))
        code = CLI_DEVICE;
    mien_doctor_destroy(doctor);
    return code;
}

int cmd_doctor(int argc, char **argv)
{
    DoctorValues values = {.device = NULL};
    CliList operands = {NULL, 0};
    int status = cli_args_parse(&doctor_command, argc, argv, &values, &values.common, &operands);
    cli_list_free(&operands);
    if (status != CLI_OK)
        return status == CLI_ARGS_DONE ? CLI_OK : status;
    if (values.explain)
        return (int)cli_explain(values.explain, values.json);
    if (values.python)
        return (int)cli_inspect_python(values.python, values.json);
    int stacks = values.device ? stacks_of(values.device) : 0;
    if (stacks < 0)
        return (int)cli_fail(CLI_USAGE, "doctor: unknown device %s; see mien doctor --help",
                             values.device);
    return (int)examine(&values, stacks);
}
