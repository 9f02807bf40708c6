/* SPDX-License-Identifier: Apache-2.0 */
/* What a doctor keeps. report_text.c and report_json.c write it; both from the same records. */
#ifndef MIENI_DOCTOR_REPORT_H
#define MIENI_DOCTOR_REPORT_H

#include "doctor/rules.h"
#include "mien/doctor.h"

struct MienDoctor {
    MieniFacts *facts;
    MieniDiagnosis diagnosis;
    MienFinding *findings;
    MienVerdict verdicts[MIENI_N_STACKS];
    MienVerdict device;
    bool asked_about_device;
    MienSmoke *smoke;
    size_t n_smoke;
};

/* Names of stacks in JSON, and for people. */
extern const char *const mieni_stack_keys[MIENI_N_STACKS];
extern const char *const mieni_stack_titles[MIENI_N_STACKS];

/* What a fact says, for people: `buffer` is for what must be made up. */
const char *mieni_fact_value(const MieniFact *fact, char *buffer, size_t size);

/*
 * The lines of a cause's fix that are for this machine, without their tags and with the driver's
 * branch filled in. Free the array and its first element with mieni_free; NULL without memory.
 */
char **mieni_fix_lines(const MieniFacts *facts, const MieniCause *cause, size_t *n);

/* What the devices' own tests gave, as records; the texts are those of the facts. Free the array
 * with mieni_free. */
MienStatus mieni_smoke_list(const MieniFacts *facts, MienSmoke **smoke, size_t *n);

/* Text put together piece by piece and handed on. The first failure sticks. */
typedef struct MieniWriter {
    MienWriteFn write;
    void *user;
    bool failed;
} MieniWriter;

void mieni_put(MieniWriter *writer, const char *text);
void mieni_put_json(MieniWriter *writer, const char *text); /* quoted; NULL is null */

#endif
