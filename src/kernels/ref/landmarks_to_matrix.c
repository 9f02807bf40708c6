/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matrix that takes cells of a small map to places of a large one, so that a part of the face
 * (eye, lips) is level and fills it. Source: docs/formulas.md, "Attention".
 */
#include "kernels/ref/ref.h"

#include <float.h>

#include "base/trigf.h"

void mieni_landmarks_to_matrix_ref(const MieniMatrixSpec *spec, const float *landmarks,
                                   float matrix[16])
{
    float scale = spec->input_scale;
    const float *left = landmarks + 3 * spec->left, *right = landmarks + 3 * spec->right;
    float dx = right[0] * scale - left[0] * scale, dy = right[1] * scale - left[1] * scale;
    float turn = spec->target_radians - mieni_atan2f(dy, dx);
    float s, c;
    mieni_sincosf(turn, &s, &c);

    float min_x = FLT_MAX, min_y = FLT_MAX, max_x = -FLT_MAX, max_y = -FLT_MAX;
    for (int32_t i = 0; i < spec->n_subset; i++) {
        float x = landmarks[3 * spec->subset[i]] * scale;
        float y = landmarks[3 * spec->subset[i] + 1] * scale;
        float turned_x = c * x - s * y, turned_y = s * x + c * y;
        min_x = MIENI_MIN(min_x, turned_x);
        max_x = MIENI_MAX(max_x, turned_x);
        min_y = MIENI_MIN(min_y, turned_y);
        max_y = MIENI_MAX(max_y, turned_y);
    }
    float middle_x = (max_x + min_x) / 2.0f, middle_y = (max_y + min_y) / 2.0f;
    /* Turned back by -turn: the sine changes its sign. */
    float centre_x = c * middle_x + s * middle_y, centre_y = -s * middle_x + c * middle_y;

    float width = (float)spec->out_width, height = (float)spec->out_height;
    float sx = spec->scale_x * (max_x - min_x) / width;
    float sy = spec->scale_y * (max_y - min_y) / height;
    float half_width = width / 2.0f, half_height = height / 2.0f;
    float out[16] = {c * sx,  s * sy, 0, centre_x - c * sx * half_width - s * sy * half_height,
                     -s * sx, c * sy, 0, centre_y + s * sx * half_width - c * sy * half_height,
                     0,       0,      1, 0,
                     0,       0,      0, 1};
    memcpy(matrix, out, sizeof(out));
}
