/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outputs. A format is a small table of functions; the list of outputs calls all of them in step
 * with the frames, in the order of the inputs.
 */
#ifndef MIEN_TOOL_OUTPUT_OUTPUT_H
#define MIEN_TOOL_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"
#include "draw.h"
#include "inputs.h"
#include "mien/engine.h"
#include "mien/media.h"
#include "target.h"

/* A model in use, for the record. */
typedef struct CliModelUse {
    const char *role; /* "landmarks", "detector" */
    const char *name; /* of the catalogue, or NULL */
    const char *file; /* without folders */
    const char *sha256;
} CliModelUse;

/* What all inputs of a run share. */
typedef struct CliRun {
    size_t n_sources;
    CliModelUse models[3];
    int n_models;
    int32_t max_faces, threads, batch;
    double min_detection_confidence, min_presence_confidence, min_tracking_confidence;
    MienSmoothing smoothing;
    const char *smooth_name; /* as in --smooth */
    MienPrecision precision;
    bool is_static, blendshapes, transform;
    double fov_degrees;             /* of the camera, vertical */
    unsigned overlay;               /* CliOverlay */
    const MienEngineInfo *infos[2]; /* by MienMode, from the first source of that kind on */
    CliCanvas canvas;               /* the annotated frame, shared by all outputs that want it */
    const void *drawn_on;           /* the CliFrame that the canvas shows, or NULL */
} CliRun;

/* MediaPipe's camera. */
#define CLI_DEFAULT_FOV 63

/* An input that could be opened. */
typedef struct CliSource {
    const char *path; /* "-": standard input */
    size_t index;     /* among all inputs */
    MienMediaInfo info;
    bool is_tracked; /* frames in VIDEO mode */
} CliSource;

/* The devices that compute a source. */
const MienEngineInfo *cli_run_info(const CliRun *run, const CliSource *source);

typedef struct CliFrame {
    int64_t index; /* from 0 */
    int64_t timestamp_us;
    const MienMediaFrame *media;
    const MienResult *result;
} CliFrame;

/* How a source ended. */
typedef struct CliEnd {
    int64_t n_frames;
    int64_t n_errors;
    int64_t n_reopened; /* lost devices that were opened again meanwhile */
    const char *error;  /* text of the last error, or NULL */
    bool interrupted;
} CliEnd;

typedef struct CliOutput CliOutput;

/* Functions return CLI_OK, or an exit code after a message. NULL: nothing to do. */
typedef struct CliFormat {
    const char *name;
    const char *extension; /* of files in a folder, without the dot */
    bool one_source;       /* a file cannot hold the results of several sources */
    bool needs_seeking;    /* cannot be written to a pipe */
    bool wants_pose;       /* needs the matrix of each face */
    MienMediaFormat media; /* for libmien-media, else 0 */
    CliExit (*open)(CliOutput *output);
    CliExit (*source_begin)(CliOutput *output, const CliSource *source);
    CliExit (*frame)(CliOutput *output, const CliSource *source, const CliFrame *frame);
    CliExit (*source_end)(CliOutput *output, const CliSource *source, const CliEnd *end);
    CliExit (*close)(CliOutput *output); /* completes the file */
    void (*destroy)(CliOutput *output);  /* frees `state`, also of a half-made output */
} CliFormat;

struct CliOutput {
    const CliFormat *format;
    CliRun *run;
    CliTarget target;
    size_t n_sources; /* that this file is for */
    void *state;      /* private to the format */
};

extern const CliFormat cli_format_ndjson;
extern const CliFormat cli_format_csv;
extern const CliFormat cli_format_openface;
extern const CliFormat cli_format_obj;
extern const CliFormat cli_format_png;
extern const CliFormat cli_format_jpeg;
extern const CliFormat cli_format_mp4;

/* Values of --format; the last, "annotated", is a picture or a video as the input is. */
extern const char *const cli_format_names[];
#define CLI_FORMAT_NONE (-1)

/* The annotated frame, upright RGB, on the run's canvas; drawn once a frame. */
CliExit cli_annotate(CliRun *run, const CliSource *source, const CliFrame *frame);

/* All outputs of a run. */
typedef struct CliOutputs CliOutputs;

/*
 * Checks what -o and --format ask for; touches nothing. `format`: place in cli_format_names, or
 * CLI_FORMAT_NONE. Without destinations: NDJSON (or `format`) on standard output. `outputs` is to
 * be destroyed also after a failure.
 */
CliExit cli_outputs_create(CliRun *run, const CliInputs *inputs, const CliList *destinations,
                           int32_t format, CliOutputs **outputs);

/* Whether any output needs the matrix of each face. */
bool cli_outputs_want_pose(const CliOutputs *outputs);

/* Opens the files, so that what cannot be written fails before the first input is read. */
CliExit cli_outputs_open(CliOutputs *outputs);

CliExit cli_outputs_source_begin(CliOutputs *outputs, const CliSource *source);
CliExit cli_outputs_frame(CliOutputs *outputs, const CliSource *source, const CliFrame *frame);
CliExit cli_outputs_source_end(CliOutputs *outputs, const CliSource *source, const CliEnd *end);

/* Completes all files that hold several sources. */
CliExit cli_outputs_finish(CliOutputs *outputs);

/* Frees everything; what was not finished is removed. NULL is fine. */
void cli_outputs_destroy(CliOutputs *outputs);

#endif
