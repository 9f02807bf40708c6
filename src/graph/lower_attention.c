/* SPDX-License-Identifier: Apache-2.0 */
/* The three custom operations of the attention model. */
#include "graph/lower.h"
#include "model/attention.h"

/* Reads the options; false and refused if one is missing or nonsense. */
static bool read_matrix_spec(MieniLowering *lowering, const MieniGraphOp *op, int32_t n_landmarks,
                             MieniMatrixSpec *spec)
{
    MieniMatrixOptions options;
    const char *wrong = mieni_matrix_options_read(op, n_landmarks, &options);
    if (wrong)
        return mieni_refuse(lowering, op, wrong);
    /* Many operations may share one list in the file. */
    size_t n = options.subset.count;
    if (n > lowering->weight_budget)
        return mieni_refuse(lowering, op,
                            "the lists of landmarks are larger than the file warrants");
    lowering->weight_budget -= n;
    int32_t *subset = mieni_arena_alloc(lowering->arena, n, sizeof(*subset));
    if (!subset) {
        lowering->status = mieni_fail_nomem(lowering->error);
        return false;
    }
    for (size_t i = 0; i < n; i++)
        mieni_flex_vector_i32(&options.subset, i, &subset[i]);
    *spec = (MieniMatrixSpec){.left = options.left,
                              .right = options.right,
                              .out_height = options.out_height,
                              .out_width = options.out_width,
                              .scale_x = options.scale_x,
                              .scale_y = options.scale_y,
                              .target_radians = options.target_radians,
                              .input_scale = 1,
                              .n_subset = (int32_t)n,
                              .subset = subset};
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
    MieniMatrixSpec spec;
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
    int32_t in[3], out[3];
    int32_t map_value = mieni_input_picture(lowering, op, 0, in);
    int32_t matrix = matrix_input(lowering, op, &scale);
    if (map_value < 0 || matrix < 0 || !mieni_value_shape(lowering, op, op->output, out))
        return false;
    if (!mieni_sample_options_fit(op, out[0], out[1]) || in[2] != out[2] || scale != 1)
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
