/* SPDX-License-Identifier: Apache-2.0 */
/* Constants as f32, whatever way they are stored. */
#include "base/half.h"
#include "model/graph.h"

static float load_half(const uint8_t *data, size_t index)
{
    uint16_t half;
    memcpy(&half, data + 2 * index, 2);
    return mieni_half_to_float(half);
}

static float load_value(const MieniGraphTensor *tensor, size_t index)
{
    if (tensor->type == MIENI_TYPE_F16)
        return load_half(tensor->data, index);
    float value;
    memcpy(&value, (const uint8_t *)tensor->data + 4 * index, 4);
    return value;
}

static void unpack_sparse(const MieniGraphTensor *tensor, float *out)
{
    const MieniSparsity *sparsity = tensor->sparsity;
    size_t n_columns = (size_t)tensor->shape[tensor->rank - 1];
    memset(out, 0, tensor->n_elements * sizeof(*out));
    for (size_t row = 0; row < sparsity->n_rows; row++) {
        size_t begin = mieni_sparsity_index(sparsity->segments, sparsity->segment_bytes, row);
        size_t end = mieni_sparsity_index(sparsity->segments, sparsity->segment_bytes, row + 1);
        for (size_t i = begin; i < end; i++)
            out[row * n_columns + mieni_sparsity_index(sparsity->indices, sparsity->index_bytes,
                                                       i)] = load_value(tensor, i);
    }
}

MienStatus mieni_graph_constant_f32(const MieniGraphTensor *tensor, float *out, MienError *error)
{
    if (!tensor->data || tensor->type == MIENI_TYPE_I32)
        return mieni_fail(error, MIEN_E_FORMAT, "model-damaged",
                          "tensor '%s' is not a constant of float32 or float16", tensor->name);
    if (tensor->sparsity) {
        unpack_sparse(tensor, out);
        return MIEN_OK;
    }
    if (tensor->type == MIENI_TYPE_F16)
        for (size_t i = 0; i < tensor->n_elements; i++)
            out[i] = load_half(tensor->data, i);
    else if (tensor->n_elements > 0)
        memcpy(out, tensor->data, tensor->n_elements * sizeof(*out));
    return MIEN_OK;
}
