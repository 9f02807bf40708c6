/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of install share: reading files and folders within bounds, and keeping facts. */
#ifndef MIENI_DOCTOR_INSTALL_FILES_H
#define MIENI_DOCTOR_INSTALL_FILES_H

#include "doctor/install.h"

#define MIENI_INSTALL_PATH 4096
#define MIENI_INSTALL_TEXT (256 * 1024) /* that is read of a text at most */
#define MIENI_INSTALL_SITES 8

typedef struct MieniInstall {
    MieniFacts *facts;
    MienStatus status; /* the first failure to keep a fact */
    char sites[MIENI_INSTALL_SITES][MIENI_INSTALL_PATH];
    size_t n_sites;
    char python[8];                    /* "3.11", or empty */
    char text[MIENI_INSTALL_TEXT + 1]; /* of mieni_install_text */
} MieniInstall;

/* Formats a path; false if it is too long. */
bool mieni_install_path(char path[MIENI_INSTALL_PATH], const char *format, ...) MIENI_PRINTF(2, 3);

bool mieni_install_is_folder(const char *path);
bool mieni_install_is_file(const char *path);

/* Reads the beginning of a regular file into install->text, with NULs made spaces. 0 or an errno.
 */
int mieni_install_text(MieniInstall *install, const char *path);

/* Calls `entry` for the names in a folder, until it returns false. 0 or an errno. */
int mieni_install_list(const char *folder, bool (*entry)(void *user, const char *name), void *user);

/* The first name in a folder that begins and ends so, into `name` (256 bytes). */
bool mieni_install_find(const char *folder, const char *begin, const char *end, char name[256]);

bool mieni_begins(const char *text, const char *with);
bool mieni_ends(const char *text, const char *with);

/* Keeping facts; the name is a format. */
void mieni_install_note(MieniInstall *install, const char *text, const char *name, ...)
    MIENI_PRINTF(3, 4);
void mieni_install_note_answer(MieniInstall *install, bool yes, const char *name);
void mieni_install_note_absent(MieniInstall *install, const char *name);
void mieni_install_note_error(MieniInstall *install, int error, const char *name);

/* install_find.c: fills sites and python from a path. */
MienStatus mieni_install_find_sites(MieniInstall *install, const char *path, MienError *error);

/* install_packages.c: METADATA and WHEEL of what is installed (M01, versions of M05..M10). */
void mieni_install_packages(MieniInstall *install);

/* Value of a header such as "Version" in METADATA text; false if it is not there. */
bool mieni_metadata_header(const char *text, const char *name, char *value, size_t size);

/* install_frameworks.c: files of the frameworks (M02, M03, M05..M10). */
void mieni_install_frameworks(MieniInstall *install);

/* Value that Python text gives to a name: `name = value`, `name: type = value`, `'name', value` or
 * `'name': value`, without quotes. */
bool mieni_python_value(const char *text, const char *name, char *value, size_t size);

#endif
