/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "support/interpreter_ops.h"

typedef InterpreterValue Value;
typedef InterpreterView View;

static Value sum_of(Value a, Value b)
{
    return (Value){a.value + b.value, a.magnitude + b.magnitude};
}

/* Errors of both factors count. */
static Value product_of(Value a, Value b)
{
    double magnitude = fabs(a.value) * b.magnitude + fabs(b.value) * a.magnitude;
    return (Value){a.value * b.value, magnitude};
}

static Value squared_difference_of(Value a, Value b)
{
    double off = a.value - b.value;
    return (Value){off * off, 2 * fabs(off) * (a.magnitude + b.magnitude)};
}

/* The slope of 1 / sqrt(x) is -1/2 x^(-3/2). */
static Value root_of(Value x)
{
    double root = 1 / sqrt(x.value);
    return (Value){root, root + 0.5 * root * root * root * x.magnitude};
}

static bool run_transpose(Interpreter *interpreter, const MieniGraphOp *op, const View *in,
                          View *out)
{
    const MieniGraphTensor *list =
        &interpreter->graph->tensors[op->n_inputs > 1 && op->inputs[1] >= 0 ? op->inputs[1] : 0];
    static const int32_t swapped[4] = {0, 1, 3, 2};
    if (list->type != MIENI_TYPE_I32 || list->n_elements != 4 || !list->data ||
        memcmp(list->data, swapped, sizeof(swapped)) != 0 || in->shape[0] != 1 ||
        out->shape[1] != in->shape[1] || out->shape[2] != in->shape[3] ||
        out->shape[3] != in->shape[2])
        return interpreter_stop(interpreter, "a transposition of a kind that is not known here");
    size_t width = (size_t)in->shape[2], channels = (size_t)in->shape[3];
    for (size_t y = 0; y < (size_t)in->shape[1]; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t c = 0; c < channels; c++)
                out->data[(y * channels + c) * width + x] =
                    in->data[(y * width + x) * channels + c];
    return true;
}

/* Over the channels of each pixel. */
static bool run_mean(Interpreter *interpreter, const View *in, View *out)
{
    size_t channels = (size_t)in->shape[3];
    if (out->shape[3] != 1 || out->n * channels != in->n)
        return interpreter_stop(interpreter, "a mean of a kind that is not known here");
    for (size_t i = 0; i < out->n; i++) {
        Value sum = {0};
        for (size_t c = 0; c < channels; c++)
            sum = sum_of(sum, in->data[i * channels + c]);
        out->data[i] = (Value){sum.value / (double)channels, sum.magnitude / (double)channels};
    }
    return true;
}

/* An element of something that is one for each pixel, one for each channel, or for both. */
static const Value *element(const View *view, size_t pixel, size_t channel)
{
    size_t channels = (size_t)view->shape[3], pixels = view->n / channels;
    return &view->data[(pixels == 1 ? 0 : pixel) * channels + (channels == 1 ? 0 : channel)];
}

static bool goes_into(const View *view, const View *out)
{
    size_t channels = (size_t)view->shape[3], pixels = view->n / channels;
    return (channels == 1 || view->shape[3] == out->shape[3]) &&
           (pixels == 1 || pixels == out->n / (size_t)out->shape[3]);
}

static bool run_pairs(Interpreter *interpreter, const MieniGraphOp *op, const View *in, View *out)
{
    View b = interpreter_view(interpreter, op->n_inputs > 1 ? op->inputs[1] : -1);
    if (!b.data || !goes_into(in, out) || !goes_into(&b, out) || op->fused != MIENI_FUSED_NONE)
        return interpreter_stop(interpreter, "two operands that do not fit each other");
    size_t channels = (size_t)out->shape[3];
    for (size_t i = 0; i < out->n; i++) {
        Value x = *element(in, i / channels, i % channels);
        Value y = *element(&b, i / channels, i % channels);
        if (op->kind == MIENI_GRAPH_ADD)
            out->data[i] = sum_of(x, y);
        else if (op->kind == MIENI_GRAPH_MUL)
            out->data[i] = product_of(x, y);
        else
            out->data[i] = squared_difference_of(x, y);
    }
    return true;
}

bool interpreter_run_mixer(Interpreter *interpreter, const MieniGraphOp *op, const View *in,
                           View *out)
{
    switch (op->kind) {
    case MIENI_GRAPH_TRANSPOSE:
        return run_transpose(interpreter, op, in, out);
    case MIENI_GRAPH_MEAN:
        return run_mean(interpreter, in, out);
    case MIENI_GRAPH_ADD:
    case MIENI_GRAPH_MUL:
    case MIENI_GRAPH_SQUARED_DIFFERENCE:
        return run_pairs(interpreter, op, in, out);
    case MIENI_GRAPH_NEG:
    case MIENI_GRAPH_RSQRT:
        if (in->n != out->n)
            return interpreter_stop(interpreter, "another number of elements");
        for (size_t i = 0; i < out->n; i++)
            out->data[i] = op->kind == MIENI_GRAPH_RSQRT
                               ? root_of(in->data[i])
                               : (Value){-in->data[i].value, in->data[i].magnitude};
        return true;
    default:
        return interpreter_stop(interpreter, "an operation that is not known here");
    }
}
