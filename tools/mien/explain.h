/* SPDX-License-Identifier: Apache-2.0 */
/* What `mien doctor` says about causes, logs and Python installations: text, or one JSON object. */
#ifndef MIEN_TOOL_EXPLAIN_H
#define MIEN_TOOL_EXPLAIN_H

#include <stdbool.h>

#include "exit.h"

/* A cause by its id; else the log in a file, or in standard input for "-". */
CliExit cli_explain(const char *what, bool json);

/* A virtual environment, a python executable or a site-packages folder. */
CliExit cli_inspect_python(const char *path, bool json);

#endif
