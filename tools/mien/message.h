/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that goes to standard error, and the decision about colours. */
#ifndef MIEN_TOOL_MESSAGE_H
#define MIEN_TOOL_MESSAGE_H

#include <stdbool.h>

#include "exit.h"

#define CLI_PRINTF(format_index, first_index)                                                      \
    __attribute__((format(printf, format_index, first_index)))

typedef enum CliColor { CLI_COLOR_AUTO, CLI_COLOR_ALWAYS, CLI_COLOR_NEVER } CliColor;

/* Sets what the options -q, -v and --color say. Before it is called: auto, not quiet, not verbose.
 */
void cli_message_init(CliColor color, bool quiet, bool verbose);

/* Whether text on this file descriptor is to be coloured. */
bool cli_colored(int fd);

/* Prints one "mien: error: ..." line and returns `code`. */
CliExit cli_fail(CliExit code, const char *format, ...) CLI_PRINTF(2, 3);

/* Prints one more line of the failure before; --quiet does not silence it. */
void cli_continue(const char *format, ...) CLI_PRINTF(1, 2);

/* Prints one "mien: warning: ..." line. */
void cli_warn(const char *format, ...) CLI_PRINTF(1, 2);

/* Prints one line unless --quiet. */
void cli_note(const char *format, ...) CLI_PRINTF(1, 2);

/* Prints one line if --verbose. */
void cli_detail(const char *format, ...) CLI_PRINTF(1, 2);

/* Shows a line that the next message or status replaces; NULL takes it away. */
void cli_status(const char *text);

#endif
