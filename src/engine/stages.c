/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of an engine: which network of which model each is, its plan from the picture on, and
 * what its jobs need. */
#include "backend/validate.h"
#include "engine/engine_private.h"

#define DETECTOR "face_detector.tflite"
#define LANDMARKS "face_landmarks_detector.tflite"
#define BLENDSHAPES "face_blendshapes.tflite"

/* The plan of the network that a .tflite file is, or of the member of that name in a bundle. */
static MienStatus plan_network(const MienModel *model, const char *member, MieniPlan **plan,
                               MienError *error)
{
    const MieniGraph *graph = NULL;
    *plan = NULL;
    for (size_t i = 0; i < model->n_networks; i++)
        if (!*model->networks[i].name || strcmp(model->networks[i].name, member) == 0)
            graph = model->networks[i].graph;
    if (!graph)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported", "the bundle has no %s",
                          member);
    return mieni_plan_create(graph, plan, error);
}

static bool is_bundle(const MienModel *model)
{
    return *model->networks[0].name != 0;
}

/* The plan of a network that has a square picture as input. */
static MienStatus plan_picture_network(const MienModel *model, const char *member, MieniPlan **plan,
                                       MienError *error)
{
    MienStatus status = plan_network(model, member, plan, error);
    if (status != MIEN_OK)
        return status;
    const MieniTensor *input = &(*plan)->tensors[(*plan)->input];
    if (input->height != input->width)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network's input is not square");
    return mieni_plan_add_crop(*plan, error);
}

static MienStatus put_plan(MienEngine *engine, MieniStage *stage, const MieniPlan *plan,
                           MienError *error)
{
    MienStatus status = mieni_validate_plan_create(engine->choice.backend, engine->choice.device,
                                                   plan, &stage->plan, error);
    /* The device has the weights; those of other networks are read when it is their turn. */
    mieni_model_release_pages(engine->options.model);
    mieni_model_release_pages(engine->options.detector);
    return status;
}

static MienStatus create_stage(MienEngine *engine, MieniStage *stage, const MieniPlan *plan,
                               MienError *error)
{
    int32_t batch = engine->choice.backend->batch;
    size_t capacity = (size_t)(batch > 0 ? batch : engine->options.threads);
    stage->jobs = mieni_alloc(capacity, sizeof(*stage->jobs));
    stage->tickets = mieni_alloc(capacity, sizeof(*stage->tickets));
    if (!stage->jobs || !stage->tickets)
        return mieni_fail_nomem(error);
    stage->capacity = (int32_t)capacity;
    const MieniTensor *input = &plan->tensors[plan->input];
    stage->crop.width = input->width;
    stage->crop.height = input->height;
    return put_plan(engine, stage, plan, error);
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
    const MienEngineOptions *options = &engine->options;
    MienStatus status = plan_picture_network(options->detector ? options->detector : options->model,
                                             DETECTOR, plan, error);
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
                                        options->min_detection_confidence, error);
    mieni_free(anchors);
    return status;
}

MienStatus mieni_engine_create_detector(MienEngine *engine, MienError *error)
{
    const MienEngineOptions *options = &engine->options;
    if (!options->detector && !(options->model && is_bundle(options->model)))
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument",
                          "engine option detector: must be set to a face detector; only a bundle "
                          "has one of its own");
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
    engine->detected = mieni_alloc((size_t)options->max_faces, sizeof(*engine->detected));
    bool complete = engine->scratch && engine->detected;
    for (int32_t i = 0; i < stage->capacity && complete; i++) {
        stage->jobs[i].detections = mieni_alloc(n, sizeof(*stage->jobs[i].detections));
        complete = stage->jobs[i].detections != NULL;
    }
    return complete ? MIEN_OK : mieni_fail_nomem(error);
}

/* The landmark network's plan, from the picture to landmarks. Sets the rules that go with it. */
static MienStatus plan_landmarks(MienEngine *engine, MieniPlan **plan, MienError *error)
{
    const MienEngineOptions *options = &engine->options;
    MienStatus status = plan_picture_network(options->model, LANDMARKS, plan, error);
    if (status != MIEN_OK)
        return status;
    bool refined = (*plan)->n_outputs == MIENI_N_REFINEMENTS + 2;
    status = mieni_plan_add_landmark_decoder(*plan, (float)(*plan)->tensors[(*plan)->input].width,
                                             mieni_refinements, refined ? MIENI_N_REFINEMENTS : 0,
                                             error);
    if (status != MIEN_OK)
        return status;
    engine->shape.n_landmarks = (*plan)->ops[(*plan)->n_ops - 1].landmarks.n_landmarks;
    if (!refined && engine->shape.n_landmarks == MIENI_N_REFINED) {
        engine->rules = (MieniRules){.tasks = true,
                                     .nms_iou = MIENI_NMS_IOU_TASKS,
                                     .track_iou = options->min_tracking_confidence,
                                     .min_presence = options->min_presence_confidence};
        engine->detector.crop.as_opencv5 = engine->landmarks.crop.as_opencv5 = true;
    }
    return MIEN_OK;
}

MienStatus mieni_engine_create_landmarks(MienEngine *engine, MienError *error)
{
    MieniStage *stage = &engine->landmarks;
    stage->crop = (MieniCropSpec){.border = MIENI_BORDER_REPLICATE, .range_min = 0, .range_max = 1};
    MieniPlan *plan;
    MienStatus status = plan_landmarks(engine, &plan, error);
    if (status == MIEN_OK)
        status = create_stage(engine, stage, plan, error);
    mieni_plan_destroy(plan);
    if (status != MIEN_OK)
        return mieni_fail_in(error, status,
                             "engine option model (wants a landmark network or a bundle, such as "
                             "face_landmark.tflite or face_landmarker.task)");
    size_t n = (size_t)engine->shape.n_landmarks;
    for (int32_t i = 0; i < stage->capacity; i++) {
        stage->jobs[i].landmarks = mieni_alloc(n, sizeof(*stage->jobs[i].landmarks));
        if (!stage->jobs[i].landmarks)
            return mieni_fail_nomem(error);
    }
    return MIEN_OK;
}

/* The plan of the blendshape network, from points to scores. */
static MienStatus plan_blendshapes(const MienModel *model, MieniPlan **plan, MienError *error)
{
    *plan = NULL;
    if (!is_bundle(model))
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the model is no bundle; give face_landmarker.task for blendshapes");
    MienStatus status = plan_network(model, BLENDSHAPES, plan, error);
    if (status != MIEN_OK)
        return status;
    const MieniTensor *in = &(*plan)->tensors[(*plan)->input];
    const MieniTensor *out = &(*plan)->tensors[(*plan)->outputs[0]];
    if (in->height != 1 || in->width != MIENI_N_BLENDSHAPE_POINTS || in->channels != 2 ||
        (*plan)->n_outputs != 1 || out->height != 1 || out->width != 1 ||
        out->channels != MIEN_N_BLENDSHAPES)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "%s does not make %d scores of %d points", BLENDSHAPES,
                          MIEN_N_BLENDSHAPES, MIENI_N_BLENDSHAPE_POINTS);
    return MIEN_OK;
}

MienStatus mieni_engine_create_blendshapes(MienEngine *engine, MienError *error)
{
    MieniStage *stage = &engine->blendshapes;
    MieniPlan *plan;
    MienStatus status = plan_blendshapes(engine->options.model, &plan, error);
    if (status == MIEN_OK && engine->shape.n_landmarks != MIENI_N_REFINED)
        status = mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                            "the bundle's landmark network has no irises");
    if (status == MIEN_OK)
        status = create_stage(engine, stage, plan, error);
    mieni_plan_destroy(plan);
    if (status != MIEN_OK)
        return mieni_fail_in(error, status, "engine option blendshapes");
    engine->shape.n_blendshapes = MIEN_N_BLENDSHAPES;
    size_t n = (size_t)stage->capacity;
    stage->points = mieni_alloc(n * MIENI_N_BLENDSHAPE_POINTS * 2, sizeof(float));
    stage->scores = mieni_alloc(n * MIEN_N_BLENDSHAPES, sizeof(float));
    if (!stage->points || !stage->scores)
        return mieni_fail_nomem(error);
    for (size_t i = 0; i < n; i++) {
        stage->jobs[i].input = stage->points + i * MIENI_N_BLENDSHAPE_POINTS * 2;
        stage->jobs[i].outputs[0] = stage->scores + i * MIEN_N_BLENDSHAPES;
    }
    return MIEN_OK;
}

void mieni_engine_destroy_plans(MienEngine *engine)
{
    MieniStage *stages[] = {&engine->detector, &engine->landmarks, &engine->blendshapes};
    for (size_t i = 0; i < MIENI_COUNT_OF(stages) && engine->choice.backend; i++) {
        engine->choice.backend->plan_destroy(stages[i]->plan);
        stages[i]->plan = NULL;
    }
}

MienStatus mieni_engine_create_plans(MienEngine *engine, MienError *error)
{
    MieniPlan *plan;
    MienStatus status = plan_detector(engine, &plan, error);
    if (status == MIEN_OK)
        status = put_plan(engine, &engine->detector, plan, error);
    mieni_plan_destroy(plan);
    if (status == MIEN_OK && engine->options.model) {
        status = plan_landmarks(engine, &plan, error);
        if (status == MIEN_OK)
            status = put_plan(engine, &engine->landmarks, plan, error);
        mieni_plan_destroy(plan);
    }
    if (status == MIEN_OK && engine->options.blendshapes) {
        status = plan_blendshapes(engine->options.model, &plan, error);
        if (status == MIEN_OK)
            status = put_plan(engine, &engine->blendshapes, plan, error);
        mieni_plan_destroy(plan);
    }
    return status;
}

static void destroy_stage(MieniStage *stage)
{
    for (int32_t i = 0; i < stage->capacity; i++) {
        mieni_free(stage->jobs[i].detections);
        mieni_free(stage->jobs[i].landmarks);
    }
    mieni_free(stage->jobs);
    mieni_free(stage->tickets);
    mieni_free(stage->points);
    mieni_free(stage->scores);
}

void mieni_engine_destroy_stages(MienEngine *engine)
{
    mieni_engine_destroy_plans(engine);
    destroy_stage(&engine->detector);
    destroy_stage(&engine->landmarks);
    destroy_stage(&engine->blendshapes);
}
