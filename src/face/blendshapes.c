/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into the blendshape network, and what its outputs are called. Source: docs/formulas.md,
 * "Blendshapes". */
#include "face/blendshapes_tables.h"
#include "face/face.h"

void mieni_blendshape_points(const MienLandmark *landmarks, int32_t width, int32_t height,
                             float *points)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(blendshape_landmarks); i++) {
        const MienLandmark *landmark = &landmarks[blendshape_landmarks[i]];
        points[2 * i] = landmark->x * (float)width;
        points[2 * i + 1] = landmark->y * (float)height;
    }
}

const char *mien_blendshape_name(size_t index)
{
    return index < MIENI_COUNT_OF(blendshape_names) ? blendshape_names[index] : NULL;
}
