/* SPDX-License-Identifier: Apache-2.0 */
/* Describing small networks, and the FlexBuffers of their custom operators. */
#include "base/rng.h"
#include "support/flatbuilder.h"
#include "support/test.h"

FbModel *fb_create(void)
{
    FbModel *model = calloc(1, sizeof(*model));
    assert_non_null(model);
    model->version = 3;
    model->seed = 1;
    return model;
}

void fb_destroy(FbModel *model)
{
    if (!model)
        return;
    for (int32_t i = 0; i < model->n_tensors; i++) {
        free(model->tensors[i].data);
        free(model->tensors[i].sparsity.segments);
        free(model->tensors[i].sparsity.indices);
    }
    for (int32_t i = 0; i < model->n_ops; i++)
        free(model->ops[i].custom_options);
    free(model);
}

static int32_t new_tensor(FbModel *model, uint8_t type, int32_t rank, const int32_t *shape)
{
    assert_true(model->n_tensors < FB_MAX_TENSORS && rank <= FB_MAX_RANK);
    FbTensor *tensor = &model->tensors[model->n_tensors];
    snprintf(tensor->name, sizeof(tensor->name), "t%d", (int)model->n_tensors);
    tensor->type = type;
    tensor->rank = rank;
    memcpy(tensor->shape, shape, (size_t)rank * sizeof(*shape));
    return model->n_tensors++;
}

static void take_shape(va_list arguments, int32_t rank, int32_t *shape)
{
    assert_true(rank <= FB_MAX_RANK);
    for (int32_t i = 0; i < rank; i++)
        shape[i] = va_arg(arguments, int32_t);
}

#define TAKE_SHAPE(rank, shape)                                                                    \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, rank);                                                                 \
        take_shape(arguments, rank, shape);                                                        \
        va_end(arguments);                                                                         \
    } while (0)

int32_t fb_tensor(FbModel *model, uint8_t type, int32_t rank, ...)
{
    int32_t shape[FB_MAX_RANK];
    TAKE_SHAPE(rank, shape);
    return new_tensor(model, type, rank, shape);
}

static int32_t new_constant(FbModel *model, uint8_t type, const void *data, size_t bytes,
                            int32_t rank, const int32_t *shape)
{
    int32_t index = new_tensor(model, type, rank, shape);
    FbTensor *tensor = &model->tensors[index];
    tensor->data = malloc(bytes + 1);
    assert_non_null(tensor->data);
    memcpy(tensor->data, data, bytes);
    tensor->data_bytes = bytes;
    return index;
}

int32_t fb_constant(FbModel *model, uint8_t type, const void *data, size_t bytes, int32_t rank, ...)
{
    int32_t shape[FB_MAX_RANK];
    TAKE_SHAPE(rank, shape);
    return new_constant(model, type, data, bytes, rank, shape);
}

static int32_t new_weights(FbModel *model, int32_t rank, const int32_t *shape)
{
    size_t n = 1;
    for (int32_t i = 0; i < rank; i++)
        n *= (size_t)shape[i];
    float *values = malloc(n * sizeof(*values));
    assert_non_null(values);
    for (size_t i = 0; i < n; i++)
        values[i] = mieni_rng_float(&model->seed, -0.5, 0.5);
    int32_t index = new_constant(model, FB_F32, values, n * sizeof(*values), rank, shape);
    free(values);
    return index;
}

int32_t fb_weights(FbModel *model, int32_t rank, ...)
{
    int32_t shape[FB_MAX_RANK];
    TAKE_SHAPE(rank, shape);
    return new_weights(model, rank, shape);
}

int32_t fb_input(FbModel *model, int32_t height, int32_t width, int32_t channels)
{
    int32_t index = fb_tensor(model, FB_F32, 4, 1, height, width, channels);
    assert_true(model->n_inputs < FB_MAX_INPUTS);
    model->inputs[model->n_inputs++] = index;
    return index;
}

void fb_output(FbModel *model, int32_t tensor)
{
    assert_true(model->n_outputs < FB_MAX_INPUTS);
    model->outputs[model->n_outputs++] = tensor;
}

FbOp *fb_op(FbModel *model, int32_t code, int32_t output, int32_t n_inputs, ...)
{
    assert_true(model->n_ops < FB_MAX_OPS && n_inputs <= FB_MAX_INPUTS);
    FbOp *op = &model->ops[model->n_ops++];
    op->code = code;
    op->n_outputs = 1;
    op->outputs[0] = output;
    op->n_inputs = n_inputs;
    va_list arguments;
    va_start(arguments, n_inputs);
    for (int32_t i = 0; i < n_inputs; i++)
        op->inputs[i] = va_arg(arguments, int32_t);
    va_end(arguments);
    return op;
}

void fb_option(FbOp *op, int field, uint8_t bytes, int32_t value)
{
    assert_true(op->n_options < 8);
    op->options[op->n_options++] = (FbOption){field, bytes, value};
}

static int32_t conv_size(int32_t in, int32_t kernel, int32_t stride, int32_t padding)
{
    return padding == FB_SAME ? (in + stride - 1) / stride : (in - kernel) / stride + 1;
}

static void conv_options(FbOp *op, int32_t stride, int32_t padding, int relu_field, bool relu)
{
    fb_option(op, 0, 1, padding);
    fb_option(op, 1, 4, stride);
    fb_option(op, 2, 4, stride);
    fb_option(op, relu_field, 1, relu);
}

int32_t fb_conv(FbModel *model, int32_t in, int32_t out_channels, int32_t kernel, int32_t stride,
                int32_t padding, bool relu)
{
    const int32_t *shape = model->tensors[in].shape;
    int32_t filter = fb_weights(model, 4, out_channels, kernel, kernel, shape[3]);
    int32_t bias = fb_weights(model, 1, out_channels);
    int32_t out = fb_tensor(model, FB_F32, 4, 1, conv_size(shape[1], kernel, stride, padding),
                            conv_size(shape[2], kernel, stride, padding), out_channels);
    FbOp *op = fb_op(model, FB_CONV_2D, out, 3, in, filter, bias);
    conv_options(op, stride, padding, 3, relu);
    return out;
}

int32_t fb_depthwise(FbModel *model, int32_t in, int32_t kernel, int32_t stride, int32_t padding)
{
    const int32_t *shape = model->tensors[in].shape;
    int32_t filter = fb_weights(model, 4, 1, kernel, kernel, shape[3]);
    int32_t bias = fb_weights(model, 1, shape[3]);
    int32_t out = fb_tensor(model, FB_F32, 4, 1, conv_size(shape[1], kernel, stride, padding),
                            conv_size(shape[2], kernel, stride, padding), shape[3]);
    FbOp *op = fb_op(model, FB_DEPTHWISE_CONV_2D, out, 3, in, filter, bias);
    conv_options(op, stride, padding, 4, false);
    fb_option(op, 3, 4, 1);
    return out;
}

static int32_t like(FbModel *model, int32_t tensor)
{
    return new_tensor(model, FB_F32, model->tensors[tensor].rank, model->tensors[tensor].shape);
}

int32_t fb_same_shape(FbModel *model, int32_t code, int32_t in)
{
    int32_t out = like(model, in);
    fb_op(model, code, out, 1, in);
    return out;
}

int32_t fb_prelu(FbModel *model, int32_t in)
{
    int32_t slope = fb_weights(model, 3, 1, 1, model->tensors[in].shape[3]);
    int32_t out = like(model, in);
    fb_op(model, FB_PRELU, out, 2, in, slope);
    return out;
}

int32_t fb_add(FbModel *model, int32_t a, int32_t b, bool relu)
{
    int32_t out = like(model, a);
    fb_option(fb_op(model, FB_ADD, out, 2, a, b), 0, 1, relu);
    return out;
}

int32_t fb_pad(FbModel *model, int32_t in, int32_t top, int32_t bottom, int32_t left, int32_t right,
               int32_t channels)
{
    const int32_t *shape = model->tensors[in].shape;
    int32_t pads[8] = {0, 0, top, bottom, left, right, 0, channels};
    int32_t list = fb_constant(model, FB_I32, pads, sizeof(pads), 2, 4, 2);
    int32_t out = fb_tensor(model, FB_F32, 4, 1, shape[1] + top + bottom, shape[2] + left + right,
                            shape[3] + channels);
    fb_op(model, FB_PAD, out, 2, in, list);
    return out;
}

int32_t fb_maxpool(FbModel *model, int32_t in)
{
    const int32_t *shape = model->tensors[in].shape;
    int32_t out = fb_tensor(model, FB_F32, 4, 1, (shape[1] + 1) / 2, (shape[2] + 1) / 2, shape[3]);
    FbOp *op = fb_op(model, FB_MAX_POOL_2D, out, 1, in);
    conv_options(op, 2, FB_SAME, 5, false);
    fb_option(op, 3, 4, 2);
    fb_option(op, 4, 4, 2);
    return out;
}

int32_t fb_reshape(FbModel *model, int32_t in, int32_t rank, ...)
{
    int32_t shape[FB_MAX_RANK];
    TAKE_SHAPE(rank, shape);
    int32_t out = new_tensor(model, FB_F32, rank, shape);
    int32_t list = new_constant(model, FB_I32, shape, (size_t)rank * 4, 1, &rank);
    fb_op(model, FB_RESHAPE, out, 2, in, list);
    return out;
}

int32_t fb_resize(FbModel *model, int32_t in, int32_t height, int32_t width)
{
    int32_t size[2] = {height, width};
    int32_t list = fb_constant(model, FB_I32, size, sizeof(size), 1, 2);
    int32_t out = fb_tensor(model, FB_F32, 4, 1, height, width, model->tensors[in].shape[3]);
    FbOp *op = fb_op(model, FB_RESIZE_BILINEAR, out, 2, in, list);
    fb_option(op, 2, 1, 0);
    fb_option(op, 3, 1, 1);
    return out;
}

int32_t fb_concat(FbModel *model, int32_t axis, int32_t a, int32_t b)
{
    int32_t out = like(model, a);
    model->tensors[out].shape[axis] += model->tensors[b].shape[axis];
    FbOp *op = fb_op(model, FB_CONCATENATION, out, 2, a, b);
    fb_option(op, 0, 4, axis);
    fb_option(op, 1, 1, 0);
    return out;
}

int32_t fb_depth_to_space(FbModel *model, int32_t in, int32_t block)
{
    const int32_t *shape = model->tensors[in].shape;
    int32_t out = fb_tensor(model, FB_F32, 4, 1, shape[1] * block, shape[2] * block,
                            shape[3] / (block * block));
    fb_option(fb_op(model, FB_DEPTH_TO_SPACE, out, 1, in), 0, 4, block);
    return out;
}

void fb_make_sparse(FbModel *model, int32_t index, uint8_t index_type)
{
    FbTensor *tensor = &model->tensors[index];
    assert_int_equal(tensor->type, FB_F32);
    FbSparsity *sparsity = &tensor->sparsity;
    size_t n = tensor->data_bytes / sizeof(float);
    int32_t n_columns = tensor->shape[tensor->rank - 1];
    int32_t n_rows = (int32_t)n / n_columns;
    sparsity->present = true;
    sparsity->rank = tensor->rank;
    sparsity->index_type = index_type;
    for (int32_t i = 0; i < tensor->rank; i++) {
        sparsity->order[i] = i;
        sparsity->format[i] = i == tensor->rank - 1;
        sparsity->dense_size[i] = tensor->shape[i];
    }
    sparsity->segments = calloc((size_t)n_rows + 1, sizeof(int32_t));
    sparsity->indices = calloc(n, sizeof(int32_t));
    assert_true(sparsity->segments && sparsity->indices);
    sparsity->n_segments = n_rows + 1;
    float *values = (float *)(void *)tensor->data;
    for (int32_t row = 0; row < n_rows; row++) {
        for (int32_t column = 0; column < n_columns; column++) {
            float value = values[row * n_columns + column];
            if (value == 0)
                continue;
            values[sparsity->n_indices] = value;
            sparsity->indices[sparsity->n_indices++] = column;
        }
        sparsity->segments[row + 1] = sparsity->n_indices;
    }
    tensor->data_bytes = (size_t)sparsity->n_indices * sizeof(float);
}

/* All values are 32 bits wide: keys and vectors first, then the vector of keys, then the map. */
enum { FX_MAX = 16, FX_INT = 1, FX_FLOAT = 3, FX_MAP = 9, FX_VECTOR_INT = 11, FX_WIDTH_4 = 2 };

struct FxMap {
    uint8_t *data;
    size_t size;
    size_t n;
    size_t keys[FX_MAX];
    uint32_t values[FX_MAX]; /* or the place of the vector */
    uint8_t types[FX_MAX];
};

static size_t fx_append(FxMap *map, const void *data, size_t bytes)
{
    map->data = realloc(map->data, map->size + bytes + 1);
    assert_non_null(map->data);
    memcpy(map->data + map->size, data, bytes);
    map->size += bytes;
    return map->size - bytes;
}

static void fx_u32(FxMap *map, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                        (uint8_t)(value >> 24)};
    fx_append(map, bytes, 4);
}

FxMap *fx_create(void)
{
    FxMap *map = calloc(1, sizeof(*map));
    assert_non_null(map);
    return map;
}

static void fx_add(FxMap *map, const char *key, uint8_t type, uint32_t value)
{
    assert_true(map->n < FX_MAX);
    map->keys[map->n] = fx_append(map, key, strlen(key) + 1);
    map->types[map->n] = type;
    map->values[map->n++] = value;
}

void fx_i32(FxMap *map, const char *key, int32_t value)
{
    fx_add(map, key, FX_INT, (uint32_t)value);
}

void fx_f32(FxMap *map, const char *key, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    fx_add(map, key, FX_FLOAT, bits);
}

void fx_vector(FxMap *map, const char *key, int32_t n, const int32_t *values)
{
    fx_u32(map, (uint32_t)n);
    uint32_t at = (uint32_t)map->size;
    for (int32_t i = 0; i < n; i++)
        fx_u32(map, (uint32_t)values[i]);
    fx_add(map, key, FX_VECTOR_INT, at);
}

uint8_t *fx_finish(FxMap *map, size_t *size)
{
    uint32_t n = (uint32_t)map->n;
    fx_u32(map, n);
    size_t keys = map->size;
    for (uint32_t i = 0; i < n; i++)
        fx_u32(map, (uint32_t)(map->size - map->keys[i]));
    fx_u32(map, (uint32_t)(map->size - keys));
    fx_u32(map, 4);
    fx_u32(map, n);
    size_t first = map->size;
    for (uint32_t i = 0; i < n; i++)
        fx_u32(map, map->types[i] == FX_VECTOR_INT ? (uint32_t)(map->size - map->values[i])
                                                   : map->values[i]);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t packed = (uint8_t)(map->types[i] << 2 | FX_WIDTH_4);
        fx_append(map, &packed, 1);
    }
    fx_u32(map, (uint32_t)(map->size - first));
    uint8_t end[2] = {FX_MAP << 2 | FX_WIDTH_4, 4};
    fx_append(map, end, 2);
    uint8_t *data = map->data;
    *size = map->size;
    free(map);
    return data;
}
