/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal that is drawn on as a whole, and left as it was found. */
#ifndef MIEN_TOOL_TERMINAL_H
#define MIEN_TOOL_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

/* Why cli_terminal_wait came back. */
typedef enum CliWake {
    CLI_WAKE_TIME,
    CLI_WAKE_INTERRUPT, /* see cli_interrupted */
    CLI_WAKE_REDRAW     /* the size has changed, or somebody else has drawn on it */
} CliWake;

/* Whether standard output is a terminal that understands being drawn on. */
bool cli_terminal_can_draw(void);

/* Takes the signals that go with a terminal; `draws`: shows the alternate screen. */
void cli_terminal_enter(bool draws);

/* Back to what was there before. Safe in a signal handler; does nothing when there is nothing. */
void cli_terminal_restore(void);

/* Its size, 80 x 24 if it does not tell. */
void cli_terminal_size(int *columns, int *rows);

/* Milliseconds on the monotonic clock. */
int64_t cli_terminal_now_ms(void);

/* Sleeps until `deadline_ms`, or until something happens. */
CliWake cli_terminal_wait(int64_t deadline_ms);

#endif
