/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with the faces of a round when all their landmarks are there: smoothing, boxes,
 * poses on the host, and blendshapes as one batch on the device. */
#include <math.h>

#include "engine/engine_private.h"

static MienLandmark *landmarks_of(const MienEngine *engine, MieniFrame *frame, int32_t face)
{
    return frame->result.landmarks + (size_t)face * (size_t)engine->shape.n_landmarks;
}

/* Gives a new track a smoother that no other has. */
static int32_t take_slot(MieniStreamState *state)
{
    int32_t slot = 0;
    for (int32_t i = 0; i < state->n_tracks; i++)
        if (state->tracks[i].slot == slot) {
            slot++;
            i = -1;
        }
    state->smoothers[slot].started = false;
    return slot;
}

/* Tracks stand in the order of the faces. */
static void smooth_faces(MienEngine *engine, MieniFrame *frame)
{
    MieniStreamState *state = &frame->stream->working;
    for (int32_t i = 0; i < frame->result.n_faces; i++) {
        MieniTrack *track = &state->tracks[i];
        if (track->slot < 0)
            track->slot = take_slot(state);
        mieni_smooth(&state->smoothers[track->slot], engine->smooth_beta,
                     frame->result.timestamp_us, landmarks_of(engine, frame, i),
                     engine->shape.n_landmarks, frame->view.upright_width,
                     frame->view.upright_height);
    }
}

static void set_box(MienFace *face, int32_t width, int32_t height)
{
    float left = face->landmarks[0].x, right = left;
    float top = face->landmarks[0].y, bottom = top;
    for (int32_t i = 1; i < face->n_landmarks; i++) {
        left = MIENI_MIN(left, face->landmarks[i].x);
        right = MIENI_MAX(right, face->landmarks[i].x);
        top = MIENI_MIN(top, face->landmarks[i].y);
        bottom = MIENI_MAX(bottom, face->landmarks[i].y);
    }
    face->box_x = left * (float)width;
    face->box_y = top * (float)height;
    face->box_width = (right - left) * (float)width;
    face->box_height = (bottom - top) * (float)height;
}

static void set_pose(const MienEngine *engine, MieniFrame *frame, int32_t index)
{
    MienFace *face = &frame->result.faces[index];
    MieniPose pose;
    if (!mieni_pose_solve(face->landmarks, frame->view.upright_width, frame->view.upright_height,
                          engine->options.fov_degrees, &pose, NULL))
        return;
    float *matrix = frame->result.transforms + 16 * (size_t)index;
    face->transform = memcpy(matrix, pose.matrix, sizeof(pose.matrix));
    memcpy(face->quaternion, pose.quaternion, sizeof(pose.quaternion));
    face->yaw = pose.yaw;
    face->pitch = pose.pitch;
    face->roll = pose.roll;
}

/* Numbers that are none, which a damaged model can give, nobody gets to see. */
static void take_blendshapes(MienEngine *engine, const MieniTicket *ticket, MieniJob *job)
{
    (void)engine;
    MienResult *result = &ticket->frame->result;
    MienFace *face = &result->faces[ticket->face];
    float *scores = result->blendshapes + (size_t)ticket->face * MIEN_N_BLENDSHAPES;
    for (int i = 0; i < MIEN_N_BLENDSHAPES; i++)
        if (!isfinite(job->outputs[0][i]))
            return;
    face->blendshapes = memcpy(scores, job->outputs[0], MIEN_N_BLENDSHAPES * sizeof(*scores));
    face->n_blendshapes = MIEN_N_BLENDSHAPES;
}

static MienStatus queue_blendshapes(MienEngine *engine, MieniFrame *frame, int32_t index)
{
    MieniStage *stage = &engine->blendshapes;
    float *points = stage->points + (size_t)stage->n_queued * MIENI_N_BLENDSHAPE_POINTS * 2;
    mieni_blendshape_points(frame->result.faces[index].landmarks, frame->view.upright_width,
                            frame->view.upright_height, points);
    stage->tickets[stage->n_queued++] = (MieniTicket){.frame = frame, .face = index};
    return stage->n_queued < stage->capacity ? MIEN_OK
                                             : mieni_stage_flush(engine, stage, take_blendshapes);
}

static MienStatus finish_frame(MienEngine *engine, MieniFrame *frame)
{
    if (engine->smooth_beta > 0 && frame->stream)
        smooth_faces(engine, frame);
    MienStatus status = MIEN_OK;
    for (int32_t i = 0; i < frame->result.n_faces && status == MIEN_OK; i++) {
        set_box(&frame->result.faces[i], frame->view.upright_width, frame->view.upright_height);
        if (engine->options.transform)
            set_pose(engine, frame, i);
        if (engine->blendshapes.plan)
            status = queue_blendshapes(engine, frame, i);
    }
    return status;
}

MienStatus mieni_engine_finish_faces(MienEngine *engine, size_t n, size_t round)
{
    MienStatus status = MIEN_OK;
    for (size_t i = 0; i < n && status == MIEN_OK; i++)
        if (engine->frames[i].round == round)
            status = finish_frame(engine, &engine->frames[i]);
    if (status == MIEN_OK && engine->blendshapes.plan)
        status = mieni_stage_flush(engine, &engine->blendshapes, take_blendshapes);
    return status;
}
