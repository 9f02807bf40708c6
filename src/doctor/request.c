/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/request.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_NAME 160

static const struct {
    const char *name;
    uint32_t stacks; /* 0: works on every machine */
    bool numbered;
} names[] = {
    {"cpu", 0, false},
    {"auto", 0, false},
    {"gpu", MIENI_STACK_CUDA | MIENI_STACK_VULKAN, false},
    {"cuda", MIENI_STACK_CUDA, true},
    {"vulkan", MIENI_STACK_VULKAN, true},
};

/* Back ends by the bit of their stack. */
static const char *const backends[] = {"cuda", "vulkan"};

static size_t name_length(const char *device)
{
    return strcspn(device, ":");
}

/* The entry of `names`, or -1. */
static int find_name(const char *device)
{
    size_t n = name_length(device);
    for (int i = 0; i < (int)MIENI_COUNT_OF(names); i++)
        if (strlen(names[i].name) == n && !strncmp(names[i].name, device, n) &&
            (device[n] == '\0' || names[i].numbered))
            return i;
    return -1;
}

bool mieni_request_is_sound(const char *device)
{
    int i = find_name(device);
    const char *part = device + name_length(device);
    if (i < 0 || strlen(device) > 63)
        return false;
    if (*part == '\0' || !strncmp(part, ":GPU-", 5))
        return true;
    size_t digits = strspn(part + 1, "0123456789");
    return digits > 0 && part[1 + digits] == '\0';
}

/* "S02.cuda:0.uuid" is of the device "cuda:0". */
static void device_of(const MieniFact *fact, char id[MAX_NAME])
{
    const char *begin = fact->name + strlen("S02.");
    const char *end = strrchr(begin, '.');
    snprintf(id, MAX_NAME, "%.*s", end ? (int)(end - begin) : 0, begin);
}

/* The first device of a back end whose fact is this, or false. */
static bool find_device(const MieniFacts *facts, const char *backend, const char *fact_name,
                        const char *value, char id[MAX_NAME])
{
    char pattern[MAX_NAME];
    const MieniFact *fact;
    snprintf(pattern, sizeof(pattern), "S02.%s:*.%s", backend, fact_name);
    for (size_t at = 0; (fact = mieni_facts_next(facts, pattern, &at));)
        if (fact->state == MIENI_FACT_VALUE && (!value || !strcmp(fact->text, value))) {
            device_of(fact, id);
            return true;
        }
    return false;
}

/* Which device is meant, as mieni_registry_open would choose; false if it does not exist. */
static bool resolve(const MieniFacts *facts, const char *backend, const char *part,
                    char id[MAX_NAME])
{
    if (!*part)
        return find_device(facts, backend, "software", "no", id) ||
               find_device(facts, backend, "software", NULL, id);
    if (!strncmp(part, ":GPU-", 5))
        return find_device(facts, backend, "uuid", part + 1, id);
    snprintf(id, MAX_NAME, "%.16s:%ld", backend, strtol(part + 1, NULL, 10));
    char name[2 * MAX_NAME];
    snprintf(name, sizeof(name), "S02.%s.usable", id);
    return mieni_facts_has(facts, name);
}

static MienStatus note_backend(MieniFacts *facts, const char *backend, const char *device)
{
    char name[MAX_NAME], id[MAX_NAME];
    snprintf(name, sizeof(name), "S02.%s.reason", backend);
    bool has_devices = find_device(facts, backend, "usable", NULL, id);
    const char *what = NULL, *text = device;
    if (mieni_facts_is(facts, name, "backend-not-built")) {
        what = "not_built";
        text = backend;
    } else if (has_devices && !resolve(facts, backend, device + name_length(device), id)) {
        what = "missing";
    } else if (has_devices) {
        what = "device";
        text = id;
    }
    if (!what)
        return MIEN_OK; /* the helper said nothing, or that there are no devices */
    snprintf(name, sizeof(name), "S04.%s.%s", backend, what);
    return mieni_facts_set(facts, name, text);
}

MienStatus mieni_request_note(const char *device, MieniFacts *facts)
{
    uint32_t stacks = names[find_name(device)].stacks;
    MienStatus status = mieni_facts_set(facts, "S04.requested", device);
    if (status == MIEN_OK)
        status = mieni_facts_set_format(facts, "S04.stacks", "%u", (unsigned)stacks);
    for (size_t i = 0; i < MIENI_COUNT_OF(backends) && status == MIEN_OK; i++)
        if (stacks & 1u << i)
            status = note_backend(facts, backends[i], stacks & (stacks - 1) ? backends[i] : device);
    return status;
}

/* What is known of one back end: from the device's own test where there was one, else from what
 * the driver said. */
static MieniStackState state_of(const MieniFacts *facts, const MieniDiagnosis *diagnosis, size_t i)
{
    char name[2 * MAX_NAME];
    snprintf(name, sizeof(name), "S04.%s.device", backends[i]);
    const MieniFact *device = mieni_facts_get(facts, name);
    if (device->state != MIENI_FACT_VALUE)
        return diagnosis->stacks[i].finding ? MIENI_STACK_BROKEN : diagnosis->stacks[i].state;
    snprintf(name, sizeof(name), "S03.%.150s.test", device->text);
    const MieniFact *test = mieni_facts_get(facts, name);
    if (test->state != MIENI_FACT_VALUE)
        return MIENI_STACK_BROKEN; /* it is not usable, or software that was not named */
    if (!strcmp(test->text, "begun"))
        return mieni_facts_is(facts, "S01.probe", "done") ? MIENI_STACK_BROKEN
                                                          : MIENI_STACK_UNKNOWN;
    return strcmp(test->text, "ok") ? MIENI_STACK_BROKEN : MIENI_STACK_WORKS;
}

MieniVerdict mieni_request_judge(const MieniFacts *facts, const MieniDiagnosis *diagnosis)
{
    uint32_t stacks = (uint32_t)mieni_facts_number(facts, "S04.stacks", 0);
    MieniVerdict verdict = {.state = stacks ? MIENI_STACK_UNKNOWN : MIENI_STACK_WORKS};
    for (size_t i = 0; i < MIENI_COUNT_OF(backends); i++) {
        if (!(stacks & 1u << i) || verdict.state == MIENI_STACK_WORKS)
            continue;
        MieniStackState state = state_of(facts, diagnosis, i);
        if (state != MIENI_STACK_UNKNOWN)
            verdict.state = state;
    }
    for (size_t i = 0; verdict.state != MIENI_STACK_WORKS && i < diagnosis->n_findings; i++)
        if (diagnosis->findings[i].cause->severity == MIENI_SEVERITY_FATAL &&
            (diagnosis->findings[i].stacks & stacks)) {
            verdict.finding = &diagnosis->findings[i];
            verdict.state = MIENI_STACK_BROKEN;
            break;
        }
    return verdict;
}
