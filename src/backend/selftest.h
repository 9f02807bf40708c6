/* SPDX-License-Identifier: Apache-2.0 */
/* A device proves itself before it is used: one that computes garbage is refused. */
#ifndef MIENI_BACKEND_SELFTEST_H
#define MIENI_BACKEND_SELFTEST_H

#include "backend/backend.h"

/* What an output, which is about 1, may be off. */
#define MIENI_SELFTEST_TOLERANCE 1e-3
#define MIENI_SELFTEST_TOLERANCE_FP16 1e-2

typedef struct MieniSelftest {
    double run_ms;     /* the shortest of the timed runs; 0 if there were none */
    double difference; /* the largest, from the reference kernels; NaN if an output is none */
} MieniSelftest;

/*
 * Runs a small network with known weights and input on an open device and compares with the
 * reference kernels; then n_timed times more. Returns MIEN_E_DEVICE with reason
 * "device-computes-garbage" if the result is off; `result` is written then, too.
 */
MienStatus mieni_selftest(const MieniBackend *backend, MieniDevice *device, const char *id,
                          int n_timed, MieniSelftest *result, MienError *error);

/* Opens device `index` and lets it prove itself; closes it again. */
MienStatus mieni_selftest_device(const MieniBackend *backend, int32_t index, const char *id,
                                 MienDeviceTest *test, MienError *error);

/* The network itself, for the conformance suite. NULL if there is no memory. */
MieniPlan *mieni_selftest_plan(void);

#endif
