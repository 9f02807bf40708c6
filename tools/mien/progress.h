/* SPDX-License-Identifier: Apache-2.0 */
/* The progress line on standard error: at most ten times a second, and only for people. */
#ifndef MIEN_TOOL_PROGRESS_H
#define MIEN_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum CliProgressKind {
    CLI_PROGRESS_AUTO,
    CLI_PROGRESS_NONE,
    CLI_PROGRESS_JSON
} CliProgressKind;

extern const char *const cli_progress_names[];

typedef struct CliProgress {
    CliProgressKind kind;
    const char *device;
    size_t source, n_sources;               /* which input this is, from 0 */
    int64_t n_frames;                       /* of this source; -1: unknown */
    int64_t n_done;                         /* of this source */
    int64_t n_done_all;                     /* since the start */
    double begin, last_shown, source_begin; /* seconds on the monotonic clock */
    int spinner;
} CliProgress;

/* CLI_PROGRESS_AUTO becomes NONE unless standard error is a terminal. */
void cli_progress_init(CliProgress *progress, CliProgressKind kind, const char *device,
                       size_t n_sources);

void cli_progress_source(CliProgress *progress, size_t source, int64_t n_frames);

/* One more frame is done, with this many faces in it. */
void cli_progress_frame(CliProgress *progress, size_t n_faces);

/* Takes the line away and, if all went well, says in one line what was done. */
void cli_progress_end(CliProgress *progress, bool went_well);

/* Writes the line that would be shown after `seconds` of this source. */
void cli_progress_text(const CliProgress *progress, double seconds, size_t n_faces, char *text,
                       size_t size);

#endif
