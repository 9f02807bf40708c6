/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which landmarks the outputs of the attention model are. "Left" is the left side of the image
 * here, as in MediaPipe's refinement graph. Source: docs/formulas.md, "Refinement".
 */
#include "face/face.h"

#include "face/refine_tables.h"

#define REFINEMENT(name)                                                                           \
    .n_points = (int32_t)MIENI_COUNT_OF(name##_targets), .targets = name##_targets
#define AVERAGE(name)                                                                              \
    .n_z_average = (int32_t)MIENI_COUNT_OF(name##_z_average), .z_average = name##_z_average

const MieniRefinement mieni_refinements[MIENI_N_REFINEMENTS] = {
    {REFINEMENT(lips)},
    {REFINEMENT(left_eye)},
    {REFINEMENT(right_eye)},
    {REFINEMENT(left_iris), AVERAGE(left_iris)},
    {REFINEMENT(right_iris), AVERAGE(right_iris)},
};
