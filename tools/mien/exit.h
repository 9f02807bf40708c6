/* SPDX-License-Identifier: Apache-2.0 */
/* Exit codes of the command line tool. docs/cli.md explains them; tests/cli checks them. */
#ifndef MIEN_TOOL_EXIT_H
#define MIEN_TOOL_EXIT_H

typedef enum CliExit {
    CLI_OK = 0,
    CLI_INTERNAL = 1,    /* a bug, or the machine is out of memory */
    CLI_USAGE = 2,       /* the command line makes no sense */
    CLI_DEVICE = 3,      /* the requested device cannot be used */
    CLI_INPUT = 4,       /* an input cannot be opened or decoded */
    CLI_MODEL = 5,       /* a model is missing or not the one it should be */
    CLI_OUTPUT = 6,      /* an output cannot be written */
    CLI_NO_FACE = 7,     /* --require-face, and there was none */
    CLI_SOME_FAILED = 8, /* several inputs, of which some failed */
    CLI_SIGINT = 130,
    CLI_SIGTERM = 143
} CliExit;

#endif
