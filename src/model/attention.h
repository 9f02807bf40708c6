/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of the attention model's custom operations. Source: MediaPipe,
 * mediapipe/util/tflite/operations, version 2 of each; they are FlexBuffer maps.
 */
#ifndef MIENI_MODEL_ATTENTION_H
#define MIENI_MODEL_ATTENTION_H

#include "model/flexbuffer.h"
#include "model/graph.h"

/* Of Landmarks2TransformMatrix. */
typedef struct MieniMatrixOptions {
    int32_t left, right; /* landmarks whose line gives the rotation */
    int32_t out_height, out_width;
    float scale_x, scale_y;
    float target_radians;
    MieniFlexVector subset; /* landmarks whose bounds give the size; all are in range */
} MieniMatrixOptions;

/* Reads and checks the options; returns what is wrong with them, or NULL. */
const char *mieni_matrix_options_read(const MieniGraphOp *op, int32_t n_landmarks,
                                      MieniMatrixOptions *options);

/* Whether the options of TransformTensorBilinear name this size. */
bool mieni_sample_options_fit(const MieniGraphOp *op, int32_t height, int32_t width);

#endif
