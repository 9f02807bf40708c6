/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the doctor's probes found out about a machine: a flat list of named facts. Probes only
 * gather, rules only read; facts cross from the helper process as lines of text, and stand in the
 * report as evidence as they are.
 *
 * A fact's name is the id of its probe in the catalogue, a dot, and what was read, with the object
 * in between where there are several: "P01.machine", "H02.0000:01:00.0.driver",
 * "D01./dev/nvidiactl.open", "C01.cuInit", "E01.CUDA_VISIBLE_DEVICES".
 */
#ifndef MIENI_DOCTOR_FACTS_H
#define MIENI_DOCTOR_FACTS_H

#include "base/base.h"

/* "Not there" and "may not look" are different evidence, and neither is "not asked". */
typedef enum MieniFactState {
    MIENI_FACT_UNKNOWN,   /* nobody asked */
    MIENI_FACT_VALUE,     /* `text` is what was read */
    MIENI_FACT_ABSENT,    /* it does not exist (ENOENT, variable not set, library not found) */
    MIENI_FACT_UNREADABLE /* it exists or may exist, but reading failed; `code` is the errno */
} MieniFactState;

typedef struct MieniFact {
    const char *name;
    MieniFactState state;
    const char *text; /* never NULL: empty unless VALUE */
    int32_t code;     /* errno of UNREADABLE, else 0 */
} MieniFact;

typedef struct MieniFacts MieniFacts;

MienStatus mieni_facts_create(MieniFacts **facts);
void mieni_facts_destroy(MieniFacts *facts);

/* Adds a fact, or replaces the one of this name. Texts are copied, cut at 4 KiB, and made printable
 * UTF-8. */
MienStatus mieni_facts_set(MieniFacts *facts, const char *name, const char *text);
MienStatus mieni_facts_set_format(MieniFacts *facts, const char *name, const char *format, ...)
    MIENI_PRINTF(3, 4);
MienStatus mieni_facts_set_absent(MieniFacts *facts, const char *name);
MienStatus mieni_facts_set_unreadable(MieniFacts *facts, const char *name, int32_t code);

/* The fact of this name; one of state UNKNOWN if there is none. Never NULL; valid until the next
 * change. */
const MieniFact *mieni_facts_get(const MieniFacts *facts, const char *name);

/* Shorthands for rules. The number is `otherwise` unless the fact is a value that begins with one.
 */
bool mieni_facts_has(const MieniFacts *facts, const char *name);    /* state VALUE */
bool mieni_facts_absent(const MieniFacts *facts, const char *name); /* state ABSENT */
bool mieni_facts_is(const MieniFacts *facts, const char *name, const char *text);
bool mieni_facts_contains(const MieniFacts *facts, const char *name, const char *part);
int64_t mieni_facts_number(const MieniFacts *facts, const char *name, int64_t otherwise);

/*
 * Facts whose names match a pattern with `*` for any characters, in order of name: "H02.*.driver".
 * Returns the first at or after position `*at`, moving `*at` behind it, or NULL at the end. Start
 * with *at = 0.
 */
const MieniFact *mieni_facts_next(const MieniFacts *facts, const char *pattern, size_t *at);

/* As lines `name TAB state TAB code TAB text`, escaped; and back. Reading takes anything and keeps
 * what is sound. */
MienStatus mieni_facts_write(const MieniFacts *facts, int (*write)(void *user, const char *line),
                             void *user);
MienStatus mieni_facts_read_line(MieniFacts *facts, const char *line, size_t length);

#endif
