/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Register tiles of 4 pixels x 16 channels, or 6 x 8: 8 or 6 sums of 8 halves, and twice as many of
 * 4 floats that they are added to after GEMM_CHUNK products. A lane is a channel. 8 factors of each
 * pixel are loaded at a time and multiplied lane by lane (fmla by element).
 */
#include "kernels/arm/gemm_neon_fp16.h"

#define MAX_ROWS 6
#define MAX_ROWS_OF_16 4
#define MAX_VECTORS 2 /* of 8 channels */

static size_t padded_k(size_t k)
{
    return mieni_round_up(k, 8);
}

/* 8 channels of a panel: bias, slope and weights. */
static size_t floats_of_8(size_t k)
{
    return 16 + padded_k(k) * 8 / 2;
}

size_t mieni_gemm_packed_floats_neon_fp16(int32_t out_channels, size_t k)
{
    return floats_of_8(k) * (size_t)neon_round_up_8(out_channels) / 8;
}

static int32_t width_of(int32_t left, int32_t n_pixels)
{
    (void)n_pixels;
    return left >= 16 ? 16 : 8;
}

void mieni_gemm_pack_neon_fp16(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                               float *packed)
{
    int32_t padded = neon_round_up_8(out_channels);

    memset(packed, 0, mieni_gemm_packed_floats_neon_fp16(out_channels, k) * sizeof(float));
    for (int32_t begin = 0, width; begin < padded; begin += width) {
        width = width_of(padded - begin, 0);
        int32_t n = MIENI_MIN(width, out_channels - begin);
        float *slope = packed + width;
        float16_t *panel = (float16_t *)(void *)(slope + width);

        memcpy(packed, weights->bias + begin, (size_t)n * sizeof(float));
        if (weights->slope)
            memcpy(slope, weights->slope + begin, (size_t)n * sizeof(float));
        for (int32_t i = 0; i < n; i++)
            for (size_t j = 0; j < k; j++)
                panel[j * (size_t)width + (size_t)i] =
                    (float16_t)mieni_weight(weights, (size_t)(begin + i) * k + j);
        packed += floats_of_8(k) * (size_t)width / 8;
    }
}

/* A tile's rows, vectors of halves and lanes, written out as in gemm_neon.c. */
#define EACH_ROW(DO, ...)                                                                          \
    DO(0, __VA_ARGS__)                                                                             \
    DO(1, __VA_ARGS__) DO(2, __VA_ARGS__) DO(3, __VA_ARGS__) DO(4, __VA_ARGS__) DO(5, __VA_ARGS__)
#define EACH_VECTOR(DO, ...) DO(0, __VA_ARGS__) DO(1, __VA_ARGS__)

#define BEGIN_VECTOR(v, i)                                                                         \
    if (v < vectors) {                                                                             \
        sums[i][2 * v] = vld1q_f32(packed + 8 * v);                                                \
        sums[i][2 * v + 1] = vld1q_f32(packed + 8 * v + 4);                                        \
    }
#define BEGIN_ROW(i, unused)                                                                       \
    if (i < rows) {                                                                                \
        EACH_VECTOR(BEGIN_VECTOR, i)                                                               \
    }

/* vmulq_laneq_f16 and vfmaq_laneq_f16: of a lane that is used twice GCC 12 makes a vector first,
 * which is half an instruction more for each product. */
#define MULTIPLY_LANE(sum, w, x, lane)                                                             \
    __asm__("fmul %0.8h, %1.8h, %2.h[%3]" : "=w"(sum) : "w"(w), "x"(x), "i"(lane))
#define ADD_LANE(sum, w, x, lane)                                                                  \
    __asm__("fmla %0.8h, %1.8h, %2.h[%3]" : "+w"(sum) : "w"(w), "x"(x), "i"(lane))

#define LOAD_FACTORS(i, unused)                                                                    \
    if (i < rows)                                                                                  \
        x[i] = vld1q_f16(in + i * depth);
#define LOAD_WEIGHTS(v, unused)                                                                    \
    if (v < vectors)                                                                               \
        w[v] = vld1q_f16(weights + 8 * v);
#define BEGIN_CHUNK(v, i, lane)                                                                    \
    if (v < vectors)                                                                               \
        MULTIPLY_LANE(chunk[i][v], w[v], x[i], lane);
#define ADD_PRODUCT(v, i, lane)                                                                    \
    if (v < vectors)                                                                               \
        ADD_LANE(chunk[i][v], w[v], x[i], lane);
#define MULTIPLY_ROW(i, lane, DO)                                                                  \
    if (i < rows) {                                                                                \
        EACH_VECTOR(DO, i, lane)                                                                   \
    }
#define MULTIPLY(lane, DO)                                                                         \
    EACH_VECTOR(LOAD_WEIGHTS, 0)                                                                   \
    weights += 8 * vectors;                                                                        \
    EACH_ROW(MULTIPLY_ROW, lane, DO)
/* 8 factors of each row; the first product begins the chunk or is added to it. */
#define MULTIPLY_8(FIRST)                                                                          \
    EACH_ROW(LOAD_FACTORS, 0)                                                                      \
    in += 8;                                                                                       \
    MULTIPLY(0, FIRST)                                                                             \
    MULTIPLY(1, ADD_PRODUCT)                                                                       \
    MULTIPLY(2, ADD_PRODUCT)                                                                       \
    MULTIPLY(3, ADD_PRODUCT)                                                                       \
    MULTIPLY(4, ADD_PRODUCT)                                                                       \
    MULTIPLY(5, ADD_PRODUCT)                                                                       \
    MULTIPLY(6, ADD_PRODUCT)                                                                       \
    MULTIPLY(7, ADD_PRODUCT)

#define END_CHUNK(v, i)                                                                            \
    if (v < vectors) {                                                                             \
        sums[i][2 * v] = vaddq_f32(sums[i][2 * v], vcvt_f32_f16(vget_low_f16(chunk[i][v])));       \
        sums[i][2 * v + 1] = vaddq_f32(sums[i][2 * v + 1], vcvt_high_f32_f16(chunk[i][v]));        \
    }
#define END_CHUNK_ROW(i, unused)                                                                   \
    if (i < rows) {                                                                                \
        EACH_VECTOR(END_CHUNK, i)                                                                  \
    }

#define ADD_VECTOR(v, i)                                                                           \
    if (v < vectors) {                                                                             \
        sums[i][2 * v] = vaddq_f32(sums[i][2 * v], vld1q_f32(residual + 8 * v));                   \
        sums[i][2 * v + 1] = vaddq_f32(sums[i][2 * v + 1], vld1q_f32(residual + 8 * v + 4));       \
    }
#define ADD_RESIDUAL(i, unused)                                                                    \
    if (i < rows) {                                                                                \
        const float *residual = panel->residual[first + i] + panel->residual_channel;              \
        EACH_VECTOR(ADD_VECTOR, i)                                                                 \
    }

#define APPLY_VECTOR(v, i, activation)                                                             \
    if (v < vectors) {                                                                             \
        sums[i][2 * v] = neon_activate(activation, sums[i][2 * v], vld1q_f32(slope + 8 * v));      \
        sums[i][2 * v + 1] =                                                                       \
            neon_activate(activation, sums[i][2 * v + 1], vld1q_f32(slope + 8 * v + 4));           \
    }
#define APPLY(i, activation)                                                                       \
    if (i < rows) {                                                                                \
        EACH_VECTOR(APPLY_VECTOR, i, activation)                                                   \
    }

#define STORE_VECTOR(v, i)                                                                         \
    if (v < vectors) {                                                                             \
        vst1q_f32(out + 8 * v, sums[i][2 * v]);                                                    \
        vst1q_f32(out + 8 * v + 4, sums[i][2 * v + 1]);                                            \
    }
#define STORE_ROW(i, unused)                                                                       \
    if (i < rows) {                                                                                \
        float *out = panel->out[first + i] + panel->out_channel;                                   \
        EACH_VECTOR(STORE_VECTOR, i)                                                               \
    }

/* `rows` and `vectors` are constants wherever this is inlined. */
MIENI_INLINE void tile(const GemmPanel *panel, int32_t first, const int rows, const int vectors)
{
    const float *packed = panel->packed, *slope = packed + 8 * vectors;
    const float16_t *weights = (const float16_t *)(const void *)(slope + 8 * vectors);
    const ptrdiff_t depth = panel->depth;
    const float16_t *in = panel->halves + first * depth;
    float32x4_t sums[MAX_ROWS][2 * MAX_VECTORS];
    float16x8_t chunk[MAX_ROWS][MAX_VECTORS], w[MAX_VECTORS], x[MAX_ROWS];
    ptrdiff_t left = depth;

    EACH_ROW(BEGIN_ROW, 0)
    while (left > 0) {
        ptrdiff_t rest = left > GEMM_CHUNK ? left - GEMM_CHUNK : 0;
        MULTIPLY_8(BEGIN_CHUNK)
        for (left -= 8; left > rest; left -= 8) {
            MULTIPLY_8(ADD_PRODUCT)
        }
        EACH_ROW(END_CHUNK_ROW, 0)
    }
    if (panel->has_residual) {
        EACH_ROW(ADD_RESIDUAL, 0)
    }
    if (panel->activation == MIENI_ACTIVATION_PRELU) {
        EACH_ROW(APPLY, MIENI_ACTIVATION_PRELU)
    } else if (panel->activation == MIENI_ACTIVATION_RELU) {
        EACH_ROW(APPLY, MIENI_ACTIVATION_RELU)
    }
    EACH_ROW(STORE_ROW, 0)
}

/* Each tile is a function of its own, for the sake of the compiler's register allocation. */
#define TILE(rows, vectors)                                                                        \
    static void tile_##rows##x##vectors(const GemmPanel *panel, int32_t first)                     \
    {                                                                                              \
        tile(panel, first, rows, vectors);                                                         \
    }
TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)

static const GemmTiles tiles = {
    .width = width_of,
    .most_rows = {0, MAX_ROWS, MAX_ROWS_OF_16},
    .tiles = {{NULL},
              {NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1},
              {NULL, tile_1x2, tile_2x2, tile_3x2, tile_4x2}}};

size_t mieni_gemm_scratch_floats_neon_fp16(size_t k)
{
    int32_t most = neon_round_up_8(gemm_most_pixels_neon((int32_t)k));
    return mieni_round_up((size_t)most * padded_k(k) / 2, 16);
}

MIENI_INLINE float16x8_t halve_8(const float *from)
{
    return vcvt_high_f16_f32(vcvt_f16_f32(vld1q_f32(from)), vld1q_f32(from + 4));
}

/* Makes n floats halves; of what is left over some may be made twice. No over-read. */
MIENI_INLINE void halve(const float *from, ptrdiff_t n, float16_t *to)
{
    ptrdiff_t i = 0;
    for (; i + 16 <= n; i += 16) {
        vst1q_f16(to + i, halve_8(from + i));
        vst1q_f16(to + i + 8, halve_8(from + i + 8));
    }
    if (i + 8 <= n) {
        vst1q_f16(to + i, halve_8(from + i));
        i += 8;
    }
    if (i < n && n >= 4) {
        if (i + 4 < n)
            vst1_f16(to + i, vcvt_f16_f32(vld1q_f32(from + i)));
        vst1_f16(to + n - 4, vcvt_f16_f32(vld1q_f32(from + n - 4)));
        return;
    }
    for (; i < n; i++)
        to[i] = (float16_t)from[i];
}

/* Pixels whose factors have no gaps, between them and behind them: one run as far as a row goes. */
static void halve_runs(const GemmBlock *block, ptrdiff_t depth, float16_t *to)
{
    for (int32_t i = 0, n; i < block->n; i += n) {
        for (n = 1; i + n < block->n && block->in[i + n] == block->in[i] + n * depth; n++)
            ;
        halve(block->in[i], n * depth, to + i * depth);
    }
}

/* Pixels with several taps of `tap` factors; fewer than 8 zeros fill up. */
MIENI_INLINE void halve_taps(const GemmInput *input, const GemmBlock *block, ptrdiff_t depth,
                             const ptrdiff_t tap, float16_t *to)
{
    for (int32_t i = 0; i < block->n; i++, to += depth) {
        float16_t *at = to;
        vst1q_f16(to + depth - 8, vdupq_n_f16(0));
        for (int32_t ky = 0; ky < input->taps_y; ky++)
            for (int32_t kx = 0; kx < input->taps_x; kx++, at += tap)
                halve(block->in[i] + ky * input->tap_row + kx * input->tap_pixel, tap, at);
    }
}

/* The factors of a block's pixels, side by side: [n][depth]. */
static void halve_block(const GemmInput *input, const GemmBlock *block, ptrdiff_t depth,
                        float16_t *to)
{
    if (input->taps_y * input->taps_x == 1 && input->depth == depth)
        halve_runs(block, depth, to);
    else if (input->depth == 9) /* three pixels of a picture */
        halve_taps(input, block, depth, 9, to);
    else
        halve_taps(input, block, depth, input->depth, to);
}

void mieni_gemm_neon_fp16(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                          float *scratch, int32_t row_begin, int32_t row_end)
{
    int32_t width = args->shape->out_width;
    int32_t k = input->taps_y * input->taps_x * input->depth;
    int32_t first = row_begin * width, end = row_end * width;
    float16_t *halves = (float16_t *)(void *)scratch;
    GemmPanel panel = {.input = input,
                       .packed = packed,
                       .next = (ptrdiff_t)floats_of_8((size_t)k),
                       .activation = args->shape->activation,
                       .halves = halves,
                       .depth = (ptrdiff_t)padded_k((size_t)k)};
    GemmBlock block;

    while (first < end) {
        block.first = first;
        block.n = gemm_block_pixels_neon(k, end - first);
        gemm_locate_block(args, input, row_begin, &block);
        halve_block(input, &block, panel.depth, halves);
        mieni_gemm_block_neon(args, &block, &tiles, &panel);
        for (int32_t i = 0; i < block.n && neon_has_tail(args); i++)
            mieni_conv_tail_neon(args, block.out[i], 0, args->shape->out_channels);
        first += block.n;
    }
}
