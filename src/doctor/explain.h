/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of other programs' logs that the doctor knows. The reader of logs is public: explain.h
 * of include/mien. */
#ifndef MIENI_DOCTOR_EXPLAIN_H
#define MIENI_DOCTOR_EXPLAIN_H

#include "base/base.h"

/* More pieces than this in a pattern would be a mistake; a test checks the table. */
#define MIENI_KNOWN_PIECES 4

typedef struct MieniKnownLine {
    const char *key;     /* stable name of the line */
    const char *pattern; /* what the line contains: pieces in this order, with '*' between them */
    const char *unless;  /* text that makes it another line, or NULL */
    const char *needs;   /* key of a line without which `cause` does not count, or NULL */
    bool general;        /* `cause` is the most frequent of several: a telling line overrules it */
    const char *cause;   /* id in the catalogue, or NULL */
    const char *meaning; /* what the line says */
    const char *caution; /* what it does not say, or NULL */
} MieniKnownLine;

/* All known lines, by area. */
const MieniKnownLine *mieni_known_lines(size_t *n);

/* Whether the line contains the pattern (and not the text of `unless`), and where its first piece
 * begins. The line may hold any bytes. */
bool mieni_known_line_matches(const MieniKnownLine *known, const char *line, size_t length,
                              size_t *at);

#endif
