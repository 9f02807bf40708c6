/* SPDX-License-Identifier: Apache-2.0 */
/* Weights in the order in which kernels read them (kernels/args.h), and tables as words. */
#include "backend/cuda/cuda.h"

static size_t lanes(int32_t channels)
{
    return mieni_round_up((size_t)channels, 4);
}

size_t mieni_cuda_n_products(const MieniOp *op)
{
    size_t channels = (size_t)op->shape.in_channels;
    switch (op->kind) {
    case MIENI_OP_CONV:
    case MIENI_OP_POINTWISE:
        return mieni_cuda_n_taps(op) * channels;
    case MIENI_OP_DEPTHWISE_POINTWISE:
        return channels;
    case MIENI_OP_FULLY_CONNECTED:
        return (size_t)op->shape.in_height * (size_t)op->shape.in_width * channels;
    default:
        return 0;
    }
}

static size_t conv_words(const MieniOp *op)
{
    size_t n = lanes(op->shape.out_channels);
    size_t words = (mieni_cuda_n_products(op) + 2) * n; /* with bias and slopes */
    if (op->kind == MIENI_OP_DEPTHWISE_POINTWISE)
        words += (mieni_cuda_n_taps(op) + 1) * lanes(op->shape.in_channels);
    else if (op->kind == MIENI_OP_DEPTHWISE)
        words += mieni_cuda_n_taps(op) * n;
    return words;
}

static size_t tensor_floats(const MieniPlan *plan, int32_t tensor)
{
    const MieniTensor *of = &plan->tensors[tensor];
    return (size_t)of->height * (size_t)of->width * (size_t)of->channels;
}

static size_t refinement_words(const MieniOp *op)
{
    size_t words = 0;
    for (int32_t i = 0; i < op->landmarks.n_refinements; i++)
        words += (size_t)op->landmarks.refinements[i].n_points +
                 (size_t)op->landmarks.refinements[i].n_z_average;
    return words;
}

size_t mieni_cuda_constant_words(const MieniDevicePlan *plan, const MieniPlan *from,
                                 const MieniOp *op)
{
    size_t words = 0;
    if (mieni_cuda_is_half(plan, op))
        words = mieni_cuda_half_words(plan, op);
    else if (mieni_cuda_n_products(op) || mieni_cuda_is_depthwise(op))
        words = conv_words(op);
    else if (op->kind == MIENI_OP_LANDMARKS_TO_MATRIX)
        words = (size_t)op->matrix.n_subset;
    else if (op->kind == MIENI_OP_CONSTANT)
        words = tensor_floats(from, op->output);
    else if (op->kind == MIENI_OP_LAYER_NORM)
        words = (size_t)from->tensors[op->inputs[0]].channels;
    else if (op->kind == MIENI_OP_DECODE_BOXES)
        words = 2 * (size_t)op->boxes.n_anchors;
    else if (op->kind == MIENI_OP_DECODE_LANDMARKS)
        words = refinement_words(op);
    return mieni_round_up(words, 4); /* what follows is aligned */
}

/* Rows of `n` floats to rows of `n` rounded up; what is between stays zero. */
static float *put_rows(float *words, const float *from, size_t n_rows, size_t n)
{
    for (size_t row = 0; row < n_rows; row++)
        memcpy(words + row * mieni_round_up(n, 4), from + row * n, n * sizeof(float));
    return words + n_rows * mieni_round_up(n, 4);
}

static void pack_conv(const MieniOp *op, float *words)
{
    const MieniConvWeights *weights = &op->weights;
    size_t n = (size_t)op->shape.out_channels, k = mieni_cuda_n_products(op),
           n4 = mieni_round_up(n, 4);
    size_t channels = (size_t)op->shape.in_channels;
    if (mieni_cuda_is_depthwise(op))
        words = put_rows(words, weights->depthwise, mieni_cuda_n_taps(op), channels);
    if (op->kind == MIENI_OP_DEPTHWISE_POINTWISE)
        words = put_rows(words, weights->depthwise_bias, 1, channels);
    for (size_t row = 0; row < k; row++)
        for (size_t i = 0; i < n; i++)
            words[row * n4 + i] = mieni_weight(weights, i * k + row);
    words = put_rows(words + k * n4, weights->bias, 1, n);
    if (op->shape.activation == MIENI_ACTIVATION_PRELU)
        put_rows(words, weights->slope, 1, n);
}

static void put_integer(float *word, int32_t value)
{
    memcpy(word, &value, sizeof(value));
}

static void pack_refinements(const MieniOp *op, float *words)
{
    for (int32_t i = 0; i < op->landmarks.n_refinements; i++) {
        const MieniRefinement *refinement = &op->landmarks.refinements[i];
        for (int32_t k = 0; k < refinement->n_points; k++)
            put_integer(words++, refinement->targets[k]);
        for (int32_t k = 0; k < refinement->n_z_average; k++)
            put_integer(words++, refinement->z_average[k]);
    }
}

void mieni_cuda_pack(const MieniDevicePlan *plan, const MieniPlan *from, const MieniOp *op,
                     float *words)
{
    if (mieni_cuda_is_half(plan, op)) {
        mieni_cuda_pack_half(plan, op, words);
    } else if (mieni_cuda_n_products(op) || mieni_cuda_is_depthwise(op)) {
        pack_conv(op, words);
    } else if (op->kind == MIENI_OP_LANDMARKS_TO_MATRIX) {
        for (int32_t i = 0; i < op->matrix.n_subset; i++)
            put_integer(&words[i], op->matrix.subset[i]);
    } else if (op->kind == MIENI_OP_CONSTANT) {
        memcpy(words, op->constant, tensor_floats(from, op->output) * sizeof(float));
    } else if (op->kind == MIENI_OP_LAYER_NORM) {
        memcpy(words, op->norm.gain, (size_t)from->tensors[op->inputs[0]].channels * sizeof(float));
    } else if (op->kind == MIENI_OP_DECODE_BOXES) {
        for (int32_t i = 0; i < op->boxes.n_anchors; i++) {
            words[2 * i] = op->boxes.anchors[i].x;
            words[2 * i + 1] = op->boxes.anchors[i].y;
        }
    } else if (op->kind == MIENI_OP_DECODE_LANDMARKS) {
        pack_refinements(op, words);
    }
}
