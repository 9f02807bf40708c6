/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine that probes look at: this one, or a fake one below a folder, for tests.
 *
 * A fake machine is a folder `root` whose files stand for those of the machine, and beside it
 * `nodes.tsv` (device nodes: path type major minor mode uid gid open_errno) and `env.txt` (the
 * whole environment, and as MIEN_TEST_* what uname, getuid and getrlimit would say). Paths never
 * lead out of the root: absolute links and ".." are taken inside of it.
 */
#ifndef MIENI_DOCTOR_MACHINE_H
#define MIENI_DOCTOR_MACHINE_H

#include "base/base.h"

#define MIENI_FILE_MAX 65536 /* what one file probe reads at most */
#define MIENI_PATH_MAX 4096

typedef struct MieniMachine MieniMachine;

typedef struct MieniNode {
    char type; /* 'c', 'b', 'd', '-' */
    uint32_t major, minor, mode, uid, gid;
    int open_errno; /* of open(O_RDWR), 0 if it worked */
} MieniNode;

/* `root` NULL or "": this machine. */
MienStatus mieni_machine_create(const char *root, MieniMachine **machine);
void mieni_machine_destroy(MieniMachine *machine);

/* The fake machine's root, or NULL. */
const char *mieni_machine_root(const MieniMachine *machine);

/* Everything below returns 0 or an errno. */

/* Reads up to MIENI_FILE_MAX bytes from the start, or the end, of a regular file. `text` has room
 * for one more, which becomes NUL. */
int mieni_machine_read(const MieniMachine *machine, const char *path, char *text, size_t *n);
int mieni_machine_read_end(const MieniMachine *machine, const char *path, char *text, size_t *n);

/* Hands each line of a file to `line` until that returns false; lines over 4 KiB are cut, and what
 * is behind `max_bytes` is not read. */
int mieni_machine_lines(const MieniMachine *machine, const char *path, size_t max_bytes,
                        bool (*line)(void *user, char *text, size_t n), void *user);

/* Names in a folder, sorted, without "." and ".."; 4096 at most. Free with mieni_machine_free_list.
 */
int mieni_machine_list(const MieniMachine *machine, const char *path, char ***names, size_t *n);
void mieni_machine_free_list(char **names, size_t n);

/* Where a link points to, as it is written. `target` has MIENI_PATH_MAX bytes. */
int mieni_machine_link(const MieniMachine *machine, const char *path, char *target);

/* The path without links, as the machine sees it: without the root. */
int mieni_machine_real_path(const MieniMachine *machine, const char *path, char *real);

/* Size of what a path leads to, following links. */
int mieni_machine_size(const MieniMachine *machine, const char *path, int64_t *bytes, bool *is_dir);

/* Whether a folder, or the one above it that exists, lets something be written into it. */
bool mieni_machine_may_write(const MieniMachine *machine, const char *path);

/* A device node: stat and open. */
int mieni_machine_node(const MieniMachine *machine, const char *path, MieniNode *node);

/* Value of a variable of the environment, or NULL. */
const char *mieni_machine_variable(const MieniMachine *machine, const char *name);

/* The whole environment, ending with NULL. */
char *const *mieni_machine_environment(const MieniMachine *machine);

#endif
