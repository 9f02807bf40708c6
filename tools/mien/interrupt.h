/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C and its kin: the first asks to finish, the second ends the process at once. */
#ifndef MIEN_TOOL_INTERRUPT_H
#define MIEN_TOOL_INTERRUPT_H

#include "exit.h"

/* Takes over SIGINT and SIGTERM. */
void cli_interrupt_init(void);

/* Non-zero after a signal. Has the shape of MienMediaReaderOptions.interrupted; `user` is unused.
 */
int cli_interrupted(void *user);

/* CLI_OK, or the exit code of the signal that came. */
CliExit cli_interrupt_exit(void);

#endif
