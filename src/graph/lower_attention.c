/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three custom operations of the attention model. Source: MediaPipe,
 * mediapipe/util/tflite/operations, version 2 of each; their options are FlexBuffer maps.
 */
#include "graph/lower.h"
#include "model/flexbuffer.h"

/* Reads the options; false and refused if one is missing or nonsense. */
static bool read_matrix_spec(MieniLowering *lowering, const MieniGraphOp *op, int32_t n_landmarks,
                             MieniMatrixSpec *spec)
{
    MieniFlexMap map;
    MieniFlexVector list;
    if (!mieni_flex_map_open(&map, op->custom_options, op->custom_options_bytes) ||
        !mieni_flex_i32(&map, "left_rotation_idx", &spec->left) ||
        !mieni_flex_i32(&map, "right_rotation_idx", &spec->right) ||
        !mieni_flex_i32(&map, "output_height", &spec->out_height) ||
        !mieni_flex_i32(&map, "output_width", &spec->out_width) ||
        !mieni_flex_f32(&map, "scale_x", &spec->scale_x) ||
        !mieni_flex_f32(&map, "scale_y", &spec->scale_y) ||
        !mieni_flex_f32(&map, "target_rotation_radians", &spec->target_radians) ||
        !mieni_flex_vector_open(&map, "subset_idxs", &list))
        return mieni_refuse(lowering, op, "its options are damaged or incomplete");
    bool sound = spec->left >= 0 && spec->left < n_landmarks && spec->right >= 0 &&
                 spec->right < n_landmarks && spec->out_height > 0 && spec->out_height <= 1024 &&
                 spec->out_width > 0 && spec->out_width <= 1024 && list.count > 0 &&
                 list.count <= (size_t)n_landmarks && list.count <= lowering->weight_budget;
    int32_t *subset =
        sound ? mieni_arena_alloc(lowering->arena, list.count, sizeof(*subset)) : NULL;
    if (sound && !subset) {
        lowering->status = mieni_fail_nomem(lowering->error);
        return false;
    }
    for (size_t i = 0; sound && i < list.count; i++)
        sound = mieni_flex_vector_i32(&list, i, &subset[i]) && subset[i] >= 0 &&
                subset[i] < n_landmarks;
    if (!sound)
        return mieni_refuse(lowering, op, "its options name landmarks or sizes out of range");
    /* Many operations may share one list in the file. */
    lowering->weight_budget -= list.count;
    spec->n_subset = (int32_t)list.count;
    spec->subset = subset;
    return true;
}

bool mieni_lower_landmarks_to_matrix(MieniLowering *lowering, const MieniGraphOp *op)
{
    int32_t value = mieni_input_value(lowering, op, 0);
    int32_t in[3], out[3];
    if (value < 0 || !mieni_value_shape(lowering, op, op->inputs[0], in) ||
        !mieni_value_shape(lowering, op, op->output, out))
        return false;
    if (in[0] != 1 || in[2] != 3 || out[0] != 1 || out[1] != 4 || out[2] != 4)
        return mieni_refuse(lowering, op, "does not make a 4x4 matrix from points x, y, z");
    MieniMatrixSpec spec = {.input_scale = 1};
    if (!read_matrix_spec(lowering, op, in[1], &spec))
        return false;
    const MieniNode *factor = mieni_producer(lowering, value, MIENI_NODE_SCALE);
    if (factor) {
        spec.input_scale = factor->scale;
        value = factor->op.inputs[0];
    }
    lowering->values[value].tight = true;
    lowering->values[op->output].tight = true;
    MieniNode *node = mieni_add_node(lowering, op, MIENI_NODE_OP);
    node->op.kind = MIENI_OP_LANDMARKS_TO_MATRIX;
    node->op.matrix = spec;
    node->op.n_inputs = 1;
    node->op.inputs[0] = value;
    mieni_add_use(lowering, value);
    mieni_set_output(lowering, node, op);
    return true;
}

/* The matrix input of an operation, looking through a constant factor. */
static int32_t matrix_input(MieniLowering *lowering, const MieniGraphOp *op, float *scale)
{
    int32_t value = mieni_input_value(lowering, op, 1);
    if (value < 0)
        return -1;
    *scale = 1;
    const MieniNode *factor = mieni_producer(lowering, value, MIENI_NODE_SCALE_MATRIX);
    if (factor) {
        *scale = factor->scale;
        value = factor->op.inputs[0];
    }
    if (lowering->graph->tensors[value].n_elements != 16) {
        mieni_refuse(lowering, op, "its second input is no 4x4 matrix");
        return -1;
    }
    lowering->values[value].tight = true; /* read as 16 numbers in a row */
    return value;
}

bool mieni_lower_sample_bilinear(MieniLowering *lowering, const MieniGraphOp *op)
{
    float scale;
    int32_t in[3], out[3], height = 0, width = 0;
    int32_t map_value = mieni_input_picture(lowering, op, 0, in);
    int32_t matrix = matrix_input(lowering, op, &scale);
    if (map_value < 0 || matrix < 0 || !mieni_value_shape(lowering, op, op->output, out))
        return false;
    MieniFlexMap map;
    if (!mieni_flex_map_open(&map, op->custom_options, op->custom_options_bytes) ||
        !mieni_flex_i32(&map, "output_height", &height) ||
        !mieni_flex_i32(&map, "output_width", &width) || height != out[0] || width != out[1] ||
        in[2] != out[2] || scale != 1)
        return mieni_refuse(lowering, op, "its options do not fit its shapes");
    MieniNode *node = mieni_add_node(lowering, op, MIENI_NODE_OP);
    node->op.kind = MIENI_OP_SAMPLE_BILINEAR;
    node->op.n_inputs = 2;
    node->op.inputs[0] = map_value;
    node->op.inputs[1] = matrix;
    mieni_add_use(lowering, map_value);
    mieni_add_use(lowering, matrix);
    mieni_set_output(lowering, node, op);
    return true;
}

bool mieni_lower_transform_landmarks(MieniLowering *lowering, const MieniGraphOp *op)
{
    float scale;
    int32_t points = mieni_input_value(lowering, op, 0);
    int32_t matrix = matrix_input(lowering, op, &scale);
    int32_t in[3], out[3];
    if (points < 0 || matrix < 0 || !mieni_value_shape(lowering, op, op->inputs[0], in) ||
        !mieni_value_shape(lowering, op, op->output, out))
        return false;
    if (in[0] != 1 || in[2] != 2 || memcmp(in, out, sizeof(in)) != 0)
        return mieni_refuse(lowering, op, "does not work on points x, y");
    MieniNode *node = mieni_add_node(lowering, op, MIENI_NODE_OP);
    node->op.kind = MIENI_OP_TRANSFORM_LANDMARKS;
    node->op.scale = scale;
    node->op.n_inputs = 2;
    node->op.inputs[0] = points;
    node->op.inputs[1] = matrix;
    lowering->values[points].tight = true;
    lowering->values[op->output].tight = true;
    mieni_add_use(lowering, points);
    mieni_add_use(lowering, matrix);
    mieni_set_output(lowering, node, op);
    return true;
}
