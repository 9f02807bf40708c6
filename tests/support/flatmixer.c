/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of mixer networks: what is a block for the planner is a row of operators in a file. */
#include "support/flatbuilder.h"

static int32_t one_of(FbModel *model, int32_t code, int32_t in, int32_t second, int32_t width,
                      int32_t channels)
{
    int32_t out = fb_tensor(model, FB_F32, 4, 1, model->tensors[in].shape[1], width, channels);
    if (second < 0)
        fb_op(model, code, out, 1, in);
    else
        fb_op(model, code, out, 2, in, second);
    return out;
}

int32_t fb_transpose(FbModel *model, int32_t in)
{
    static const int32_t order[] = {0, 1, 3, 2};
    int32_t list = fb_constant(model, FB_I32, order, sizeof(order), 1, 4);
    const int32_t *shape = model->tensors[in].shape;
    return one_of(model, FB_TRANSPOSE, in, list, shape[3], shape[2]);
}

int32_t fb_window(FbModel *model, int32_t in, int32_t width)
{
    const int32_t *shape = model->tensors[in].shape;
    const int32_t begin[4] = {0}, end[4] = {1, shape[1], width, shape[3]}, step[4] = {1, 1, 1, 1};
    int32_t begins = fb_constant(model, FB_I32, begin, sizeof(begin), 1, 4);
    int32_t ends = fb_constant(model, FB_I32, end, sizeof(end), 1, 4);
    int32_t steps = fb_constant(model, FB_I32, step, sizeof(step), 1, 4);
    int32_t out = fb_tensor(model, FB_F32, 4, 1, shape[1], width, shape[3]);
    fb_op(model, FB_STRIDED_SLICE, out, 4, in, begins, ends, steps);
    return out;
}

int32_t fb_layer_norm(FbModel *model, int32_t in)
{
    const int32_t axis = 3, width = model->tensors[in].shape[2];
    const int32_t channels = model->tensors[in].shape[3];
    const float number = 0.25f;
    int32_t axes = fb_constant(model, FB_I32, &axis, sizeof(axis), 1, 1);
    int32_t epsilon = fb_constant(model, FB_F32, &number, sizeof(number), 0);
    int32_t gain = fb_weights(model, 1, channels);
    int32_t mean = one_of(model, FB_MEAN, in, axes, width, 1);
    int32_t minus = one_of(model, FB_NEG, mean, -1, width, 1);
    int32_t off = one_of(model, FB_SQUARED_DIFFERENCE, in, mean, width, channels);
    int32_t variance = one_of(model, FB_MEAN, off, axes, width, 1);
    int32_t sum = one_of(model, FB_ADD, variance, epsilon, width, 1);
    int32_t root = one_of(model, FB_RSQRT, sum, -1, width, 1);
    int32_t scale = one_of(model, FB_MUL, root, gain, width, channels);
    int32_t scaled = one_of(model, FB_MUL, in, scale, width, channels);
    int32_t shift = one_of(model, FB_MUL, minus, scale, width, channels);
    return one_of(model, FB_ADD, scaled, shift, width, channels);
}
