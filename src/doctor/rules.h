/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From facts to causes. A rule is a row of a table: a condition, and the cause that it proves.
 *
 * A condition is a list of terms, apart by spaces, that must all hold:
 *   NAME         it was read                 !NAME        it does not exist
 *   NAME=a|b     it is a or b                NAME!=a|b    it was read and is neither
 *   NAME~a|b     it has a or b in it         NAME#E|E     reading failed with EACCES, EPERM or EIO
 *   NAME<n NAME>n  it is such a number       @predicate   a function of predicates.c says so
 *   -TERM        the term does not hold      ?NAME        always holds, is cited if it was read
 * A `*` in a name stands for any characters: one of the facts must do. "=" compares with the whole
 * text or its first word. The facts by which a condition holds are its evidence.
 */
#ifndef MIENI_DOCTOR_RULES_H
#define MIENI_DOCTOR_RULES_H

#include "doctor/catalogue.h"
#include "doctor/facts.h"

#define MIENI_MAX_EVIDENCE 12
#define MIENI_N_STACKS 3 /* CUDA, Vulkan, EGL: the first three bits of MIENI_STACK_* */

typedef struct MieniRule {
    const char *id; /* "R200", with a letter where several conditions prove the same */
    int32_t stage;
    uint32_t stacks; /* MIENI_STACK_* */
    const char *cause;
    const char *condition;
} MieniRule;

/* All rules, in the order in which they are asked. */
const MieniRule *mieni_rules(size_t *n);

/* The facts that prove something; pointers into the store. */
typedef struct MieniEvidence {
    const MieniFact *items[MIENI_MAX_EVIDENCE];
    size_t n;
} MieniEvidence;

/* Adds a fact once. */
void mieni_cite(MieniEvidence *evidence, const MieniFact *fact);

/* Whether a condition holds; `evidence` may be NULL. */
bool mieni_condition_holds(const MieniFacts *facts, const char *condition, MieniEvidence *evidence);

/* Whether a condition has the form above; for tests. */
bool mieni_condition_is_sound(const char *condition);

typedef bool (*MieniPredicate)(const MieniFacts *facts, MieniEvidence *evidence);

/* The predicate of this name, or NULL. */
MieniPredicate mieni_predicate_find(const char *name, size_t length);

typedef enum MieniStackState {
    MIENI_STACK_UNKNOWN, /* nothing could be asked */
    MIENI_STACK_WORKS,   /* a device of this stack did what it should */
    MIENI_STACK_BROKEN
} MieniStackState;

/* What the drivers themselves say, whatever the rules think. `stack` is one MIENI_STACK_* bit. */
MieniStackState mieni_stack_state(const MieniFacts *facts, uint32_t stack, MieniEvidence *evidence);

typedef struct MieniFinding {
    const MieniRule *rule;
    const MieniCause *cause;
    uint32_t stacks; /* of the rule's, those that do not work */
    MieniEvidence evidence;
    const MieniCause *explained_by; /* the earlier cause that this follows from, or NULL */
} MieniFinding;

typedef struct MieniVerdict {
    MieniStackState state;
    const MieniFinding *finding; /* why it is broken; NULL if no rule knows */
    MieniEvidence evidence;
} MieniVerdict;

typedef struct MieniDiagnosis {
    MieniFinding *findings; /* most important first */
    size_t n_findings;
    MieniVerdict stacks[MIENI_N_STACKS];
} MieniDiagnosis;

/*
 * Asks all rules. What works is not broken: a fatal cause of the machine's counts only for stacks
 * that do not work. What stops the device that was asked about (S04 of request.h) comes first.
 * Rules named in `off` ("R200,R305"; may be NULL) are not asked. Free with mieni_free(findings).
 */
MienStatus mieni_diagnose(const MieniFacts *facts, const char *off, MieniDiagnosis *diagnosis);

#endif
