/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_pipeline.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "interrupt.h"
#include "message.h"
#include "mien/media.h"
#include "session.h"

/* Enough of any video. */
#define MAX_FRAMES 2000
#define NDJSON 0 /* in cli_format_names */

/* The fastest pass of a frame. */
typedef struct FrameTimes {
    double decode_ms, frame_ms;
    bool tracked;
} FrameTimes;

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

/* One pass over the input; *n_frames becomes how many there were, unless an earlier one that was
 * not interrupted had more. */
static CliExit pass(const char *input, MienEngine *engine, FrameTimes *times, size_t *n_frames)
{
    MienMediaReader *reader;
    MienError error = {0};
    if (mien_media_reader_open(input, NULL, &reader, &error) != MIEN_OK)
        return cli_fail(CLI_INPUT, "%s", error.text);
    mien_engine_reset(engine);
    CliExit status = CLI_OK;
    bool tracked = false;
    size_t n = 0;
    for (; n < MAX_FRAMES && !cli_interrupted(NULL); n++) {
        MienMediaFrame *frame = NULL;
        const MienResult *result;
        double start = now_ms();
        MienStatus done = mien_media_reader_read(reader, &frame, &error);
        double decoded = now_ms();
        if (done != MIEN_OK) {
            status = cli_fail(CLI_INPUT, "%s", error.text);
            break;
        }
        if (!frame)
            break;
        done = mien_engine_process(engine, mien_media_frame_image(frame),
                                   mien_media_frame_timestamp_us(frame), &result);
        double end = now_ms();
        mien_media_frame_destroy(frame);
        if (done != MIEN_OK) {
            status = cli_fail(CLI_INTERNAL, "%s: frame %zu could not be processed", input, n);
            break;
        }
        times[n].decode_ms = fmin(times[n].decode_ms, decoded - start);
        times[n].frame_ms = fmin(times[n].frame_ms, end - decoded);
        times[n].tracked = tracked;
        tracked = mien_result_n_faces(result) > 0;
    }
    mien_media_reader_destroy(reader);
    if (n > *n_frames)
        *n_frames = n;
    return status;
}

static void sum_up(const FrameTimes *times, CliPipelineBench *bench)
{
    for (size_t i = 0; i < bench->n_frames; i++) {
        bench->decode_ms += times[i].decode_ms / (double)bench->n_frames;
        bench->frame_ms += times[i].frame_ms / (double)bench->n_frames;
        bench->n_tracked += times[i].tracked;
        if (times[i].tracked)
            bench->tracked_ms += times[i].frame_ms;
    }
    if (bench->n_tracked)
        bench->tracked_ms /= (double)bench->n_tracked;
}

/* All of `mien run`, whose NDJSON goes nowhere. *seconds: from its beginning to its end. */
static CliExit run_all(const char *input, const MienEngineOptions *options, double *seconds)
{
    const char *nowhere[] = {"/dev/null"};
    const CliList destinations = {nowhere, 1};
    CliInput item = {.path = (char *)(uintptr_t)input};
    const CliInputs inputs = {&item, 1, 1};
    CliRun run = {.n_sources = 1,
                  .max_faces = options->max_faces,
                  .threads = options->threads,
                  .batch = 1,
                  .min_detection_confidence = options->min_detection_confidence,
                  .min_presence_confidence = options->min_presence_confidence,
                  .min_tracking_confidence = options->min_tracking_confidence,
                  .smoothing = options->smoothing,
                  .smooth_name = "mediapipe",
                  .precision = options->precision,
                  .fov_degrees = options->fov_degrees};
    CliOutputs *outputs = NULL;
    CliSessionResult result = {0};
    CliExit status = cli_outputs_create(&run, &inputs, &destinations, NDJSON, &outputs);
    if (status == CLI_OK)
        status = cli_outputs_open(outputs);
    const CliSessionOptions session = {.run = &run,
                                       .inputs = &inputs,
                                       .outputs = outputs,
                                       .model = options->model,
                                       .detector = options->detector,
                                       .device = options->device,
                                       .allow_software = options->allow_software,
                                       .cpu_mask = &options->cpu_mask,
                                       .max_frames = MAX_FRAMES,
                                       .progress = CLI_PROGRESS_NONE};
    double start = now_ms();
    if (status == CLI_OK)
        status = cli_session_run(&session, &result);
    *seconds = (now_ms() - start) * 1e-3;
    cli_outputs_destroy(outputs);
    return status == CLI_OK && result.n_failed ? CLI_INPUT : status;
}

CliExit cli_bench_pipeline(const char *input, const MienEngineOptions *options, int32_t passes,
                           CliPassShower show, CliPipelineBench *bench)
{
    MienEngine *engine = NULL;
    MienError error = {0};
    *bench = (CliPipelineBench){0};
    FrameTimes *times = malloc(MAX_FRAMES * sizeof(*times));
    if (!times)
        return cli_fail(CLI_INTERNAL, "out of memory");
    for (size_t i = 0; i < MAX_FRAMES; i++)
        times[i] = (FrameTimes){HUGE_VAL, HUGE_VAL, false};
    CliExit status = CLI_OK;
    if (mien_engine_create(options, &engine, &error) != MIEN_OK)
        status = cli_fail(CLI_INTERNAL, "%s", error.text);
    double seconds = HUGE_VAL;
    for (int32_t i = 0; i < 2 * passes && status == CLI_OK && !cli_interrupted(NULL); i++) {
        double took;
        if (show)
            show(i + 1, 2 * passes);
        if (i < passes) {
            status = pass(input, engine, times, &bench->n_frames);
            continue;
        }
        status = run_all(input, options, &took);
        if (!cli_interrupted(NULL))
            seconds = fmin(seconds, took);
    }
    if (show)
        show(0, 2 * passes);
    if (status == CLI_OK)
        sum_up(times, bench);
    bench->frames_per_second = (double)bench->n_frames / seconds;
    mien_engine_destroy(engine);
    free(times);
    return status;
}
