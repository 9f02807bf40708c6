/* SPDX-License-Identifier: Apache-2.0 */
/* For fixtures.py. `rules`: names all rules. `off ROOT...`: examines fake machines once, asks the
 * rules again without each of them, and prints "ROOT TAB RULE" where the first finding changes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/helper.h"
#include "doctor/probe.h"
#include "doctor/request.h"
#include "doctor/rules.h"

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

static const MieniRule *first_rule(const MieniFacts *facts, const char *off)
{
    MieniDiagnosis diagnosis;
    check(mieni_diagnose(facts, off, &diagnosis) == MIEN_OK, "mieni_diagnose");
    const MieniRule *rule = diagnosis.n_findings ? diagnosis.findings[0].rule : NULL;
    mieni_free(diagnosis.findings);
    return rule;
}

static void examine(const char *root)
{
    const char *timeout = getenv("MIEN_DOCTOR_TIMEOUT_MS");
    MieniMachine *machine;
    MieniFacts *facts;
    size_t n;
    check(mieni_machine_create(root, &machine) == MIEN_OK, "mieni_machine_create");
    check(mieni_facts_create(&facts) == MIEN_OK, "mieni_facts_create");
    const char *device = mieni_machine_variable(machine, "MIEN_TEST_DEVICE");
    const MieniHelperOptions options = {.program = getenv("MIEN_PROBE"),
                                        .device = device,
                                        .timeout_ms = timeout ? atoi(timeout) : 4000};
    check(mieni_run_helper(machine, &options, facts) == MIEN_OK, "mieni_run_helper");
    check(!device || mieni_request_note(device, facts) == MIEN_OK, "mieni_request_note");
    if (mieni_machine_variable(machine, "MIEN_TEST_HOST"))
        check(mieni_facts_set(facts, "P14.asked", "yes") == MIEN_OK, "mieni_facts_set");
    check(mieni_probe_files(machine, facts) == MIEN_OK, "mieni_probe_files");
    const MieniRule *rules = mieni_rules(&n), *first = first_rule(facts, NULL);
    for (size_t i = 0; i < n; i++)
        if (first_rule(facts, rules[i].id) != first)
            printf("%s\t%s\n", root, rules[i].id);
    mieni_facts_destroy(facts);
    mieni_machine_destroy(machine);
}

int main(int argc, char **argv)
{
    size_t n;
    const MieniRule *rules = mieni_rules(&n);
    if (argc == 2 && !strcmp(argv[1], "rules")) {
        for (size_t i = 0; i < n; i++)
            puts(rules[i].id);
        return 0;
    }
    check(argc >= 2 && !strcmp(argv[1], "off"), "usage");
    for (int i = 2; i < argc; i++)
        examine(argv[i]);
    return 0;
}
