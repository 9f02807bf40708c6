/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/registry.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend/selftest.h"

/* In the order of "auto": the CPU last. */
static const MieniBackend *const backends[] = {&mieni_backend_cuda, &mieni_backend_vulkan,
                                               &mieni_backend_cpu};

const MieniBackend *const *mieni_registry_backends(size_t *n)
{
    *n = MIENI_COUNT_OF(backends);
    return backends;
}

/* A back end whose driver may not be loaded into this process, and why. */
static const MieniBackend *excluded;
static const char *excluded_reason, *excluded_text;

void mieni_registry_exclude(const MieniBackend *backend, const char *reason, const char *text)
{
    excluded = backend;
    excluded_reason = reason;
    excluded_text = text;
}

static int32_t count(const MieniBackend *backend)
{
    return backend == excluded ? 0 : backend->count();
}

static void describe(const MieniBackend *backend, int32_t index, MienDeviceInfo *info)
{
    memset(info, 0, sizeof(*info));
    if (backend == excluded) {
        info->built = true;
        snprintf(info->reason, sizeof(info->reason), "%s", excluded_reason);
        snprintf(info->reason_text, sizeof(info->reason_text), "%s", excluded_text);
    } else {
        backend->describe(index, info);
    }
    if (backend->numbered && count(backend) > 0)
        snprintf(info->id, sizeof(info->id), "%s:%d", backend->name, (int)index);
    else
        snprintf(info->id, sizeof(info->id), "%s", backend->name);
}

MienStatus mieni_registry_list(MienDeviceInfo *devices, size_t capacity, size_t info_size,
                               size_t *n_devices)
{
    if (!n_devices || (!devices && capacity > 0) || info_size != sizeof(*devices))
        return MIEN_E_ARGUMENT;
    size_t n = 0;
    for (size_t i = 0; i < MIENI_COUNT_OF(backends); i++) {
        int32_t n_own = MIENI_MAX(count(backends[i]), 1);
        for (int32_t k = 0; k < n_own; k++, n++)
            if (n < capacity)
                describe(backends[i], k, &devices[n]);
    }
    *n_devices = n;
    return MIEN_OK;
}

MienStatus mieni_registry_test(const char *id, size_t test_size, MienDeviceTest *test,
                               MienError *error)
{
    if (!id || !test || test_size != sizeof(*test))
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument",
                          "device test: a pointer is NULL or the size is wrong");
    *test = (MienDeviceTest){.run_ms = 0};
    for (size_t i = 0; i < MIENI_COUNT_OF(backends); i++)
        for (int32_t k = 0; k < MIENI_MAX(count(backends[i]), 1); k++) {
            MienDeviceInfo info;
            describe(backends[i], k, &info);
            if (strcmp(info.id, id) != 0)
                continue;
            if (!info.usable)
                return mieni_fail(error, MIEN_E_DEVICE, info.reason, "device %s: %s", info.id,
                                  info.reason_text);
            return mieni_selftest_device(backends[i], k, info.id, test, error);
        }
    return mieni_fail(error, MIEN_E_ARGUMENT, "no-such-device",
                      "there is no device %.64s; mien devices lists all", id);
}

static MienStatus open_device(const MieniBackend *backend, int32_t index,
                              const MieniDeviceOptions *options, MieniChoice *choice,
                              MienError *error)
{
    MienDeviceInfo info;
    describe(backend, index, &info);
    if (!info.usable)
        return mieni_fail(error, MIEN_E_DEVICE, info.reason, "device %s: %s", info.id,
                          info.reason_text);
    MieniDevice *device;
    MienStatus status = backend->open(index, options, &device, error);
    if (status == MIEN_OK && options->precision == MIEN_PRECISION_FP16 &&
        mieni_device_precision(backend, device) != MIEN_PRECISION_FP16)
        status = mieni_fail(error, MIEN_E_DEVICE, "half-precision-missing",
                            "device %s does not compute in half precision; use --precision fp32 or "
                            "auto",
                            info.id);
    MieniSelftest result;
    if (status == MIEN_OK)
        status = mieni_selftest(backend, device, info.id, 0, &result, error);
    if (status != MIEN_OK) {
        backend->close(device);
        return status;
    }
    choice->backend = backend;
    choice->device = device;
    choice->index = index;
    snprintf(choice->id, sizeof(choice->id), "%s", info.id);
    snprintf(choice->uuid, sizeof(choice->uuid), "%s", info.uuid);
    return MIEN_OK;
}

MienStatus mieni_registry_reopen(MieniChoice *choice, const MieniDeviceOptions *options,
                                 MienError *error)
{
    MienDeviceInfo info;
    choice->device = NULL;
    describe(choice->backend, choice->index, &info);
    if (strcmp(info.id, choice->id) != 0 || strcmp(info.uuid, choice->uuid) != 0)
        return mieni_fail(error, MIEN_E_DEVICE, "gpu-lost",
                          "device %s is there no more; run: mien doctor --explain gpu-lost",
                          choice->id);
    return open_device(choice->backend, choice->index, options, choice, error);
}

/* The number of a device given by its UUID, or -1. */
static int32_t find_uuid(const MieniBackend *backend, const char *uuid)
{
    for (int32_t i = 0; i < count(backend); i++) {
        MienDeviceInfo info;
        describe(backend, i, &info);
        if (*info.uuid && strcmp(info.uuid, uuid) == 0)
            return i;
    }
    return -1;
}

/* The first device that is not software, or 0 so that the refusal speaks of that one. */
static int32_t first_hardware(const MieniBackend *backend)
{
    for (int32_t i = 0; i < count(backend); i++) {
        MienDeviceInfo info;
        describe(backend, i, &info);
        if (!info.software)
            return i;
    }
    return 0;
}

static MienStatus refuse_name(const char *request, MienError *error)
{
    return mieni_fail(
        error, MIEN_E_ARGUMENT, "device-name",
        "no device is called '%.64s'; names are cpu, cuda[:N|:UUID], vulkan[:N], gpu and auto",
        request);
}

static MienStatus refuse_software(const char *id, MienError *error)
{
    return mieni_fail(
        error, MIEN_E_DEVICE, "vulkan-software-only",
        "device %s computes on the CPU; name its number and allow software devices, or use cpu",
        id);
}

/* Opens what a name with an optional part behind the colon stands for. */
static MienStatus open_named(const MieniBackend *backend, const char *part, bool allow_software,
                             const MieniDeviceOptions *options, MieniChoice *choice,
                             const char *request, MienError *error)
{
    int32_t n = count(backend), index = 0;
    if (n == 0)
        return open_device(backend, 0, options, choice, error);
    if (!part) {
        index = backend->numbered ? first_hardware(backend) : 0;
    } else if (strncmp(part, "GPU-", 4) == 0) {
        index = find_uuid(backend, part);
    } else {
        char *end;
        long number = strtol(part, &end, 10);
        if (*part < '0' || *part > '9' || *end)
            return refuse_name(request, error);
        index = number < n ? (int32_t)number : -1;
    }
    if (index < 0)
        return mieni_fail(error, MIEN_E_DEVICE, "no-such-device",
                          "there is no device %.64s; mien devices lists all", request);
    MienDeviceInfo info;
    describe(backend, index, &info);
    /* What cannot be used anyway says why. */
    if (info.usable && info.software && backend->numbered && (!part || !allow_software))
        return refuse_software(info.id, error);
    return open_device(backend, index, options, choice, error);
}

/* The number of the device that is looked at as the k-th; 0 if there is none. */
static int32_t nth(const MieniBackend *backend, int32_t k)
{
    if (!backend->discrete_first)
        return k;
    int32_t n = count(backend), n_before = 0;
    for (int integrated = 0; integrated < 2; integrated++)
        for (int32_t i = 0; i < n; i++) {
            MienDeviceInfo info;
            describe(backend, i, &info);
            if (info.integrated == (integrated == 1) && n_before++ == k)
                return i;
        }
    return 0;
}

/* "gpu" and "auto": the first that works, and on record why the ones before it did not. */
static MienStatus open_first(bool with_cpu, const MieniDeviceOptions *options, MieniChoice *choice,
                             MienError *error)
{
    char why[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < MIENI_COUNT_OF(backends); i++) {
        const MieniBackend *backend = backends[i];
        if (!backend->numbered && !with_cpu)
            continue;
        int32_t n = MIENI_MAX(count(backend), 1);
        for (int32_t k = 0; k < n; k++) {
            int32_t index = nth(backend, k);
            MienDeviceInfo info;
            MienError reason = {.reason = "vulkan-software-only"};
            describe(backend, index, &info);
            bool passed_over = info.usable && info.software && backend->numbered;
            if (!passed_over && open_device(backend, index, options, choice, &reason) == MIEN_OK) {
                snprintf(choice->why, sizeof(choice->why), "%s%s%.200s", choice->id,
                         length ? "; not " : "", why);
                return MIEN_OK;
            }
            length += (size_t)snprintf(why + length, sizeof(why) - length, "%s%s (%s)",
                                       length ? ", " : "", info.id, reason.reason);
            length = MIENI_MIN(length, sizeof(why) - 1);
        }
    }
    return mieni_fail(error, MIEN_E_DEVICE, "no-usable-device", "no device can be used: %s", why);
}

MienStatus mieni_registry_open(const char *request, bool allow_software,
                               const MieniDeviceOptions *options, MieniChoice *choice,
                               MienError *error)
{
    memset(choice, 0, sizeof(*choice));
    if (strcmp(request, "auto") == 0 || strcmp(request, "gpu") == 0)
        return open_first(*request == 'a', options, choice, error);
    const char *colon = strchr(request, ':');
    size_t n_name = colon ? (size_t)(colon - request) : strlen(request);
    for (size_t i = 0; i < MIENI_COUNT_OF(backends); i++) {
        const MieniBackend *backend = backends[i];
        if (strlen(backend->name) != n_name || strncmp(backend->name, request, n_name) != 0)
            continue;
        if (colon && !backend->numbered)
            break;
        return open_named(backend, colon ? colon + 1 : NULL, allow_software, options, choice,
                          request, error);
    }
    return refuse_name(request, error);
}
