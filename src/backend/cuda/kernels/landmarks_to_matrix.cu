/* SPDX-License-Identifier: Apache-2.0 */
/*
 * landmarks_to_matrix of kernels.h; equals ref/landmarks_to_matrix.c, bit for bit: the angle comes
 * from the same series as there. One thread a face: a few hundred operations between two large
 * layers. Grid: y = face.
 */
#include "backend/cuda/kernels/device.h"

#define MIENI_TRIG_FUNCTION DEVICE
#define MIENI_TRIG_STATIC DEVICE
#define MIENI_TRIG_NAN __builtin_nanf("")
#include "base/trigf_series.inc"

/* Bounds of the points of the subset, turned. */
typedef struct Bounds {
    float min_x, min_y, max_x, max_y;
} Bounds;

DEVICE Bounds bounds_of(const CudaMatrixArgs *args, const float *landmarks, float s, float c)
{
    float largest = 3.402823466e+38f;
    Bounds bounds = {largest, largest, -largest, -largest};
    int32_t i;
    for (i = 0; i < args->n_subset; i++) {
        const float *point = landmarks + 3 * args->subset[i];
        float x = point[0] * args->input_scale, y = point[1] * args->input_scale;
        float turned_x = c * x - s * y, turned_y = s * x + c * y;
        bounds.min_x = bounds.min_x < turned_x ? bounds.min_x : turned_x;
        bounds.max_x = bounds.max_x > turned_x ? bounds.max_x : turned_x;
        bounds.min_y = bounds.min_y < turned_y ? bounds.min_y : turned_y;
        bounds.max_y = bounds.max_y > turned_y ? bounds.max_y : turned_y;
    }
    return bounds;
}

BRANCH_KERNEL(landmarks_to_matrix, CudaMatrixArgs)
{
    int32_t face = block_y(), i;
    const float *landmarks = pixel_of(&args.in, face, 0);
    const float *left = landmarks + 3 * args.left, *right = landmarks + 3 * args.right;
    float *out = pixel_of(&args.out, face, 0);
    float scale = args.input_scale, width = (float)args.out_width, height = (float)args.out_height;
    float half_width = width / 2.0f, half_height = height / 2.0f;
    float dx, dy, turn, s, c, middle_x, middle_y, centre_x, centre_y, sx, sy;
    Bounds bounds;
    if (thread_index() > 0)
        return;
    dx = right[0] * scale - left[0] * scale;
    dy = right[1] * scale - left[1] * scale;
    turn = args.target_radians - mieni_atan2f(dy, dx);
    mieni_sincosf(turn, &s, &c);
    bounds = bounds_of(&args, landmarks, s, c);
    middle_x = (bounds.max_x + bounds.min_x) / 2.0f;
    middle_y = (bounds.max_y + bounds.min_y) / 2.0f;
    /* Turned back by -turn: the sine changes its sign. */
    centre_x = c * middle_x + s * middle_y;
    centre_y = -s * middle_x + c * middle_y;
    sx = args.scale_x * (bounds.max_x - bounds.min_x) / width;
    sy = args.scale_y * (bounds.max_y - bounds.min_y) / height;
    for (i = 0; i < 16; i++)
        out[i] = i == 10 || i == 15 ? 1.0f : 0.0f;
    out[0] = c * sx;
    out[1] = s * sy;
    out[3] = centre_x - c * sx * half_width - s * sy * half_height;
    out[4] = -s * sx;
    out[5] = c * sy;
    out[7] = centre_y + s * sx * half_width - c * sy * half_height;
}
