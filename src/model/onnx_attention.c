/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attention model's custom operations in standard ones. Their arithmetic on coordinates is
 * multiplied and added element by element, not as products of matrices: GPUs may round the latter
 * to ten bits of fraction (TF32), which is a tenth of a cell. Source: docs/formulas.md,
 * "Attention".
 */
#include "base/trig.h"
#include "model/attention.h"
#include "model/onnx_emit.h"

static const MieniGraphTensor *tensor_at(const MieniOnnx *onnx, int32_t number)
{
    return &onnx->graph->tensors[number];
}

static MieniOnnxName mul(MieniOnnx *onnx, const MieniOnnxName *a, const MieniOnnxName *b)
{
    return mieni_onnx_compute(onnx, "Mul", a->text, b->text);
}

static MieniOnnxName add(MieniOnnx *onnx, const MieniOnnxName *a, const MieniOnnxName *b)
{
    return mieni_onnx_compute(onnx, "Add", a->text, b->text);
}

static MieniOnnxName sub(MieniOnnx *onnx, const MieniOnnxName *a, const MieniOnnxName *b)
{
    return mieni_onnx_compute(onnx, "Sub", a->text, b->text);
}

/* a * b + c * d */
static MieniOnnxName mul_add(MieniOnnx *onnx, const MieniOnnxName *a, const MieniOnnxName *b,
                             const MieniOnnxName *c, const MieniOnnxName *d)
{
    MieniOnnxName first = mul(onnx, a, b), second = mul(onnx, c, d);
    return add(onnx, &first, &second);
}

/* a * b - c * d */
static MieniOnnxName mul_sub(MieniOnnx *onnx, const MieniOnnxName *a, const MieniOnnxName *b,
                             const MieniOnnxName *c, const MieniOnnxName *d)
{
    MieniOnnxName first = mul(onnx, a, b), second = mul(onnx, c, d);
    return sub(onnx, &first, &second);
}

/* from[begin, end) of a dimension. */
static MieniOnnxName part(MieniOnnx *onnx, const MieniOnnxName *from, int64_t axis, int64_t begin,
                          int64_t end)
{
    MieniOnnxName first = mieni_onnx_list(onnx, 1, &begin), last = mieni_onnx_list(onnx, 1, &end);
    MieniOnnxName axes = mieni_onnx_list(onnx, 1, &axis), to = mieni_onnx_temporary(onnx);
    mieni_onnx_begin(onnx, "Slice");
    mieni_onnx_input(onnx, from->text);
    mieni_onnx_input(onnx, first.text);
    mieni_onnx_input(onnx, last.text);
    mieni_onnx_input(onnx, axes.text);
    mieni_onnx_output(onnx, to.text);
    mieni_onnx_end(onnx);
    return to;
}

static MieniOnnxName reshape(MieniOnnx *onnx, const MieniOnnxName *from, int32_t rank,
                             const int64_t *shape)
{
    MieniOnnxName list = mieni_onnx_list(onnx, rank, shape);
    return mieni_onnx_compute(onnx, "Reshape", from->text, list.text);
}

/* The points with these indices: [N, n, 3]. */
static MieniOnnxName points_at(MieniOnnx *onnx, const MieniOnnxName *points, int32_t n,
                               const int64_t *indices)
{
    MieniOnnxName list = mieni_onnx_list(onnx, n, indices), to = mieni_onnx_temporary(onnx);
    mieni_onnx_begin(onnx, "Gather");
    mieni_onnx_input(onnx, points->text);
    mieni_onnx_input(onnx, list.text);
    mieni_onnx_output(onnx, to.text);
    mieni_onnx_attribute_int(onnx, "axis", 1);
    mieni_onnx_end(onnx);
    return to;
}

/* The largest or smallest along a dimension, which becomes 1. */
static MieniOnnxName extreme(MieniOnnx *onnx, const char *type, const MieniOnnxName *from)
{
    const int64_t axis = 1;
    MieniOnnxName to = mieni_onnx_temporary(onnx);
    mieni_onnx_begin(onnx, type);
    mieni_onnx_input(onnx, from->text);
    mieni_onnx_output(onnx, to.text);
    mieni_onnx_attribute_ints(onnx, "axes", 1, &axis);
    mieni_onnx_attribute_int(onnx, "keepdims", 1);
    mieni_onnx_end(onnx);
    return to;
}

static MieniOnnxName choose(MieniOnnx *onnx, const MieniOnnxName *condition, const MieniOnnxName *a,
                            const MieniOnnxName *b, const MieniOnnxName *to)
{
    mieni_onnx_begin(onnx, "Where");
    mieni_onnx_input(onnx, condition->text);
    mieni_onnx_input(onnx, a->text);
    mieni_onnx_input(onnx, b->text);
    mieni_onnx_output(onnx, to->text);
    mieni_onnx_end(onnx);
    return *to;
}

/* Cosine and sine of target - atan2(dy, dx), [N, 1, 1] each, by what the sum of two angles has:
 * there is no atan2 in ONNX. */
static void put_turn(MieniOnnx *onnx, const MieniMatrixOptions *options,
                     const MieniOnnxName *points, MieniOnnxName *cosine, MieniOnnxName *sine)
{
    const int64_t left = options->left, right = options->right;
    MieniOnnxName from = points_at(onnx, points, 1, &left), to = points_at(onnx, points, 1, &right);
    MieniOnnxName line = sub(onnx, &to, &from);
    MieniOnnxName dx = part(onnx, &line, 2, 0, 1), dy = part(onnx, &line, 2, 1, 2);
    MieniOnnxName square = mul_add(onnx, &dx, &dx, &dy, &dy);
    MieniOnnxName length = mieni_onnx_compute(onnx, "Sqrt", square.text, NULL);
    MieniOnnxName zero = mieni_onnx_number(onnx, 0), one = mieni_onnx_number(onnx, 1);
    /* atan2(0, 0) is 0. */
    MieniOnnxName is_point = mieni_onnx_compute(onnx, "Equal", length.text, zero.text);
    MieniOnnxName x = mieni_onnx_compute(onnx, "Div", dx.text, length.text);
    MieniOnnxName y = mieni_onnx_compute(onnx, "Div", dy.text, length.text);
    MieniOnnxName c = mieni_onnx_temporary(onnx), s = mieni_onnx_temporary(onnx);
    choose(onnx, &is_point, &one, &x, &c);
    choose(onnx, &is_point, &zero, &y, &s);
    double target_sine, target_cosine;
    mieni_sincos((double)options->target_radians, &target_sine, &target_cosine);
    MieniOnnxName ts = mieni_onnx_number(onnx, (float)target_sine);
    MieniOnnxName tc = mieni_onnx_number(onnx, (float)target_cosine);
    *cosine = mul_add(onnx, &tc, &c, &ts, &s);
    *sine = mul_sub(onnx, &ts, &c, &tc, &s);
}

/* Half the sum of the bounds of [N, n, 1], and the difference times `factor`. */
static void put_bounds(MieniOnnx *onnx, const MieniOnnxName *values, float factor,
                       MieniOnnxName *middle, MieniOnnxName *size)
{
    MieniOnnxName high = extreme(onnx, "ReduceMax", values);
    MieniOnnxName low = extreme(onnx, "ReduceMin", values);
    MieniOnnxName sum = add(onnx, &high, &low), difference = sub(onnx, &high, &low);
    MieniOnnxName half = mieni_onnx_number(onnx, 0.5f), scale = mieni_onnx_number(onnx, factor);
    *middle = mul(onnx, &sum, &half);
    *size = mul(onnx, &difference, &scale);
}

/* The last element of a row: the centre less what the first two make of the middle of the cells. */
static MieniOnnxName put_shift(MieniOnnx *onnx, const MieniMatrixOptions *options,
                               const MieniOnnxName *centre, const MieniOnnxName *a,
                               const MieniOnnxName *b)
{
    MieniOnnxName x = mieni_onnx_number(onnx, 0.5f * (float)options->out_width);
    MieniOnnxName y = mieni_onnx_number(onnx, 0.5f * (float)options->out_height);
    MieniOnnxName first = mul(onnx, a, &x), second = mul(onnx, b, &y);
    MieniOnnxName rest = sub(onnx, centre, &first);
    return sub(onnx, &rest, &second);
}

static bool read_options(MieniOnnx *onnx, int32_t n_points, MieniMatrixOptions *options,
                         int64_t **subset)
{
    const char *wrong = mieni_matrix_options_read(onnx->op, n_points, options);
    if (wrong)
        return mieni_onnx_refuse(onnx, wrong);
    *subset = mieni_alloc(options->subset.count, sizeof(**subset));
    if (!*subset) {
        onnx->status = mieni_fail_nomem(onnx->error);
        return false;
    }
    for (size_t i = 0; i < options->subset.count; i++) {
        int32_t landmark = 0;
        mieni_flex_vector_i32(&options->subset, i, &landmark);
        (*subset)[i] = landmark;
    }
    return true;
}

bool mieni_onnx_landmarks_to_matrix(MieniOnnx *onnx)
{
    static const int32_t shape[3] = {1, 4, 4};
    int32_t tensor = mieni_onnx_variable(onnx, 0);
    if (tensor < 0)
        return false;
    const MieniGraphTensor *in = tensor_at(onnx, tensor);
    MieniMatrixOptions options;
    int64_t *subset = NULL;
    if (in->rank != 3 || in->shape[2] != 3)
        return mieni_onnx_refuse(onnx, "does not work on points x, y, z");
    if (!mieni_onnx_check_output(onnx, 3, shape) ||
        !read_options(onnx, in->shape[1], &options, &subset))
        return false;
    MieniOnnxName points = mieni_onnx_read(onnx, tensor, MIENI_ONNX_PLAIN), c, s;
    put_turn(onnx, &options, &points, &c, &s);
    MieniOnnxName group = points_at(onnx, &points, (int32_t)options.subset.count, subset);
    mieni_free(subset);
    MieniOnnxName x = part(onnx, &group, 2, 0, 1), y = part(onnx, &group, 2, 1, 2);
    MieniOnnxName turned_x = mul_sub(onnx, &c, &x, &s, &y);
    MieniOnnxName turned_y = mul_add(onnx, &s, &x, &c, &y);
    MieniOnnxName mx, my, sx, sy;
    put_bounds(onnx, &turned_x, options.scale_x / (float)options.out_width, &mx, &sx);
    put_bounds(onnx, &turned_y, options.scale_y / (float)options.out_height, &my, &sy);
    /* Turned back: the sine changes its sign. */
    MieniOnnxName centre_x = mul_add(onnx, &c, &mx, &s, &my);
    MieniOnnxName centre_y = mul_sub(onnx, &c, &my, &s, &mx);
    MieniOnnxName minus_s = mieni_onnx_compute(onnx, "Neg", s.text, NULL);
    MieniOnnxName m0 = mul(onnx, &c, &sx), m1 = mul(onnx, &s, &sy);
    MieniOnnxName m4 = mul(onnx, &minus_s, &sx), m5 = mul(onnx, &c, &sy);
    MieniOnnxName m3 = put_shift(onnx, &options, &centre_x, &m0, &m1);
    MieniOnnxName m7 = put_shift(onnx, &options, &centre_y, &m4, &m5);
    /* One 0 and one 1 for each of the batch. */
    MieniOnnxName nought = mieni_onnx_number(onnx, 0), unit = mieni_onnx_number(onnx, 1);
    MieniOnnxName zero = mul(onnx, &c, &nought), one = add(onnx, &zero, &unit);
    const MieniOnnxName *const entries[16] = {&m0,   &m1,   &zero, &m3,   &m4,  &m5,
                                              &zero, &m7,   &zero, &zero, &one, &zero,
                                              &zero, &zero, &zero, &one};
    MieniOnnxName row = mieni_onnx_temporary(onnx);
    mieni_onnx_begin(onnx, "Concat");
    for (int i = 0; i < 16; i++)
        mieni_onnx_input(onnx, entries[i]->text);
    mieni_onnx_output(onnx, row.text);
    mieni_onnx_attribute_int(onnx, "axis", 1);
    mieni_onnx_end(onnx);
    const int64_t square[3] = {0, 4, 4};
    MieniOnnxName list = mieni_onnx_list(onnx, 3, square);
    MieniOnnxName to = mieni_onnx_define(onnx, MIENI_ONNX_PLAIN);
    mieni_onnx_node(onnx, "Reshape", to.text, row.text, list.text);
    return true;
}

/* The matrix that is input 1, as its two rows that move a point: [N, 2, 4]. False after a refusal.
 */
static bool read_rows(MieniOnnx *onnx, MieniOnnxName *rows)
{
    int32_t tensor = mieni_onnx_variable(onnx, 1);
    if (tensor < 0)
        return false;
    const MieniGraphTensor *matrix = tensor_at(onnx, tensor);
    if (matrix->rank != 3 || matrix->shape[1] != 4 || matrix->shape[2] != 4)
        return mieni_onnx_refuse(onnx, "its second input is no 4x4 matrix");
    MieniOnnxName all = mieni_onnx_read(onnx, tensor, MIENI_ONNX_PLAIN);
    *rows = part(onnx, &all, 1, 0, 2);
    return true;
}

bool mieni_onnx_sample_bilinear(MieniOnnx *onnx)
{
    int32_t tensor = mieni_onnx_variable(onnx, 0);
    if (tensor < 0)
        return false;
    const MieniGraphTensor *in = tensor_at(onnx, tensor);
    const MieniGraphTensor *out = tensor_at(onnx, onnx->op->output);
    if (in->rank != 4 || out->rank != 4 || out->shape[0] != 1 || in->shape[3] != out->shape[3] ||
        out->shape[1] > 1024 || out->shape[2] > 1024 ||
        !mieni_sample_options_fit(onnx->op, out->shape[1], out->shape[2]))
        return mieni_onnx_refuse(onnx, "its options do not fit its shapes");
    MieniOnnxName rows;
    if (!read_rows(onnx, &rows))
        return false;
    /* The matrix counts from corners of cells, the map from their centres: x of cell (i, j) is
     * m0 (i + 0.5) + m1 (j + 0.5) + m3 - 0.5. */
    float centres[1024];
    for (int i = 0; i < 1024; i++)
        centres[i] = (float)i + 0.5f;
    const int64_t across[4] = {1, 1, 1, out->shape[2]}, down[4] = {1, 1, out->shape[1], 1};
    const int64_t one_each[4] = {0, 2, 1, 1}, two[4] = {1, 2, 1, 1};
    MieniOnnxName a = part(onnx, &rows, 2, 0, 1), b = part(onnx, &rows, 2, 1, 2);
    MieniOnnxName c = part(onnx, &rows, 2, 3, 4);
    a = reshape(onnx, &a, 4, one_each);
    b = reshape(onnx, &b, 4, one_each);
    c = reshape(onnx, &c, 4, one_each);
    MieniOnnxName i = mieni_onnx_floats(onnx, 4, across, centres);
    MieniOnnxName j = mieni_onnx_floats(onnx, 4, down, centres);
    MieniOnnxName half = mieni_onnx_number(onnx, 0.5f), turned = mul_add(onnx, &a, &i, &b, &j);
    MieniOnnxName shift = sub(onnx, &c, &half);
    MieniOnnxName places = add(onnx, &turned, &shift); /* [N, (x, y), height, width] */

    /* A place outside of the map, by however little, is 0. Whatever is outside is beyond one of
     * four edges. */
    const float last[2] = {(float)(in->shape[2] - 1), (float)(in->shape[1] - 1)};
    MieniOnnxName limits = mieni_onnx_floats(onnx, 4, two, last);
    MieniOnnxName beyond = sub(onnx, &places, &limits);
    MieniOnnxName before = mieni_onnx_compute(onnx, "Neg", places.text, NULL);
    MieniOnnxName worse = mieni_onnx_compute(onnx, "Max", beyond.text, before.text);
    MieniOnnxName worst = extreme(onnx, "ReduceMax", &worse);
    MieniOnnxName zero = mieni_onnx_number(onnx, 0), unit = mieni_onnx_number(onnx, 1);
    MieniOnnxName inside = mieni_onnx_compute(onnx, "LessOrEqual", worst.text, zero.text);

    /* GridSample counts from -1 at the first centre to 1 at the last. */
    const float factors[2] = {2 / MIENI_MAX(last[0], 1.0f), 2 / MIENI_MAX(last[1], 1.0f)};
    const int64_t order[4] = {0, 2, 3, 1};
    MieniOnnxName scale = mieni_onnx_floats(onnx, 4, two, factors);
    MieniOnnxName scaled = mul(onnx, &places, &scale), centred = sub(onnx, &scaled, &unit);
    MieniOnnxName grid = mieni_onnx_temporary(onnx), sampled = mieni_onnx_temporary(onnx);
    mieni_onnx_begin(onnx, "Transpose");
    mieni_onnx_input(onnx, centred.text);
    mieni_onnx_output(onnx, grid.text);
    mieni_onnx_attribute_ints(onnx, "perm", 4, order);
    mieni_onnx_end(onnx);
    MieniOnnxName map = mieni_onnx_read(onnx, tensor, MIENI_ONNX_NCHW);
    mieni_onnx_begin(onnx, "GridSample");
    mieni_onnx_input(onnx, map.text);
    mieni_onnx_input(onnx, grid.text);
    mieni_onnx_output(onnx, sampled.text);
    mieni_onnx_attribute_int(onnx, "align_corners", 1);
    mieni_onnx_attribute_text(onnx, "mode", "bilinear");
    mieni_onnx_attribute_text(onnx, "padding_mode", "border");
    mieni_onnx_end(onnx);
    MieniOnnxName to = mieni_onnx_define(onnx, MIENI_ONNX_NCHW);
    choose(onnx, &inside, &sampled, &zero, &to);
    return true;
}

bool mieni_onnx_transform_landmarks(MieniOnnx *onnx)
{
    int32_t tensor = mieni_onnx_variable(onnx, 0);
    if (tensor < 0)
        return false;
    const MieniGraphTensor *in = tensor_at(onnx, tensor);
    MieniOnnxName rows;
    if (in->rank != 3 || in->shape[2] != 2)
        return mieni_onnx_refuse(onnx, "does not work on points x, y");
    if (!mieni_onnx_check_output(onnx, 3, in->shape) || !read_rows(onnx, &rows))
        return false;
    MieniOnnxName points = mieni_onnx_read(onnx, tensor, MIENI_ONNX_PLAIN);
    const int64_t pair[3] = {0, 1, 2};
    MieniOnnxName a = part(onnx, &rows, 2, 0, 1), b = part(onnx, &rows, 2, 1, 2);
    MieniOnnxName c = part(onnx, &rows, 2, 3, 4);
    a = reshape(onnx, &a, 3, pair);
    b = reshape(onnx, &b, 3, pair);
    c = reshape(onnx, &c, 3, pair);
    MieniOnnxName x = part(onnx, &points, 2, 0, 1), y = part(onnx, &points, 2, 1, 2);
    MieniOnnxName turned = mul_add(onnx, &x, &a, &y, &b);
    MieniOnnxName to = mieni_onnx_define(onnx, MIENI_ONNX_PLAIN);
    mieni_onnx_node(onnx, "Add", to.text, turned.text, c.text);
    return true;
}
