/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an output goes. Regular files are written under a temporary name beside the final one and
 * renamed when they are complete; devices and pipes are written directly.
 */
#ifndef MIEN_TOOL_TARGET_H
#define MIEN_TOOL_TARGET_H

#include <stdbool.h>

#include "exit.h"

typedef struct CliTarget {
    char *name;      /* as the user gave it, for messages */
    char *final;     /* where the file will be; NULL if it is written directly */
    char *path;      /* what to write to: the temporary file, the device, "/dev/stdout" */
    int slot;        /* in the list of temporary files, or -1 */
    bool is_regular; /* also for standard output sent to a file: no need to flush after each line */
} CliTarget;

/* Prepares a target for "-" or a path; says why it cannot and returns CLI_OUTPUT. */
CliExit cli_target_open(CliTarget *target, const char *name);

/* Opens the file for writing; -1 with errno on failure. Standard output is not opened again. */
int cli_target_descriptor(const CliTarget *target);

/* Gives the file its final name. */
CliExit cli_target_commit(CliTarget *target);

/* Frees everything; removes the temporary file if there was no commit. Fine on a zeroed target. */
void cli_target_close(CliTarget *target);

/* "cannot write NAME: REASON"; returns CLI_OUTPUT. */
CliExit cli_target_failed(const CliTarget *target, int error);

/* Removes all temporary files; for signal handlers. */
void cli_target_remove_all(void);

#endif
