/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A matrix times a vector: a lane is an output channel, up to 64 channels at a time, so that no
 * sum waits for itself. What bounds it is reading the weights, so they
 * are kept as halves if every one of them is exactly a half (most model files store halves) and
 * widened on the fly. No over-read.
 *
 * Packed: [header][bias][slope], then panels [k][64] of floats or halves; the last one narrower, a
 * multiple of 8. The first float of the header is 1 for halves, else 0.
 */
#include "kernels/x86/avx2.h"

#define HEADER_FLOATS 16
#define PANEL 64

static size_t k_of(const MieniConvShape *shape)
{
    return (size_t)shape->in_height * (size_t)shape->in_width * (size_t)shape->in_channels;
}

/* Room for floats, although halves may need less: what is not touched takes no memory. */
static size_t packed_floats(const MieniConvShape *shape)
{
    return HEADER_FLOATS + (k_of(shape) + 2) * (size_t)avx2_round_up_8(shape->out_channels);
}

static size_t scratch_floats(const MieniConvShape *shape)
{
    return k_of(shape);
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    int32_t n = shape->out_channels, padded = avx2_round_up_8(n);
    size_t k = k_of(shape);
    float *bias = packed + HEADER_FLOATS, *slope = bias + padded, *panels = slope + padded;
    bool halves = avx2_are_halves(weights, (size_t)n * k);

    memset(packed, 0, (HEADER_FLOATS + 2 * (size_t)padded) * sizeof(float));
    packed[0] = halves ? 1.0f : 0.0f;
    memcpy(bias, weights->bias, (size_t)n * sizeof(float));
    if (weights->slope)
        memcpy(slope, weights->slope, (size_t)n * sizeof(float));
    for (int32_t begin = 0; begin < padded; begin += PANEL) {
        size_t at = (size_t)begin * k * (halves ? sizeof(uint16_t) : sizeof(float));
        mieni_pack_columns_avx2(weights, begin, MIENI_MIN(n - begin, PANEL), k,
                                MIENI_MIN(padded - begin, PANEL), halves, (char *)panels + at);
    }
}

/* 8 weights, `at` elements behind the first panel. */
MIENI_INLINE __m256 load_weights(const float *panels, size_t at, const bool halves)
{
    if (!halves)
        return _mm256_loadu_ps(panels + at);
    return avx2_load_halves((const char *)panels + 2 * at);
}

/* Written out, because compilers keep an array in registers only if they see constant indices. */
#define EACH_VECTOR(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define BEGIN(v)                                                                                   \
    if (v < vectors)                                                                               \
        sums[v] = _mm256_loadu_ps(bias + 8 * v);
#define ADD_PRODUCT(v)                                                                             \
    if (v < vectors)                                                                               \
        sums[v] = _mm256_fmadd_ps(x, load_weights(panels, at + 8 * v, halves), sums[v]);
#define END(v)                                                                                     \
    if (v < vectors)                                                                               \
        total[v] = sums[v];

/* `vectors` * 8 columns of weights, `width` apart from one k to the next, times in[k], on top of
 * the bias. */
MIENI_INLINE void multiply(const float *panels, size_t at, size_t width, const float *in, size_t k,
                           const float *bias, const int vectors, const bool halves, __m256 total[8])
{
    __m256 sums[8];

    EACH_VECTOR(BEGIN)
    for (size_t j = 0; j < k; j++, at += width) {
        __m256 x = _mm256_broadcast_ss(in + j);
        EACH_VECTOR(ADD_PRODUCT)
    }
    EACH_VECTOR(END)
}

#define CASE(vectors)                                                                              \
    case 2 * (vectors):                                                                            \
        multiply(panels, at, width, in, k, bias, vectors, false, total);                           \
        break;                                                                                     \
    case 2 * (vectors) + 1:                                                                        \
        multiply(panels, at, width, in, k, bias, vectors, true, total);                            \
        break;

static void columns(const float *panels, size_t at, size_t width, const float *in, size_t k,
                    const float *bias, int32_t vectors, bool halves, __m256 total[8])
{
    switch (vectors * 2 + halves) {
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

static void run(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = avx2_round_up_8(shape->out_channels);
    int32_t end = avx2_round_up_8(row_end);
    size_t k = k_of(shape);
    const float *bias = args->packed + HEADER_FLOATS;
    const float *in = flatten(args);
    const MieniPlane *residual = &args->residual;
    ptrdiff_t right = residual->width > 1 ? residual->pixel_stride : 0;
    ptrdiff_t down = residual->height > 1 ? residual->row_stride : 0;

    for (int32_t c = row_begin; c < end;) {
        int32_t panel = c / PANEL * PANEL, width = MIENI_MIN(padded - panel, PANEL);
        int32_t vectors = (MIENI_MIN(panel + width, end) - c) / 8;
        size_t at = (size_t)panel * k + (size_t)(c - panel);
        __m256 total[8];

        columns(bias + 2 * padded, at, (size_t)width, in, k, bias + c, vectors,
                args->packed[0] != 0.0f, total);
        for (int32_t v = 0; v < vectors; v++, c += 8) {
            __m256 x = total[v];
            ptrdiff_t lanes = avx2_residual_lanes(args, c);
            if (lanes > 0)
                x = _mm256_add_ps(
                    x, avx2_residual(shape->residual, residual->data + c, right, down, lanes));
            x = avx2_activate(shape->activation, x, _mm256_load_ps(bias + padded + c));
            avx2_store(args->out.data + c, avx2_lanes(&args->out, c), x);
        }
    }
    mieni_conv_tail_avx2(args, args->out.data, row_begin, row_end);
}

const MieniConvKernel mieni_fully_connected_avx2 = {packed_floats, pack, scratch_floats, run};
