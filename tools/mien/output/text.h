/* SPDX-License-Identifier: Apache-2.0 */
/* What the outputs that are text have in common. */
#ifndef MIEN_TOOL_OUTPUT_TEXT_H
#define MIEN_TOOL_OUTPUT_TEXT_H

#include "output/output.h"
#include "writer.h"

typedef struct CliText {
    CliWriter writer;
    bool begun; /* free for the format's use */
} CliText;

CliExit cli_text_open(CliOutput *output);

/* To be called when a line is complete: passes it on unless the target is a file, and reports what
 * failed. */
CliExit cli_text_line(CliOutput *output);

CliExit cli_text_close(CliOutput *output);
void cli_text_destroy(CliOutput *output);

#endif
