/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A matrix times a vector: a lane is an output channel, up to 64 channels at a time, so that no sum
 * waits for itself. What bounds it is reading the weights, so they are kept as halves if every one
 * of them is exactly a half (most model files store halves) and widened on the fly, which every
 * ARMv8 core can. No over-read.
 *
 * Packed: [header][bias][slope], then panels [k][64] of floats or halves; the last one narrower, a
 * multiple of 8. The first float of the header is 1 for halves, else 0.
 */
#include "kernels/arm/neon.h"

#define HEADER_FLOATS 16
#define PANEL 64

static size_t k_of(const MieniConvShape *shape)
{
    return (size_t)shape->in_height * (size_t)shape->in_width * (size_t)shape->in_channels;
}

/* Room for floats, although halves may need less. */
static size_t packed_floats(const MieniConvShape *shape)
{
    return HEADER_FLOATS + (k_of(shape) + 2) * (size_t)neon_round_up_8(shape->out_channels);
}

static size_t scratch_floats(const MieniConvShape *shape)
{
    return k_of(shape);
}

static uint16_t to_half(float value)
{
    return vget_lane_u16(vreinterpret_u16_f16(vcvt_f16_f32(vdupq_n_f32(value))), 0);
}

static bool is_half(float value)
{
    float16x4_t half = vreinterpret_f16_u16(vdup_n_u16(to_half(value)));
    float back = vgetq_lane_f32(vcvt_f32_f16(half), 0);
    return memcmp(&back, &value, sizeof(back)) == 0;
}

static bool all_are_halves(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_half(values[i]))
            return false;
    return true;
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    size_t n = (size_t)shape->out_channels, padded = (size_t)neon_round_up_8(shape->out_channels);
    size_t k = k_of(shape);
    float *bias = packed + HEADER_FLOATS, *slope = bias + padded, *panels = slope + padded;
    bool halves = weights->halves || all_are_halves(weights->weights, n * k);

    memset(packed, 0, packed_floats(shape) * sizeof(float));
    packed[0] = halves ? 1.0f : 0.0f;
    memcpy(bias, weights->bias, n * sizeof(float));
    if (weights->slope)
        memcpy(slope, weights->slope, n * sizeof(float));
    for (size_t i = 0; i < n; i++) {
        size_t begin = i / PANEL * PANEL, width = MIENI_MIN(padded - begin, PANEL);
        for (size_t j = 0; j < k; j++) {
            size_t at = begin * k + j * width + i % PANEL;
            float value = mieni_weight(weights, i * k + j);
            if (halves) {
                uint16_t half = to_half(value);
                memcpy((uint16_t *)(void *)panels + at, &half, sizeof(half));
            } else {
                panels[at] = value;
            }
        }
    }
}

/* 8 weights from `at` elements behind the first panel. */
MIENI_INLINE float32x4x2_t load_weights(const float *panels, size_t at, const bool halves)
{
    if (!halves)
        return (float32x4x2_t){{vld1q_f32(panels + at), vld1q_f32(panels + at + 4)}};
    const char *from = (const char *)panels + 2 * at;
    float16x8_t w = vreinterpretq_f16_u16(vld1q_u16((const uint16_t *)(const void *)from));
    return (float32x4x2_t){{vcvt_f32_f16(vget_low_f16(w)), vcvt_high_f32_f16(w)}};
}

/* Written out, because compilers keep an array in registers only if they see constant indices. */
#define EACH_PAIR(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define BEGIN(v)                                                                                   \
    if (v < pairs) {                                                                               \
        sums[2 * v] = vld1q_f32(bias + 8 * v);                                                     \
        sums[2 * v + 1] = vld1q_f32(bias + 8 * v + 4);                                             \
    }
#define ADD_PRODUCT(v)                                                                             \
    if (v < pairs) {                                                                               \
        float32x4x2_t w = load_weights(panels, at + 8 * v, halves);                                \
        sums[2 * v] = vfmaq_f32(sums[2 * v], w.val[0], x);                                         \
        sums[2 * v + 1] = vfmaq_f32(sums[2 * v + 1], w.val[1], x);                                 \
    }
#define END(v)                                                                                     \
    if (v < pairs) {                                                                               \
        vst1q_f32(total + 8 * v, sums[2 * v]);                                                     \
        vst1q_f32(total + 8 * v + 4, sums[2 * v + 1]);                                             \
    }

/* `pairs` * 8 columns of weights, `width` apart from one k to the next, times in[k], on top of the
 * bias. */
MIENI_INLINE void multiply(const float *panels, size_t at, size_t width, const float *in, size_t k,
                           const float *bias, const int pairs, const bool halves, float total[64])
{
    float32x4_t sums[16];

    EACH_PAIR(BEGIN)
    for (size_t j = 0; j < k; j++, at += width) {
        float32x4_t x = vld1q_dup_f32(in + j);
        EACH_PAIR(ADD_PRODUCT)
    }
    EACH_PAIR(END)
}

#define CASE(pairs)                                                                                \
    case 2 * (pairs):                                                                              \
        multiply(panels, at, width, in, k, bias, pairs, false, total);                             \
        break;                                                                                     \
    case 2 * (pairs) + 1:                                                                          \
        multiply(panels, at, width, in, k, bias, pairs, true, total);                              \
        break;

static void columns(const float *panels, size_t at, size_t width, const float *in, size_t k,
                    const float *bias, int32_t pairs, bool halves, float total[64])
{
    switch (pairs * 2 + halves) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
    }
}

/* The input as one vector: itself, or a copy without the gaps between pixels and rows. */
static const float *flatten(const MieniConvArgs *args)
{
    const MieniPlane *in = &args->in;
    const MieniConvShape *shape = args->shape;
    size_t depth = (size_t)shape->in_channels;
    float *to = args->scratch;

    if (in->pixel_stride == shape->in_channels &&
        in->row_stride == (ptrdiff_t)shape->in_width * shape->in_channels)
        return in->data;
    for (int32_t y = 0; y < shape->in_height; y++)
        for (int32_t x = 0; x < shape->in_width; x++, to += depth)
            memcpy(to, mieni_plane_at(in, y, x), depth * sizeof(float));
    return args->scratch;
}

/* Residual and activation of channels c .. c + 3. */
static void finish(const MieniConvArgs *args, const float *slope, int32_t c, float32x4_t x)
{
    const MieniPlane *residual = &args->residual;
    ptrdiff_t right = residual->width > 1 ? residual->pixel_stride : 0;
    ptrdiff_t down = residual->height > 1 ? residual->row_stride : 0;
    ptrdiff_t lanes = neon_residual_lanes(args, c);

    if (lanes > 0)
        x = vaddq_f32(x,
                      neon_residual(args->shape->residual, residual->data + c, right, down, lanes));
    x = neon_activate(args->shape->activation, x, vld1q_f32(slope + c));
    neon_store(args->out.data + c, args->out.pixel_stride - c, x);
}

static void run(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = neon_round_up_8(shape->out_channels);
    int32_t end = neon_round_up_8(row_end);
    size_t k = k_of(shape);
    const float *bias = args->packed + HEADER_FLOATS, *slope = bias + padded;
    const float *in = flatten(args);

    for (int32_t c = row_begin; c < end;) {
        int32_t panel = c / PANEL * PANEL, width = MIENI_MIN(padded - panel, PANEL);
        int32_t n = MIENI_MIN(panel + width, end) - c;
        size_t at = (size_t)panel * k + (size_t)(c - panel);
        float total[PANEL];

        columns(slope + padded, at, (size_t)width, in, k, bias + c, n / 8, args->packed[0] != 0.0f,
                total);
        for (int32_t i = 0; i < n; i += 4)
            finish(args, slope, c + i, vld1q_f32(total + i));
        c += n;
    }
    mieni_conv_tail_neon(args, args->out.data, row_begin, row_end);
}

const MieniConvKernel mieni_fully_connected_neon = {packed_floats, pack, scratch_floats, run};
