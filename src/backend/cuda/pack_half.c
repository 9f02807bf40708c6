/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights for half precision (kernels/args.h). For matrix instructions they lie in the order in
 * which the threads of a warp hold them: a piece is 16 numbers deep and 16 columns wide; its thread
 * 4 g + t has numbers 4 t .. 4 t + 3 of columns 4 (g / 2) + g % 2 and, behind them, 2 columns
 * further. With these, thread 4 g + t ends up with columns 4 t .. 4 t + 3 of a row. Source: NVIDIA,
 * PTX ISA, matrix fragments of mma.m16n8k16.
 */
#include "backend/cuda/cuda.h"
#include "base/half.h"

#define PIECE 256

bool mieni_cuda_is_half(const MieniDevicePlan *plan, const MieniOp *op)
{
    return (mieni_cuda_n_products(op) || mieni_cuda_is_depthwise(op)) &&
           plan->tensors[op->inputs[0]].is_half;
}

static size_t lanes(int32_t channels)
{
    return mieni_round_up((size_t)channels, 4);
}

/* Halves of the depthwise part, those behind it that keep the rest aligned included. */
static size_t depthwise_halves(const MieniOp *op)
{
    if (!mieni_cuda_is_depthwise(op))
        return 0;
    return mieni_round_up((mieni_cuda_n_taps(op) + 1) * lanes(op->shape.in_channels), 8);
}

/* Numbers of the input that a sum of the dense part reads, padding included. */
static size_t depth_of(const MieniDevicePlan *plan, const MieniOp *op)
{
    size_t products = mieni_cuda_n_products(op);
    if (op->kind == MIENI_OP_DEPTHWISE_POINTWISE)
        return products;
    return products / (size_t)op->shape.in_channels * (size_t)plan->tensors[op->inputs[0]].pixel;
}

static size_t dense_halves(const MieniDevicePlan *plan, const MieniOp *op)
{
    size_t n = (size_t)op->shape.out_channels;
    if (mieni_cuda_n_products(op) == 0)
        return 0;
    if (plan->device->has_products)
        return (depth_of(plan, op) + 15) / 16 * ((n + 15) / 16) * PIECE;
    return mieni_cuda_n_products(op) * lanes(op->shape.out_channels);
}

size_t mieni_cuda_half_words(const MieniDevicePlan *plan, const MieniOp *op)
{
    size_t halves = depthwise_halves(op) + dense_halves(plan, op);
    return 2 * lanes(op->shape.out_channels) + (halves + 1) / 2;
}

static void pack_depthwise(const MieniOp *op, uint16_t *to)
{
    size_t n = (size_t)op->shape.in_channels, taps = mieni_cuda_n_taps(op);
    const float *bias = op->weights.depthwise_bias;
    for (size_t tap = 0; tap < taps; tap++)
        for (size_t i = 0; i < n; i++)
            to[tap * lanes((int32_t)n) + i] =
                mieni_half_from_float(op->weights.depthwise[tap * n + i]);
    /* A depthwise alone has the bias of its output, which begins its sums, too. */
    if (op->kind == MIENI_OP_DEPTHWISE)
        bias = op->weights.bias;
    for (size_t i = 0; i < n; i++)
        to[taps * lanes((int32_t)n) + i] = mieni_half_from_float(bias[i]);
}

/* The weight of number k, counted with padding, for column n; zero where there is none. */
static float weight_at(const MieniDevicePlan *plan, const MieniOp *op, size_t k, size_t n)
{
    size_t channels = (size_t)op->shape.in_channels, products = mieni_cuda_n_products(op);
    size_t pixel = op->kind == MIENI_OP_DEPTHWISE_POINTWISE
                       ? products
                       : (size_t)plan->tensors[op->inputs[0]].pixel;
    size_t tap = k / pixel, channel = k % pixel;
    if (n >= (size_t)op->shape.out_channels || channel >= channels ||
        tap * channels + channel >= products)
        return 0;
    return mieni_weight(&op->weights, n * products + tap * channels + channel);
}

static void pack_pieces(const MieniDevicePlan *plan, const MieniOp *op, uint16_t *to)
{
    size_t n_steps = (depth_of(plan, op) + 15) / 16;
    size_t n_blocks = ((size_t)op->shape.out_channels + 15) / 16;
    for (size_t i = 0; i < n_steps * n_blocks * PIECE; i++) {
        size_t step = i / PIECE / n_blocks, block = i / PIECE % n_blocks;
        size_t lane = i % PIECE / 8, g = lane / 4, t = lane % 4, second = i % 8 / 4;
        to[i] = mieni_half_from_float(weight_at(plan, op, 16 * step + 4 * t + i % 4,
                                                16 * block + 4 * (g / 2) + g % 2 + 2 * second));
    }
}

static void pack_rows(const MieniOp *op, uint16_t *to)
{
    size_t k = mieni_cuda_n_products(op), n = (size_t)op->shape.out_channels;
    for (size_t row = 0; row < k; row++)
        for (size_t i = 0; i < n; i++)
            to[row * lanes((int32_t)n) + i] =
                mieni_half_from_float(mieni_weight(&op->weights, i * k + row));
}

void mieni_cuda_pack_half(const MieniDevicePlan *plan, const MieniOp *op, float *words)
{
    size_t n = (size_t)op->shape.out_channels, n4 = lanes(op->shape.out_channels);
    uint16_t *halves = (uint16_t *)(void *)(words + 2 * n4);
    memcpy(words, op->weights.bias, n * sizeof(*words));
    if (op->shape.activation == MIENI_ACTIVATION_PRELU)
        memcpy(words + n4, op->weights.slope, n * sizeof(*words));
    if (mieni_cuda_is_depthwise(op))
        pack_depthwise(op, halves);
    if (mieni_cuda_n_products(op) == 0)
        return;
    if (plan->device->has_products)
        pack_pieces(plan, op, halves + depthwise_halves(op));
    else
        pack_rows(op, halves + depthwise_halves(op));
}
