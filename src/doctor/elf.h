/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an ELF file says about itself, without loading it: processor, needed libraries, texts in it.
 * The file may be anything: every offset is checked, and nothing is mapped, so that a file that
 * shrinks meanwhile does no harm. Source: System V ABI, "Object Files" and "Dynamic Linking".
 */
#ifndef MIENI_DOCTOR_ELF_H
#define MIENI_DOCTOR_ELF_H

#include "base/base.h"

#define MIENI_ELF_MAX_NEEDED 128
#define MIENI_ELF_MAX_NAME 128 /* with its NUL; longer names are cut */

typedef struct MieniElf {
    bool is_64;
    bool is_big_endian;
    uint16_t type;    /* ET_DYN is 3 */
    uint16_t machine; /* EM_X86_64 is 62, EM_AARCH64 is 183 */
    uint32_t n_needed;
    char needed[MIENI_ELF_MAX_NEEDED][MIENI_ELF_MAX_NAME]; /* DT_NEEDED, in the file's order */
} MieniElf;

/*
 * Reads a file's headers. 0; or an errno if it cannot be read, ENOEXEC if it is no ELF file or its
 * headers are damaged. What is damaged behind the headers is left out: a file without a sound
 * dynamic section needs nothing.
 */
int mieni_elf_read(const char *path, MieniElf *elf);

/* "x86_64", "aarch64", "arm", "i386", or "machine N" in `other`. */
const char *mieni_elf_machine_name(const MieniElf *elf, char other[24]);

/* Whether a library is needed whatever its version: "libEGL" is met by libEGL.so.1 and by the
 * libEGL-48f73270.so.1.1.0 that a wheel brings along. */
bool mieni_elf_needs(const MieniElf *elf, const char *stem);

/* A text to look for; a scan sets the rest. */
typedef struct MieniElfText {
    const char *text;
    bool found;
    char after[48]; /* what follows it the first time, up to the first NUL or line end */
} MieniElfText;

/* Looks for texts anywhere in a file, ELF or not, in one pass. 0 or an errno. */
int mieni_elf_find(const char *path, MieniElfText *texts, size_t n);

/* Calls `found` with the digits behind each "sm_" of a file, such as "90". 0 or an errno. */
int mieni_elf_find_sm(const char *path, void (*found)(void *user, int32_t sm), void *user);

#endif
