/* SPDX-License-Identifier: Apache-2.0 */
/* What a frame of a video costs: decoding, and finding its face; and both side by side. */
#ifndef MIEN_TOOL_BENCH_PIPELINE_H
#define MIEN_TOOL_BENCH_PIPELINE_H

#include "exit.h"
#include "mien/engine.h"

typedef struct CliPipelineBench {
    size_t n_frames;  /* of the input, as far as they count */
    size_t n_tracked; /* those whose face was known from the frame before */
    double decode_ms; /* means over the frames, of the fastest pass each */
    double frame_ms;  /* the engine alone, over all frames */
    double tracked_ms;
    double
        frames_per_second; /* of the fastest run as `mien run` does it; 0: none came to its end */
} CliPipelineBench;

/* Called before each pass, and with 0 at the end. */
typedef void (*CliPassShower)(int32_t pass, int32_t n_passes);

/* Takes the input through an engine `passes` times, and as often through what `mien run` does;
 * MIEN_MODE_VIDEO, one face. `show` may be NULL. */
CliExit cli_bench_pipeline(const char *input, const MienEngineOptions *options, int32_t passes,
                           CliPassShower show, CliPipelineBench *bench);

#endif
