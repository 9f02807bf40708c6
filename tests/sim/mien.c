/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmien.so.0 of a fake machine, as far as the doctor asks it: MIEN_SIM_DEVICES is a list of
 * DEVICE=WHAT, apart by commas. WHAT: ok, slow (its first run), garbage, refused, hang, crash,
 * software, or not-built and none for a back end without devices.
 */
#include "mien/device.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"

/* The n-th device and what it does; 0 behind the last. */
static int nth(int n, char *id, unsigned long size, char *what)
{
    char item[64];
    if (!sim_item(sim_text("MIEN_SIM_DEVICES", "cuda:0=ok,cpu=ok"), ',', n, item, sizeof(item)))
        return 0;
    sim_item(item, '=', 0, id, size);
    if (!sim_item(item, '=', 1, what, size))
        *what = '\0';
    return 1;
}

static void describe(const char *id, const char *what, int n, MienDeviceInfo *info)
{
    memset(info, 0, sizeof(*info));
    snprintf(info->id, sizeof(info->id), "%s", id);
    info->software = !strcmp(what, "software") || !strcmp(id, "cpu");
    info->built = strcmp(what, "not-built") != 0;
    info->usable = info->built && strcmp(what, "none") != 0;
    if (!info->usable) {
        snprintf(info->reason, sizeof(info->reason), "%s",
                 info->built ? "no-gpu-hardware" : "backend-not-built");
        snprintf(info->reason_text, sizeof(info->reason_text), "simulated");
        return;
    }
    snprintf(info->name, sizeof(info->name), "Simulated device");
    if (!info->software)
        snprintf(info->uuid, sizeof(info->uuid), "GPU-%d", n);
}

SIM_EXPORT MienStatus mien_device_list(MienDeviceInfo *devices, size_t capacity, size_t info_size,
                                       size_t *n_devices)
{
    char id[32], what[32];
    size_t n = 0;
    (void)info_size;
    for (; nth((int)n, id, sizeof(id), what); n++)
        if (n < capacity)
            describe(id, what, (int)n, &devices[n]);
    *n_devices = n;
    return MIEN_OK;
}

static MienStatus fail(MienError *error, const char *reason, const char *text)
{
    error->status = MIEN_E_DEVICE;
    snprintf(error->reason, sizeof(error->reason), "%s", reason);
    snprintf(error->text, sizeof(error->text), "%s", text);
    return MIEN_E_DEVICE;
}

SIM_EXPORT MienStatus mien_device_test(const char *id, size_t test_size, MienDeviceTest *test,
                                       MienError *error)
{
    char each[32], what[32] = "";
    (void)test_size;
    for (int i = 0; nth(i, each, sizeof(each), what) && strcmp(each, id) != 0; i++)
        continue;
    *test = (MienDeviceTest){.first_ms = 180, .run_ms = 0.05, .difference = 2e-7};
    if (!strcmp(what, "slow"))
        test->first_ms = 4200;
    if (!strcmp(what, "hang"))
        for (;;)
            pause();
    if (!strcmp(what, "crash"))
        raise(SIGSEGV);
    if (!strcmp(what, "refused")) {
        *test = (MienDeviceTest){.run_ms = 0};
        return fail(error, "out-of-memory", "no memory for the context");
    }
    if (!strcmp(what, "garbage")) {
        test->difference = NAN;
        return fail(error, "device-computes-garbage", "its self-test gave 3 where 4 is right");
    }
    return MIEN_OK;
}
