/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From pictures to faces. A call goes in rounds: a round holds the next frame of every stream (all
 * pictures, where they are independent), finds out where to look, and computes all faces of the
 * round as one batch.
 */
#include <math.h>

#include "base/trig.h"
#include "engine/engine_private.h"

/* Makes room for n frames; what is there stays. */
static MienStatus reserve_frames(MienEngine *engine, size_t n)
{
    if (n > engine->n_frames) {
        MieniFrame *frames =
            mieni_realloc(engine->frames, engine->n_frames, n, sizeof(*engine->frames));
        if (!frames)
            return mieni_fail_nomem(&engine->error);
        engine->frames = frames;
        engine->n_frames = n;
    }
    for (size_t i = 0; i < n; i++) {
        MieniFrame *frame = &engine->frames[i];
        if (!frame->found)
            frame->found = mieni_alloc((size_t)engine->max_tracks, sizeof(*frame->found));
        if (!frame->found ||
            mieni_result_reserve(&frame->result, engine->max_tracks, &engine->shape) != MIEN_OK)
            return mieni_fail_nomem(&engine->error);
    }
    return MIEN_OK;
}

/* Gives every frame its stream and its round; refuses time that runs backwards. */
static MienStatus sort_into_streams(MienEngine *engine, size_t n, const int64_t *timestamps_us,
                                    const uint32_t *stream_ids)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t id = stream_ids ? stream_ids[i] : 0;
        MienStatus status = mieni_stream_find(engine, id) ? MIEN_OK : mieni_stream_add(engine, id);
        if (status != MIEN_OK)
            return status;
    }
    for (size_t i = 0; i < engine->n_streams; i++) {
        mieni_stream_copy_state(engine, &engine->streams[i].working, &engine->streams[i].state);
        engine->streams[i].n_seen = 0;
    }
    for (size_t i = 0; i < n; i++) {
        MieniStream *stream = mieni_stream_find(engine, stream_ids ? stream_ids[i] : 0);
        MieniStreamState *state = &stream->working;
        if (state->has_time && timestamps_us[i] <= state->timestamp_us)
            return mieni_fail(&engine->error, MIEN_E_ARGUMENT, "timestamp",
                              "picture %zu: timestamp %lld us is not after %lld us; reset the "
                              "engine between videos",
                              i, (long long)timestamps_us[i], (long long)state->timestamp_us);
        state->has_time = true;
        state->timestamp_us = timestamps_us[i];
        engine->frames[i].stream = stream;
        engine->frames[i].round = stream->n_seen++;
    }
    return MIEN_OK;
}

static MienStatus prepare(MienEngine *engine, size_t n, const MienImage *images,
                          const int64_t *timestamps_us, const uint32_t *stream_ids)
{
    MienStatus status = reserve_frames(engine, n);
    for (size_t i = 0; i < n && status == MIEN_OK; i++) {
        MieniFrame *frame = &engine->frames[i];
        status = mieni_view_init(&frame->view, &images[i], &engine->error);
        frame->view.serial = ++engine->n_pictures;
        frame->stream = NULL;
        frame->round = 0;
        frame->n_found = 0;
        frame->result.n_faces = 0;
        frame->result.timestamp_us = timestamps_us ? timestamps_us[i] : 0;
    }
    if (status == MIEN_OK && engine->options.mode != MIEN_MODE_IMAGE)
        status = sort_into_streams(engine, n, timestamps_us, stream_ids);
    return status;
}

MienStatus mieni_stage_flush(MienEngine *engine, MieniStage *stage, MieniTakeFn take)
{
    int32_t n = stage->n_queued;
    stage->n_queued = 0;
    if (n == 0)
        return MIEN_OK;
    MienStatus status =
        engine->choice.backend->plan_run(stage->plan, (size_t)n, stage->jobs, &engine->error);
    for (int32_t i = 0; i < n && status == MIEN_OK; i++)
        take(engine, &stage->tickets[i], &stage->jobs[i]);
    return status;
}

/* Queues a look at a rectangle. One that cannot be cut out (it has no area, or is far away) holds
 * no face. */
static MienStatus queue(MienEngine *engine, MieniStage *stage, MieniFrame *frame,
                        const MieniTrack *track, MieniTakeFn take)
{
    MieniJob *job = &stage->jobs[stage->n_queued];
    if (mieni_crop_init(&job->crop, &frame->view, &track->rect, &stage->crop) != MIEN_OK)
        return MIEN_OK;
    job->picture = &frame->view;
    job->projection = engine->rules.tasks ? mieni_projection_in_picture(&job->crop.region,
                                                                        frame->view.upright_width,
                                                                        frame->view.upright_height)
                                          : mieni_projection_of(&track->rect);
    stage->tickets[stage->n_queued] = (MieniTicket){.frame = frame, .track = *track};
    stage->n_queued++;
    return stage->n_queued < stage->capacity ? MIEN_OK : mieni_stage_flush(engine, stage, take);
}

/* Merges what the detector found in a frame with what is tracked. In Face Mesh what is tracked
 * wins; in the Face Landmarker what was detected, and no frame has more than max_faces. */
static void associate(MienEngine *engine, MieniFrame *frame, int32_t n_detected)
{
    const MieniTrack *detected = engine->detected, *tracked = NULL;
    int32_t n_tracked = 0;
    if (frame->stream) {
        tracked = frame->stream->working.tracks;
        n_tracked = frame->stream->working.n_tracks;
    }
    if (!engine->rules.tasks) {
        frame->n_found = mieni_track_associate(detected, n_detected, tracked, n_tracked,
                                               engine->rules.track_iou, frame->found);
        return;
    }
    if (frame->stream) {
        frame->n_found = mieni_track_associate(tracked, n_tracked, detected, n_detected,
                                               engine->rules.track_iou, frame->found);
    } else { /* pictures are not tracked, and nothing is merged */
        memcpy(frame->found, detected, (size_t)n_detected * sizeof(*detected));
        frame->n_found = n_detected;
    }
    frame->n_found = MIENI_MIN(frame->n_found, engine->options.max_faces);
}

/* The boxes of a detector's job, projected into the picture, best first; returns their number. */
static int32_t merge_detections(MienEngine *engine, const MieniFrame *frame, MieniJob *job)
{
    int32_t n = mieni_nms_weighted(job->detections, job->n_detections, engine->rules.nms_iou,
                                   engine->scratch);
    n = MIENI_MIN(n, engine->options.max_faces);
    for (int32_t i = 0; i < n; i++)
        mieni_detection_project(&job->detections[i], &job->crop.region, frame->view.upright_width,
                                frame->view.upright_height);
    return n;
}

/* From the boxes of a detector's job to places to look at. */
static void take_places(MienEngine *engine, const MieniTicket *ticket, MieniJob *job)
{
    MieniFrame *frame = ticket->frame;
    int32_t n = merge_detections(engine, frame, job);
    for (int32_t i = 0; i < n; i++)
        engine->detected[i] = (MieniTrack){
            .rect = mieni_rect_from_detection(&job->detections[i], frame->view.upright_width,
                                              frame->view.upright_height, engine->rules.tasks),
            .face_id = -1,
            .score = job->detections[i].score,
            .slot = -1};
    associate(engine, frame, n);
}

/* From the boxes to faces with six key points, where there is no landmark network. */
static void take_faces(MienEngine *engine, const MieniTicket *ticket, MieniJob *job)
{
    MieniFrame *frame = ticket->frame;
    MienResult *result = &frame->result;
    float width = (float)frame->view.upright_width, height = (float)frame->view.upright_height;
    int32_t n = merge_detections(engine, frame, job);
    for (int32_t i = 0; i < n; i++) {
        const MieniDetection *detection = &job->detections[i];
        MienLandmark *keypoints = result->keypoints + i * MIEN_N_KEYPOINTS;
        for (int k = 0; k < MIEN_N_KEYPOINTS; k++)
            keypoints[k] =
                (MienLandmark){detection->keypoints[k][0], detection->keypoints[k][1], 0};
        result->faces[i] = (MienFace){.face_id = i,
                                      .score = detection->score,
                                      .presence = detection->score,
                                      .box_x = detection->xmin * width,
                                      .box_y = detection->ymin * height,
                                      .box_width = (detection->xmax - detection->xmin) * width,
                                      .box_height = (detection->ymax - detection->ymin) * height,
                                      .n_keypoints = MIEN_N_KEYPOINTS,
                                      .keypoints = keypoints};
    }
    result->n_faces = n;
}

/* Numbers that are none, which a damaged model can give, are no face: nobody gets to see them. */
static bool is_face(const MienEngine *engine, const MieniJob *job)
{
    /* As MediaPipe: strictly, in double. */
    if (!((double)job->presence > (double)engine->rules.min_presence))
        return false;
    for (int32_t i = 0; i < engine->shape.n_landmarks; i++) {
        const MienLandmark *landmark = &job->landmarks[i];
        if (!isfinite(landmark->x) || !isfinite(landmark->y) || !isfinite(landmark->z))
            return false;
    }
    return true;
}

/* A face that is there goes into the frame's result, and into the tracks of its stream. */
static void take_landmarks(MienEngine *engine, const MieniTicket *ticket, MieniJob *job)
{
    if (!is_face(engine, job))
        return;
    MieniFrame *frame = ticket->frame;
    int32_t width = frame->view.upright_width, height = frame->view.upright_height;
    MienResult *result = &frame->result;
    int32_t index = result->n_faces++, n = engine->shape.n_landmarks;
    MienLandmark *landmarks = result->landmarks + (size_t)index * (size_t)n;
    memcpy(landmarks, job->landmarks, (size_t)n * sizeof(*landmarks));

    MieniTrack track = ticket->track;
    track.rect = mieni_rect_from_landmarks(landmarks, n, width, height, engine->rules.tasks);
    if (!frame->stream) {
        track.face_id = index;
    } else {
        MieniStreamState *state = &frame->stream->working;
        if (track.face_id < 0)
            track.face_id = state->next_face_id++;
        state->tracks[state->n_tracks++] = track;
    }
    result->faces[index] = (MienFace){.face_id = track.face_id,
                                      .score = track.score,
                                      .presence = job->presence,
                                      .n_landmarks = n,
                                      .landmarks = landmarks};
}

/* The whole picture, as the detector is to see it. Source: MediaPipe,
 * tasks/cc/vision/core/base_vision_task_api.h: the rectangle's sides are those of the turned
 * picture, in units of the sides of this one. */
static MieniTrack whole_picture(const MieniView *view)
{
    MieniTrack whole = {.rect = {0.5f, 0.5f, 1, 1, 0}};
    int32_t turn = view->image.detector_rotation_degrees;
    if (turn % 180 != 0) {
        whole.rect.width = (float)view->upright_height / (float)view->upright_width;
        whole.rect.height = (float)view->upright_width / (float)view->upright_height;
    }
    whole.rect.rotation = (float)(-turn * MIENI_PI / 180.0);
    return whole;
}

/* Finds out where to look in every frame of a round. */
static MienStatus find_places(MienEngine *engine, size_t n, size_t round)
{
    MieniStage *stage = &engine->detector;
    MieniTakeFn take = engine->landmarks.plan ? take_places : take_faces;
    MienStatus status = MIEN_OK;
    for (size_t i = 0; i < n && status == MIEN_OK; i++) {
        MieniFrame *frame = &engine->frames[i];
        if (frame->round != round)
            continue;
        MieniTrack whole = whole_picture(&frame->view);
        if (frame->stream && frame->stream->working.n_tracks >= engine->options.max_faces)
            associate(engine, frame, 0);
        else
            status = queue(engine, stage, frame, &whole, take);
    }
    return status == MIEN_OK ? mieni_stage_flush(engine, stage, take) : status;
}

/* Looks there. */
static MienStatus find_landmarks(MienEngine *engine, size_t n, size_t round)
{
    MieniStage *stage = &engine->landmarks;
    MienStatus status = MIEN_OK;
    for (size_t i = 0; i < n; i++) {
        MieniFrame *frame = &engine->frames[i];
        if (frame->round != round)
            continue;
        if (frame->stream)
            frame->stream->working.n_tracks = 0; /* `found` holds them now */
        for (int32_t k = 0; k < frame->n_found && status == MIEN_OK; k++)
            status = queue(engine, stage, frame, &frame->found[k], take_landmarks);
    }
    return status == MIEN_OK ? mieni_stage_flush(engine, stage, take_landmarks) : status;
}

static MienStatus run_rounds(MienEngine *engine, size_t n)
{
    size_t n_rounds = 0;
    for (size_t i = 0; i < n; i++)
        n_rounds = MIENI_MAX(n_rounds, engine->frames[i].round + 1);
    MienStatus status = MIEN_OK;
    for (size_t round = 0; round < n_rounds && status == MIEN_OK; round++) {
        status = find_places(engine, n, round);
        if (status == MIEN_OK && engine->landmarks.plan)
            status = find_landmarks(engine, n, round);
        if (status == MIEN_OK && engine->landmarks.plan)
            status = mieni_engine_finish_faces(engine, n, round);
    }
    return status;
}

MienStatus mieni_engine_run(MienEngine *engine, size_t n, const MienImage *images,
                            const int64_t *timestamps_us, const uint32_t *stream_ids,
                            const MienResult **results)
{
    MienStatus status = MIEN_E_DEVICE;
    if (!engine->choice.device) /* the first failure's text is lost only if nobody asked for it */
        return mieni_fail(&engine->error, status, "gpu-lost",
                          "device %s was lost in an earlier call; create a new engine",
                          engine->choice.id);
    for (int attempt = 0;; attempt++) {
        /* Streams begin where the last good call left them, each time. */
        status = prepare(engine, n, images, timestamps_us, stream_ids);
        if (status == MIEN_OK)
            status = run_rounds(engine, n);
        if (status != MIEN_E_DEVICE || !engine->options.on_device_loss)
            break;
        status = mieni_engine_reopen(engine, attempt, &engine->error);
        if (status != MIEN_OK)
            break;
    }
    if (status != MIEN_OK) {
        mieni_log(&engine->log, MIEN_LOG_ERROR, "engine", "%s", engine->error.text);
        return status;
    }
    for (size_t i = 0; i < engine->n_streams; i++)
        mieni_stream_copy_state(engine, &engine->streams[i].state, &engine->streams[i].working);
    for (size_t i = 0; i < n; i++)
        results[i] = &engine->frames[i].result;
    return MIEN_OK;
}

static MienStatus check_and_run(MienEngine *engine, size_t n, const MienImage *images,
                                const int64_t *timestamps_us, const uint32_t *stream_ids,
                                const MienResult **results)
{
    bool video = engine->options.mode == MIEN_MODE_VIDEO;
    const char *missing = !images                   ? "images"
                          : !results                ? "results"
                          : video && !timestamps_us ? "timestamps_us"
                                                    : NULL;
    if (n > 0 && missing)
        return mieni_fail(&engine->error, MIEN_E_ARGUMENT, "argument", "%s is NULL", missing);
    return mieni_engine_run(engine, n, images, timestamps_us, stream_ids, results);
}

MienStatus mien_engine_process_batch(MienEngine *engine, size_t n, const MienImage *images,
                                     const int64_t *timestamps_us, const uint32_t *stream_ids,
                                     const MienResult **results)
{
    if (!engine)
        return MIEN_E_ARGUMENT;
    if (engine->live)
        return mieni_live_refuse(
            engine->live, mieni_live_is_inside(engine->live) ? MIEN_E_BUSY : MIEN_E_ARGUMENT,
            "an engine in MIEN_MODE_LIVE_STREAM takes frames with mien_engine_send");
    if (pthread_mutex_trylock(&engine->in_call) != 0)
        return MIEN_E_BUSY;
    MienStatus status = check_and_run(engine, n, images, timestamps_us, stream_ids, results);
    pthread_mutex_unlock(&engine->in_call);
    return status;
}

MienStatus mien_engine_process(MienEngine *engine, const MienImage *image, int64_t timestamp_us,
                               const MienResult **result)
{
    return mien_engine_process_batch(engine, 1, image, &timestamp_us, NULL, result);
}
