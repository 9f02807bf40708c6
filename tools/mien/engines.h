/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engines of a run. Pictures that have nothing to do with each other are shared out over the
 * devices of a list, an engine each; a followed video is the work of the first device alone, as
 * each of its frames needs the one before.
 */
#ifndef MIEN_TOOL_ENGINES_H
#define MIEN_TOOL_ENGINES_H

#include "exit.h"
#include "mien/engine.h"

#define CLI_MAX_DEVICES 16

typedef struct CliEngines CliEngines;

/*
 * `options` say all but the mode; options->device may be a list: "cuda:0,cuda:1". Nothing is opened
 * yet. CLI_USAGE for a list that is none.
 */
CliExit cli_engines_create(const MienEngineOptions *options, CliEngines **engines);

/* Over how many devices pictures are shared. */
size_t cli_engines_n_devices(const CliEngines *engines);

/* Makes those engines of a mode that are not there yet. On failure all is said. */
CliExit cli_engines_open(CliEngines *engines, MienMode mode);

/* Of an opened mode; where there are several devices, their names in a list. */
const MienEngineInfo *cli_engines_info(const CliEngines *engines, MienMode mode);

/* Forgets what is known of a video. */
void cli_engines_reset(CliEngines *engines);

/* A frame of a followed video, called `source` in the message of a failure. */
CliExit cli_engines_follow(CliEngines *engines, const char *source, const MienImage *image,
                           int64_t timestamp_us, const MienResult **result);

/* Pictures, shared out; results are in their order, whoever computed them. `sources` [n] are their
 * names. */
CliExit cli_engines_look(CliEngines *engines, size_t n, const char *const *sources,
                         const MienImage *images, const MienResult **results);

/* How often lost devices were opened again so far. */
int64_t cli_engines_n_reopened(const CliEngines *engines);

/* NULL is fine. */
void cli_engines_destroy(CliEngines *engines);

#endif
