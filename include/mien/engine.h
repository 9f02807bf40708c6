/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The engine: pictures in, faces out, on the device that it was created with.
 *
 *     MienModel *mesh = NULL, *detector = NULL;
 *     mien_model_load_file("face_landmark.tflite", &mesh, NULL);
 *     mien_model_load_file("face_detection_short_range.tflite", &detector, NULL);
 *
 *     MienEngineOptions options;
 *     mien_engine_options_init(&options);
 *     options.model = mesh;         // or a bundle: face_landmarker.task, and no detector
 *     options.detector = detector;
 *     MienEngine *engine = NULL;
 *     MienError error;
 *     if (mien_engine_create(&options, &engine, &error) != MIEN_OK)
 *         puts(error.text);
 *     const MienResult *result;
 *     mien_engine_process(engine, &image, 0, &result);
 */
#ifndef MIEN_ENGINE_H
#define MIEN_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "image.h"
#include "log.h"
#include "model.h"
#include "result.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MienEngine MienEngine;

typedef enum MienMode {
    /** Pictures that have nothing to do with each other: every one is searched for faces. */
    MIEN_MODE_IMAGE = 0,
    /** Frames in order: faces are followed, and searched for only while fewer than max_faces. */
    MIEN_MODE_VIDEO = 1,
    /** The same for frames that come when they come: mien_engine_send takes them, a thread of the
     * engine's own looks at them, and a callback gets the results. */
    MIEN_MODE_LIVE_STREAM = 2
} MienMode;

/** How landmarks of followed faces are smoothed in time (one-euro filter; docs/formulas.md,
 * "Smoothing"). Never in MIEN_MODE_IMAGE. Blendshapes and matrix are those of the smoothed
 * landmarks. */
typedef enum MienSmoothing {
    /** As MediaPipe does: networks of the Face Landmarker with max_faces 1 only. */
    MIEN_SMOOTHING_DEFAULT = 0,
    MIEN_SMOOTHING_OFF = 1,
    /** MediaPipe's filter for every followed face, with any network. */
    MIEN_SMOOTHING_MEDIAPIPE = 2,
    /** The same with a quarter of the reaction to movement: calmer, and later. */
    MIEN_SMOOTHING_STRONG = 3
} MienSmoothing;

/** What mien_engine_send does when queue_capacity frames wait. */
typedef enum MienQueuePolicy {
    /** Drops the oldest that waits. */
    MIEN_QUEUE_NEWEST = 0,
    /** Waits until there is room. */
    MIEN_QUEUE_BLOCK = 1
} MienQueuePolicy;

/**
 * Receives the result of one frame in MIEN_MODE_LIVE_STREAM, also of frames without a face. Called
 * from the engine's own thread, one call at a time, with rising timestamps; not at all for frames
 * that were dropped.
 *
 * @param status  MIEN_OK, or why the frame has no result; mien_engine_message has the text.
 * @param result  Borrowed until the callback returns (mien_result_clone keeps it); NULL on failure.
 *
 * It may call mien_engine_info, _message and _stream_stats. Other calls with the same engine return
 * MIEN_E_BUSY; reset and destroy take effect when it has returned.
 */
typedef void (*MienResultFn)(void *user, MienStatus status, const MienResult *result,
                             int64_t timestamp_us);

/** What a call does when its device is lost or fails: an ECC error, a time-out, a reset driver. */
typedef enum MienOnDeviceLoss {
    /** It fails with MIEN_E_DEVICE, and the engine can only be destroyed. */
    MIEN_ON_DEVICE_LOSS_FAIL = 0,
    /** The same device, never another one, is closed and opened again, and the call goes on with
     * its frames; what is known of followed faces stays. Up to three times in a call, which may
     * wait for a second or two; then it fails. */
    MIEN_ON_DEVICE_LOSS_REOPEN = 1
} MienOnDeviceLoss;

/** All bits of MienEngineOptions.cpu_mask: use whatever instructions the CPU has. */
#define MIEN_CPU_ALL UINT64_MAX

typedef struct MienEngineOptions {
    /** sizeof(MienEngineOptions), set by mien_engine_options_init. */
    size_t struct_size;
    /** (default MIEN_MODE_IMAGE) */
    MienMode mode;
    /** Landmark network, or a bundle (face_landmarker.task). NULL: the engine only detects, and
     * faces have six key points. Owner: retained by the engine (default NULL) */
    MienModel *model;
    /** Face detector; may be NULL with a bundle, which has one. Owner: retained by the engine
     * (default NULL) */
    MienModel *detector;
    /** Faces looked for, 1..1024. With a network of Face Mesh a video frame that is searched
     * because fewer are followed may have up to 2 * max_faces - 1, as in MediaPipe (default 1) */
    int32_t max_faces;
    /** Detections below this score are dropped, 0..1 (default 0.5) */
    float min_detection_confidence;
    /** As MediaPipe means it, 0..1 (default 0.5). Networks of Face Mesh: faces whose presence is
     * not above this are dropped, in every mode. Networks of the Face Landmarker: a detection that
     * overlaps a followed face by more than this (intersection over union) is that face. */
    float min_tracking_confidence;
    /** Threads that compute, the caller's included, 1..64 (default 1) */
    int32_t threads;
    /** Instruction sets that may be used, for tests (default MIEN_CPU_ALL) */
    uint64_t cpu_mask;
    /** NULL: silent (default NULL) */
    MienLogFn log;
    /** Handed to `log` (default NULL) */
    void *log_user;
    /** Most detailed level that is passed on (default MIEN_LOG_WARN) */
    MienLogLevel log_level;
    /** "cpu", "cuda", "cuda:N", "cuda:UUID", "vulkan", "vulkan:N", "gpu" or "auto", see device.h.
     * Owner: caller, copied (default NULL: "cpu") */
    const char *device;
    /** A Vulkan device that computes on the CPU may be used if it is named by its number
     * (default false) */
    bool allow_software;
    /** Networks of the Face Landmarker: faces whose presence is not above this are dropped, 0..1
     * (default 0.5) */
    float min_presence_confidence;
    /** Compute 52 blendshapes a face; the model must be a bundle that has the network (default
     * false) */
    bool blendshapes;
    /** Compute each face's transformation matrix and rotation (default false) */
    bool transform;
    /** Vertical field of view of the camera in degrees, for `transform`, 1..170 (default 63, as in
     * MediaPipe) */
    float fov_degrees;
    /** (default MIEN_SMOOTHING_DEFAULT) */
    MienSmoothing smoothing;
    /** MIEN_MODE_LIVE_STREAM: gets the results; must be set there and only there (default NULL) */
    MienResultFn on_result;
    /** Handed to `on_result` (default NULL) */
    void *on_result_user;
    /** MIEN_MODE_LIVE_STREAM: frames that may wait, 1..1024 (default 1) */
    int32_t queue_capacity;
    /** MIEN_MODE_LIVE_STREAM (default MIEN_QUEUE_NEWEST) */
    MienQueuePolicy queue_policy;
    /** What the device computes in (default MIEN_PRECISION_FP32) */
    MienPrecision precision;
    /** (default MIEN_ON_DEVICE_LOSS_FAIL) */
    MienOnDeviceLoss on_device_loss;
} MienEngineOptions;

/** Where the stages of an engine run, and with what. Strings belong to the engine. */
typedef struct MienEngineInfo {
    /** Set by the caller to sizeof(MienEngineInfo). */
    size_t struct_size;
    /** As in the options: "cpu", "auto". */
    const char *device_requested;
    /** Device that cuts faces out of the picture: "cpu", "cuda:0". */
    const char *device_crop;
    const char *device_detector;
    const char *device_landmarks;
    /** Instruction set or architecture of the kernels: "ref", "avx2", "avx512", "neon". */
    const char *isa;
    /** Landmarks a face: 468 or 478; 0 if the engine only detects. */
    int32_t n_landmarks;
    /** For "gpu" and "auto": what was chosen and why nothing better; else empty. */
    const char *device_choice;
    /** Device that computes blendshapes; empty if the engine does not. (device_landmarks is empty
     * if the engine only detects.) */
    const char *device_blendshapes;
    /** What the device computes in; never MIEN_PRECISION_AUTO. */
    MienPrecision precision;
    /** How often a lost device was opened again; see MienEngineOptions.on_device_loss. */
    int32_t n_reopened;
} MienEngineInfo;

/** Counters of MIEN_MODE_LIVE_STREAM since the engine was created. received = dropped + processed +
 * waiting, and one more while a frame is looked at. */
typedef struct MienStreamStats {
    /** Set by the caller to sizeof(MienStreamStats). */
    size_t struct_size;
    /** Frames that mien_engine_send took. */
    uint64_t received;
    /** Frames that gave way to newer ones, or to a reset. */
    uint64_t dropped;
    /** Frames whose callback has returned. */
    uint64_t processed;
    /** Frames that wait. */
    uint64_t waiting;
} MienStreamStats;

/** Sets all options to their defaults. Threads: any thread. */
MIEN_API void mien_engine_options_init(MienEngineOptions *options);

/**
 * Creates an engine. All checks of models and options happen here, before the first picture.
 *
 * @param options  Owner: caller, copied.
 * @param engine   Set to NULL first; then returned, free with mien_engine_destroy.
 * @param error    Filled on failure; may be NULL.
 * @return MIEN_OK,
 *         MIEN_E_ARGUMENT: an option is missing or out of range,
 *         MIEN_E_UNSUPPORTED: a model is not of the kind that its option wants,
 *         MIEN_E_DEVICE: the device cannot be used; the error's reason is a stable code,
 *         MIEN_E_NOMEM.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_engine_create(const MienEngineOptions *options, MienEngine **engine,
                                       MienError *error);

/**
 * Finds the faces of one picture. Not for MIEN_MODE_LIVE_STREAM, which has mien_engine_send.
 *
 * In MIEN_MODE_VIDEO the pictures are frames of one video (stream 0) in order. Allocates only in
 * the first call, and in the first after a reset; the size of the picture does not matter.
 *
 * @param image         Shape: height x width. Owner: caller, borrowed for the call.
 * @param timestamp_us  Time of the picture in microseconds; in MIEN_MODE_VIDEO each must be greater
 * than the last.
 * @param result        Set to a result borrowed until the next process, reset or destroy.
 * @return MIEN_OK, also when no face is found.
 *         MIEN_E_ARGUMENT: a pointer is NULL, a picture is not valid, time runs backwards, or the
 *         engine is one for live streams,
 *         MIEN_E_BUSY: another thread is in a call with this engine,
 *         MIEN_E_NOMEM. In these cases the video goes on as if the call had not been made.
 *         MIEN_E_DEVICE: the device failed, or could not be opened again where the options ask for
 *         that; the engine can only be destroyed.
 *         On failure no result is set, and results of earlier calls are gone.
 *
 * Threads: one thread at a time per engine.
 */
MIEN_API MienStatus mien_engine_process(MienEngine *engine, const MienImage *image,
                                        int64_t timestamp_us, const MienResult **result);

/**
 * Finds the faces of several pictures, in one go where they do not depend on each other.
 *
 * In MIEN_MODE_VIDEO pictures with the same stream id are frames of the same video, in order;
 * several streams are computed side by side. The results equal those of single calls bit for bit.
 * Allocates when there are more pictures than ever before, or a new stream.
 *
 * @param n              Number of pictures; 0 does nothing.
 * @param images         [n]. Owner: caller, borrowed for the call.
 * @param timestamps_us  [n], or NULL in MIEN_MODE_IMAGE: all 0.
 * @param stream_ids     [n], any values, or NULL: all 0. Ignored in MIEN_MODE_IMAGE.
 * @param results        [n], set to results borrowed until the next process, reset or destroy.
 * @return as mien_engine_process; one wrong picture fails the call, and no stream has moved on.
 *
 * Threads: one thread at a time per engine.
 */
MIEN_API MienStatus mien_engine_process_batch(MienEngine *engine, size_t n, const MienImage *images,
                                              const int64_t *timestamps_us,
                                              const uint32_t *stream_ids,
                                              const MienResult **results);

/**
 * Hands over one frame in MIEN_MODE_LIVE_STREAM; the callback gets its result. Returns at once, but
 * with MIEN_QUEUE_BLOCK when the queue is full.
 *
 * @param image         Owner: caller, copied.
 * @param timestamp_us  Time of the picture in microseconds, greater than that of the last frame.
 * @return MIEN_OK, also when an older frame was dropped for it.
 *         MIEN_E_ARGUMENT: a pointer is NULL, the picture is not valid, time runs backwards, or the
 *         engine has another mode,
 *         MIEN_E_BUSY: called from the callback, or the engine was reset or destroyed while it
 *         waited,
 *         MIEN_E_DEVICE: the device failed at an earlier frame; the engine can only be destroyed,
 *         MIEN_E_NOMEM. On failure the frame is not taken and not counted.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_engine_send(MienEngine *engine, const MienImage *image,
                                     int64_t timestamp_us);

/**
 * Waits until every frame sent so far has been answered or dropped, and the last callback has
 * returned.
 *
 * @return MIEN_OK. MIEN_E_ARGUMENT: engine is NULL or has another mode. MIEN_E_BUSY: called from
 * the callback.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_engine_flush(MienEngine *engine);

/**
 * Fills `stats`.
 *
 * @return MIEN_OK. MIEN_E_ARGUMENT: a pointer is NULL, struct_size is wrong, or the engine has
 * another mode than MIEN_MODE_LIVE_STREAM.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_engine_stream_stats(MienEngine *engine, MienStreamStats *stats);

/**
 * Lets the device read pictures that lie in this block of memory where they are.
 *
 * For programs whose frames are in memory of their own that stays, such as a camera's ring, on a
 * device that shares the host's memory and would copy each picture first. A picture counts if all
 * its planes are in one such block; others are copied as ever, and results have the same bits. Put
 * all frames into one block: there can be 8. It costs system calls, so it is for the set-up; no
 * picture allocates anything.
 *
 * @param memory      Begins on a page. Owner: caller, borrowed until mien_engine_release_memory or
 *                    mien_engine_destroy: mapped and in its place, whatever is in it.
 * @param size_bytes  Whole pages.
 * @return MIEN_OK.
 *         MIEN_E_ARGUMENT: not whole pages, a part of it is known already, there are 8, or the
 *         engine has MIEN_MODE_LIVE_STREAM, which copies its frames.
 *         MIEN_E_UNSUPPORTED: the device takes pictures as ever: it copies them, or is the CPU,
 *         which always reads in place. MIEN_E_BUSY: another thread is in a call.
 *         MIEN_E_NOMEM, MIEN_E_DEVICE: the driver refused. Nothing was changed.
 *
 * Threads: one thread at a time per engine.
 */
MIEN_API MienStatus mien_engine_import_memory(MienEngine *engine, void *memory, size_t size_bytes);

/** Ends what mien_engine_import_memory began; the block may go or change its place. Another
 * address is ignored. Threads: one thread at a time per engine. */
MIEN_API void mien_engine_release_memory(MienEngine *engine, void *memory);

/**
 * Forgets all tracked faces, stream ids and timestamps: call it between clips. Face ids begin at 0
 * again. In MIEN_MODE_LIVE_STREAM frames that wait are dropped, and the one that is looked at is
 * waited for.
 *
 * Threads: one thread at a time per engine.
 */
MIEN_API void mien_engine_reset(MienEngine *engine);

/** Fills `info`. Threads: one thread at a time per engine. */
MIEN_API MienStatus mien_engine_info(const MienEngine *engine, MienEngineInfo *info);

/** Returns the text of the engine's last failure, empty if there was none. In
 * MIEN_MODE_LIVE_STREAM: inside the callback of its frame, elsewhere of the last call that failed.
 * Owner: the engine. */
MIEN_API const char *mien_engine_message(const MienEngine *engine);

/** Returns the stable code of that failure ("gpu-lost"), which `mien doctor --explain` and
 * mien_cause_find know if it is a device's; empty if there was none. Owner: the engine. */
MIEN_API const char *mien_engine_reason(const MienEngine *engine);

/** Frees the engine and the results borrowed from it; NULL is fine. In MIEN_MODE_LIVE_STREAM, at
 * any moment: frames that wait are dropped, the one that is looked at is waited for, its callback
 * included. Threads: one thread at a time per engine. */
MIEN_API void mien_engine_destroy(MienEngine *engine);

#ifdef __cplusplus
}
#endif
#endif
