/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "support/interpreter_ops.h"

typedef InterpreterView View;

static bool stop(Interpreter *interpreter, const char *problem)
{
    return interpreter_stop(interpreter, problem);
}

bool interpreter_stop(Interpreter *interpreter, const char *problem)
{
    if (!interpreter->problem)
        interpreter->problem = problem;
    return false;
}

static View view_of(const Interpreter *interpreter, int32_t tensor)
{
    return interpreter_view(interpreter, tensor);
}

InterpreterView interpreter_view(const Interpreter *interpreter, int32_t tensor)
{
    View view = {0};
    if (tensor < 0)
        return view;
    const MieniGraphTensor *t = &interpreter->graph->tensors[tensor];
    view.data = interpreter->tensors[tensor];
    view.n = t->n_elements;
    for (int32_t i = 0; i < 4; i++)
        view.shape[i] = i < 4 - t->rank ? 1 : t->shape[i - (4 - t->rank)];
    return view;
}

static InterpreterValue *at(const View *view, int32_t y, int32_t x, int32_t c)
{
    return view->data + ((size_t)y * (size_t)view->shape[2] + (size_t)x) * (size_t)view->shape[3] +
           (size_t)c;
}

static InterpreterValue exact(double value)
{
    return (InterpreterValue){value, fabs(value)};
}

static void add_product(InterpreterValue *sum, InterpreterValue a, InterpreterValue b)
{
    sum->value += a.value * b.value;
    sum->magnitude += a.magnitude * fabs(b.value);
}

static void relu(InterpreterValue *x)
{
    x->value = x->value < 0 ? 0 : x->value;
}

static void finish_fused(const MieniGraphOp *op, View *out)
{
    for (size_t i = 0; i < out->n && op->fused == MIENI_FUSED_RELU; i++)
        relu(&out->data[i]);
}

/* The border in front of a convolution or pool. */
static int32_t border(const MieniGraphOp *op, int32_t in, int32_t out, int32_t kernel,
                      int32_t stride)
{
    int64_t total = (int64_t)(out - 1) * stride + kernel - in;
    return op->padding == MIENI_PADDING_SAME && total > 0 ? (int32_t)(total / 2) : 0;
}

static bool window_fits(const MieniGraphOp *op, int32_t in, int32_t out, int32_t kernel,
                        int32_t stride)
{
    if (stride < 1 || kernel < 1)
        return false;
    int64_t want = op->padding == MIENI_PADDING_SAME ? ((int64_t)in + stride - 1) / stride
                   : in < kernel                     ? 0
                                                     : ((int64_t)in - kernel) / stride + 1;
    return want == out;
}

/* A window over a picture; `use` gets every place that lies inside. */
typedef struct Window {
    int32_t y0, y1, x0, x1; /* rows and columns of the input */
    int32_t ky, kx;         /* place of (y0, x0) in the filter */
} Window;

static Window window_at(const MieniGraphOp *op, const View *in, const View *out, int32_t y,
                        int32_t x, int32_t kernel_h, int32_t kernel_w)
{
    int32_t top =
        y * op->stride_h - border(op, in->shape[1], out->shape[1], kernel_h, op->stride_h);
    int32_t left =
        x * op->stride_w - border(op, in->shape[2], out->shape[2], kernel_w, op->stride_w);
    Window window;
    window.y0 = MIENI_MAX(top, 0);
    window.x0 = MIENI_MAX(left, 0);
    window.y1 = MIENI_MIN(top + kernel_h, in->shape[1]);
    window.x1 = MIENI_MIN(left + kernel_w, in->shape[2]);
    window.ky = window.y0 - top;
    window.kx = window.x0 - left;
    return window;
}

static bool run_conv(Interpreter *interpreter, const MieniGraphOp *op, const View *in, View *out)
{
    bool depthwise = op->kind == MIENI_GRAPH_DEPTHWISE_CONV_2D;
    View filter = view_of(interpreter, op->inputs[1]);
    View bias = view_of(interpreter, op->n_inputs > 2 ? op->inputs[2] : -1);
    if (!filter.data || (bias.n && (!bias.data || bias.n != (size_t)out->shape[3])))
        return stop(interpreter, "a convolution without weights");
    int32_t kh = filter.shape[1], kw = filter.shape[2];
    bool fits = window_fits(op, in->shape[1], out->shape[1], kh, op->stride_h) &&
                window_fits(op, in->shape[2], out->shape[2], kw, op->stride_w) &&
                filter.shape[3] == in->shape[3] &&
                (depthwise ? filter.shape[0] == 1 && out->shape[3] == in->shape[3]
                           : filter.shape[0] == out->shape[3]);
    if (!fits)
        return stop(interpreter, "a convolution whose shapes do not fit");
    int32_t depth = depthwise ? 1 : in->shape[3];
    interpreter->work -= (double)out->n * kh * kw * depth;
    if (interpreter->work < 0)
        return stop(interpreter, "too much work");
    for (int32_t y = 0; y < out->shape[1]; y++)
        for (int32_t x = 0; x < out->shape[2]; x++)
            for (int32_t c = 0; c < out->shape[3]; c++) {
                Window w = window_at(op, in, out, y, x, kh, kw);
                InterpreterValue sum = bias.n ? bias.data[c] : exact(0);
                for (int32_t sy = w.y0; sy < w.y1; sy++)
                    for (int32_t sx = w.x0; sx < w.x1; sx++)
                        for (int32_t k = 0; k < depth; k++) {
                            size_t tap = (size_t)(w.ky + sy - w.y0) * (size_t)kw +
                                         (size_t)(w.kx + sx - w.x0);
                            if (!depthwise)
                                tap += (size_t)c * (size_t)kh * (size_t)kw;
                            add_product(&sum, *at(in, sy, sx, depthwise ? c : k),
                                        filter.data[tap * (size_t)in->shape[3] +
                                                    (size_t)(depthwise ? c : k)]);
                        }
                *at(out, y, x, c) = sum;
            }
    finish_fused(op, out);
    return true;
}

static bool run_maxpool(Interpreter *interpreter, const MieniGraphOp *op, const View *in, View *out)
{
    if (!window_fits(op, in->shape[1], out->shape[1], op->filter_h, op->stride_h) ||
        !window_fits(op, in->shape[2], out->shape[2], op->filter_w, op->stride_w) ||
        in->shape[3] != out->shape[3])
        return stop(interpreter, "a pool whose shapes do not fit");
    for (int32_t y = 0; y < out->shape[1]; y++)
        for (int32_t x = 0; x < out->shape[2]; x++)
            for (int32_t c = 0; c < out->shape[3]; c++) {
                Window w = window_at(op, in, out, y, x, op->filter_h, op->filter_w);
                InterpreterValue best = {-INFINITY, 0};
                for (int32_t sy = w.y0; sy < w.y1; sy++)
                    for (int32_t sx = w.x0; sx < w.x1; sx++) {
                        const InterpreterValue *v = at(in, sy, sx, c);
                        best.value = MIENI_MAX(best.value, v->value);
                        best.magnitude = MIENI_MAX(best.magnitude, v->magnitude);
                    }
                *at(out, y, x, c) = best;
            }
    finish_fused(op, out);
    return true;
}

static bool run_add(Interpreter *interpreter, const MieniGraphOp *op, const View *in, View *out)
{
    View b = view_of(interpreter, op->n_inputs > 1 ? op->inputs[1] : -1);
    if (!b.data || memcmp(b.shape, in->shape, sizeof(b.shape)) != 0 ||
        memcmp(out->shape, in->shape, sizeof(b.shape)) != 0)
        return stop(interpreter, "a sum of different shapes");
    for (size_t i = 0; i < out->n; i++)
        out->data[i] = (InterpreterValue){in->data[i].value + b.data[i].value,
                                          in->data[i].magnitude + b.data[i].magnitude};
    finish_fused(op, out);
    return true;
}

static bool run_pad(Interpreter *interpreter, const MieniGraphOp *op, const View *in, View *out)
{
    const MieniGraphTensor *list =
        &interpreter->graph->tensors[op->n_inputs > 1 && op->inputs[1] >= 0 ? op->inputs[1] : 0];
    int32_t pads[8];
    if (list->type != MIENI_TYPE_I32 || list->n_elements != 8 || !list->data)
        return stop(interpreter, "a pad without a list of pads");
    memcpy(pads, list->data, sizeof(pads));
    for (int i = 0; i < 4; i++)
        if (pads[2 * i] < 0 || pads[2 * i + 1] < 0 ||
            (int64_t)in->shape[i] + pads[2 * i] + pads[2 * i + 1] != out->shape[i])
            return stop(interpreter, "a pad whose shapes do not fit");
    for (size_t i = 0; i < out->n; i++)
        out->data[i] = exact(0);
    for (int32_t y = 0; y < in->shape[1]; y++)
        for (int32_t x = 0; x < in->shape[2]; x++)
            for (int32_t c = 0; c < in->shape[3]; c++)
                *at(out, y + pads[2], x + pads[4], c + pads[6]) = *at(in, y, x, c);
    return true;
}

static bool run_activation(Interpreter *interpreter, const MieniGraphOp *op, const View *in,
                           View *out)
{
    View slope = view_of(interpreter, op->n_inputs > 1 ? op->inputs[1] : -1);
    if (in->n != out->n ||
        (op->kind == MIENI_GRAPH_PRELU && (!slope.data || slope.n != (size_t)in->shape[3])))
        return stop(interpreter, "an activation whose shapes do not fit");
    for (size_t i = 0; i < out->n; i++) {
        InterpreterValue x = in->data[i];
        if (op->kind == MIENI_GRAPH_RELU) {
            relu(&x);
        } else if (op->kind == MIENI_GRAPH_LOGISTIC) {
            x.value = 1 / (1 + exp(-x.value));
            x.magnitude = x.magnitude / 4 + 5; /* 1e-4 absolute is what the kernels promise */
        } else {
            double s = slope.data[i % (size_t)in->shape[3]].value;
            x.value = x.value < 0 ? x.value * s : x.value;
            x.magnitude *= MIENI_MAX(1, fabs(s));
        }
        out->data[i] = x;
    }
    return true;
}

static bool run_resize(Interpreter *interpreter, const MieniGraphOp *op, const View *in, View *out)
{
    if (in->shape[3] != out->shape[3] || in->shape[0] != out->shape[0] || op->align_corners ||
        !op->half_pixel_centers)
        return stop(interpreter, "a resize whose shapes do not fit");
    for (int32_t y = 0; y < out->shape[1]; y++)
        for (int32_t x = 0; x < out->shape[2]; x++)
            for (int32_t c = 0; c < out->shape[3]; c++) {
                double fy = (y + 0.5) * in->shape[1] / out->shape[1] - 0.5;
                double fx = (x + 0.5) * in->shape[2] / out->shape[2] - 0.5;
                InterpreterValue sum = {0, 0};
                for (int i = 0; i < 4; i++) {
                    int32_t sy = (int32_t)floor(fy) + i / 2, sx = (int32_t)floor(fx) + i % 2;
                    double wy = i / 2 ? fy - floor(fy) : 1 - (fy - floor(fy));
                    double wx = i % 2 ? fx - floor(fx) : 1 - (fx - floor(fx));
                    sy = MIENI_MIN(MIENI_MAX(sy, 0), in->shape[1] - 1);
                    sx = MIENI_MIN(MIENI_MAX(sx, 0), in->shape[2] - 1);
                    const InterpreterValue *v = at(in, sy, sx, c);
                    sum.value += wy * wx * v->value;
                    /* Not weighted: the place itself is rounded too. */
                    sum.magnitude += v->magnitude * (1 + 0.01 * (out->shape[1] + out->shape[2]));
                }
                *at(out, y, x, c) = sum;
            }
    return true;
}

static bool run_depth_to_space(Interpreter *interpreter, const MieniGraphOp *op, const View *in,
                               View *out)
{
    int32_t b = op->block_size;
    if (b < 1 || b > 64 || out->shape[1] != b * in->shape[1] || out->shape[2] != b * in->shape[2] ||
        in->shape[3] != b * b * out->shape[3])
        return stop(interpreter, "a depth-to-space whose shapes do not fit");
    for (int32_t y = 0; y < out->shape[1]; y++)
        for (int32_t x = 0; x < out->shape[2]; x++)
            for (int32_t c = 0; c < out->shape[3]; c++)
                *at(out, y, x, c) = *at(in, y / b, x / b, (y % b * b + x % b) * out->shape[3] + c);
    return true;
}

static bool run_concatenation(Interpreter *interpreter, const MieniGraphOp *op, View *out)
{
    const MieniGraphTensor *whole = &interpreter->graph->tensors[op->output];
    int32_t axis = op->axis < 0 ? op->axis + whole->rank : op->axis;
    if (axis < 0 || axis >= whole->rank || op->fused != MIENI_FUSED_NONE)
        return stop(interpreter, "a concatenation along no dimension");
    axis += 4 - whole->rank;
    size_t outer = 1, inner = 1;
    for (int32_t i = 0; i < 4; i++) {
        outer *= i < axis ? (size_t)out->shape[i] : 1;
        inner *= i > axis ? (size_t)out->shape[i] : 1;
    }
    size_t place = 0;
    for (int32_t k = 0; k < op->n_inputs; k++) {
        View part = view_of(interpreter, op->inputs[k]);
        if (!part.data || interpreter->graph->tensors[op->inputs[k]].rank != whole->rank)
            return stop(interpreter, "a concatenation of nothing");
        for (int32_t i = 0; i < 4; i++)
            if (i != axis && part.shape[i] != out->shape[i])
                return stop(interpreter, "a concatenation of shapes that do not fit");
        size_t run = (size_t)part.shape[axis] * inner, stride = (size_t)out->shape[axis] * inner;
        if (place + run > stride)
            return stop(interpreter, "a concatenation larger than its output");
        for (size_t i = 0; i < outer; i++)
            memcpy(out->data + i * stride + place, part.data + i * run, run * sizeof(*out->data));
        place += run;
    }
    return place == (size_t)out->shape[axis] * inner ||
           stop(interpreter, "a concatenation smaller than its output");
}

static bool run_op(Interpreter *interpreter, const MieniGraphOp *op)
{
    View in = view_of(interpreter, op->n_inputs > 0 ? op->inputs[0] : -1);
    View out = view_of(interpreter, op->output);
    if (!in.data)
        return stop(interpreter, "an input that is not there");
    switch (op->kind) {
    case MIENI_GRAPH_CONV_2D:
    case MIENI_GRAPH_DEPTHWISE_CONV_2D:
        return op->n_inputs > 1 && run_conv(interpreter, op, &in, &out);
    case MIENI_GRAPH_MAX_POOL_2D:
        return run_maxpool(interpreter, op, &in, &out);
    case MIENI_GRAPH_ADD:
        if (op->n_inputs > 1 && op->inputs[1] >= 0 &&
            interpreter->graph->tensors[op->inputs[1]].n_elements == 1)
            return interpreter_run_mixer(interpreter, op, &in, &out);
        return run_add(interpreter, op, &in, &out);
    case MIENI_GRAPH_PAD:
        return run_pad(interpreter, op, &in, &out);
    case MIENI_GRAPH_RELU:
    case MIENI_GRAPH_PRELU:
    case MIENI_GRAPH_LOGISTIC:
        return run_activation(interpreter, op, &in, &out);
    case MIENI_GRAPH_RESIZE_BILINEAR:
        return run_resize(interpreter, op, &in, &out);
    case MIENI_GRAPH_DEPTH_TO_SPACE:
        return run_depth_to_space(interpreter, op, &in, &out);
    case MIENI_GRAPH_CONCATENATION:
        return run_concatenation(interpreter, op, &out);
    case MIENI_GRAPH_STRIDED_SLICE: /* the planner takes all, or the first pixels of a row */
        if (in.n > out.n && in.shape[3] == out.shape[3] && in.n % (size_t)in.shape[3] == 0 &&
            in.shape[1] == 1) {
            memcpy(out.data, in.data, out.n * sizeof(*out.data));
            return true;
        }
        /* fall through */
    case MIENI_GRAPH_RESHAPE:
    case MIENI_GRAPH_DENSIFY:
    case MIENI_GRAPH_DEQUANTIZE:
        if (in.n != out.n)
            return stop(interpreter, "another number of elements");
        memcpy(out.data, in.data, out.n * sizeof(*out.data));
        return true;
    default:
        return interpreter_run_mixer(interpreter, op, &in, &out);
    }
}

static bool load_constant(Interpreter *interpreter, int32_t tensor)
{
    const MieniGraphTensor *t = &interpreter->graph->tensors[tensor];
    float *values = malloc(t->n_elements * sizeof(*values));
    bool done = values && mieni_graph_constant_f32(t, values, NULL) == MIEN_OK;
    for (size_t i = 0; i < t->n_elements && done; i++)
        interpreter->tensors[tensor][i] = exact((double)values[i]);
    free(values);
    return done || stop(interpreter, "a constant that cannot be read");
}

bool interpreter_run(Interpreter *interpreter, const MieniGraph *graph, const float *input,
                     double work)
{
    memset(interpreter, 0, sizeof(*interpreter));
    interpreter->graph = graph;
    interpreter->work = work;
    interpreter->tensors = calloc((size_t)graph->n_tensors, sizeof(*interpreter->tensors));
    if (!interpreter->tensors)
        return stop(interpreter, "out of memory");
    for (int32_t i = 0; i < graph->n_tensors; i++) {
        const MieniGraphTensor *tensor = &graph->tensors[i];
        if (tensor->type == MIENI_TYPE_I32)
            continue;
        interpreter->work -= (double)tensor->n_elements;
        if (interpreter->work < 0)
            return stop(interpreter, "too much work");
        interpreter->tensors[i] = calloc(tensor->n_elements, sizeof(InterpreterValue));
        if (!interpreter->tensors[i])
            return stop(interpreter, "out of memory");
        if (tensor->data && !load_constant(interpreter, i))
            return false;
    }
    InterpreterValue *first = interpreter->tensors[graph->inputs[0]];
    if (!first)
        return stop(interpreter, "an input of another type");
    for (size_t i = 0; i < graph->tensors[graph->inputs[0]].n_elements; i++)
        first[i] = exact((double)input[i]);
    for (int32_t i = 0; i < graph->n_ops; i++) {
        if (!interpreter->tensors[graph->ops[i].output])
            return stop(interpreter, "an output of another type");
        if (!run_op(interpreter, &graph->ops[i]))
            return stop(interpreter, "an operation without its inputs");
    }
    return true;
}

double interpreter_compare(const Interpreter *interpreter, int32_t index, const float *got)
{
    int32_t tensor = interpreter->graph->outputs[index];
    size_t n = interpreter->graph->tensors[tensor].n_elements;
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        const InterpreterValue *want = &interpreter->tensors[tensor][i];
        if (!isfinite(got[i]) || !(want->magnitude < 1e30))
            return NAN;
        /* 3e-5 for some dozen layers with sums of some thousand products; denormals may be lost. */
        double allowed = 3e-5 * want->magnitude + 1e-30;
        worst = MIENI_MAX(worst, fabs((double)got[i] - want->value) / allowed);
    }
    return worst;
}

void interpreter_finish(Interpreter *interpreter)
{
    for (int32_t i = 0; interpreter->tensors && i < interpreter->graph->n_tensors; i++)
        free(interpreter->tensors[i]);
    free(interpreter->tensors);
    interpreter->tensors = NULL;
}
