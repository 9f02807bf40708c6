/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the rules in order and sorts out what follows from what. */
#include "doctor/rules.h"

#include <stdio.h>

/* Causes that somebody made apart from all others, and that stay when an earlier one is mended. */
static const char *const independent[] = {
    "cuda-visible-devices-hides",
    "vulkan-env-hides-driver",
    "nvidia-visible-devices-void",
    "jetson-container-l4t-mismatch",
    "ptx-jit-disabled",
    "container-capability-no-compute",
    "container-capability-no-graphics",
    "backend-not-built",
    "no-such-device",
};

/* What keeps mien from a device whatever the driver says of itself. */
static const char *const despite_the_driver[] = {
    "no-such-device",
    "backend-not-built",
    "device-computes-garbage",
    "device-refused",
};

/* What concerns containers that are still to be started, and not this process. */
static const char *const for_containers[] = {"docker-toolkit-missing",
                                             "docker-host-driver-missing"};

/* Causes that say no more than what happened: for stacks where nothing else is found. */
static const char *const last_resort[] = {"driver-hangs", "driver-crashes", "driver-error",
                                          "nvml-error"};

#define IS_ONE_OF(cause, list) is_one_of(cause, list, MIENI_COUNT_OF(list))

static bool is_one_of(const MieniCause *cause, const char *const *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(ids[i], cause->id))
            return true;
    return false;
}

/* C02.0.name beside C02.0.ok. */
static void cite_name(const MieniFacts *facts, const char *ok, MieniEvidence *evidence)
{
    char name[64];
    snprintf(name, sizeof(name), "%.*sname", (int)(strlen(ok) - 2), ok);
    mieni_cite(evidence, mieni_facts_get(facts, name));
}

static bool cuda_works(const MieniFacts *facts, MieniEvidence *evidence)
{
    const MieniFact *fact;
    if (!mieni_condition_holds(facts, "C01.cuInit=0", NULL))
        return false;
    for (size_t at = 0; (fact = mieni_facts_next(facts, "C02.*.ok", &at));)
        if (fact->state == MIENI_FACT_VALUE && !strcmp(fact->text, "yes")) {
            mieni_cite(evidence, fact);
            cite_name(facts, fact->name, evidence);
            return true;
        }
    return false;
}

static MieniStackState state_of(bool asked, bool works)
{
    return !asked ? MIENI_STACK_UNKNOWN : works ? MIENI_STACK_WORKS : MIENI_STACK_BROKEN;
}

/* Whether the helper said anything of a kind. */
static bool asked(const MieniFacts *facts, const char *pattern)
{
    size_t at = 0;
    const MieniFact *fact = mieni_facts_next(facts, pattern, &at);
    return fact && fact->state != MIENI_FACT_UNKNOWN;
}

MieniStackState mieni_stack_state(const MieniFacts *facts, uint32_t stack, MieniEvidence *evidence)
{
    static const char egl_works[] =
        "G01.initialize=ok G01.context=ok -@gles_below_3_1 "
        "-G01.renderer~llvmpipe|softpipe|swrast|Software|SwiftShader G01.renderer";
    switch (stack) {
    case MIENI_STACK_CUDA:
        return state_of(asked(facts, "C01.probe"), cuda_works(facts, evidence));
    case MIENI_STACK_VULKAN:
        return state_of(asked(facts, "V01.probe"),
                        mieni_condition_holds(facts, "V02.usable>0 ?V02.*.name", evidence));
    case MIENI_STACK_EGL:
        return state_of(asked(facts, "G01.probe"),
                        mieni_condition_holds(facts, egl_works, evidence));
    default:
        return MIENI_STACK_UNKNOWN;
    }
}

static bool is_off(const char *off, const char *id)
{
    size_t n = strlen(id);
    for (const char *at = off; at && (at = strstr(at, id)); at++)
        if ((at == off || at[-1] == ',') && (at[n] == '\0' || at[n] == ','))
            return true;
    return false;
}

/* Stacks for which this cause was found already or, for a last resort, any that is fatal. */
static uint32_t stacks_explained(const MieniDiagnosis *diagnosis, const MieniCause *cause)
{
    uint32_t stacks = 0;
    bool is_last = IS_ONE_OF(cause, last_resort);
    for (size_t i = 0; i < diagnosis->n_findings; i++) {
        const MieniFinding *finding = &diagnosis->findings[i];
        if (finding->cause == cause ||
            (is_last && finding->cause->severity == MIENI_SEVERITY_FATAL))
            stacks |= finding->stacks;
    }
    return stacks;
}

static void ask(const MieniFacts *facts, const MieniRule *rule, const MieniCause *cause,
                MieniDiagnosis *diagnosis)
{
    MieniFinding finding = {.rule = rule, .cause = cause, .stacks = rule->stacks};
    bool needs_fault = cause->severity == MIENI_SEVERITY_FATAL &&
                       !IS_ONE_OF(cause, despite_the_driver) && !IS_ONE_OF(cause, for_containers);
    for (int i = 0; i < MIENI_N_STACKS && needs_fault; i++)
        if (diagnosis->stacks[i].state == MIENI_STACK_WORKS)
            finding.stacks &= ~(1u << i);
    if ((finding.stacks & ~stacks_explained(diagnosis, cause)) &&
        mieni_condition_holds(facts, rule->condition, &finding.evidence))
        diagnosis->findings[diagnosis->n_findings++] = finding;
}

/* What says no more than what happened is asked when everything else is known. */
static void ask_all(const MieniFacts *facts, const char *off, MieniDiagnosis *diagnosis)
{
    size_t n;
    const MieniRule *rules = mieni_rules(&n);
    for (int last = 0; last < 2; last++)
        for (size_t i = 0; i < n; i++) {
            const MieniCause *cause = mieni_catalogue_find(rules[i].cause);
            if (cause && IS_ONE_OF(cause, last_resort) == last && !is_off(off, rules[i].id))
                ask(facts, &rules[i], cause, diagnosis);
        }
}

/* What stops the device that was asked about comes first, then what else is fatal. */
static int rank(const MieniFinding *finding, uint32_t asked_about)
{
    bool fatal = finding->cause->severity == MIENI_SEVERITY_FATAL;
    return fatal && (finding->stacks & asked_about) ? -1 : (int)finding->cause->severity;
}

static bool is_before(const MieniFinding *a, const MieniFinding *b, uint32_t asked_about)
{
    int rank_a = rank(a, asked_about), rank_b = rank(b, asked_about);
    return rank_a != rank_b ? rank_a < rank_b : a->rule->stage < b->rule->stage;
}

/* The rules' order stays among equals. */
static void sort(MieniDiagnosis *diagnosis, uint32_t asked_about)
{
    MieniFinding *findings = diagnosis->findings;
    for (size_t i = 1; i < diagnosis->n_findings; i++) {
        MieniFinding moved = findings[i];
        size_t k = i;
        for (; k > 0 && is_before(&moved, &findings[k - 1], asked_about); k--)
            findings[k] = findings[k - 1];
        findings[k] = moved;
    }
}

/* An earlier fatal cause that stops all of the same stacks may well be all that is wrong. */
static void explain(MieniDiagnosis *diagnosis)
{
    for (size_t i = 1; i < diagnosis->n_findings; i++) {
        MieniFinding *later = &diagnosis->findings[i];
        if (later->cause->severity != MIENI_SEVERITY_FATAL || IS_ONE_OF(later->cause, independent))
            continue;
        for (size_t k = 0; k < i && !later->explained_by; k++) {
            const MieniFinding *earlier = &diagnosis->findings[k];
            if (earlier->rule->stage < later->rule->stage && !earlier->explained_by &&
                !mieni_cause_is_own(earlier->cause) && (later->stacks & ~earlier->stacks) == 0)
                later->explained_by = earlier->cause;
        }
    }
}

static void give_verdicts(MieniDiagnosis *diagnosis)
{
    for (int s = 0; s < MIENI_N_STACKS; s++)
        for (size_t i = 0; i < diagnosis->n_findings && !diagnosis->stacks[s].finding; i++) {
            const MieniFinding *finding = &diagnosis->findings[i];
            if ((finding->stacks & 1u << s) && finding->cause->severity == MIENI_SEVERITY_FATAL &&
                !IS_ONE_OF(finding->cause, for_containers))
                diagnosis->stacks[s].finding = finding;
        }
}

MienStatus mieni_diagnose(const MieniFacts *facts, const char *off, MieniDiagnosis *diagnosis)
{
    size_t n_rules;
    mieni_rules(&n_rules);
    *diagnosis = (MieniDiagnosis){.findings = mieni_alloc(n_rules, sizeof(MieniFinding))};
    if (!diagnosis->findings)
        return MIEN_E_NOMEM;
    for (int i = 0; i < MIENI_N_STACKS; i++)
        diagnosis->stacks[i].state =
            mieni_stack_state(facts, 1u << i, &diagnosis->stacks[i].evidence);
    ask_all(facts, off, diagnosis);
    sort(diagnosis, (uint32_t)mieni_facts_number(facts, "S04.stacks", 0));
    explain(diagnosis);
    give_verdicts(diagnosis);
    return MIEN_OK;
}
