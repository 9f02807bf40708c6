/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the conditions of the rules. Their text is our own, but a mistake in it must be found: see
 * mieni_condition_is_sound. */
#include "doctor/rules.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_NAME 128

typedef enum Operator { HAS, ABSENT, IS, IS_NOT, CONTAINS, FAILED, BELOW, ABOVE } Operator;

typedef struct Term {
    bool negated, optional;
    MieniPredicate predicate;
    char name[MAX_NAME];
    Operator operation;
    const char *values; /* "a|b" */
    size_t n_values;    /* length of it */
} Term;

static const struct {
    const char *text;
    Operator operation;
} operators[] = {{"!=", IS_NOT}, {"=", IS},    {"~", CONTAINS},
                 {"#", FAILED},  {"<", BELOW}, {">", ABOVE}};

static bool read_operator(Term *term, const char *at, const char *end)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(operators); i++) {
        size_t n = strlen(operators[i].text);
        if ((size_t)(end - at) >= n && !strncmp(at, operators[i].text, n)) {
            term->operation = operators[i].operation;
            term->values = at + n;
            term->n_values = (size_t)(end - at) - n;
            return true;
        }
    }
    return false;
}

static bool read_term(const char *text, size_t length, Term *term)
{
    const char *end = text + length;
    *term = (Term){.operation = HAS};
    if (*text == '-') {
        term->negated = true;
        text++;
    }
    if (*text == '@') {
        term->predicate = mieni_predicate_find(text + 1, (size_t)(end - text) - 1);
        return term->predicate;
    }
    if (*text == '?') {
        term->optional = true;
        text++;
    } else if (*text == '!') {
        term->operation = ABSENT;
        text++;
    }
    size_t n = MIENI_MIN(strcspn(text, "!=~#<> "), (size_t)(end - text));
    if (n == 0 || n >= sizeof(term->name))
        return false;
    memcpy(term->name, text, n);
    term->name[n] = '\0';
    if (text + n == end)
        return true;
    return term->operation == HAS && !term->optional && read_operator(term, text + n, end);
}

/* The next term from *at on, moving it behind; false at the end. */
static bool next_term(const char **at, const char **term, size_t *length)
{
    *at += strspn(*at, " ");
    *term = *at;
    *length = strcspn(*at, " ");
    *at += *length;
    return *length > 0;
}

/* The value with this number of "a|b", or false. */
static bool nth_value(const Term *term, int index, const char **value, size_t *length)
{
    const char *at = term->values, *end = term->values + term->n_values;
    for (;; index--) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        *value = at;
        *length = (size_t)((bar ? bar : end) - at);
        if (index == 0)
            return true;
        if (!bar)
            return false;
        at = bar + 1;
    }
}

static bool text_is(const char *text, const char *value, size_t length)
{
    return !strncmp(text, value, length) &&
           (text[length] == '\0' || (length > 0 && text[length] == ' '));
}

static bool text_has(const char *text, const char *value, size_t length)
{
    for (; strlen(text) >= length; text++)
        if (!strncmp(text, value, length))
            return true;
    return false;
}

static int32_t error_number(const char *name, size_t length)
{
    static const struct {
        const char *name;
        int32_t code;
    } errors[] = {{"EACCES", EACCES}, {"EPERM", EPERM}, {"EIO", EIO}};
    for (size_t i = 0; i < MIENI_COUNT_OF(errors); i++)
        if (strlen(errors[i].name) == length && !strncmp(errors[i].name, name, length))
            return errors[i].code;
    return -1;
}

static bool one_of(const Term *term, const MieniFact *fact)
{
    const char *value;
    size_t length;
    for (int i = 0; nth_value(term, i, &value, &length); i++)
        if (term->operation == FAILED     ? fact->code == error_number(value, length)
            : term->operation == CONTAINS ? text_has(fact->text, value, length)
                                          : text_is(fact->text, value, length))
            return true;
    return false;
}

static bool fact_holds(const Term *term, const MieniFact *fact)
{
    char *end;
    switch (term->operation) {
    case HAS:
        return fact->state == MIENI_FACT_VALUE;
    case ABSENT:
        return fact->state == MIENI_FACT_ABSENT;
    case IS:
    case CONTAINS:
        return fact->state == MIENI_FACT_VALUE && one_of(term, fact);
    case IS_NOT:
        return fact->state == MIENI_FACT_VALUE && !one_of(term, fact);
    case FAILED:
        return fact->state == MIENI_FACT_UNREADABLE && one_of(term, fact);
    case BELOW:
    case ABOVE:
        break;
    }
    long long number = strtoll(fact->text, &end, 0), limit = strtoll(term->values, NULL, 0);
    if (fact->state != MIENI_FACT_VALUE || end == fact->text)
        return false;
    return term->operation == BELOW ? number < limit : number > limit;
}

static bool named_fact_holds(const MieniFacts *facts, const Term *term, MieniEvidence *evidence)
{
    if (!strchr(term->name, '*')) {
        const MieniFact *fact = mieni_facts_get(facts, term->name);
        if (!fact_holds(term, fact))
            return false;
        mieni_cite(evidence, fact);
        return true;
    }
    const MieniFact *fact;
    for (size_t at = 0; (fact = mieni_facts_next(facts, term->name, &at));)
        if (fact_holds(term, fact)) {
            mieni_cite(evidence, fact);
            return true;
        }
    return false;
}

void mieni_cite(MieniEvidence *evidence, const MieniFact *fact)
{
    if (!evidence || fact->state == MIENI_FACT_UNKNOWN || evidence->n == MIENI_MAX_EVIDENCE)
        return;
    for (size_t i = 0; i < evidence->n; i++)
        if (evidence->items[i] == fact)
            return;
    evidence->items[evidence->n++] = fact;
}

static bool term_holds(const MieniFacts *facts, const Term *term, MieniEvidence *evidence)
{
    MieniEvidence found = {.n = 0};
    bool holds =
        term->predicate ? term->predicate(facts, &found) : named_fact_holds(facts, term, &found);
    if (term->negated)
        return !holds;
    if (!holds && !term->optional)
        return false;
    for (size_t i = 0; evidence && i < found.n; i++)
        mieni_cite(evidence, found.items[i]);
    return true;
}

bool mieni_condition_holds(const MieniFacts *facts, const char *condition, MieniEvidence *evidence)
{
    const char *text;
    size_t length;
    Term term;
    while (next_term(&condition, &text, &length))
        if (!read_term(text, length, &term) || !term_holds(facts, &term, evidence))
            return false;
    return true;
}

static bool is_number(const char *text, size_t length)
{
    char *end;
    strtoll(text, &end, 0);
    return length > 0 && end == text + length;
}

static bool term_is_sound(const Term *term)
{
    const char *value;
    size_t length;
    if (term->operation == BELOW || term->operation == ABOVE)
        return is_number(term->values, term->n_values);
    if (term->operation != FAILED)
        return true;
    for (int i = 0; nth_value(term, i, &value, &length); i++)
        if (error_number(value, length) < 0)
            return false;
    return true;
}

bool mieni_condition_is_sound(const char *condition)
{
    const char *text;
    size_t length;
    Term term;
    size_t n = 0;
    for (; next_term(&condition, &text, &length); n++)
        if (!read_term(text, length, &term) || !term_is_sound(&term))
            return false;
    return n > 0;
}
