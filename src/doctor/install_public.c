/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of install: facts and verdicts as plain texts. */
#include "mien/install.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "doctor/helper.h"
#include "doctor/install.h"

struct MienInstall {
    MieniFacts *facts;
    MienInstallFact *all;
    size_t n_all;
    char (*errors)[24]; /* [n_all], "error N" of what could not be read */
    MienInstallVerdict verdicts[MIENI_MAX_VERDICTS];
    MienInstallFact evidence[MIENI_MAX_VERDICTS][MIENI_VERDICT_EVIDENCE];
    size_t n_verdicts;
};

/* All facts as pairs of texts, in order of name. */
static MienStatus list_facts(MienInstall *install)
{
    size_t at = 0, n = 0;
    const MieniFact *fact;
    while (mieni_facts_next(install->facts, "*", &at))
        n++;
    install->all = mieni_alloc(n + 1, sizeof(*install->all));
    install->errors = mieni_alloc(n + 1, sizeof(*install->errors));
    if (!install->all || !install->errors)
        return MIEN_E_NOMEM;
    at = 0;
    while (install->n_all < n && (fact = mieni_facts_next(install->facts, "*", &at))) {
        char *error = install->errors[install->n_all];
        const char *value = fact->text;
        if (fact->state == MIENI_FACT_ABSENT)
            value = "absent";
        if (fact->state == MIENI_FACT_UNREADABLE) {
            snprintf(error, sizeof(*install->errors), "error %d", (int)fact->code);
            value = error;
        }
        install->all[install->n_all++] = (MienInstallFact){fact->name, value};
    }
    return MIEN_OK;
}

static MienInstallFact find_fact(const MienInstall *install, const char *name)
{
    for (size_t i = 0; i < install->n_all; i++) {
        if (strcmp(install->all[i].probe, name) == 0)
            return install->all[i];
    }
    return (MienInstallFact){name, ""};
}

static void list_verdicts(MienInstall *install)
{
    MieniVerdict verdicts[MIENI_MAX_VERDICTS];
    install->n_verdicts = mieni_install_judge(install->facts, verdicts);
    for (size_t i = 0; i < install->n_verdicts; i++) {
        const MieniVerdict *from = &verdicts[i];
        for (size_t k = 0; k < from->n_evidence; k++)
            install->evidence[i][k] = find_fact(install, from->evidence[k]->name);
        install->verdicts[i] =
            (MienInstallVerdict){from->subject, (MienAnswer)from->can_use_gpu, from->cause,
                                 install->evidence[i], from->n_evidence};
    }
}

/* A PyTorch with code for some GPUs is judged by those of this machine. */
static MienStatus ask_cuda(MieniFacts *facts)
{
    const MieniHelperOptions options = {.timeout_ms = 3000, .only = "cuda"};
    if (!*mieni_facts_get(facts, "M08.sm")->text)
        return MIEN_OK;
    MieniMachine *machine;
    MienStatus status = mieni_machine_create(NULL, &machine);
    if (status == MIEN_OK)
        status = mieni_run_helper(machine, &options, facts);
    mieni_machine_destroy(machine);
    return status;
}

static MienStatus fill(MienInstall *install, const char *path, const char *script, MienError *error)
{
    struct utsname system;
    MienStatus status = mieni_facts_create(&install->facts);
    if (status == MIEN_OK && uname(&system) == 0)
        status = mieni_facts_set(install->facts, "P01.machine", system.machine);
    if (status != MIEN_OK)
        return mieni_fail_nomem(error);
    status = mieni_install_inspect(path, install->facts, error);
    if (status == MIEN_OK && script)
        status = mieni_install_read_script(script, install->facts, error);
    if (status != MIEN_OK)
        return status;
    if (ask_cuda(install->facts) != MIEN_OK || list_facts(install) != MIEN_OK)
        return mieni_fail_nomem(error);
    list_verdicts(install);
    return MIEN_OK;
}

MienStatus mien_install_create(const char *path, const char *script, MienInstall **out,
                               MienError *error)
{
    if (!out)
        return mieni_fail(error, MIEN_E_ARGUMENT, "", "mien_install_create: install is NULL");
    *out = NULL;
    if (!path)
        return mieni_fail(error, MIEN_E_ARGUMENT, "", "mien_install_create: path is NULL");
    MienInstall *install = mieni_alloc(1, sizeof(*install));
    if (!install)
        return mieni_fail_nomem(error);
    MienStatus status = fill(install, path, script, error);
    if (status == MIEN_OK)
        *out = install;
    else
        mien_install_destroy(install);
    return status;
}

const MienInstallVerdict *mien_install_verdicts(const MienInstall *install, size_t *n)
{
    if (n)
        *n = install ? install->n_verdicts : 0;
    return install ? install->verdicts : NULL;
}

const MienInstallFact *mien_install_facts(const MienInstall *install, size_t *n)
{
    if (n)
        *n = install ? install->n_all : 0;
    return install ? install->all : NULL;
}

void mien_install_destroy(MienInstall *install)
{
    if (!install)
        return;
    mieni_facts_destroy(install->facts);
    mieni_free(install->all);
    mieni_free(install->errors);
    mieni_free(install);
}
