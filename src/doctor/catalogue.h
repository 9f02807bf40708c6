/* SPDX-License-Identifier: Apache-2.0 */
/* The known causes: every id that a finding, an error's reason code or `mien doctor --explain` can
 * name. */
#ifndef MIENI_DOCTOR_CATALOGUE_H
#define MIENI_DOCTOR_CATALOGUE_H

#include "base/base.h"

typedef enum MieniSeverity {
    MIENI_SEVERITY_FATAL,     /* the GPU cannot be used until this is mended */
    MIENI_SEVERITY_DEGRADING, /* it works, but slower or not wholly */
    MIENI_SEVERITY_INFO       /* worth knowing, nothing to mend */
} MieniSeverity;

/* The stacks that can each work or not, whatever the others do. Bits. */
enum {
    MIENI_STACK_CUDA = 1,
    MIENI_STACK_VULKAN = 2,
    MIENI_STACK_EGL = 4,
    MIENI_STACK_FRAMEWORK = 8
};

typedef struct MieniCause {
    const char *id; /* stable, such as "jetson-video-group" */
    int32_t stage;  /* 0..12, the order of precedence */
    MieniSeverity severity;
    uint32_t stacks;   /* that it stops or slows */
    const char *title; /* one line: what is wrong */
    const char
        *why; /* a few sentences: how it comes about, how one tells, what it is mistaken for */
    const char *fix;  /* commands and steps, a line each; lines of one distribution begin with
                         "[debian] " or "[ubuntu] ", of one platform with "[jetson] " or
                         "[x86_64] " (on a Jetson, "[jetson] " counts before "[ubuntu] ") */
    bool implemented; /* a rule or the log reader finds it; else docs/doctor.md says why not */
} MieniCause;

/* All causes, by stage and then in the catalogue's order. */
const MieniCause *mieni_catalogue(size_t *n);

/* Those of mien itself: an error's reason code that is no fault of the machine's, and what its own
 * self-test finds. */
const MieniCause *mieni_catalogue_own(size_t *n);

/* The cause with this id, of either list, or NULL. */
const MieniCause *mieni_catalogue_find(const char *id);

bool mieni_cause_is_own(const MieniCause *cause);

#endif
