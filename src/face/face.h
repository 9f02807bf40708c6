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

/* Maps a detection out of the crop that `rect` cut from a picture of this size. */
void mieni_detection_project(MieniDetection *detection, const MieniRect *rect, int32_t width,
                             int32_t height);

/* The rectangle to look for landmarks in: squared in pixels, 1.5 times the detection, turned so
 * that the eyes are level. */
MieniRect mieni_rect_from_detection(const MieniDetection *detection, int32_t width, int32_t height);

/* The same from all landmarks of the last frame. */
MieniRect mieni_rect_from_landmarks(const MienLandmark *landmarks, int32_t n, int32_t width,
                                    int32_t height);

/* Rounded cosine and sine of the rectangle, for landmark decoding. */
MieniProjection mieni_projection_of(const MieniRect *rect);

/* ---- refine.c ---- */

#define MIENI_N_MESH 468
#define MIENI_N_REFINED 478
#define MIENI_N_REFINEMENTS 5

/* Lips, left eye, right eye, left iris, right iris, as the attention model outputs them. */
extern const MieniRefinement mieni_refinements[MIENI_N_REFINEMENTS];

/* ---- track.c ---- */

/* A face that is followed, or is about to be. */
typedef struct MieniTrack {
    MieniRect rect;  /* where to look in the next frame */
    int32_t face_id; /* -1: newly detected, gets an id when its landmarks are found */
    float score;     /* of the detection that it began with */
} MieniTrack;

#define MIENI_TRACK_IOU_LEGACY 0.5f

/*
 * Merges detections (low priority) with tracked faces (high priority), as MediaPipe's association
 * does: an entry removes every earlier one that it overlaps by more than min_iou. Writes at most
 * n_detected + n_tracked entries to `merged` and returns their number.
 */
int32_t mieni_track_associate(const MieniTrack *detected, int32_t n_detected,
                              const MieniTrack *tracked, int32_t n_tracked, float min_iou,
                              MieniTrack *merged);

#endif
