/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of 4 pixels, up to 16 of them for each weight: sums stay in registers, and so many hide
 * what a multiply-add takes. They come in pairs, which one instruction loads. 16 output channels at
 * a time are turned back: a cache line of each pixel.
 */
#include "kernels/arm/sparse_neon.h"

#define MAX_PAIRS (SPARSE_BLOCK_PIXELS / 8)
#define GROUP 16 /* output channels */

MIENI_INLINE float32x4_t low_halves(float32x4_t a, float32x4_t b)
{
    return vreinterpretq_f32_f64(vtrn1q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

MIENI_INLINE float32x4_t high_halves(float32x4_t a, float32x4_t b)
{
    return vreinterpretq_f32_f64(vtrn2q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b)));
}

/* Turns 4x4 floats round. */
MIENI_INLINE void turn(float32x4_t rows[4])
{
    float32x4_t a = vtrn1q_f32(rows[0], rows[1]), b = vtrn2q_f32(rows[0], rows[1]);
    float32x4_t c = vtrn1q_f32(rows[2], rows[3]), d = vtrn2q_f32(rows[2], rows[3]);
    rows[0] = low_halves(a, c);
    rows[1] = low_halves(b, d);
    rows[2] = high_halves(a, c);
    rows[3] = high_halves(b, d);
}

/* The block's factors, channel by channel, for whole pairs of vectors. */
static void turn_in(const SparseBlock *block, int32_t channels, float *to)
{
    for (int32_t v = 0; v < neon_round_up_8(block->n); v += 4) {
        const float *const *in = block->in + v;
        float *column = to + v;
        for (int32_t c = 0; c < channels; c += 4, column += 4 * SPARSE_BLOCK_PIXELS) {
            float32x4_t rows[4] = {vld1q_f32(in[0] + c), vld1q_f32(in[1] + c), vld1q_f32(in[2] + c),
                                   vld1q_f32(in[3] + c)};
            turn(rows);
            vst1q_f32(column, rows[0]);
            vst1q_f32(column + SPARSE_BLOCK_PIXELS, rows[1]);
            vst1q_f32(column + 2 * SPARSE_BLOCK_PIXELS, rows[2]);
            vst1q_f32(column + 3 * SPARSE_BLOCK_PIXELS, rows[3]);
        }
    }
}

/* Written out for the same reason as in gemm_neon.c. */
#define LOW_PAIRS(DO) DO(0) DO(1) DO(2) DO(3)
#define HIGH_PAIRS(DO) DO(4) DO(5) DO(6) DO(7)
#define BEGIN(p)                                                                                   \
    if (p < pairs)                                                                                 \
        sums[2 * p] = sums[2 * p + 1] = vdupq_n_f32(bias);
#define LOAD_FACTORS(p)                                                                            \
    if (p < pairs) {                                                                               \
        x[p % 4][0] = vld1q_f32(in + 8 * p);                                                       \
        x[p % 4][1] = vld1q_f32(in + 8 * p + 4);                                                   \
    }
#define ADD_PRODUCTS(p)                                                                            \
    if (p < pairs) {                                                                               \
        sums[2 * p] = vfmaq_f32(sums[2 * p], x[p % 4][0], weight);                                 \
        sums[2 * p + 1] = vfmaq_f32(sums[2 * p + 1], x[p % 4][1], weight);                         \
    }
#define STORE(p)                                                                                   \
    if (p < pairs) {                                                                               \
        vst1q_f32(to + 8 * p, sums[2 * p]);                                                        \
        vst1q_f32(to + 8 * p + 4, sums[2 * p + 1]);                                                \
    }

/* One output channel of 8 * pairs pixels. `pairs` is a constant wherever this is inlined. */
MIENI_INLINE void add_up(const SparseProduct *products, int32_t n, const float *turned, float bias,
                         float *to, const int pairs)
{
    float32x4_t sums[2 * MAX_PAIRS], x[MAX_PAIRS / 2][2];
    LOW_PAIRS(BEGIN)
    HIGH_PAIRS(BEGIN)
    for (const SparseProduct *end = products + n; products != end; products++) {
        const float *in = turned + products->offset;
        float32x4_t weight = vld1q_dup_f32(&products->weight);
        LOW_PAIRS(LOAD_FACTORS)
        LOW_PAIRS(ADD_PRODUCTS)
        HIGH_PAIRS(LOAD_FACTORS)
        HIGH_PAIRS(ADD_PRODUCTS)
    }
    LOW_PAIRS(STORE)
    HIGH_PAIRS(STORE)
}

#define ADD_UP(pairs)                                                                              \
    static void add_up_##pairs(const SparseProduct *products, int32_t n, const float *turned,      \
                               float bias, float *to)                                              \
    {                                                                                              \
        add_up(products, n, turned, bias, to, pairs);                                              \
    }
ADD_UP(1)
ADD_UP(2)
ADD_UP(3)
ADD_UP(4)
ADD_UP(5)
ADD_UP(6)
ADD_UP(7)
ADD_UP(8)

typedef void (*AddUpFn)(const SparseProduct *products, int32_t n, const float *turned, float bias,
                        float *to);

static const AddUpFn add_ups[MAX_PAIRS + 1] = {NULL,     add_up_1, add_up_2, add_up_3, add_up_4,
                                               add_up_5, add_up_6, add_up_7, add_up_8};

/* Channels on their way out of the turned sums, [GROUP][SPARSE_BLOCK_PIXELS]. */
typedef struct Finish {
    const SparseBlock *block;
    const float *sums;
    int32_t channel; /* the first */
    float32x4_t slopes[GROUP / 4];
} Finish;

#define FINISH_PIXEL(i)                                                                            \
    if (i < n) {                                                                                   \
        float32x4_t x = rows[i];                                                                   \
        if (left > 0)                                                                              \
            x = vaddq_f32(x, neon_load(residual[i] + channel, left));                              \
        neon_store(out[i] + channel, room, neon_activate(activation, x, slope));                   \
    }

/* Residual, activation and storing of the group's vector `part` of n pixels, up to 4, from number v
 * on. Inlined with constants wherever that pays. */
MIENI_INLINE void finish_pixels(const Finish *finish, int part, int32_t v, int32_t n,
                                ptrdiff_t room, ptrdiff_t left, MieniActivation activation)
{
    const float *sums = finish->sums + part * 4 * SPARSE_BLOCK_PIXELS + v;
    const float *const *residual = finish->block->residual + v;
    float *const *out = finish->block->out + v;
    ptrdiff_t channel = finish->channel + part * 4;
    float32x4_t rows[4] = {vld1q_f32(sums), vld1q_f32(sums + SPARSE_BLOCK_PIXELS),
                           vld1q_f32(sums + 2 * SPARSE_BLOCK_PIXELS),
                           vld1q_f32(sums + 3 * SPARSE_BLOCK_PIXELS)};
    float32x4_t slope = finish->slopes[part];

    turn(rows);
    FINISH_PIXEL(0)
    FINISH_PIXEL(1)
    FINISH_PIXEL(2)
    FINISH_PIXEL(3)
}

/* Whole groups: a cache line of each pixel. has_residual and activation are constants wherever this
 * is inlined. */
MIENI_INLINE void finish_group(const Finish *finish, bool has_residual, MieniActivation activation)
{
    ptrdiff_t left = has_residual ? 4 : 0;
    int32_t v = 0, n = finish->block->n;
    for (; v + 4 <= n; v += 4)
        for (int part = 0; part < GROUP / 4; part++)
            finish_pixels(finish, part, v, 4, 4, left, activation);
    for (int part = 0; part < GROUP / 4 && v < n; part++)
        finish_pixels(finish, part, v, n - v, 4, left, activation);
}

/* Vectors with lanes of their own. */
static void finish_parts(const MieniConvArgs *args, const Finish *finish, int32_t n_parts)
{
    for (int part = 0; part < n_parts; part++) {
        int32_t channel = finish->channel + part * 4;
        ptrdiff_t room = args->out.pixel_stride - channel;
        ptrdiff_t left = neon_residual_lanes(args, channel);
        for (int32_t v = 0; v < finish->block->n; v += 4)
            finish_pixels(finish, part, v, finish->block->n - v, room, left,
                          args->shape->activation);
    }
}

static void finish_channels(const MieniConvArgs *args, const Finish *finish, int32_t n_parts)
{
    bool has_residual = neon_residual_lanes(args, finish->channel) > 0;
    int32_t last = finish->channel + 4 * (n_parts - 1);
    bool is_full = n_parts == GROUP / 4 && args->out.pixel_stride - last >= 4 &&
                   (!has_residual || neon_residual_lanes(args, last) >= 4);

    if (!is_full || args->shape->activation != MIENI_ACTIVATION_RELU)
        finish_parts(args, finish, n_parts);
    else if (has_residual)
        finish_group(finish, true, MIENI_ACTIVATION_RELU);
    else
        finish_group(finish, false, MIENI_ACTIVATION_RELU);
}

static void run_block(const MieniConvArgs *args, const SparseBlock *block, const float *packed,
                      float *turned)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = neon_round_up_8(shape->out_channels);
    SparseWeights weights = sparse_weights(shape, packed);
    const SparseProduct *products = weights.products;
    AddUpFn add = add_ups[(block->n + 7) / 8];
    float sums[GROUP * SPARSE_BLOCK_PIXELS];
    Finish finish = {.block = block, .sums = sums};

    turn_in(block, shape->in_channels, turned);
    for (int32_t channel = 0; channel < padded; channel += GROUP) {
        int32_t n_channels = MIENI_MIN(GROUP, padded - channel);
        for (int32_t i = 0; i < n_channels; i++) {
            int32_t n = weights.counts[channel + i];
            add(products, n, turned, weights.bias[channel + i], sums + i * SPARSE_BLOCK_PIXELS);
            products += n;
        }
        finish.channel = channel;
        for (int32_t i = 0; i < n_channels; i += 4)
            finish.slopes[i / 4] = vld1q_f32(weights.slope + channel + i);
        finish_channels(args, &finish, n_channels / 4);
    }
}

void mieni_sparse_neon(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                       float *scratch, int32_t row_begin, int32_t row_end)
{
    sparse_run(args, input, packed, scratch, row_begin, row_end, 8, run_block,
               neon_has_tail(args) ? mieni_conv_tail_neon : NULL);
}
