/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/report.h"

#include <errno.h>
#include <stdio.h>

#include "doctor/helper.h"
#include "doctor/probe.h"
#include "doctor/request.h"

const char *const mieni_stack_keys[MIENI_N_STACKS] = {"cuda", "vulkan", "egl"};
const char *const mieni_stack_titles[MIENI_N_STACKS] = {"CUDA", "Vulkan", "EGL"};

void mien_doctor_options_init(MienDoctorOptions *options)
{
    if (!options)
        return;
    *options = (MienDoctorOptions){.struct_size = sizeof(*options), .timeout_ms = 3000};
}

const char *mieni_fact_value(const MieniFact *fact, char *buffer, size_t size)
{
    static const struct {
        int code;
        const char *name;
    } errors[] = {
        {EACCES, "EACCES (permission denied)"},
        {EPERM, "EPERM (operation not permitted)"},
        {EIO, "EIO (input/output error)"},
        {ENODEV, "ENODEV (no such device)"},
        {ENXIO, "ENXIO (no device behind the node)"},
        {EBUSY, "EBUSY (in use)"},
        {ELOOP, "ELOOP (links in a circle)"},
        {EINVAL, "EINVAL (no regular file)"},
    };
    if (fact->state == MIENI_FACT_VALUE)
        return fact->text;
    if (fact->state == MIENI_FACT_ABSENT)
        return "absent";
    for (size_t i = 0; i < MIENI_COUNT_OF(errors); i++)
        if (errors[i].code == fact->code)
            return errors[i].name;
    snprintf(buffer, size, "error %d", fact->code);
    return buffer;
}

/* Evidence as it is shown, in one block: the records, and behind them the made up texts. */
static MienStatus fill_evidence(const MieniEvidence *from, MienFinding *finding)
{
    enum { MADE_UP = 32 };
    MienEvidence *evidence = mieni_alloc(from->n + 1, sizeof(*evidence) + MADE_UP);
    if (!evidence)
        return MIEN_E_NOMEM;
    char *texts = (char *)(evidence + from->n + 1);
    for (size_t i = 0; i < from->n; i++) {
        evidence[i].probe = from->items[i]->name;
        evidence[i].value = mieni_fact_value(from->items[i], texts + i * MADE_UP, MADE_UP);
    }
    finding->evidence = evidence;
    finding->n_evidence = from->n;
    return MIEN_OK;
}

static MienStatus fill_finding(const MieniFacts *facts, const MieniFinding *from,
                               MienFinding *finding)
{
    *finding = (MienFinding){
        .id = from->cause->id,
        .rule = from->rule->id,
        .severity = (MienSeverity)from->cause->severity,
        .stage = from->rule->stage,
        .stacks = from->stacks,
        .title = from->cause->title,
        .explained_by = from->explained_by ? from->explained_by->id : NULL,
    };
    finding->fix = (const char *const *)mieni_fix_lines(facts, from->cause, &finding->n_fix);
    return finding->fix ? fill_evidence(&from->evidence, finding) : MIEN_E_NOMEM;
}

static void fill_verdict(const MieniFacts *facts, const MieniVerdict *from, MienVerdict *verdict)
{
    *verdict = (MienVerdict){.state = (MienVerdictState)from->state};
    if (from->finding) {
        verdict->state = MIEN_VERDICT_BROKEN;
        verdict->cause = from->finding->cause->id;
        verdict->summary = from->finding->cause->title;
    } else if (from->state == MIENI_STACK_WORKS) {
        /* Evidence that it works ends with the name that the driver gives. */
        const MieniFact *last = from->evidence.n ? from->evidence.items[from->evidence.n - 1]
                                                 : mieni_facts_get(facts, "");
        verdict->summary = last->text;
    } else {
        verdict->summary = from->state == MIENI_STACK_BROKEN
                               ? "does not work, for no reason that mien knows"
                               : "could not be asked: the helper mien-probe did not run";
    }
}

static void fill_device(const MieniFacts *facts, const MieniDiagnosis *diagnosis,
                        MienVerdict *verdict)
{
    static const char *const summaries[] = {"could not be asked: the helper mien-probe did not run",
                                            "works",
                                            "does not work, for no reason that mien knows"};
    MieniVerdict judged = mieni_request_judge(facts, diagnosis);
    *verdict =
        (MienVerdict){.state = (MienVerdictState)judged.state, .summary = summaries[judged.state]};
    if (judged.finding) {
        verdict->cause = judged.finding->cause->id;
        verdict->summary = judged.finding->cause->title;
    }
}

static MienStatus fill(MienDoctor *doctor)
{
    const MieniDiagnosis *diagnosis = &doctor->diagnosis;
    doctor->findings = mieni_alloc(diagnosis->n_findings + 1, sizeof(*doctor->findings));
    if (!doctor->findings)
        return MIEN_E_NOMEM;
    for (size_t i = 0; i < diagnosis->n_findings; i++) {
        MienStatus status =
            fill_finding(doctor->facts, &diagnosis->findings[i], &doctor->findings[i]);
        if (status != MIEN_OK)
            return status;
    }
    for (int i = 0; i < MIENI_N_STACKS; i++)
        fill_verdict(doctor->facts, &diagnosis->stacks[i], &doctor->verdicts[i]);
    if (doctor->asked_about_device)
        fill_device(doctor->facts, diagnosis, &doctor->device);
    return mieni_smoke_list(doctor->facts, &doctor->smoke, &doctor->n_smoke);
}

/* The helper comes first: on a healthy machine starting CUDA is what makes some nodes. */
static MienStatus gather(const MienDoctorOptions *options, MieniFacts *facts)
{
    MieniMachine *machine;
    MienStatus status = mieni_machine_create(options->root, &machine);
    const MieniHelperOptions helper = {
        .program = options->helper, .timeout_ms = options->timeout_ms, .device = options->device};
    if (status == MIEN_OK)
        status = mieni_run_helper(machine, &helper, facts);
    if (status == MIEN_OK && options->device)
        status = mieni_request_note(options->device, facts);
    if (status == MIEN_OK && options->for_containers)
        status = mieni_facts_set(facts, "P14.asked", "yes");
    if (status == MIEN_OK)
        status = mieni_probe_files(machine, facts);
    mieni_machine_destroy(machine);
    return status;
}

static MienStatus examine(const MienDoctorOptions *options, MienDoctor *doctor)
{
    doctor->asked_about_device = options->device != NULL;
    MienStatus status = mieni_facts_create(&doctor->facts);
    if (status == MIEN_OK)
        status = gather(options, doctor->facts);
    if (status == MIEN_OK)
        status = mieni_diagnose(doctor->facts, options->no_rules, &doctor->diagnosis);
    return status == MIEN_OK ? fill(doctor) : status;
}

MienStatus mien_doctor_create(const MienDoctorOptions *options, MienDoctor **doctor,
                              MienError *error)
{
    MienDoctorOptions defaults;
    mien_doctor_options_init(&defaults);
    if (!doctor)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "doctor is NULL");
    *doctor = NULL;
    if (!options)
        options = &defaults;
    if (options->struct_size < sizeof(*options) || options->timeout_ms < 1 ||
        options->timeout_ms > 60000)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument",
                          "doctor options: call mien_doctor_options_init, and keep timeout_ms in "
                          "1..60000");
    if (options->device && !mieni_request_is_sound(options->device))
        return mieni_fail(error, MIEN_E_ARGUMENT, "device-name",
                          "no device is called '%.64s'; names are cpu, cuda[:N|:UUID], vulkan[:N], "
                          "gpu and auto",
                          options->device);
    MienDoctor *made = mieni_alloc(1, sizeof(*made));
    if (!made)
        return mieni_fail_nomem(error);
    MienStatus status = examine(options, made);
    if (status != MIEN_OK) {
        mien_doctor_destroy(made);
        return mieni_fail_nomem(error);
    }
    *doctor = made;
    return MIEN_OK;
}

const MienVerdict *mien_doctor_verdict(const MienDoctor *doctor, MienStack stack)
{
    return doctor && (unsigned)stack < MIENI_N_STACKS ? &doctor->verdicts[stack] : NULL;
}

const MienVerdict *mien_doctor_device(const MienDoctor *doctor)
{
    return doctor && doctor->asked_about_device ? &doctor->device : NULL;
}

const MienSmoke *mien_doctor_smoke(const MienDoctor *doctor, size_t *n)
{
    if (n)
        *n = doctor ? doctor->n_smoke : 0;
    return doctor ? doctor->smoke : NULL;
}

const MienFinding *mien_doctor_findings(const MienDoctor *doctor, size_t *n)
{
    if (n)
        *n = doctor ? doctor->diagnosis.n_findings : 0;
    return doctor ? doctor->findings : NULL;
}

void mien_doctor_destroy(MienDoctor *doctor)
{
    if (!doctor)
        return;
    for (size_t i = 0; doctor->findings && i < doctor->diagnosis.n_findings; i++) {
        if (doctor->findings[i].fix)
            mieni_free((char *)doctor->findings[i].fix[0]);
        mieni_free((void *)doctor->findings[i].fix);
        mieni_free((void *)doctor->findings[i].evidence);
    }
    mieni_free(doctor->findings);
    mieni_free(doctor->smoke);
    mieni_free(doctor->diagnosis.findings);
    mieni_facts_destroy(doctor->facts);
    mieni_free(doctor);
}
