/* SPDX-License-Identifier: Apache-2.0 */
/* Runs mien-probe: the program that loads the drivers, so that one that hangs or crashes takes only
 * it down. */
#ifndef MIENI_DOCTOR_HELPER_H
#define MIENI_DOCTOR_HELPER_H

#include "doctor/facts.h"
#include "doctor/machine.h"

typedef struct MieniHelperOptions {
    const char *program; /* NULL: beside the library */
    int32_t timeout_ms;  /* for each driver; mien's devices, which run a network, have twice that */
    const char *device;  /* that the user named: it is run also if it is software. Or NULL */
    const char *only;    /* the one probe that is run, "cuda"; NULL: all */
} MieniHelperOptions;

/*
 * Runs all probes at once and adds what they print. A probe that is late is killed; one that hangs,
 * crashes or prints nonsense is a fact of its own: "C01.probe" is "done", "hung (...)",
 * "crashed (...)" or "failed (...)", and likewise N01, V01, G01 and S01.
 */
MienStatus mieni_run_helper(const MieniMachine *machine, const MieniHelperOptions *options,
                            MieniFacts *facts);

#endif
