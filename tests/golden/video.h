/* SPDX-License-Identifier: Apache-2.0 */
/* The clip, run through an engine frame by frame. */
#ifndef MIEN_TESTS_GOLDEN_VIDEO_H
#define MIEN_TESTS_GOLDEN_VIDEO_H

#include "engine/engine_private.h"
#include "golden/compare.h"
#include "mien/media.h"

#define CLIP "testdata/short_hamilton_clip.mp4"
#define CLIP_WIDTH 640
#define CLIP_HEIGHT 360
#define N_FRAMES 275
#define MIN_AGREEING 267 /* 97% of 275, rounded up */
#define CUT 211          /* here another scene begins, with other people */

/* Opens the clip; the test is skipped without it. */
MienMediaReader *open_clip(bool rgb24);

/* The next frame, or NULL behind the last. */
MienMediaFrame *read_frame(MienMediaReader *reader);

#define MAX_STARTS 2

/* What a tracker knows when a frame comes: where the faces were after the one before. */
typedef struct Start {
    int32_t n;
    MieniRect rects[MAX_STARTS];
} Start;

/*
 * Runs the clip; `results` [N_FRAMES] get clones. With `starts` [N_FRAMES] each frame begins from
 * its own, whatever the engine found before; without, the engine tracks by itself. Only every
 * `step`-th frame is looked at, the other results are NULL.
 */
void run_clip(MienEngine *engine, bool rgb24, const Start *starts, int step, MienResult **results);

void free_results(MienResult **results);

/* The start of each frame that the results of the frames before it make. */
void starts_from_results(MienResult *const *results, Start *starts);

/* What many frames add up to. Shares of the eye distance. */
typedef struct Tally {
    int n_frames, n_agreeing; /* agreeing: the same number of faces */
    int n_compared;           /* faces in the frames that agree */
    double sum;               /* of their means */
    double worst_mean, worst;
} Tally;

void tally_frame(Tally *tally, bool agreeing);
void tally_face(Tally *tally, const Difference *difference);
double tally_mean(const Tally *tally);
void tally_print(const char *what, const Tally *tally);

#endif
