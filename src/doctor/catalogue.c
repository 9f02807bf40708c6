/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The causes, a file a stage. Each entry: id, stage, severity, stacks, implemented, title, why,
 * fix. docs/doctor.md says how to add one.
 */
#include "doctor/catalogue.h"

/* Short names for the tables. */
enum {
    FATAL = MIENI_SEVERITY_FATAL,
    DEGRADING = MIENI_SEVERITY_DEGRADING,
    INFO = MIENI_SEVERITY_INFO,
    CUDA = MIENI_STACK_CUDA,
    VULKAN = MIENI_STACK_VULKAN,
    EGL = MIENI_STACK_EGL,
    FRAMEWORK = MIENI_STACK_FRAMEWORK,
    ALL = MIENI_STACK_CUDA | MIENI_STACK_VULKAN | MIENI_STACK_EGL
};

/* In the order of the tables' columns, which is that of reading. */
#define CAUSE(id, stage, severity, stacks, implemented, title, why, fix)                           \
    {id, stage, (MieniSeverity)(severity), (uint32_t)(stacks), title, why, fix, implemented},

/* clang-format off */
static const MieniCause causes[] = {
#include "doctor/catalogue_hardware.inc"
#include "doctor/catalogue_driver.inc"
#include "doctor/catalogue_libraries.inc"
#include "doctor/catalogue_access.inc"
#include "doctor/catalogue_start.inc"
#include "doctor/catalogue_device.inc"
#include "doctor/catalogue_code.inc"
#include "doctor/catalogue_running.inc"
#include "doctor/catalogue_vulkan.inc"
#include "doctor/catalogue_egl.inc"
#include "doctor/catalogue_framework.inc"
#include "doctor/catalogue_speed.inc"
};

static const MieniCause own_causes[] = {
#include "doctor/catalogue_mien.inc"
};
/* clang-format on */

const MieniCause *mieni_catalogue(size_t *n)
{
    *n = MIENI_COUNT_OF(causes);
    return causes;
}

const MieniCause *mieni_catalogue_own(size_t *n)
{
    *n = MIENI_COUNT_OF(own_causes);
    return own_causes;
}

static const MieniCause *find(const MieniCause *all, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].id, id) == 0)
            return &all[i];
    return NULL;
}

const MieniCause *mieni_catalogue_find(const char *id)
{
    if (!id)
        return NULL;
    const MieniCause *cause = find(causes, MIENI_COUNT_OF(causes), id);
    return cause ? cause : find(own_causes, MIENI_COUNT_OF(own_causes), id);
}

bool mieni_cause_is_own(const MieniCause *cause)
{
    return find(own_causes, MIENI_COUNT_OF(own_causes), cause->id) == cause;
}
