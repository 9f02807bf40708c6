/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor, as `mien doctor` asks it and as a run does whose device was refused. */
#ifndef MIEN_TOOL_EXAMINE_H
#define MIEN_TOOL_EXAMINE_H

#include <stdbool.h>

#include "exit.h"
#include "mien/doctor.h"

/* mien_doctor_create with a device (NULL: none), whether containers are asked about, and what tests
 * put into MIEN_DOCTOR_ROOT, _NO_RULES and _TIMEOUT_MS. */
MienStatus cli_examine(const char *device, bool for_containers, MienDoctor **doctor,
                       MienError *error);

/*
 * Says why a device was refused: in at most six lines the doctor's first finding about it and what
 * mends that, or the engine's own error where the doctor finds nothing wrong. Takes up to some
 * seconds. Returns CLI_DEVICE.
 */
CliExit cli_refuse_device(const char *device, const MienError *error);

/* Says that the device failed in the middle of a source: the engine's text, and what the doctor
 * knows of the reason. Returns CLI_DEVICE. */
CliExit cli_device_failed(const char *source, const char *text, const char *reason);

#endif
