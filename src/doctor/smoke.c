/* SPDX-License-Identifier: Apache-2.0 */
/* From the facts S02 and S03 to one record a device. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/report.h"

#define MAX_NAME 160

static const MieniFact *fact_of(const MieniFacts *facts, const char *probe, const char *device,
                                const char *what)
{
    char name[2 * MAX_NAME];
    snprintf(name, sizeof(name), "%s.%s.%s", probe, device, what);
    return mieni_facts_get(facts, name);
}

/* A text of the helper's, or NULL. */
static const char *text_of(const MieniFacts *facts, const char *probe, const char *device,
                           const char *what)
{
    const MieniFact *fact = fact_of(facts, probe, device, what);
    return fact->state == MIENI_FACT_VALUE ? fact->text : NULL;
}

/* A whole number of the helper's in `unit`s, NaN if it is none. */
static double number_of(const MieniFacts *facts, const char *device, const char *what, double unit)
{
    const char *text = text_of(facts, "S03", device, what);
    char *end;
    long long number = text ? strtoll(text, &end, 10) : 0;
    return text && end != text ? (double)number * unit : NAN;
}

/* `device` is the record's own from now on. */
static void fill(const MieniFacts *facts, const char *device, MienSmoke *smoke)
{
    const char *test = text_of(facts, "S03", device, "test");
    const char *software = text_of(facts, "S02", device, "software");
    *smoke = (MienSmoke){
        .device = device,
        .name = text_of(facts, "S02", device, "name"),
        .software = software && !strcmp(software, "yes"),
        .first_ms = number_of(facts, device, "first_us", 1e-3),
        .run_ms = number_of(facts, device, "run_ns", 1e-6),
        .difference = number_of(facts, device, "difference_ppb", 1e-9),
    };
    if (!test) {
        smoke->state = MIEN_SMOKE_SKIPPED;
        smoke->reason = text_of(facts, "S02", device, "reason");
        smoke->text = text_of(facts, "S02", device, "reason_text");
    } else if (!strcmp(test, "ok")) {
        smoke->state = MIEN_SMOKE_PASSED;
    } else if (!strcmp(test, "begun")) {
        smoke->state = MIEN_SMOKE_FAILED;
        smoke->text = mieni_facts_get(facts, "S01.probe")->text;
    } else {
        smoke->state = MIEN_SMOKE_FAILED;
        smoke->reason = test;
        smoke->text = text_of(facts, "S03", device, "text");
    }
}

MienStatus mieni_smoke_list(const MieniFacts *facts, MienSmoke **smoke, size_t *n)
{
    static const char pattern[] = "S02.*.usable";
    size_t n_devices = 0;
    for (size_t at = 0; mieni_facts_next(facts, pattern, &at);)
        n_devices++;
    /* The records, and behind them the devices' ids. */
    *smoke = mieni_alloc(n_devices + 1, sizeof(**smoke) + MAX_NAME);
    *n = n_devices;
    if (!*smoke)
        return MIEN_E_NOMEM;
    char *ids = (char *)(*smoke + n_devices + 1);
    size_t at = 0;
    for (size_t i = 0; i < n_devices; i++) {
        const char *name = mieni_facts_next(facts, pattern, &at)->name + strlen("S02.");
        char *id = ids + i * MAX_NAME;
        snprintf(id, MAX_NAME, "%.*s", (int)(strlen(name) - strlen(".usable")), name);
        fill(facts, id, &(*smoke)[i]);
    }
    return MIEN_OK;
}
