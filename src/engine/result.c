/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine_private.h"

/* Room for `n` numbers a face; nothing for none. False when there is no memory. */
static bool make_room(void *array, size_t capacity, int32_t n, size_t size)
{
    void *memory = n > 0 ? mieni_alloc(capacity * (size_t)n, size) : NULL;
    memcpy(array, &memory, sizeof(memory));
    return memory || n == 0;
}

MienStatus mieni_result_reserve(MienResult *result, int32_t capacity, const MieniFaceShape *shape)
{
    if (result->capacity >= capacity && memcmp(&result->shape, shape, sizeof(*shape)) == 0)
        return MIEN_OK;
    size_t n = (size_t)capacity;
    MienResult larger = {
        .timestamp_us = result->timestamp_us, .capacity = capacity, .shape = *shape};
    if (!make_room(&larger.faces, n, 1, sizeof(*larger.faces)) ||
        !make_room(&larger.landmarks, n, shape->n_landmarks, sizeof(*larger.landmarks)) ||
        !make_room(&larger.blendshapes, n, shape->n_blendshapes, sizeof(float)) ||
        !make_room(&larger.transforms, n, shape->n_transform, sizeof(float)) ||
        !make_room(&larger.keypoints, n, shape->n_keypoints, sizeof(*larger.keypoints))) {
        mieni_result_finish(&larger);
        return MIEN_E_NOMEM;
    }
    mieni_result_finish(result);
    *result = larger;
    return MIEN_OK;
}

void mieni_result_finish(MienResult *result)
{
    mieni_free(result->faces);
    mieni_free(result->landmarks);
    mieni_free(result->blendshapes);
    mieni_free(result->transforms);
    mieni_free(result->keypoints);
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

/* A copy of what belongs to face `index`, in an array of `n` elements a face; NULL where there is
 * none. */
static const void *copy_part(void *array, int32_t index, int32_t n, size_t size, const void *part)
{
    if (!part)
        return NULL;
    return memcpy((char *)array + (size_t)index * (size_t)n * size, part, (size_t)n * size);
}

static void copy_face(MienResult *to, int32_t index, const MienFace *from)
{
    const MieniFaceShape *shape = &to->shape;
    MienFace *face = &to->faces[index];
    *face = *from;
    face->landmarks = copy_part(to->landmarks, index, shape->n_landmarks, sizeof(*to->landmarks),
                                from->landmarks);
    face->blendshapes =
        copy_part(to->blendshapes, index, shape->n_blendshapes, sizeof(float), from->blendshapes);
    face->transform =
        copy_part(to->transforms, index, shape->n_transform, sizeof(float), from->transform);
    face->keypoints = copy_part(to->keypoints, index, shape->n_keypoints, sizeof(*to->keypoints),
                                from->keypoints);
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
    MienStatus status = mieni_result_reserve(clone, MIENI_MAX(result->n_faces, 1), &result->shape);
    if (status != MIEN_OK) {
        mieni_free(clone);
        return status;
    }
    clone->timestamp_us = result->timestamp_us;
    clone->n_faces = result->n_faces;
    for (int32_t i = 0; i < result->n_faces; i++)
        copy_face(clone, i, &result->faces[i]);
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
