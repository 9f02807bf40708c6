/* SPDX-License-Identifier: Apache-2.0 */
#include "examine.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"

#define MAX_FIX 4 /* lines; with the title before and the advice behind them there are six */

MienStatus cli_examine(const char *device, bool for_containers, MienDoctor **doctor,
                       MienError *error)
{
    MienDoctorOptions options;
    mien_doctor_options_init(&options);
    options.root = getenv("MIEN_DOCTOR_ROOT");
    options.no_rules = getenv("MIEN_DOCTOR_NO_RULES");
    options.device = device;
    options.for_containers = for_containers;
    const char *timeout = getenv("MIEN_DOCTOR_TIMEOUT_MS");
    if (timeout && atoi(timeout) > 0)
        options.timeout_ms = atoi(timeout);
    return mien_doctor_create(&options, doctor, error);
}

/* The finding that the device's verdict names; where the doctor thinks that it works, one of the
 * engine's reason. NULL if there is none. */
static const MienFinding *find(const MienDoctor *doctor, const MienError *error)
{
    size_t n;
    const MienFinding *findings = mien_doctor_findings(doctor, &n);
    const char *cause = mien_doctor_device(doctor)->cause;
    if (!cause)
        cause = error->reason;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(findings[i].id, cause))
            return &findings[i];
    return NULL;
}

static void print_fix(const MienFinding *finding)
{
    size_t n = finding->n_fix < MAX_FIX ? finding->n_fix : MAX_FIX;
    for (size_t i = 0; i < n; i++)
        cli_continue("%s%s", i ? "            " : "  fix       ", finding->fix[i]);
}

CliExit cli_device_failed(const char *source, const char *text, const char *reason)
{
    MienCause cause;
    cli_fail(CLI_DEVICE, "%s: %s [%s]", source, text, reason);
    if (mien_cause_find(reason, &cause) == MIEN_OK) {
        const char *at = cause.fix;
        cli_continue("  cause     %s", cause.title);
        for (int i = 0; i < MAX_FIX && *at; i++) {
            size_t n = strcspn(at, "\n");
            cli_continue("%s%.*s", i ? "            " : "  fix       ", (int)n, at);
            at += n + (at[n] != 0);
        }
    }
    cli_continue("  more      mien doctor --explain %s", reason);
    return CLI_DEVICE;
}

CliExit cli_refuse_device(const char *device, const MienError *error)
{
    MienDoctor *doctor = NULL;
    const MienFinding *finding = NULL;
    /* What the device cannot do at all is no fault that the doctor could find. */
    bool faulty = strcmp(error->reason, "half-precision-missing") != 0;
    if (faulty && cli_examine(device, false, &doctor, NULL) == MIEN_OK)
        finding = find(doctor, error);
    if (finding) {
        cli_fail(CLI_DEVICE, "device %s: %s [%s]", device, finding->title, finding->id);
        print_fix(finding);
    } else {
        cli_fail(CLI_DEVICE, "%s [%s]", error->text, error->reason);
    }
    if (faulty)
        cli_continue("  more      mien doctor --device %s", device);
    mien_doctor_destroy(doctor);
    return CLI_DEVICE;
}
