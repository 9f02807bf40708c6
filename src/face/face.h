/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is between the networks: anchors, suppression, rectangles, tracking. Plain functions on
 * small structs, a few microseconds of host code on every device. Source of all of it: MediaPipe's
 * graphs, see docs/formulas.md.
 */
#ifndef MIENI_FACE_FACE_H
#define MIENI_FACE_FACE_H

#include "kernels/kernels.h"

/* ---- anchors.c ---- */

#define MIENI_ANCHORS_MAX_LAYERS 8

typedef struct MieniAnchorSpec {
    int32_t input_size; /* pixels, square */
    int32_t n_layers;
    int32_t strides[MIENI_ANCHORS_MAX_LAYERS];
    bool interpolated; /* one more anchor a layer for the interpolated scale */
} MieniAnchorSpec;

extern const MieniAnchorSpec mieni_anchors_short_range; /* 896 anchors, 128x128 */
extern const MieniAnchorSpec mieni_anchors_full_range;  /* 2304 anchors, 192x192 */

/* Writes at most `capacity` anchors; returns how many there are. */
int32_t mieni_anchors_generate(const MieniAnchorSpec *spec, MieniAnchor *anchors, int32_t capacity);

/* ---- nms.c ---- */

#define MIENI_NMS_IOU_LEGACY 0.3f
#define MIENI_NMS_IOU_TASKS 0.5f

/*
 * Weighted non-maximum suppression, in place: sorts by score, merges what overlaps by more than
 * min_iou, weighting coordinates by score. Equal scores keep their order. Returns the number left.
 * `scratch`: room for n.
 */
int32_t mieni_nms_weighted(MieniDetection *detections, int32_t n, float min_iou,
                           MieniDetection *scratch);

/* Intersection over union of [xmin, ymin, xmax, ymax] boxes; 0 if they do not touch. */
float mieni_iou(const float a[4], const float b[4]);

/* ---- rect.c ---- */

/* Maps a detection out of the crop of a region (in pixels, as MieniCrop has it) of a picture of
 * this size. */
void mieni_detection_project(MieniDetection *detection, const MieniRect *region, int32_t width,
                             int32_t height);

/* The rectangle to look for landmarks in: squared in pixels (Face Mesh) or not (Face Landmarker,
 * `tasks`), 1.5 times the detection, turned so that the eyes are level. */
MieniRect mieni_rect_from_detection(const MieniDetection *detection, int32_t width, int32_t height,
                                    bool tasks);

/* The same from all landmarks of the last frame. */
MieniRect mieni_rect_from_landmarks(const MienLandmark *landmarks, int32_t n, int32_t width,
                                    int32_t height, bool tasks);

/* For landmark decoding as Face Mesh does it: right for rectangles that are squares in pixels. */
MieniProjection mieni_projection_of(const MieniRect *rect);

/* As the Face Landmarker does it: for any region (in pixels, as MieniCrop has it) of a picture of
 * this size. */
MieniProjection mieni_projection_in_picture(const MieniRect *region, int32_t width, int32_t height);

/* ---- refine.c ---- */

#define MIENI_N_MESH 468
#define MIENI_N_REFINED 478
#define MIENI_N_REFINEMENTS 5

/* Lips, left eye, right eye, left iris, right iris, as the attention model outputs them. */
extern const MieniRefinement mieni_refinements[MIENI_N_REFINEMENTS];

/* ---- blendshapes.c ---- */

#define MIENI_N_BLENDSHAPE_POINTS 146

/* The points [146][2], in pixels, that the blendshape network reads; of 478 landmarks. */
void mieni_blendshape_points(const MienLandmark *landmarks, int32_t width, int32_t height,
                             float *points);

/* ---- geometry.c ---- */

typedef struct MieniPose {
    float matrix[16];       /* row-major, canonical face to camera */
    float quaternion[4];    /* x, y, z, w */
    float yaw, pitch, roll; /* degrees */
} MieniPose;

/*
 * Finds the pose of a face from its first 468 landmarks, which are finite. `metric`: NULL, or
 * written: the landmarks in the space of the canonical face, [468] in centimetres. False where the
 * face has no extent; `pose` is worth nothing then.
 */
bool mieni_pose_solve(const MienLandmark *landmarks, int32_t width, int32_t height,
                      float fov_degrees, MieniPose *pose, float (*metric)[3]);

/* ---- smooth.c ---- */

/* How fast the filter's cutoff rises with speed, in face sizes a second. */
#define MIENI_SMOOTH_BETA_MEDIAPIPE 80.0f
#define MIENI_SMOOTH_BETA_STRONG 20.0f

/* What is remembered of one coordinate, in pixels. */
typedef struct MieniSmoothCell {
    float raw, stored, speed;
} MieniSmoothCell;

/* What is remembered of a face. */
typedef struct MieniSmoother {
    bool started; /* false: the next landmarks come out as they are */
    int64_t timestamp_us;
    double frequency;       /* frames a second */
    MieniSmoothCell *cells; /* [n_landmarks][3] */
} MieniSmoother;

/* Smooths the landmarks of one face in place; timestamps rise from call to call. */
void mieni_smooth(MieniSmoother *smoother, float beta, int64_t timestamp_us,
                  MienLandmark *landmarks, int32_t n, int32_t width, int32_t height);

/* ---- track.c ---- */

/* A face that is followed, or is about to be. */
typedef struct MieniTrack {
    MieniRect rect;  /* where to look in the next frame */
    int32_t face_id; /* -1: newly detected, gets an id when its landmarks are found */
    float score;     /* of the detection that it began with */
    int32_t slot;    /* its smoother in the stream's state; -1: none yet */
} MieniTrack;

#define MIENI_TRACK_IOU_LEGACY 0.5f

/*
 * Merges faces that there are with ones that come, as MediaPipe's association does: an entry
 * removes every earlier one that it overlaps by more than min_iou. In Face Mesh detections are the
 * ones that there are and tracked faces come; in the Face Landmarker it is the other way round. A
 * new detection that removes a tracked face goes on as that face. Writes at most n_first + n_second
 * entries to `merged` and returns their number.
 */
int32_t mieni_track_associate(const MieniTrack *first, int32_t n_first, const MieniTrack *second,
                              int32_t n_second, float min_iou, MieniTrack *merged);

#endif
