/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/cpu/cpu.h"
#include "cpu/flags.h"

static void device_close(MieniDevice *device)
{
    if (!device)
        return;
    mieni_pool_destroy(device->pool);
    mieni_free(device);
}

static MienStatus device_open(const MieniDeviceOptions *options, MieniDevice **out,
                              MienError *error)
{
    *out = NULL;
    MieniDevice *device = mieni_alloc(1, sizeof(*device));
    if (!device)
        return mieni_fail_nomem(error);
    device->log = options->log;
    mieni_kernels_init(&device->kernels, mieni_cpu_flags() & options->cpu_mask);
    if (mieni_pool_create(options->threads, &device->pool) != MIEN_OK) {
        device_close(device);
        return mieni_fail(error, MIEN_E_NOMEM, "out-of-memory", "cannot start %d threads",
                          (int)options->threads);
    }
    mieni_log(device->log, MIEN_LOG_INFO, "cpu", "kernels: %s, threads: %d", device->kernels.isa,
              (int)options->threads);
    *out = device;
    return MIEN_OK;
}

static const char *device_isa(const MieniDevice *device)
{
    return device->kernels.isa;
}

const MieniBackend mieni_backend_cpu = {
    .name = "cpu",
    .open = device_open,
    .isa = device_isa,
    .plan_create = mieni_cpu_plan_create,
    .plan_run = mieni_cpu_plan_run,
    .plan_destroy = mieni_cpu_plan_destroy,
    .close = device_close,
};
