/* SPDX-License-Identifier: Apache-2.0 */
/* Operations that compute: convolutions, pools, arithmetic on every element, sums. */
#include "model/onnx_emit.h"

#include <math.h>

typedef struct Window {
    int32_t height, width;
    int64_t pads[4]; /* top, left, bottom, right */
} Window;

static const MieniGraphTensor *tensor_at(const MieniOnnx *onnx, int32_t number)
{
    return &onnx->graph->tensors[number];
}

/* TensorFlow's SAME: the border is split evenly, the odd pixel goes to the bottom or right. False
 * if a side has another size than the operation's options give. */
static bool fit_side(const MieniGraphOp *op, int32_t in, int32_t out, int32_t kernel,
                     int32_t stride, int64_t *before, int64_t *after)
{
    if (stride < 1 || stride > 64 || kernel < 1 || kernel > 1024)
        return false;
    *before = *after = 0;
    if (op->padding == MIENI_PADDING_VALID)
        return in >= kernel && out == (in - kernel) / stride + 1;
    int64_t total = ((int64_t)out - 1) * stride + kernel - in;
    *before = total > 0 ? total / 2 : 0;
    *after = total > 0 ? total - *before : 0;
    return out == (in + stride - 1) / stride;
}

/* The borders of a window that moves over a picture. */
static bool fit_window(MieniOnnx *onnx, int32_t tensor, Window *window)
{
    const MieniGraphOp *op = onnx->op;
    const MieniGraphTensor *in = tensor_at(onnx, tensor), *out = tensor_at(onnx, op->output);
    if (in->rank != 4 || out->rank != 4 ||
        !fit_side(op, in->shape[1], out->shape[1], window->height, op->stride_h, &window->pads[0],
                  &window->pads[2]) ||
        !fit_side(op, in->shape[2], out->shape[2], window->width, op->stride_w, &window->pads[1],
                  &window->pads[3]))
        return mieni_onnx_refuse(onnx, "has shapes that do not fit each other");
    return true;
}

static void put_window(MieniOnnx *onnx, const Window *window)
{
    const int64_t kernel[2] = {window->height, window->width};
    const int64_t strides[2] = {onnx->op->stride_h, onnx->op->stride_w};
    mieni_onnx_attribute_ints(onnx, "kernel_shape", 2, kernel);
    mieni_onnx_attribute_ints(onnx, "strides", 2, strides);
    mieni_onnx_attribute_ints(onnx, "pads", 4, window->pads);
}

bool mieni_onnx_convolution(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    bool depthwise = op->kind == MIENI_GRAPH_DEPTHWISE_CONV_2D;
    int32_t x = mieni_onnx_variable(onnx, 0);
    if (x < 0)
        return false;
    bool has_bias = op->n_inputs > 2 && op->inputs[2] >= 0;
    if (!mieni_onnx_is_constant(onnx, 1) || (has_bias && !mieni_onnx_is_constant(onnx, 2)))
        return mieni_onnx_refuse(onnx, "its filter or bias is not constant");
    const MieniGraphTensor *filter = tensor_at(onnx, op->inputs[1]);
    const MieniGraphTensor *in = tensor_at(onnx, x), *out = tensor_at(onnx, op->output);
    if (filter->rank != 4 || in->rank != 4 || out->rank != 4 || out->shape[0] != 1)
        return mieni_onnx_refuse(onnx, "does not work on pictures");
    Window window = {.height = filter->shape[1], .width = filter->shape[2]};
    int32_t channels = in->shape[3], made = filter->shape[depthwise ? 3 : 0];
    bool fits =
        depthwise ? filter->shape[0] == 1 && made % channels == 0 : filter->shape[3] == channels;
    if (!fits || made != out->shape[3] ||
        (has_bias && tensor_at(onnx, op->inputs[2])->n_elements != (size_t)made))
        return mieni_onnx_refuse(onnx, "has a filter or bias that does not fit");
    if (!fit_window(onnx, x, &window))
        return false;
    const MieniOnnxValue *value = &onnx->values[x];
    if (value->padded >= 0) {
        x = value->padded;
        memcpy(window.pads, value->border, sizeof(window.pads));
    }
    MieniOnnxName from = mieni_onnx_read(onnx, x, MIENI_ONNX_NCHW);
    MieniOnnxName weights =
        mieni_onnx_read(onnx, op->inputs[1], depthwise ? MIENI_ONNX_DEPTHWISE : MIENI_ONNX_NCHW);
    MieniOnnxName bias = {""};
    if (has_bias)
        bias = mieni_onnx_read(onnx, op->inputs[2], MIENI_ONNX_PLAIN);
    MieniOnnxName to = mieni_onnx_begin_result(onnx, MIENI_ONNX_NCHW);
    mieni_onnx_begin(onnx, "Conv");
    mieni_onnx_input(onnx, from.text);
    mieni_onnx_input(onnx, weights.text);
    if (has_bias)
        mieni_onnx_input(onnx, bias.text);
    mieni_onnx_output(onnx, to.text);
    put_window(onnx, &window);
    mieni_onnx_attribute_int(onnx, "group", depthwise ? channels : 1);
    mieni_onnx_end(onnx);
    mieni_onnx_end_result(onnx, MIENI_ONNX_NCHW, &to);
    return true;
}

bool mieni_onnx_pool(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t x = mieni_onnx_variable(onnx, 0);
    Window window = {.height = op->filter_h, .width = op->filter_w};
    if (x < 0 || !fit_window(onnx, x, &window))
        return false;
    const MieniGraphTensor *out = tensor_at(onnx, op->output);
    int32_t shape[4] = {1, out->shape[1], out->shape[2], tensor_at(onnx, x)->shape[3]};
    /* ONNX wants every window to hold a pixel. */
    if (window.pads[2] >= window.height || window.pads[3] >= window.width)
        return mieni_onnx_refuse(onnx, "has windows outside of the picture");
    if (!mieni_onnx_check_output(onnx, 4, shape))
        return false;
    MieniOnnxName from = mieni_onnx_read(onnx, x, MIENI_ONNX_NCHW);
    MieniOnnxName to = mieni_onnx_begin_result(onnx, MIENI_ONNX_NCHW);
    mieni_onnx_begin(onnx, op->kind == MIENI_GRAPH_MAX_POOL_2D ? "MaxPool" : "AveragePool");
    mieni_onnx_input(onnx, from.text);
    mieni_onnx_output(onnx, to.text);
    put_window(onnx, &window);
    mieni_onnx_end(onnx);
    mieni_onnx_end_result(onnx, MIENI_ONNX_NCHW, &to);
    return true;
}

/* ONNX takes factors, not sizes, where the batch is free; it rounds the size down. */
static bool resize_factor(int32_t in, int32_t out, float *factor)
{
    *factor = (float)out / (float)in;
    return floorf(*factor * (float)in) == (float)out;
}

bool mieni_onnx_resize(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t x = mieni_onnx_variable(onnx, 0);
    if (x < 0)
        return false;
    const MieniGraphTensor *in = tensor_at(onnx, x), *out = tensor_at(onnx, op->output);
    float factors[4] = {1, 1, 1, 1};
    if (in->rank != 4 || out->rank != 4 || out->shape[0] != 1 || in->shape[3] != out->shape[3] ||
        !resize_factor(in->shape[1], out->shape[1], &factors[2]) ||
        !resize_factor(in->shape[2], out->shape[2], &factors[3]))
        return mieni_onnx_refuse(onnx, "has shapes that do not fit each other");
    const int64_t four[1] = {4};
    MieniOnnxName from = mieni_onnx_read(onnx, x, MIENI_ONNX_NCHW);
    MieniOnnxName scales = mieni_onnx_floats(onnx, 1, four, factors);
    MieniOnnxName to = mieni_onnx_define(onnx, MIENI_ONNX_NCHW);
    mieni_onnx_begin(onnx, "Resize");
    mieni_onnx_input(onnx, from.text);
    mieni_onnx_input(onnx, ""); /* a part of the picture */
    mieni_onnx_input(onnx, scales.text);
    mieni_onnx_output(onnx, to.text);
    mieni_onnx_attribute_text(onnx, "mode", "linear");
    mieni_onnx_attribute_text(onnx, "coordinate_transformation_mode",
                              op->align_corners        ? "align_corners"
                              : op->half_pixel_centers ? "half_pixel"
                                                       : "asymmetric");
    mieni_onnx_end(onnx);
    return true;
}

bool mieni_onnx_unary(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t x = mieni_onnx_variable(onnx, 0);
    if (x < 0 ||
        !mieni_onnx_check_output(onnx, tensor_at(onnx, x)->rank, tensor_at(onnx, x)->shape))
        return false;
    MieniOnnxForm form = mieni_onnx_layout(onnx);
    MieniOnnxName from = mieni_onnx_read(onnx, x, form);
    const char *type = op->kind == MIENI_GRAPH_RELU       ? "Relu"
                       : op->kind == MIENI_GRAPH_LOGISTIC ? "Sigmoid"
                       : op->kind == MIENI_GRAPH_NEG      ? "Neg"
                                                          : "Sqrt";
    if (op->kind == MIENI_GRAPH_RSQRT) {
        from = mieni_onnx_compute(onnx, type, from.text, NULL);
        type = "Reciprocal";
    }
    MieniOnnxName to = mieni_onnx_define(onnx, form);
    mieni_onnx_node(onnx, type, to.text, from.text, NULL);
    return true;
}

/* The shape of an operation on pairs: dimensions are matched from the last on, and 1 is repeated.
 */
static bool broadcast(const MieniGraphTensor *a, const MieniGraphTensor *b, int32_t *shape)
{
    int32_t rank = MIENI_MAX(a->rank, b->rank);
    for (int32_t i = 1; i <= rank; i++) {
        int32_t x = i <= a->rank ? a->shape[a->rank - i] : 1;
        int32_t y = i <= b->rank ? b->shape[b->rank - i] : 1;
        if (x != y && x != 1 && y != 1)
            return false;
        shape[rank - i] = MIENI_MAX(x, y);
    }
    return true;
}

bool mieni_onnx_binary(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t shape[MIENI_GRAPH_MAX_RANK], rank = 0, n_variables = 0;
    for (int32_t i = 0; i < 2; i++) {
        if (mieni_onnx_is_constant(onnx, i))
            continue;
        int32_t tensor = mieni_onnx_variable(onnx, i);
        if (tensor < 0)
            return false;
        /* The batch of one of fewer dimensions would be taken for something else. */
        if (n_variables++ && tensor_at(onnx, tensor)->rank != rank)
            return mieni_onnx_refuse(onnx, "has inputs of different numbers of dimensions");
        rank = tensor_at(onnx, tensor)->rank;
    }
    const MieniGraphTensor *a = tensor_at(onnx, op->inputs[0]);
    const MieniGraphTensor *b = tensor_at(onnx, op->inputs[1]);
    if (!n_variables || a->rank > rank || b->rank > rank || !broadcast(a, b, shape))
        return mieni_onnx_refuse(onnx, "has shapes that do not fit each other");
    if (!mieni_onnx_check_output(onnx, rank, shape))
        return false;
    MieniOnnxForm form = mieni_onnx_layout(onnx);
    MieniOnnxName x = mieni_onnx_read(onnx, op->inputs[0], form);
    MieniOnnxName y = mieni_onnx_read(onnx, op->inputs[1], form);
    const char *type = op->kind == MIENI_GRAPH_ADD   ? "Add"
                       : op->kind == MIENI_GRAPH_MUL ? "Mul"
                       : op->kind == MIENI_GRAPH_DIV ? "Div"
                                                     : "Sub";
    if (op->kind == MIENI_GRAPH_SQUARED_DIFFERENCE) {
        x = y = mieni_onnx_compute(onnx, type, x.text, y.text);
        type = "Mul";
    }
    MieniOnnxName to = mieni_onnx_begin_result(onnx, form);
    mieni_onnx_node(onnx, type, to.text, x.text, y.text);
    mieni_onnx_end_result(onnx, form, &to);
    return true;
}

bool mieni_onnx_prelu(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t x = mieni_onnx_variable(onnx, 0), shape[MIENI_GRAPH_MAX_RANK];
    if (x < 0)
        return false;
    if (!mieni_onnx_is_constant(onnx, 1))
        return mieni_onnx_refuse(onnx, "its slopes are not constant");
    const MieniGraphTensor *in = tensor_at(onnx, x), *slope = tensor_at(onnx, op->inputs[1]);
    if (slope->rank > in->rank || !broadcast(in, slope, shape) ||
        memcmp(shape, in->shape, (size_t)in->rank * sizeof(*shape)) != 0)
        return mieni_onnx_refuse(onnx, "has shapes that do not fit each other");
    if (!mieni_onnx_check_output(onnx, in->rank, shape))
        return false;
    MieniOnnxForm form = mieni_onnx_layout(onnx);
    MieniOnnxName from = mieni_onnx_read(onnx, x, form);
    MieniOnnxName slopes = mieni_onnx_read(onnx, op->inputs[1], form);
    mieni_onnx_node(onnx, "PRelu", mieni_onnx_define(onnx, form).text, from.text, slopes.text);
    return true;
}

/* MEAN and SUM. ONNX 17 takes the dimensions of the one as an attribute, those of the other as an
 * input. */
bool mieni_onnx_reduce(MieniOnnx *onnx)
{
    const MieniGraphOp *op = onnx->op;
    int32_t x = mieni_onnx_variable(onnx, 0), n, axes[MIENI_GRAPH_MAX_RANK];
    if (x < 0 || !mieni_onnx_integers(onnx, 1, MIENI_GRAPH_MAX_RANK, axes, &n))
        return false;
    const MieniGraphTensor *in = tensor_at(onnx, x), *out = tensor_at(onnx, op->output);
    bool keep = out->rank == in->rank;
    MieniOnnxForm form = keep ? mieni_onnx_layout(onnx) : MIENI_ONNX_PLAIN;
    bool is_gone[MIENI_GRAPH_MAX_RANK] = {false};
    int64_t places[MIENI_GRAPH_MAX_RANK];
    for (int32_t i = 0; i < n; i++) {
        int32_t axis = axes[i] < 0 ? axes[i] + in->rank : axes[i];
        if (axis < 1 || axis >= in->rank || is_gone[axis])
            return mieni_onnx_refuse(onnx, "sums over the batch or a dimension that is not there");
        is_gone[axis] = true;
        places[i] = mieni_onnx_axis(form, axis);
    }
    int32_t shape[MIENI_GRAPH_MAX_RANK], rank = 0;
    for (int32_t i = 0; i < in->rank; i++)
        if (keep || !is_gone[i])
            shape[rank++] = is_gone[i] ? 1 : in->shape[i];
    if (!mieni_onnx_check_output(onnx, rank, shape))
        return false;
    bool is_sum = op->kind == MIENI_GRAPH_SUM;
    MieniOnnxName from = mieni_onnx_read(onnx, x, form), list = {""};
    if (is_sum)
        list = mieni_onnx_list(onnx, n, places);
    MieniOnnxName to = mieni_onnx_define(onnx, form);
    mieni_onnx_begin(onnx, is_sum ? "ReduceSum" : "ReduceMean");
    mieni_onnx_input(onnx, from.text);
    if (is_sum)
        mieni_onnx_input(onnx, list.text);
    mieni_onnx_output(onnx, to.text);
    if (!is_sum)
        mieni_onnx_attribute_ints(onnx, "axes", n, places);
    mieni_onnx_attribute_int(onnx, "keepdims", keep);
    mieni_onnx_end(onnx);
    return true;
}
