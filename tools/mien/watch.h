/* SPDX-License-Identifier: Apache-2.0 */
/* mien doctor --watch. */
#ifndef MIEN_TOOL_WATCH_H
#define MIEN_TOOL_WATCH_H

#include <stdbool.h>

#include "exit.h"

/* Shows the machine every `interval_s` seconds until it is interrupted: on the whole screen of a
 * terminal, else a line, or a JSON object, at a time. */
CliExit cli_watch(bool json, double interval_s);

#endif
