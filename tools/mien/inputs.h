/* SPDX-License-Identifier: Apache-2.0 */
/* What INPUT... stands for: files, the media files of folders, patterns that no shell expanded, and
 * standard input. */
#ifndef MIEN_TOOL_INPUTS_H
#define MIEN_TOOL_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "args.h"
#include "exit.h"

typedef struct CliInput {
    char *path;  /* "-": standard input */
    char *fault; /* why there is nothing to open here (a folder without media files), or NULL */
} CliInput;

typedef struct CliInputs {
    CliInput *items;
    size_t n, capacity;
} CliInputs;

/* Expands all operands in order. What leads to nothing becomes an entry with a fault, so that the
 * rest of a batch still runs. CLI_USAGE if standard input is named twice; CLI_INTERNAL. */
CliExit cli_inputs_expand(CliInputs *inputs, const CliList *operands);

void cli_inputs_free(CliInputs *inputs);

/* Whether the ending is one of a picture or video format. */
bool cli_is_media_name(const char *name);

#endif
