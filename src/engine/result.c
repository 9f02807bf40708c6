/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_private.h"

MienStatus mieni_result_reserve(MienResult *result, int32_t capacity, int32_t n_landmarks)
{
    if (result->capacity >= capacity && result->n_landmarks == n_landmarks)
        return MIEN_OK;
    size_t n = (size_t)capacity;
    MienFace *faces = mieni_alloc(n, sizeof(*faces));
    MienLandmark *landmarks = mieni_alloc(n * (size_t)n_landmarks, sizeof(*landmarks));
    if (!faces || !landmarks) {
        mieni_free(faces);
        mieni_free(landmarks);
        return MIEN_E_NOMEM;
    }
    mieni_result_finish(result);
    result->capacity = capacity;
    result->n_landmarks = n_landmarks;
    result->faces = faces;
    result->landmarks = landmarks;
    return MIEN_OK;
}

void mieni_result_finish(MienResult *result)
{
    mieni_free(result->faces);
    mieni_free(result->landmarks);
    memset(result, 0, sizeof(*result));
}

size_t mien_result_n_faces(const MienResult *result)
{
    return result ? (size_t)result->n_faces : 0;
}

const MienFace *mien_result_face(const MienResult *result, size_t index)
{
    return index < mien_result_n_faces(result) ? &result->faces[index] : NULL;
}

int64_t mien_result_timestamp_us(const MienResult *result)
{
    return result ? result->timestamp_us : 0;
}

MienStatus mien_result_clone(const MienResult *result, MienResult **out)
{
    if (out)
        *out = NULL;
    if (!out || !result)
        return MIEN_E_ARGUMENT;
    MienResult *clone = mieni_alloc(1, sizeof(*clone));
    if (!clone)
        return MIEN_E_NOMEM;
    MienStatus status =
        mieni_result_reserve(clone, MIENI_MAX(result->n_faces, 1), result->n_landmarks);
    if (status != MIEN_OK) {
        mieni_free(clone);
        return status;
    }
    clone->timestamp_us = result->timestamp_us;
    clone->n_faces = result->n_faces;
    for (int32_t i = 0; i < result->n_faces; i++) {
        MienLandmark *landmarks = clone->landmarks + (size_t)i * (size_t)clone->n_landmarks;
        clone->faces[i] = result->faces[i];
        clone->faces[i].landmarks = memcpy(landmarks, result->faces[i].landmarks,
                                           (size_t)clone->n_landmarks * sizeof(*landmarks));
    }
    *out = clone;
    return MIEN_OK;
}

void mien_result_destroy(MienResult *clone)
{
    if (!clone)
        return;
    mieni_result_finish(clone);
    mieni_free(clone);
}
