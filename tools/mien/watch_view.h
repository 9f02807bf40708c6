/* SPDX-License-Identifier: Apache-2.0 */
/* A sample of a watch as a screen, as a line, and as JSON. */
#ifndef MIEN_TOOL_WATCH_VIEW_H
#define MIEN_TOOL_WATCH_VIEW_H

#include "mien/watch.h"
#include "writer.h"

#define CLI_WATCH_LINES 160
#define CLI_WATCH_COLUMNS 256

typedef enum CliWatchStyle {
    CLI_WATCH_TEXT,
    CLI_WATCH_TITLE,
    CLI_WATCH_GOOD, /* a verdict that blames nobody */
    CLI_WATCH_BAD
} CliWatchStyle;

typedef struct CliWatchLine {
    char text[CLI_WATCH_COLUMNS + 1];
    CliWatchStyle style;
    int weight; /* the highest goes first where there is no room */
} CliWatchLine;

/* At most `rows` lines (and CLI_WATCH_LINES) of less than `columns` characters; returns how many.
 */
size_t cli_watch_screen(const MienWatchSample *sample, int columns, int rows,
                        CliWatchLine lines[CLI_WATCH_LINES]);

/* One line, with its end. */
void cli_watch_plain(CliWriter *writer, const MienWatchSample *sample);

/* One object of mien.watch/1, on a line. */
void cli_watch_json(CliWriter *writer, const MienWatchSample *sample);

#endif
