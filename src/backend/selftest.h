/* SPDX-License-Identifier: Apache-2.0 */
/* A device proves itself before it is used: one that computes garbage is refused. */
#ifndef MIENI_BACKEND_SELFTEST_H
#define MIENI_BACKEND_SELFTEST_H

#include "backend/backend.h"

/*
 * Runs a small network with known weights and input on an open device and compares with the
 * reference kernels. Returns MIEN_E_DEVICE with reason "device-computes-garbage" if the result is
 * off.
 */
MienStatus mieni_selftest(const MieniBackend *backend, MieniDevice *device, const char *id,
                          MienError *error);

/* The network itself, for the conformance suite. NULL if there is no memory. */
MieniPlan *mieni_selftest_plan(void);

#endif
