/* SPDX-License-Identifier: Apache-2.0 */
/* Creating an engine: options checked, models planned, the device opened. */
#include "engine/engine_private.h"

#include <stdio.h>

#include "backend/validate.h"

void mien_engine_options_init(MienEngineOptions *options)
{
    *options = (MienEngineOptions){.struct_size = sizeof(*options),
                                   .mode = MIEN_MODE_IMAGE,
                                   .max_faces = 1,
                                   .min_detection_confidence = 0.5f,
                                   .min_tracking_confidence = 0.5f,
                                   .threads = 1,
                                   .cpu_mask = MIEN_CPU_ALL,
                                   .log_level = MIEN_LOG_WARN};
}

static MienStatus check_options(const MienEngineOptions *options, MienError *error)
{
    enum { MAX_FACES = 1024, MAX_THREADS = 64 };
    const char *wrong = NULL;
    /* NaN fails every comparison, so ranges are asked for the right way round. */
    if (options->struct_size != sizeof(*options))
        wrong = "struct_size: call mien_engine_options_init first";
    else if (options->mode != MIEN_MODE_IMAGE && options->mode != MIEN_MODE_VIDEO)
        wrong = "mode: neither MIEN_MODE_IMAGE nor MIEN_MODE_VIDEO";
    else if (!options->model)
        wrong = "model: must be set to a landmark network";
    else if (!options->detector)
        wrong = "detector: must be set to a face detector";
    else if (options->max_faces < 1 || options->max_faces > MAX_FACES)
        wrong = "max_faces: not in 1..1024";
    else if (!(options->min_detection_confidence >= 0 && options->min_detection_confidence <= 1))
        wrong = "min_detection_confidence: not in 0..1";
    else if (!(options->min_tracking_confidence >= 0 && options->min_tracking_confidence <= 1))
        wrong = "min_tracking_confidence: not in 0..1";
    else if (options->threads < 1 || options->threads > MAX_THREADS)
        wrong = "threads: not in 1..64";
    else if (options->device && strlen(options->device) >= sizeof(((MienEngine *)0)->requested))
        wrong = "device: a name that is far too long";
    if (wrong)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "engine option %s", wrong);
    return MIEN_OK;
}

/* The plan of a model that holds one network, with a square picture as input. */
static MienStatus plan_model(const MienModel *model, MieniPlan **plan, MienError *error)
{
    *plan = NULL;
    if (model->n_networks != 1)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "this is a bundle of %zu networks; give one .tflite file instead",
                          model->n_networks);
    MienStatus status = mieni_plan_create(model->networks[0].graph, plan, error);
    if (status != MIEN_OK)
        return status;
    const MieniTensor *input = &(*plan)->tensors[(*plan)->input];
    if (input->height != input->width)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network's input is not square");
    return mieni_plan_add_crop(*plan, error);
}

static MienStatus create_stage(MienEngine *engine, MieniStage *stage, const MieniPlan *plan,
                               MienError *error)
{
    size_t capacity = (size_t)engine->options.threads;
    stage->jobs = mieni_alloc(capacity, sizeof(*stage->jobs));
    stage->tickets = mieni_alloc(capacity, sizeof(*stage->tickets));
    if (!stage->jobs || !stage->tickets)
        return mieni_fail_nomem(error);
    stage->capacity = engine->options.threads;
    const MieniTensor *input = &plan->tensors[plan->input];
    stage->crop.width = input->width;
    stage->crop.height = input->height;
    return mieni_validate_plan_create(engine->choice.backend, engine->choice.device, plan,
                                      &stage->plan, error);
}

/* Anchors go with the size of the detector's input. */
static const MieniAnchorSpec *find_anchors(int32_t side)
{
    if (side == mieni_anchors_short_range.input_size)
        return &mieni_anchors_short_range;
    if (side == mieni_anchors_full_range.input_size)
        return &mieni_anchors_full_range;
    return NULL;
}

/* The detector's plan, from the picture to boxes. */
static MienStatus plan_detector(MienEngine *engine, MieniPlan **plan, MienError *error)
{
    MienStatus status = plan_model(engine->options.detector, plan, error);
    if (status != MIEN_OK)
        return status;
    int32_t side = (*plan)->tensors[(*plan)->input].width;
    const MieniAnchorSpec *spec = find_anchors(side);
    if (!spec)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network's input has %d pixels a side, not 128 or 192", (int)side);
    engine->n_anchors = mieni_anchors_generate(spec, NULL, 0);
    MieniAnchor *anchors = mieni_alloc((size_t)engine->n_anchors, sizeof(*anchors));
    if (!anchors)
        return mieni_fail_nomem(error);
    mieni_anchors_generate(spec, anchors, engine->n_anchors);
    status = mieni_plan_add_box_decoder(*plan, anchors, engine->n_anchors, (float)side,
                                        engine->options.min_detection_confidence, error);
    mieni_free(anchors);
    return status;
}

static MienStatus create_detector(MienEngine *engine, MienError *error)
{
    MieniStage *stage = &engine->detector;
    stage->crop = (MieniCropSpec){
        .border = MIENI_BORDER_ZERO, .keep_aspect = true, .range_min = -1, .range_max = 1};
    MieniPlan *plan;
    MienStatus status = plan_detector(engine, &plan, error);
    if (status == MIEN_OK)
        status = create_stage(engine, stage, plan, error);
    mieni_plan_destroy(plan);
    if (status != MIEN_OK)
        return mieni_fail_in(error, status,
                             "engine option detector (wants a face detector, such as "
                             "face_detection_short_range.tflite)");
    size_t n = (size_t)engine->n_anchors;
    engine->scratch = mieni_alloc(n, sizeof(*engine->scratch));
    engine->detected = mieni_alloc((size_t)engine->options.max_faces, sizeof(*engine->detected));
    bool complete = engine->scratch && engine->detected;
    for (int32_t i = 0; i < stage->capacity && complete; i++) {
        stage->jobs[i].detections = mieni_alloc(n, sizeof(*stage->jobs[i].detections));
        complete = stage->jobs[i].detections != NULL;
    }
    return complete ? MIEN_OK : mieni_fail_nomem(error);
}

/* The landmark network's plan, from the picture to landmarks. */
static MienStatus plan_landmarks(MienEngine *engine, MieniPlan **plan, MienError *error)
{
    MienStatus status = plan_model(engine->options.model, plan, error);
    if (status != MIEN_OK)
        return status;
    bool refined = (*plan)->n_outputs == MIENI_N_REFINEMENTS + 2;
    engine->n_landmarks = refined ? MIENI_N_REFINED : MIENI_N_MESH;
    return mieni_plan_add_landmark_decoder(*plan, (float)(*plan)->tensors[(*plan)->input].width,
                                           mieni_refinements, refined ? MIENI_N_REFINEMENTS : 0,
                                           error);
}

static MienStatus create_landmarks(MienEngine *engine, MienError *error)
{
    MieniStage *stage = &engine->landmarks;
    stage->crop = (MieniCropSpec){.border = MIENI_BORDER_REPLICATE, .range_min = 0, .range_max = 1};
    MieniPlan *plan;
    MienStatus status = plan_landmarks(engine, &plan, error);
    if (status == MIEN_OK)
        status = create_stage(engine, stage, plan, error);
    mieni_plan_destroy(plan);
    if (status != MIEN_OK)
        return mieni_fail_in(
            error, status,
            "engine option model (wants a landmark network, such as face_landmark.tflite)");
    size_t n = (size_t)engine->n_landmarks;
    for (int32_t i = 0; i < stage->capacity; i++) {
        stage->jobs[i].landmarks = mieni_alloc(n, sizeof(*stage->jobs[i].landmarks));
        if (!stage->jobs[i].landmarks)
            return mieni_fail_nomem(error);
    }
    return MIEN_OK;
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
    mien_model_retain(options->model);
    mien_model_retain(options->detector);
    engine->log = (MieniLog){options->log, options->log_user, options->log_level};
    engine->max_tracks = 2 * options->max_faces;
    snprintf(engine->requested, sizeof(engine->requested), "%s",
             options->device ? options->device : "cpu");
    engine->options.device = engine->requested;
    const MieniDeviceOptions device = {
        .threads = options->threads, .cpu_mask = options->cpu_mask, .log = &engine->log};
    status = mieni_registry_open(engine->requested, options->allow_software, &device,
                                 &engine->choice, error);
    if (status == MIEN_OK)
        status = create_detector(engine, error);
    if (status == MIEN_OK)
        status = create_landmarks(engine, error);
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
    info->device_landmarks = engine->choice.id;
    info->isa = engine->choice.backend->isa(engine->choice.device);
    info->n_landmarks = engine->n_landmarks;
    info->device_choice = engine->choice.why;
    return MIEN_OK;
}

const char *mien_engine_message(const MienEngine *engine)
{
    return engine ? engine->error.text : "";
}

static void free_streams(MienEngine *engine)
{
    for (size_t i = 0; i < engine->n_streams; i++) {
        mieni_free(engine->streams[i].state.tracks);
        mieni_free(engine->streams[i].working.tracks);
    }
    mieni_free(engine->streams);
    engine->streams = NULL;
    engine->n_streams = 0;
}

void mien_engine_reset(MienEngine *engine)
{
    if (engine)
        free_streams(engine);
}

static void destroy_stage(MienEngine *engine, MieniStage *stage)
{
    if (engine->choice.backend)
        engine->choice.backend->plan_destroy(stage->plan);
    for (int32_t i = 0; i < stage->capacity; i++) {
        mieni_free(stage->jobs[i].detections);
        mieni_free(stage->jobs[i].landmarks);
    }
    mieni_free(stage->jobs);
    mieni_free(stage->tickets);
}

void mien_engine_destroy(MienEngine *engine)
{
    if (!engine)
        return;
    free_streams(engine);
    for (size_t i = 0; i < engine->n_frames; i++) {
        mieni_free(engine->frames[i].found);
        mieni_result_finish(&engine->frames[i].result);
    }
    mieni_free(engine->frames);
    mieni_free(engine->scratch);
    mieni_free(engine->detected);
    destroy_stage(engine, &engine->detector);
    destroy_stage(engine, &engine->landmarks);
    if (engine->choice.backend)
        engine->choice.backend->close(engine->choice.device);
    mien_model_destroy(engine->options.model);
    mien_model_destroy(engine->options.detector);
    mieni_free(engine);
}
