/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Vulkan driver that crashes when it is loaded would take this process with it. So mien-probe
 * loads them first, once for a process, where an engine is about to. Only a crash is held against
 * them: one that is late may just be slow, and without mien-probe nothing is known.
 */
#include <pthread.h>

#include "doctor/helper.h"
#include "engine/engine_private.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool crashes;

static void ask(void)
{
    const MieniHelperOptions options = {.timeout_ms = 3000, .only = "vulkan"};
    MieniMachine *machine = NULL;
    MieniFacts *facts = NULL;
    if (mieni_machine_create(NULL, &machine) == MIEN_OK && mieni_facts_create(&facts) == MIEN_OK &&
        mieni_run_helper(machine, &options, facts) == MIEN_OK)
        crashes = strncmp(mieni_facts_get(facts, "V01.probe")->text, "crashed", 7) == 0;
    mieni_facts_destroy(facts);
    mieni_machine_destroy(machine);
}

MienStatus mieni_engine_check_drivers(const char *device, MienError *error)
{
    bool asks_vulkan =
        !strncmp(device, "vulkan", 6) || !strcmp(device, "gpu") || !strcmp(device, "auto");
    if (asks_vulkan)
        pthread_once(&once, ask);
    return asks_vulkan && crashes
               ? mieni_fail(error, MIEN_E_DEVICE, "driver-crashes",
                            "a Vulkan driver crashes when it is loaded; see mien doctor, or name "
                            "another device")
               : MIEN_OK;
}
