/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Vulkan driver that crashes when it is loaded would take this process with it. So mien-probe
 * loads them first, once for a process, where something is about to. Only a crash is held against
 * them: one that is late may just be slow, and without mien-probe nothing is known.
 */
#include <pthread.h>

#include "doctor/helper.h"
#include "engine/engine_private.h"

static void ask_vulkan(void)
{
    const MieniHelperOptions options = {.timeout_ms = 3000, .only = "vulkan"};
    MieniMachine *machine = NULL;
    MieniFacts *facts = NULL;
    if (mieni_machine_create(NULL, &machine) == MIEN_OK && mieni_facts_create(&facts) == MIEN_OK &&
        mieni_run_helper(machine, &options, facts) == MIEN_OK &&
        strncmp(mieni_facts_get(facts, "V01.probe")->text, "crashed", 7) == 0)
        mieni_registry_exclude(&mieni_backend_vulkan, "driver-crashes",
                               "a Vulkan driver crashes when it is loaded; see mien doctor, or "
                               "name another device");
    mieni_facts_destroy(facts);
    mieni_machine_destroy(machine);
}

static void check_vulkan(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask_vulkan);
}

void mieni_engine_check_drivers(const char *device)
{
    if (!strncmp(device, "vulkan", 6) || !strcmp(device, "gpu") || !strcmp(device, "auto"))
        check_vulkan();
}

MienStatus mien_device_list(MienDeviceInfo *devices, size_t capacity, size_t info_size,
                            size_t *n_devices)
{
    check_vulkan();
    return mieni_registry_list(devices, capacity, info_size, n_devices);
}

MienStatus mien_device_test(const char *id, size_t test_size, MienDeviceTest *test,
                            MienError *error)
{
    check_vulkan();
    return mieni_registry_test(id, test_size, test, error);
}
