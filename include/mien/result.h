/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the engine found in one picture: faces with their landmarks.
 *
 * Coordinates are those of the upright picture (rotation applied): x and y are divided by its width
 * and height, origin top left, and may lie outside 0..1 where a face leaves the picture. z has
 * MediaPipe's scale: about that of x, smaller is nearer, 0 at the head's centre. No half-pixel
 * shift is applied: these are MediaPipe's numbers.
 */
#ifndef MIEN_RESULT_H
#define MIEN_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MienResult MienResult;

typedef struct MienLandmark {
    float x; /**< in widths of the upright picture */
    float y; /**< in heights of the upright picture */
    float z; /**< in widths of the upright picture, smaller is nearer */
} MienLandmark;

/** One face. New fields come at the end: never copy the struct by value or index it as an array. */
typedef struct MienFace {
    /** Video: from 0 in each stream, stays with a face while it is followed, never reused before a
     * reset. MIEN_MODE_IMAGE: its index in this picture. */
    int32_t face_id;
    /** Of the detection that its track began with, 0..1. */
    float score;
    /** The landmark network's confidence that this is a face, 0..1; the score again from an engine
     * that only detects. */
    float presence;
    /** Bounds of the landmarks in pixels of the upright picture: left and top, width and height;
     * those of the detection from an engine that only detects. */
    float box_x;
    float box_y;
    float box_width;
    float box_height;
    /** 468, or 478 with irises; 0 from an engine that only detects. */
    int32_t n_landmarks;
    /** [n_landmarks], MediaPipe's order; NULL if there are none. Owner: the result. */
    const MienLandmark *landmarks;
    /** MIEN_N_BLENDSHAPES, or 0 unless they were asked for. */
    int32_t n_blendshapes;
    /** [n_blendshapes], 0..1, MediaPipe's order (mien_blendshape_name); NULL if there are none.
     * Owner: the result. */
    const float *blendshapes;
    /** Facial transformation matrix, [16] row-major: takes points of MediaPipe's canonical face
     * (centimetres) to the camera's space (centimetres; x to the picture's right, y up, the camera
     * in the origin looking along -z). NULL unless asked for, and for a face of no extent.
     * Owner: the result. */
    const float *transform;
    /** Rotation of the matrix as x, y, z, w with w >= 0; all 0 without a matrix. */
    float quaternion[4];
    /** The same rotation in degrees, 0 without a matrix: rotation = Ry(yaw) Rx(pitch) Rz(roll), by
     * the right-hand rule about the camera's axes. yaw > 0: the nose points to the picture's right;
     * pitch > 0: down; roll > 0: the head leans counter-clockwise in the picture. A face that looks
     * into the camera has about 0, 0, 0. See docs/formulas.md, "Pose". */
    float yaw;
    float pitch;
    float roll;
    /** MIEN_N_KEYPOINTS from an engine that only detects, else 0. */
    int32_t n_keypoints;
    /** [n_keypoints] of the detection, z 0: the eye, as seen in the picture, on the left, the one
     * on the right, nose tip, mouth, ear on the left, ear on the right (MediaPipe's order); NULL if
     * there are none. Owner: the result. */
    const MienLandmark *keypoints;
} MienFace;

/** Blendshapes of a face. */
#define MIEN_N_BLENDSHAPES 52

/** Key points of a detection. */
#define MIEN_N_KEYPOINTS 6

/** Returns the number of faces, 0 if there are none. Threads: any thread, as long as the result
 * lives. */
MIEN_API size_t mien_result_n_faces(const MienResult *result);

/** Returns face `index`, or NULL if there is no such face. Owner: the result. Threads: any thread,
 * as long as the result lives. */
MIEN_API const MienFace *mien_result_face(const MienResult *result, size_t index);

/** Returns the timestamp that the picture was passed with, in microseconds. Threads: any thread, as
 * long as the result lives. */
MIEN_API int64_t mien_result_timestamp_us(const MienResult *result);

/**
 * Copies a result, so that it outlives the engine's next call.
 *
 * @param clone  Set to NULL first; then returned, free with mien_result_destroy.
 * @return MIEN_OK, MIEN_E_ARGUMENT, MIEN_E_NOMEM.
 *
 * Threads: any thread, as long as the result lives.
 */
MIEN_API MienStatus mien_result_clone(const MienResult *result, MienResult **clone);

/** Frees a clone; NULL is fine. Never call it with a result that is borrowed from an engine.
 * Threads: any thread. */
MIEN_API void mien_result_destroy(MienResult *clone);

/** Returns MediaPipe's name of blendshape `index`: "_neutral", "browDownLeft", …; NULL beyond the
 * last. Left and right are the subject's own. Threads: any thread. */
MIEN_API const char *mien_blendshape_name(size_t index);

/** Sets of connected landmarks, by the subject's own left and right. Source: MediaPipe's face
 * connection sets. */
typedef enum MienTopology {
    MIEN_TOPOLOGY_LIPS = 0,
    MIEN_TOPOLOGY_LEFT_EYE,
    MIEN_TOPOLOGY_LEFT_EYEBROW,
    MIEN_TOPOLOGY_LEFT_IRIS, /**< landmarks 474..477: only with 478 landmarks */
    MIEN_TOPOLOGY_RIGHT_EYE,
    MIEN_TOPOLOGY_RIGHT_EYEBROW,
    MIEN_TOPOLOGY_RIGHT_IRIS, /**< landmarks 469..472: only with 478 landmarks */
    MIEN_TOPOLOGY_FACE_OVAL,
    MIEN_TOPOLOGY_NOSE,
    MIEN_TOPOLOGY_CONTOURS,   /**< lips, eyes, eyebrows and oval */
    MIEN_TOPOLOGY_TESSELATION /**< the wire mesh: closed triples a>b, b>c, c>a */
} MienTopology;

/** A line between two landmarks. */
typedef struct MienEdge {
    uint16_t from;
    uint16_t to;
} MienEdge;

/** Returns the edges of a set and their number; NULL and 0 for an unknown set. Threads: any thread.
 */
MIEN_API const MienEdge *mien_topology_edges(MienTopology topology, size_t *n_edges);

/** Returns the 898 triangles of the canonical face mesh, [n][3] landmark indices from 0. Threads:
 * any thread. */
MIEN_API const uint16_t (*mien_topology_triangles(size_t *n_triangles))[3];

#ifdef __cplusplus
}
#endif
#endif
