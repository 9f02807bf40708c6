/* SPDX-License-Identifier: Apache-2.0 */
/* All back ends, and how a device is chosen by name. */
#ifndef MIENI_BACKEND_REGISTRY_H
#define MIENI_BACKEND_REGISTRY_H

#include "backend/backend.h"

/* The back ends in the order in which "auto" looks at them. */
const MieniBackend *const *mieni_registry_backends(size_t *n);

/* What mien_device_list and mien_device_test do. */
MienStatus mieni_registry_list(MienDeviceInfo *devices, size_t capacity, size_t info_size,
                               size_t *n_devices);
MienStatus mieni_registry_test(const char *id, size_t test_size, MienDeviceTest *test,
                               MienError *error);

/*
 * From now on the devices of a back end are refused for this reason and its driver is not loaded.
 * Before anything else is asked of the registry, or from the thread that asks. Texts: static.
 */
void mieni_registry_exclude(const MieniBackend *backend, const char *reason, const char *text);

/* A device that was opened, with its name. */
typedef struct MieniChoice {
    const MieniBackend *backend;
    MieniDevice *device; /* NULL: closed */
    int32_t index;       /* among the back end's devices */
    char uuid[48];       /* of the device; empty: it has none */
    char id[32];         /* of the device in use: "cuda:0" */
    char why[256]; /* "gpu" and "auto": what was chosen and why the better ones were not; else empty
                    */
} MieniChoice;

/*
 * Opens the device that a request names and lets it prove itself (selftest.h).
 *
 *   "cpu"                         the CPU
 *   "cuda", "cuda:N", "cuda:UUID" that GPU; without a number the first
 *   "vulkan", "vulkan:N"          likewise; a software device only where its number is given and
 * allow_software is set "gpu"                         the first usable of CUDA and Vulkan "auto"
 * the same, and the CPU after them
 *
 * Returns MIEN_E_ARGUMENT for a name that is none, MIEN_E_DEVICE with the device's reason if it
 * cannot be used.
 */
MienStatus mieni_registry_open(const char *request, bool allow_software,
                               const MieniDeviceOptions *options, MieniChoice *choice,
                               MienError *error);

/* Opens the device of a choice again, that one and no other. choice->device is closed, and NULL
 * after a failure. */
MienStatus mieni_registry_reopen(MieniChoice *choice, const MieniDeviceOptions *options,
                                 MienError *error);

#endif
