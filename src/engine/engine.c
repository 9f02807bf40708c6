/* SPDX-License-Identifier: Apache-2.0 */
/* Creating an engine: options checked, models planned, the device opened. */
#include "engine/engine_private.h"

#include <stdio.h>

void mien_engine_options_init(MienEngineOptions *options)
{
    if (!options)
        return;
    *options = (MienEngineOptions){.struct_size = sizeof(*options),
                                   .mode = MIEN_MODE_IMAGE,
                                   .max_faces = 1,
                                   .min_detection_confidence = 0.5f,
                                   .min_tracking_confidence = 0.5f,
                                   .threads = 1,
                                   .cpu_mask = MIEN_CPU_ALL,
                                   .log_level = MIEN_LOG_WARN,
                                   .min_presence_confidence = 0.5f,
                                   .fov_degrees = 63,
                                   .queue_capacity = 1};
}

static MienStatus check_options(const MienEngineOptions *options, MienError *error)
{
    enum { MAX_FACES = 1024, MAX_THREADS = 64, MAX_QUEUE = 1024 };
    bool live = options->mode == MIEN_MODE_LIVE_STREAM;
    const char *wrong = NULL;
    /* NaN fails every comparison, so ranges are asked for the right way round. */
    if (options->struct_size != sizeof(*options))
        wrong = "struct_size: call mien_engine_options_init first";
    else if (options->mode != MIEN_MODE_IMAGE && options->mode != MIEN_MODE_VIDEO && !live)
        wrong = "mode: not MIEN_MODE_IMAGE, MIEN_MODE_VIDEO or MIEN_MODE_LIVE_STREAM";
    else if (!options->model && !options->detector)
        wrong = "model: must be set to a landmark network or a bundle, or the detector to one";
    else if (options->max_faces < 1 || options->max_faces > MAX_FACES)
        wrong = "max_faces: not in 1..1024";
    else if (!(options->min_detection_confidence >= 0 && options->min_detection_confidence <= 1))
        wrong = "min_detection_confidence: not in 0..1";
    else if (!(options->min_tracking_confidence >= 0 && options->min_tracking_confidence <= 1))
        wrong = "min_tracking_confidence: not in 0..1";
    else if (!(options->min_presence_confidence >= 0 && options->min_presence_confidence <= 1))
        wrong = "min_presence_confidence: not in 0..1";
    else if (!(options->fov_degrees >= 1 && options->fov_degrees <= 170))
        wrong = "fov_degrees: not in 1..170";
    else if (options->smoothing < MIEN_SMOOTHING_DEFAULT ||
             options->smoothing > MIEN_SMOOTHING_STRONG)
        wrong = "smoothing: none that there is";
    else if ((options->blendshapes || options->transform) && !options->model)
        wrong = "model: must be set for blendshapes and transform";
    else if (live && !options->on_result)
        wrong = "on_result: must be set with MIEN_MODE_LIVE_STREAM";
    else if (!live && options->on_result)
        wrong = "on_result: is for MIEN_MODE_LIVE_STREAM only";
    else if (live && (options->queue_capacity < 1 || options->queue_capacity > MAX_QUEUE))
        wrong = "queue_capacity: not in 1..1024";
    else if (live && options->queue_policy != MIEN_QUEUE_NEWEST &&
             options->queue_policy != MIEN_QUEUE_BLOCK)
        wrong = "queue_policy: neither MIEN_QUEUE_NEWEST nor MIEN_QUEUE_BLOCK";
    else if (options->precision < MIEN_PRECISION_FP32 || options->precision > MIEN_PRECISION_AUTO)
        wrong = "precision: none that there is";
    else if (options->on_device_loss != MIEN_ON_DEVICE_LOSS_FAIL &&
             options->on_device_loss != MIEN_ON_DEVICE_LOSS_REOPEN)
        wrong = "on_device_loss: neither MIEN_ON_DEVICE_LOSS_FAIL nor MIEN_ON_DEVICE_LOSS_REOPEN";
    else if (options->threads < 1 || options->threads > MAX_THREADS)
        wrong = "threads: not in 1..64";
    else if (options->device && strlen(options->device) >= sizeof(((MienEngine *)0)->requested))
        wrong = "device: a name that is far too long";
    if (wrong)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "engine option %s", wrong);
    return MIEN_OK;
}

/* A mutex that tells a thread which locks it twice. */
static void init_guard(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(mutex, &kind);
    pthread_mutexattr_destroy(&kind);
}

/* How strongly followed faces are smoothed; 0: not at all. */
static float find_smoothing(const MienEngine *engine)
{
    const MienEngineOptions *options = &engine->options;
    if (options->mode == MIEN_MODE_IMAGE || !options->model)
        return 0;
    switch (options->smoothing) {
    case MIEN_SMOOTHING_OFF:
        return 0;
    case MIEN_SMOOTHING_MEDIAPIPE:
        return MIENI_SMOOTH_BETA_MEDIAPIPE;
    case MIEN_SMOOTHING_STRONG:
        return MIENI_SMOOTH_BETA_STRONG;
    case MIEN_SMOOTHING_DEFAULT:
        break;
    }
    return engine->rules.tasks && options->max_faces == 1 ? MIENI_SMOOTH_BETA_MEDIAPIPE : 0;
}

MienStatus mien_engine_create(const MienEngineOptions *options, MienEngine **out, MienError *error)
{
    if (out)
        *out = NULL;
    if (!out || !options)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "a pointer is NULL");
    MienStatus status = check_options(options, error);
    if (status != MIEN_OK)
        return status;
    MienEngine *engine = mieni_alloc(1, sizeof(*engine));
    if (!engine)
        return mieni_fail_nomem(error);
    engine->options = *options;
    init_guard(&engine->in_call);
    mien_model_retain(options->model);
    mien_model_retain(options->detector);
    engine->log = (MieniLog){options->log, options->log_user, options->log_level};
    engine->max_tracks = 2 * options->max_faces;
    engine->rules = (MieniRules){.nms_iou = MIENI_NMS_IOU_LEGACY,
                                 .track_iou = MIENI_TRACK_IOU_LEGACY,
                                 .min_presence = options->min_tracking_confidence};
    snprintf(engine->requested, sizeof(engine->requested), "%s",
             options->device ? options->device : "cpu");
    engine->options.device = engine->requested;
    mieni_engine_check_drivers(engine->requested);
    status = mieni_engine_open_device(engine, error);
    if (status == MIEN_OK)
        status = mieni_engine_create_detector(engine, error);
    if (status == MIEN_OK && options->model)
        status = mieni_engine_create_landmarks(engine, error);
    else if (status == MIEN_OK)
        engine->shape.n_keypoints = MIEN_N_KEYPOINTS;
    if (status == MIEN_OK && options->blendshapes)
        status = mieni_engine_create_blendshapes(engine, error);
    engine->shape.n_transform = options->transform ? 16 : 0;
    engine->smooth_beta = find_smoothing(engine);
    if (status == MIEN_OK && options->mode == MIEN_MODE_LIVE_STREAM)
        status = mieni_live_create(engine, error);
    if (status != MIEN_OK) {
        mien_engine_destroy(engine);
        return status;
    }
    *out = engine;
    return MIEN_OK;
}

MienStatus mien_engine_info(const MienEngine *engine, MienEngineInfo *info)
{
    if (!engine || !info || info->struct_size != sizeof(*info))
        return MIEN_E_ARGUMENT;
    info->device_requested = engine->requested;
    info->device_crop = engine->choice.id;
    info->device_detector = engine->choice.id;
    info->device_landmarks = engine->options.model ? engine->choice.id : "";
    info->isa = engine->isa;
    info->n_landmarks = engine->shape.n_landmarks;
    info->device_choice = engine->choice.why;
    info->device_blendshapes = engine->options.blendshapes ? engine->choice.id : "";
    info->precision = engine->precision;
    info->n_reopened = engine->n_reopened;
    return MIEN_OK;
}

const char *mien_engine_message(const MienEngine *engine)
{
    if (!engine)
        return "";
    return engine->live ? mieni_live_message(engine->live) : engine->error.text;
}

const char *mien_engine_reason(const MienEngine *engine)
{
    if (!engine)
        return "";
    return engine->live ? mieni_live_reason(engine->live) : engine->error.reason;
}

void mieni_engine_forget(MienEngine *engine)
{
    for (size_t i = 0; i < engine->n_streams; i++) {
        mieni_stream_state_finish(&engine->streams[i].state);
        mieni_stream_state_finish(&engine->streams[i].working);
    }
    mieni_free(engine->streams);
    engine->streams = NULL;
    engine->n_streams = 0;
}

void mien_engine_reset(MienEngine *engine)
{
    if (!engine)
        return;
    if (engine->live) {
        mieni_live_reset(engine->live);
        return;
    }
    /* Fails where the same thread is in a call already: in a callback for the log. */
    if (pthread_mutex_lock(&engine->in_call) != 0)
        return;
    mieni_engine_forget(engine);
    pthread_mutex_unlock(&engine->in_call);
}

void mieni_engine_free(MienEngine *engine)
{
    mieni_engine_forget(engine);
    for (size_t i = 0; i < engine->n_frames; i++) {
        mieni_free(engine->frames[i].found);
        mieni_result_finish(&engine->frames[i].result);
    }
    mieni_free(engine->frames);
    mieni_free(engine->scratch);
    mieni_free(engine->detected);
    mieni_engine_destroy_stages(engine);
    if (engine->choice.backend)
        engine->choice.backend->close(engine->choice.device);
    mien_model_destroy(engine->options.model);
    mien_model_destroy(engine->options.detector);
    pthread_mutex_destroy(&engine->in_call);
    mieni_free(engine);
}

void mien_engine_destroy(MienEngine *engine)
{
    if (!engine)
        return;
    if (engine->live && !mieni_live_destroy(engine->live))
        return;
    if (!engine->live) {
        if (pthread_mutex_lock(&engine->in_call) != 0)
            return;
        pthread_mutex_unlock(&engine->in_call);
    }
    mieni_engine_free(engine);
}

MienStatus mieni_engine_check_live(MienEngine *engine)
{
    if (!engine)
        return MIEN_E_ARGUMENT;
    if (engine->live)
        return mieni_live_is_inside(engine->live) ? MIEN_E_BUSY : MIEN_OK;
    if (pthread_mutex_trylock(&engine->in_call) != 0)
        return MIEN_E_BUSY;
    mieni_fail(&engine->error, MIEN_E_ARGUMENT, "argument",
               "only an engine in MIEN_MODE_LIVE_STREAM has a queue");
    pthread_mutex_unlock(&engine->in_call);
    return MIEN_E_ARGUMENT;
}
