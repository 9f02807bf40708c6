/* SPDX-License-Identifier: Apache-2.0 */
/* Probes of files, device nodes and the environment. They gather facts and judge nothing. */
#ifndef MIENI_DOCTOR_PROBE_H
#define MIENI_DOCTOR_PROBE_H

#include "doctor/facts.h"
#include "doctor/machine.h"

typedef struct MieniProbe {
    const MieniMachine *machine;
    MieniFacts *facts;
    MienStatus status; /* the first failure to keep a fact */
    char *text;        /* MIENI_FILE_MAX + 1 bytes for whoever reads a file */
} MieniProbe;

/* All of them. */
MienStatus mieni_probe_files(const MieniMachine *machine, MieniFacts *facts);

void mieni_probe_platform(MieniProbe *probe);    /* P */
void mieni_probe_hardware(MieniProbe *probe);    /* H01, H02, H03, H12 */
void mieni_probe_modules(MieniProbe *probe);     /* H04..H11, H13, H14 */
void mieni_probe_nodes(MieniProbe *probe);       /* D */
void mieni_probe_environment(MieniProbe *probe); /* E */
void mieni_probe_libraries(MieniProbe *probe);   /* L07, L08 */
void mieni_probe_manifests(MieniProbe *probe);   /* V04, G03, E04.missing_file */

/* Keeping a fact. The name is a format. */
void mieni_note(MieniProbe *probe, const char *text, const char *name, ...) MIENI_PRINTF(3, 4);
void mieni_note_number(MieniProbe *probe, int64_t number, const char *name, ...) MIENI_PRINTF(3, 4);

/* What a failed read is: absent if there is nothing, else unreadable. */
void mieni_note_error(MieniProbe *probe, int error, const char *name, ...) MIENI_PRINTF(3, 4);

/* The first line of a file, without white space at its ends. NULs count as spaces. True if it could
 * be read. */
bool mieni_note_line(MieniProbe *probe, const char *path, const char *name, ...) MIENI_PRINTF(3, 4);

/* Reads a file into probe->text: 0 or an errno. */
int mieni_probe_read(MieniProbe *probe, const char *path);

/* Whether a path exists. */
bool mieni_probe_exists(const MieniProbe *probe, const char *path);

/* Cuts the line at its end and white space off both ends, in place. */
char *mieni_trim(char *text);

/* Whether a word stands in a text, with no letter, digit or '_' around it. */
bool mieni_has_word(const char *text, const char *word);

/* Formats a path; false if it is too long for `path`, which has MIENI_PATH_MAX bytes. */
bool mieni_path(char *path, const char *format, ...) MIENI_PRINTF(2, 3);

/* The first "a.b" or "a.b.c" of digits in a text, or false. */
bool mieni_find_version(const char *text, char *version, size_t size);

/* Compares dotted numbers like strcmp; what is missing counts as 0. */
int mieni_compare_versions(const char *a, const char *b);

#endif
