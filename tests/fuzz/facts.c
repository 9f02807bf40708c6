/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a helper with a broken driver in it may print: lines of facts. They are written and read
 * back, all rules are asked, and fixes are made for this machine. A line that begins with '?' is a
 * condition instead, '@' the device that was asked about.
 */
#include <stdio.h>
#include <stdlib.h>

#include "doctor/report.h"
#include "doctor/request.h"
#include "fuzz/fuzz.h"

static void check_text(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            fuzz_fail("a fact with a control character");
}

static int read_back(void *user, const char *line)
{
    if (mieni_facts_read_line(user, line, strlen(line)) != MIEN_OK)
        fuzz_fail("a line of our own is refused: %s", line);
    return 0;
}

static void check_round_trip(const MieniFacts *facts)
{
    MieniFacts *copy;
    if (mieni_facts_create(&copy) != MIEN_OK ||
        mieni_facts_write(facts, read_back, copy) != MIEN_OK)
        fuzz_fail("facts cannot be written");
    size_t at = 0, at_copy = 0;
    const MieniFact *fact;
    while ((fact = mieni_facts_next(facts, "*", &at))) {
        const MieniFact *other = mieni_facts_next(copy, "*", &at_copy);
        check_text(fact->name);
        check_text(fact->text);
        if (!other || strcmp(fact->name, other->name) != 0 ||
            strcmp(fact->text, other->text) != 0 || fact->state != other->state ||
            fact->code != other->code)
            fuzz_fail("%s is read back otherwise", fact->name);
    }
    mieni_facts_destroy(copy);
}

static void check_findings(const MieniFacts *facts, const MieniDiagnosis *diagnosis)
{
    for (size_t i = 0; i < diagnosis->n_findings; i++) {
        size_t n;
        char **fix = mieni_fix_lines(facts, diagnosis->findings[i].cause, &n);
        if (!fix)
            fuzz_fail("no fix for %s", diagnosis->findings[i].cause->id);
        for (size_t k = 0; k < n; k++)
            check_text(fix[k]);
        mieni_free(fix[0]);
        mieni_free(fix);
        if (diagnosis->findings[i].evidence.n > MIENI_MAX_EVIDENCE)
            fuzz_fail("too much evidence");
    }
}

static void examine(const MieniFacts *facts)
{
    MieniDiagnosis diagnosis;
    MienSmoke *smoke;
    size_t n;
    if (mieni_diagnose(facts, NULL, &diagnosis) != MIEN_OK ||
        mieni_smoke_list(facts, &smoke, &n) != MIEN_OK)
        fuzz_fail("no diagnosis");
    check_findings(facts, &diagnosis);
    mieni_request_judge(facts, &diagnosis);
    mieni_free(diagnosis.findings);
    mieni_free(smoke);
}

/* A copy of a line without its first byte, which ends with NUL. */
static char *copy_line(const uint8_t *line, size_t length)
{
    char *copy = calloc(length + 1, 1);
    if (!copy)
        fuzz_fail("out of memory");
    memcpy(copy, line + 1, length - 1);
    return copy;
}

static void take_line(MieniFacts *facts, const uint8_t *line, size_t length, char **device)
{
    if (length > 0 && *line == '@') {
        free(*device);
        *device = copy_line(line, length);
    } else if (length > 0 && *line == '?') {
        char *condition = copy_line(line, length);
        MieniEvidence evidence = {.n = 0};
        if (mieni_condition_is_sound(condition))
            mieni_condition_holds(facts, condition, &evidence);
        free(condition);
    } else {
        mieni_facts_read_line(facts, (const char *)line, length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MieniFacts *facts;
    char *device = NULL;
    if (mieni_facts_create(&facts) != MIEN_OK)
        fuzz_fail("no facts");
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t length = end ? (size_t)(end - data) - at : size - at;
        take_line(facts, data + at, length, &device);
        at += length + 1;
    }
    if (device && mieni_request_is_sound(device) && mieni_request_note(device, facts) != MIEN_OK)
        fuzz_fail("no memory for a request");
    free(device);
    check_round_trip(facts);
    examine(facts);
    mieni_facts_destroy(facts);
    return 0;
}
