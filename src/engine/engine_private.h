/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of the engine and its objects, shared by the files of this folder. */
#ifndef MIENI_ENGINE_ENGINE_PRIVATE_H
#define MIENI_ENGINE_ENGINE_PRIVATE_H

#include <pthread.h>

#include "backend/registry.h"
#include "engine/live.h"
#include "face/face.h"
#include "mien/engine.h"

#define MIENI_MODEL_MAX_NETWORKS 8

typedef struct MieniNetwork {
    char name[64]; /* inside a bundle: the member's name; else empty */
    MieniGraph *graph;
} MieniNetwork;

struct MienModel {
    int32_t n_references; /* under `mutex` */
    pthread_mutex_t mutex;
    char sha256[65]; /* under `mutex`; empty until somebody asks */
    const void *data;
    size_t size_bytes;
    bool is_mapped; /* else allocated */
    size_t n_networks;
    MieniNetwork networks[MIENI_MODEL_MAX_NETWORKS];
};

/* Gives back the memory that the file's pages take; they are read again if somebody needs them. */
void mieni_model_release_pages(const MienModel *model);

/* Puts the place (a file, an option) in front of the text of a failure, and returns `status`. A
 * lack of memory has no place. */
MienStatus mieni_fail_in(MienError *error, MienStatus status, const char *where);

/* How much there is of a face; 0: none of it. */
typedef struct MieniFaceShape {
    int32_t n_landmarks;
    int32_t n_blendshapes;
    int32_t n_transform; /* 16 */
    int32_t n_keypoints;
} MieniFaceShape;

struct MienResult {
    int64_t timestamp_us;
    int32_t n_faces;
    int32_t capacity; /* faces that there is room for */
    MieniFaceShape shape;
    MienFace *faces;         /* [capacity] */
    MienLandmark *landmarks; /* [capacity][n_landmarks] */
    float *blendshapes;      /* [capacity][n_blendshapes] */
    float *transforms;       /* [capacity][n_transform] */
    MienLandmark *keypoints; /* [capacity][n_keypoints] */
};

/* Makes room for faces. When that takes a larger block, those there are gone. */
MienStatus mieni_result_reserve(MienResult *result, int32_t capacity, const MieniFaceShape *shape);
void mieni_result_finish(MienResult *result);

/* What is remembered of a video between two frames. */
typedef struct MieniStreamState {
    bool has_time;
    int64_t timestamp_us;
    int32_t next_face_id;
    int32_t n_tracks;
    MieniTrack *tracks;       /* [2 * max_faces] */
    MieniSmoother *smoothers; /* [2 * max_faces], or NULL where nothing is smoothed */
    MieniSmoothCell *cells;   /* [2 * max_faces][n_landmarks][3], of the smoothers */
} MieniStreamState;

/* A call works on a copy of the state, so that it can fail without having moved on. */
typedef struct MieniStream {
    uint32_t id;
    MieniStreamState state, working;
    size_t n_seen; /* frames of the running call */
} MieniStream;

/* streams.c: the streams of an engine. */
MieniStream *mieni_stream_find(MienEngine *engine, uint32_t id);
MienStatus mieni_stream_add(MienEngine *engine, uint32_t id);
/* Copies what is remembered, the smoothers of followed faces included. */
void mieni_stream_copy_state(const MienEngine *engine, MieniStreamState *to,
                             const MieniStreamState *from);
void mieni_stream_state_finish(MieniStreamState *state);

/* A picture on its way through a call. */
typedef struct MieniFrame {
    MieniView view;
    MieniStream *stream; /* NULL in MIEN_MODE_IMAGE */
    size_t round;        /* how many earlier frames of its stream are in this call */
    int32_t n_found;     /* entries of `found` */
    MieniTrack *found;   /* [2 * max_faces] faces to look at */
    MienResult result;
} MieniFrame;

/* Where MediaPipe's two pipelines differ; which one is followed goes with the landmark network. */
typedef struct MieniRules {
    bool tasks; /* Face Landmarker; else Face Mesh */
    float nms_iou, track_iou;
    float min_presence;
} MieniRules;

/* A block of the caller's memory in which the device reads pictures in place. */
typedef struct MieniImport {
    void *memory; /* NULL: none */
    size_t size_bytes;
} MieniImport;

/* Whom a queued job is for. */
typedef struct MieniTicket {
    MieniFrame *frame;
    MieniTrack track;
    int32_t face; /* blendshapes: index in the frame's result */
} MieniTicket;

/* A network on the device, and the jobs that wait for it. */
typedef struct MieniStage {
    MieniDevicePlan *plan;
    MieniCropSpec crop;
    int32_t capacity;     /* jobs that run at a time */
    int32_t n_queued;     /* 0 between calls */
    MieniJob *jobs;       /* [capacity] */
    MieniTicket *tickets; /* [capacity] */
    float *points;        /* blendshapes: [capacity][146][2], inputs of the jobs */
    float *scores;        /* blendshapes: [capacity][52], outputs of the jobs */
} MieniStage;

/* What is done with a job when it has run. */
typedef void (*MieniTakeFn)(MienEngine *engine, const MieniTicket *ticket, MieniJob *job);

/* drivers.c: keeps a driver that would crash this process from being loaded for this device. */
void mieni_engine_check_drivers(const char *device);

/* reopen.c: opens the device of an engine, as its options say. */
MienStatus mieni_engine_open_device(MienEngine *engine, MienError *error);
/* reopen.c: the same device once more, after it failed; `error` holds why, and then what came of
 * it. `attempt` counts from 0. */
MienStatus mieni_engine_reopen(MienEngine *engine, int attempt, MienError *error);

/* import.c: hands the blocks to a device that was opened again; what it does not take is copied. */
void mieni_engine_import_again(MienEngine *engine);

/* process.c: runs what waits for a stage and hands each job to `take`. */
MienStatus mieni_stage_flush(MienEngine *engine, MieniStage *stage, MieniTakeFn take);

/* process.c: mien_engine_process_batch once everything that can be wrong with the call is checked.
 */
MienStatus mieni_engine_run(MienEngine *engine, size_t n, const MienImage *images,
                            const int64_t *timestamps_us, const uint32_t *stream_ids,
                            const MienResult **results);

/* engine.c: MIEN_OK if the engine has a queue and the caller is not its callback. */
MienStatus mieni_engine_check_live(MienEngine *engine);

/* engine.c: forgets all streams; frees all but the live stream. */
void mieni_engine_forget(MienEngine *engine);
void mieni_engine_free(MienEngine *engine);

/* faces.c: once all landmarks of a round are there: smoothing, boxes, poses, blendshapes. */
MienStatus mieni_engine_finish_faces(MienEngine *engine, size_t n, size_t round);

/* stages.c: the stages of an engine whose device is open. What they allocate is the engine's. */
MienStatus mieni_engine_create_detector(MienEngine *engine, MienError *error);
MienStatus mieni_engine_create_landmarks(MienEngine *engine, MienError *error);
MienStatus mieni_engine_create_blendshapes(MienEngine *engine, MienError *error);
void mieni_engine_destroy_stages(MienEngine *engine);
/* The plans alone: away before the device is closed, and made again when it is open again. */
void mieni_engine_destroy_plans(MienEngine *engine);
MienStatus mieni_engine_create_plans(MienEngine *engine, MienError *error);

struct MienEngine {
    MienEngineOptions options;
    MieniLog log;
    MienError error;         /* MIEN_MODE_LIVE_STREAM: the thread's own */
    pthread_mutex_t in_call; /* held by the thread that is in a call; checks for its own holder */
    MieniLive *live;         /* MIEN_MODE_LIVE_STREAM, else NULL */
    char requested[64];      /* the device that the options named */
    MieniChoice choice;
    char isa[64]; /* of the device, as it was opened */
    MienPrecision precision;
    int32_t n_reopened;
    MieniRules rules;
    MieniStage detector;
    MieniStage landmarks;   /* without a plan where the engine only detects */
    MieniStage blendshapes; /* without a plan where nobody asked for them */
    float smooth_beta;      /* 0: nothing is smoothed */
    int32_t n_anchors;
    MieniFaceShape shape;
    int32_t max_tracks;      /* 2 * max_faces: what one frame can hold */
    MieniDetection *scratch; /* [n_anchors] */
    MieniTrack *detected;    /* [max_faces] */
    MieniImport imports[MIENI_MAX_IMPORTS];
    size_t n_streams;
    MieniStream *streams;
    uint64_t n_pictures; /* seen so far: their serial numbers */
    size_t n_frames;     /* that there is room for */
    MieniFrame *frames;
};

#endif
