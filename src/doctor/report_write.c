/* SPDX-License-Identifier: Apache-2.0 */
/* The report, for people and for programs. */
#include "doctor/report.h"

#include <stdio.h>

#include "mien/version.h"

static const char *const states[] = {"unknown", "works", "broken"};
static const char *const smoke_states[] = {"passed", "failed", "skipped"};
static const char *const severities[] = {"fatal", "degrading", "info"};

static void put_bytes(MieniWriter *writer, const char *text, size_t n)
{
    if (!writer->failed && n > 0)
        writer->failed = writer->write(writer->user, text, n) != 0;
}

void mieni_put(MieniWriter *writer, const char *text)
{
    put_bytes(writer, text, strlen(text));
}

/* Facts and texts are printable UTF-8, so only two characters need a backslash. */
void mieni_put_json(MieniWriter *writer, const char *text)
{
    if (!text) {
        mieni_put(writer, "null");
        return;
    }
    mieni_put(writer, "\"");
    while (*text) {
        size_t n = strcspn(text, "\"\\");
        put_bytes(writer, text, n);
        text += n;
        if (*text) {
            const char escaped[] = {'\\', *text++, '\0'};
            mieni_put(writer, escaped);
        }
    }
    mieni_put(writer, "\"");
}

static void put_member(MieniWriter *writer, const char *key, const char *value, const char *behind)
{
    mieni_put_json(writer, key);
    mieni_put(writer, ": ");
    mieni_put_json(writer, value);
    mieni_put(writer, behind);
}

static void put_evidence(MieniWriter *writer, const MienFinding *finding)
{
    mieni_put(writer, "\"evidence\": [");
    for (size_t i = 0; i < finding->n_evidence; i++) {
        mieni_put(writer, i ? ", {" : "{");
        put_member(writer, "probe", finding->evidence[i].probe, ", ");
        put_member(writer, "value", finding->evidence[i].value, "}");
    }
    mieni_put(writer, "], ");
}

static void put_stacks(MieniWriter *writer, uint32_t stacks)
{
    const char *behind = "";
    mieni_put(writer, "\"stacks\": [");
    for (int i = 0; i < MIENI_N_STACKS; i++)
        if (stacks & 1u << i) {
            mieni_put(writer, behind);
            mieni_put_json(writer, mieni_stack_keys[i]);
            behind = ", ";
        }
    mieni_put(writer, "], ");
}

static void put_finding(MieniWriter *writer, const MienFinding *finding)
{
    char stage[32];
    snprintf(stage, sizeof(stage), "\"stage\": %d, ", (int)finding->stage);
    mieni_put(writer, "{");
    put_member(writer, "id", finding->id, ", ");
    put_member(writer, "severity", severities[finding->severity], ", ");
    mieni_put(writer, stage);
    put_member(writer, "rule", finding->rule, ", ");
    put_stacks(writer, finding->stacks);
    put_member(writer, "title", finding->title, ",\n     ");
    put_evidence(writer, finding);
    mieni_put(writer, "\n     \"fix\": [");
    for (size_t i = 0; i < finding->n_fix; i++) {
        mieni_put(writer, i ? ", " : "");
        mieni_put_json(writer, finding->fix[i]);
    }
    mieni_put(writer, "], ");
    put_member(writer, "explained_by", finding->explained_by, "}");
}

static void put_verdict(MieniWriter *writer, const MienVerdict *verdict)
{
    put_member(writer, "state", states[verdict->state], ", ");
    put_member(writer, "cause", verdict->cause, ", ");
    put_member(writer, "summary", verdict->summary, "}");
}

/* What a program cannot read as a number is null; no locale has a say in it. */
static void put_number(MieniWriter *writer, const char *key, double number, int n_digits,
                       const char *behind)
{
    char text[64];
    long long scale = 1;
    for (int i = 0; i < n_digits; i++)
        scale *= 10;
    if (number >= 0 && number < 1e9) {
        long long scaled = (long long)(number * (double)scale + 0.5);
        snprintf(text, sizeof(text), "%lld.%0*lld", scaled / scale, n_digits, scaled % scale);
    } else {
        snprintf(text, sizeof(text), "null");
    }
    mieni_put_json(writer, key);
    mieni_put(writer, ": ");
    mieni_put(writer, text);
    mieni_put(writer, behind);
}

static void put_smoke(MieniWriter *writer, const MienSmoke *smoke)
{
    mieni_put(writer, "{");
    put_member(writer, "device", smoke->device, ", ");
    put_member(writer, "name", smoke->name, ", ");
    mieni_put(writer, smoke->software ? "\"software\": true, " : "\"software\": false, ");
    put_member(writer, "state", smoke_states[smoke->state], ", ");
    put_member(writer, "reason", smoke->reason, ", ");
    put_member(writer, "text", smoke->text, ",\n     ");
    put_number(writer, "first_ms", smoke->first_ms, 3, ", ");
    put_number(writer, "run_ms", smoke->run_ms, 6, ", ");
    put_number(writer, "difference", smoke->difference, 9, "}");
}

static void put_device(MieniWriter *writer, const MienDoctor *doctor)
{
    mieni_put(writer, "\n  },\n  \"device\": ");
    if (doctor->asked_about_device) {
        mieni_put(writer, "{");
        put_member(writer, "requested", mieni_facts_get(doctor->facts, "S04.requested")->text,
                   ", ");
        put_verdict(writer, &doctor->device);
    } else {
        mieni_put(writer, "null");
    }
}

static void put_facts(MieniWriter *writer, const MieniFacts *facts)
{
    char made_up[32];
    const char *behind = "";
    const MieniFact *fact;
    mieni_put(writer, ",\n  \"facts\": [");
    for (size_t at = 0; (fact = mieni_facts_next(facts, "*", &at));) {
        mieni_put(writer, behind);
        mieni_put(writer, "\n    {");
        put_member(writer, "probe", fact->name, ", ");
        put_member(writer, "value", mieni_fact_value(fact, made_up, sizeof(made_up)), "}");
        behind = ",";
    }
    mieni_put(writer, "\n  ]");
}

MienStatus mien_doctor_write_json(const MienDoctor *doctor, int with_facts, MienWriteFn write,
                                  void *user)
{
    if (!doctor || !write)
        return MIEN_E_ARGUMENT;
    MieniWriter writer = {write, user, false};
    mieni_put(&writer, "{\n  \"schema\": \"mien.doctor/1\",\n  ");
    put_member(&writer, "version", mien_version(), ",\n  \"stacks\": {");
    for (int i = 0; i < MIENI_N_STACKS; i++) {
        const MienVerdict *verdict = &doctor->verdicts[i];
        mieni_put(&writer, i ? ",\n    " : "\n    ");
        mieni_put_json(&writer, mieni_stack_keys[i]);
        mieni_put(&writer, ": {");
        put_verdict(&writer, verdict);
    }
    put_device(&writer, doctor);
    mieni_put(&writer, ",\n  \"findings\": [");
    for (size_t i = 0; i < doctor->diagnosis.n_findings; i++) {
        mieni_put(&writer, i ? ",\n    " : "\n    ");
        put_finding(&writer, &doctor->findings[i]);
    }
    mieni_put(&writer, doctor->diagnosis.n_findings ? "\n  ],\n" : "],\n");
    mieni_put(&writer, "  \"smoke\": [");
    for (size_t i = 0; i < doctor->n_smoke; i++) {
        mieni_put(&writer, i ? ",\n    " : "\n    ");
        put_smoke(&writer, &doctor->smoke[i]);
    }
    mieni_put(&writer, doctor->n_smoke ? "\n  ]" : "]");
    if (with_facts)
        put_facts(&writer, doctor->facts);
    mieni_put(&writer, "\n}\n");
    return writer.failed ? MIEN_E_IO : MIEN_OK;
}

static void put_text_finding(MieniWriter *writer, const MienFinding *finding)
{
    static const char *const marks[] = {"", " (works, but not as it could)", " (for information)"};
    mieni_put(writer, "\n");
    mieni_put(writer, finding->title);
    mieni_put(writer, marks[finding->severity]);
    mieni_put(writer, "\n  cause     ");
    mieni_put(writer, finding->id);
    mieni_put(writer, "\n");
    for (size_t i = 0; i < finding->n_evidence; i++) {
        mieni_put(writer, i ? "            " : "  evidence  ");
        mieni_put(writer, finding->evidence[i].probe);
        mieni_put(writer, " = ");
        mieni_put(writer, finding->evidence[i].value);
        mieni_put(writer, "\n");
    }
    if (finding->explained_by) {
        mieni_put(writer, "  follows from ");
        mieni_put(writer, finding->explained_by);
        mieni_put(writer, "; mend that first\n");
        return;
    }
    for (size_t i = 0; i < finding->n_fix; i++) {
        mieni_put(writer, i ? "            " : "  fix       ");
        mieni_put(writer, finding->fix[i]);
        mieni_put(writer, "\n");
    }
}

/* "a name          state    what there is to say" */
static void put_state(MieniWriter *writer, const char *name, const char *state, const char *text)
{
    char line[64];
    snprintf(line, sizeof(line), "%-9.31s %-8s ", name, state);
    mieni_put(writer, line);
    mieni_put(writer, text);
    mieni_put(writer, "\n");
}

static void put_text_smoke(MieniWriter *writer, const MienSmoke *smoke)
{
    char numbers[128] = "";
    const char *text = smoke->text ? smoke->text : smoke->software ? "computes on the CPU" : "";
    if (smoke->state == MIEN_SMOKE_PASSED) {
        snprintf(numbers, sizeof(numbers),
                 "run in %lld us, the first in %lld ms; largest difference %.0e",
                 (long long)(smoke->run_ms * 1e3 + 0.5), (long long)(smoke->first_ms + 0.5),
                 smoke->difference);
        text = numbers;
    }
    put_state(writer, smoke->device, smoke_states[smoke->state], text);
}

MienStatus mien_doctor_write_text(const MienDoctor *doctor, MienWriteFn write, void *user)
{
    if (!doctor || !write)
        return MIEN_E_ARGUMENT;
    MieniWriter writer = {write, user, false};
    for (int i = 0; i < MIENI_N_STACKS; i++)
        put_state(&writer, mieni_stack_titles[i], states[doctor->verdicts[i].state],
                  doctor->verdicts[i].summary);
    if (doctor->asked_about_device) {
        mieni_put(&writer, "\nAsked about:\n");
        put_state(&writer, mieni_facts_get(doctor->facts, "S04.requested")->text,
                  states[doctor->device.state], doctor->device.summary);
    }
    if (doctor->n_smoke > 0)
        mieni_put(&writer, "\nA small network on each device of mien's:\n");
    for (size_t i = 0; i < doctor->n_smoke; i++)
        put_text_smoke(&writer, &doctor->smoke[i]);
    for (size_t i = 0; i < doctor->diagnosis.n_findings; i++)
        put_text_finding(&writer, &doctor->findings[i]);
    if (doctor->diagnosis.n_findings > 0)
        mieni_put(&writer, "\n`mien doctor --explain CAUSE` tells more about a cause.\n");
    return writer.failed ? MIEN_E_IO : MIEN_OK;
}
