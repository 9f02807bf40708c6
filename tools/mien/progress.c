/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "writer.h"

#define INTERVAL 0.1 /* seconds between two redraws */

const char *const cli_progress_names[] = {"auto", "none", "json", NULL};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void cli_progress_init(CliProgress *progress, CliProgressKind kind, const char *device,
                       size_t n_sources)
{
    if (kind == CLI_PROGRESS_AUTO && !isatty(STDERR_FILENO))
        kind = CLI_PROGRESS_NONE;
    *progress = (CliProgress){
        .kind = kind,
        .device = device,
        .n_sources = n_sources,
        .n_frames = -1,
    };
    progress->begin = progress->last_shown = progress->source_begin = now();
}

void cli_progress_source(CliProgress *progress, size_t source, int64_t n_frames)
{
    progress->source = source;
    progress->n_frames = n_frames;
    progress->n_done = 0;
    progress->source_begin = now();
}

static void put_duration(char *text, size_t size, double seconds)
{
    long s = (long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}

void cli_progress_text(const CliProgress *progress, double seconds, size_t n_faces, char *text,
                       size_t size)
{
    static const char spinner[] = "|/-\\";
    char source[64] = "", frames[96], eta[32] = "";
    double rate = seconds > 0 ? (double)progress->n_done / seconds : 0;
    if (progress->n_sources > 1)
        snprintf(source, sizeof(source), "file %zu/%zu  ", progress->source + 1,
                 progress->n_sources);
    if (progress->n_frames > 0) {
        /* The number of frames is an estimate: it must not show more than all of them. */
        int64_t n = progress->n_frames > progress->n_done ? progress->n_frames : progress->n_done;
        snprintf(frames, sizeof(frames), "frame %lld/%lld  %lld%%", (long long)progress->n_done,
                 (long long)n, (long long)(progress->n_done * 100 / n));
        if (rate > 0) {
            memcpy(eta, "  ETA ", 7);
            put_duration(eta + 6, sizeof(eta) - 6, (double)(n - progress->n_done) / rate);
        }
    } else {
        snprintf(frames, sizeof(frames), "%c frame %lld", spinner[progress->spinner & 3],
                 (long long)progress->n_done);
    }
    snprintf(text, size, "%s%s  %.0f fps  %s  faces %zu%s", source, frames, rate, progress->device,
             n_faces, eta);
}

static void print_json(const CliProgress *progress, double seconds, size_t n_faces)
{
    static CliWriter out;
    cli_writer_init(&out, STDERR_FILENO);
    cli_put(&out, "{\"type\":\"progress\",\"source\":");
    cli_put_int(&out, (int64_t)progress->source);
    cli_put(&out, ",\"sources\":");
    cli_put_int(&out, (int64_t)progress->n_sources);
    cli_put(&out, ",\"frame\":");
    cli_put_int(&out, progress->n_done);
    cli_put(&out, ",\"frames\":");
    if (progress->n_frames > 0)
        cli_put_int(&out, progress->n_frames);
    else
        cli_put(&out, "null");
    cli_put(&out, ",\"fps\":");
    cli_put_fixed(&out, seconds > 0 ? (double)progress->n_done / seconds : 0, 1);
    cli_put(&out, ",\"faces\":");
    cli_put_int(&out, (int64_t)n_faces);
    cli_put(&out, "}\n");
    cli_writer_flush(&out);
}

void cli_progress_frame(CliProgress *progress, size_t n_faces)
{
    progress->n_done++;
    progress->n_done_all++;
    if (progress->kind == CLI_PROGRESS_NONE)
        return;
    double time = now();
    if (time - progress->last_shown < INTERVAL)
        return;
    progress->last_shown = time;
    progress->spinner++;
    double seconds = time - progress->source_begin;
    if (progress->kind == CLI_PROGRESS_JSON) {
        print_json(progress, seconds, n_faces);
        return;
    }
    char text[256];
    cli_progress_text(progress, seconds, n_faces, text, sizeof(text));
    cli_status(text);
}

void cli_progress_end(CliProgress *progress, bool went_well)
{
    cli_status(NULL);
    if (progress->kind != CLI_PROGRESS_AUTO || !went_well)
        return;
    double seconds = now() - progress->begin;
    cli_note("%lld frame%s in %.1f s, %.0f fps on %s", (long long)progress->n_done_all,
             progress->n_done_all == 1 ? "" : "s", seconds,
             seconds > 0 ? (double)progress->n_done_all / seconds : 0, progress->device);
}
