/* SPDX-License-Identifier: Apache-2.0 */
/* Takes all inputs through the engine and hands what comes out to the outputs, in order. */
#ifndef MIEN_TOOL_SESSION_H
#define MIEN_TOOL_SESSION_H

#include "exit.h"
#include "output/output.h"
#include "progress.h"

typedef struct CliSessionOptions {
    CliRun *run; /* its options and models; `info` is filled when the engine is made */
    const CliInputs *inputs;
    CliOutputs *outputs;
    MienModel *model, *detector;
    const char *device; /* a name or a list of names; NULL: the engine's default */
    bool allow_software;
    const uint64_t *cpu_mask; /* NULL: the engine's default */
    int64_t max_frames;       /* of each input; 0: all */
    MienOnDeviceLoss on_device_loss;
    CliProgressKind progress;
    bool verbose;
} CliSessionOptions;

typedef struct CliSessionResult {
    size_t n_opened; /* inputs that gave at least one frame */
    size_t n_failed; /* inputs that could not be opened, or broke */
    bool any_face;
} CliSessionResult;

/* Returns CLI_OK also when inputs failed or a signal ended it early; else what made it impossible
 * to go on. */
CliExit cli_session_run(const CliSessionOptions *options, CliSessionResult *result);

#endif
