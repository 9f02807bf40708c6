/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/rules.h"

#include <errno.h>

#include "support/test.h"

static void test_table(void **state)
{
    (void)state;
    size_t n;
    const MieniRule *rules = mieni_rules(&n);
    for (size_t i = 0; i < n; i++) {
        const MieniCause *cause = mieni_catalogue_find(rules[i].cause);
        if (!cause)
            fail_msg("%s: the catalogue has no %s", rules[i].id, rules[i].cause);
        if (!cause->implemented)
            fail_msg("%s: %s is said not to be implemented", rules[i].id, rules[i].cause);
        if (!mieni_condition_is_sound(rules[i].condition))
            fail_msg("%s: not sound: %s", rules[i].id, rules[i].condition);
        assert_true(i == 0 || rules[i].stage >= rules[i - 1].stage);
        assert_true(rules[i].stacks != 0 && rules[i].stacks < 8);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(rules[i].id, rules[k].id);
    }
}

static void test_soundness(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      " ",    "=x",   "A<x",   "A<",    "A#ENO",
                                      "@none", "!A=b", "?A=b", "A=b -", "A=b  !"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (mieni_condition_is_sound(bad[i]))
            fail_msg("taken for sound: %s", bad[i]);
    assert_true(mieni_condition_is_sound("A !B C=|d -E~f|g H<3 I>-1 J#EPERM|EACCES ?K @throttled"));
}

static void test_conditions(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        bool holds;
    } cases[] = {
        {"a", true},
        {"none", false},
        {"gone", false},
        {"!gone", true},
        {"!a", false},
        {"!unasked", false},
        {"-unasked", true},
        {"-a", false},
        {"a=7", true},
        {"a=70", false},
        {"b=two", true},
        {"b=wo", false},
        {"b=two\tx", false},
        {"b=x|two", true},
        {"b!=x|y", true},
        {"b!=x|two", false},
        {"gone!=x", false},
        {"b~ords", true},
        {"b~x|wor", true},
        {"b~xyz", false},
        {"a<8", true},
        {"a<7", false},
        {"a>6", true},
        {"b>0", false},
        {"gone<1", false},
        {"empty=|x", true},
        {"empty=x", false},
        {"b=|x", false},
        {"denied#EACCES", true},
        {"denied#EPERM", false},
        {"denied#EPERM|EACCES", true},
        {"!denied", false},
        {"gone#EACCES", false},
        {"list.*.x=2", true},
        {"list.*.x=3", false},
        {"-list.*.x=3", true},
        {"a b", true},
        {"a gone", false},
        {"?gone a", true},
        {"?none", true},
        {"m=-9", true},
        {"m<0", true},
    };
    MieniFacts *facts;
    mieni_facts_create(&facts);
    mieni_facts_set(facts, "a", "7");
    mieni_facts_set(facts, "b", "two words");
    mieni_facts_set(facts, "m", "-9 (incompatible)");
    mieni_facts_set(facts, "empty", "");
    mieni_facts_set_absent(facts, "gone");
    mieni_facts_set_unreadable(facts, "denied", EACCES);
    mieni_facts_set(facts, "list.0.x", "1");
    mieni_facts_set(facts, "list.1.x", "2");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (mieni_condition_holds(facts, cases[i].condition, NULL) != cases[i].holds)
            fail_msg("wrong: %s", cases[i].condition);
    mieni_facts_destroy(facts);
}

static void test_evidence(void **state)
{
    (void)state;
    MieniFacts *facts;
    MieniEvidence evidence = {.n = 0};
    mieni_facts_create(&facts);
    mieni_facts_set(facts, "a", "1");
    mieni_facts_set(facts, "list.0.x", "1");
    mieni_facts_set(facts, "list.1.x", "2");
    mieni_facts_set_absent(facts, "gone");
    assert_true(mieni_condition_holds(facts, "a a=1 !gone list.*.x=2 -b ?unasked", &evidence));
    assert_int_equal(evidence.n, 3);
    assert_string_equal(evidence.items[0]->name, "a");
    assert_string_equal(evidence.items[1]->name, "gone");
    assert_string_equal(evidence.items[2]->name, "list.1.x");
    mieni_facts_destroy(facts);
}

/* Without the helper nothing is known of the drivers, and nothing is blamed for it. */
static void test_nothing_known(void **state)
{
    (void)state;
    MieniFacts *facts;
    MieniDiagnosis diagnosis;
    mieni_facts_create(&facts);
    mieni_facts_set(facts, "H01.gpus", "1");
    mieni_facts_set(facts, "H01.nvidia", "1");
    assert_int_equal(mieni_diagnose(facts, NULL, &diagnosis), MIEN_OK);
    assert_int_equal(diagnosis.n_findings, 0);
    for (int i = 0; i < MIENI_N_STACKS; i++)
        assert_int_equal(diagnosis.stacks[i].state, MIENI_STACK_UNKNOWN);
    mieni_free(diagnosis.findings);
    mieni_facts_destroy(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_soundness),
        cmocka_unit_test(test_conditions),    cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_nothing_known),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
