/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Register tiles of 8 pixels x 8 channels, or 4 x 16: 16 sums of 4 lanes, which outlast the latency
 * of the multiply-adds. A lane is a channel. 4 factors of each pixel are loaded at a time and
 * multiplied lane by lane (fmla by element). Pixels are reached through pointers, so that a tile
 * may go on in the next row: small planes fill their tiles too. A block of pixels (whose factors
 * fit into L1) meets one weight panel after the other, or two at a time if it has few pixels.
 *
 * A tile knows only full vectors. Residuals that are pooled or end inside a panel, and outputs
 * without room for the last vector, go through a small buffer that the tile sees in their place. No
 * over-read.
 */
#include "kernels/arm/gemm_neon.h"

#define MAX_ROWS GEMM_MAX_ROWS
#define MAX_PANELS 2
#define MAX_ROWS_OF_TWO 4 /* of a tile of two panels */
#define MAX_WIDTH GEMM_MAX_WIDTH

/* A tile's rows and a row's vectors, written out: compilers keep an array in registers only if they
 * see constant indices before they unroll loops. What a tile does not have is dead code. */
#define EACH_ROW(DO, ...)                                                                          \
    DO(0, __VA_ARGS__)                                                                             \
    DO(1, __VA_ARGS__)                                                                             \
    DO(2, __VA_ARGS__)                                                                             \
    DO(3, __VA_ARGS__)                                                                             \
    DO(4, __VA_ARGS__) DO(5, __VA_ARGS__) DO(6, __VA_ARGS__) DO(7, __VA_ARGS__)
#define EACH_VECTOR(DO, ...)                                                                       \
    DO(0, __VA_ARGS__) DO(1, __VA_ARGS__) DO(2, __VA_ARGS__) DO(3, __VA_ARGS__)

/* Vector v of what begins at `from` in each panel. */
#define AT(from, v) ((from) + (v) / 2 * panel->next + (v) % 2 * 4)

#define BEGIN_VECTOR(v, i)                                                                         \
    if (v < vectors)                                                                               \
        sums[i][v] = vld1q_f32(AT(panel->packed, v));
#define BEGIN_ROW(i, unused)                                                                       \
    if (i < rows) {                                                                                \
        EACH_VECTOR(BEGIN_VECTOR, i)                                                               \
    }

#define LOCATE_ROW(i, unused)                                                                      \
    if (i < rows)                                                                                  \
        in[i] = panel->in[first + i] + offset;

#define LOAD_WEIGHTS(v, unused)                                                                    \
    if (v < vectors)                                                                               \
        w[v] = vld1q_f32(AT(weights, v));

/* 4 factors of each row, then lane after lane of them. */
#define LOAD_FACTORS(i, unused)                                                                    \
    if (i < rows)                                                                                  \
        x[i] = vld1q_f32(in[i] + k);
#define ADD_PRODUCT(v, i, lane)                                                                    \
    if (v < vectors)                                                                               \
        sums[i][v] = vfmaq_laneq_f32(sums[i][v], w[v], x[i], lane);
#define MULTIPLY_ROW(i, lane)                                                                      \
    if (i < rows) {                                                                                \
        EACH_VECTOR(ADD_PRODUCT, i, lane)                                                          \
    }
#define MULTIPLY(lane)                                                                             \
    EACH_VECTOR(LOAD_WEIGHTS, 0)                                                                   \
    weights += 8;                                                                                  \
    EACH_ROW(MULTIPLY_ROW, lane)

/* A single factor of each row. */
#define LOAD_FACTOR(i, unused)                                                                     \
    if (i < rows)                                                                                  \
        x[i] = vld1q_dup_f32(in[i] + k);

#define ADD_VECTOR(v, i)                                                                           \
    if (v < vectors)                                                                               \
        sums[i][v] = vaddq_f32(sums[i][v], vld1q_f32(residual + 4 * v));
#define ADD_RESIDUAL(i, unused)                                                                    \
    if (i < rows) {                                                                                \
        const float *residual = panel->residual[first + i] + panel->residual_channel;              \
        EACH_VECTOR(ADD_VECTOR, i)                                                                 \
    }

#define LOAD_SLOPES(v, unused)                                                                     \
    if (v < vectors)                                                                               \
        w[v] = vld1q_f32(AT(panel->packed + 8, v));
#define APPLY_VECTOR(v, i, activation)                                                             \
    if (v < vectors)                                                                               \
        sums[i][v] = neon_activate(activation, sums[i][v], w[v]);
#define APPLY(i, activation)                                                                       \
    if (i < rows) {                                                                                \
        EACH_VECTOR(APPLY_VECTOR, i, activation)                                                   \
    }

#define STORE_VECTOR(v, i)                                                                         \
    if (v < vectors)                                                                               \
        vst1q_f32(out + 4 * v, sums[i][v]);
#define STORE_ROW(i, unused)                                                                       \
    if (i < rows) {                                                                                \
        float *out = panel->out[first + i] + panel->out_channel;                                   \
        EACH_VECTOR(STORE_VECTOR, i)                                                               \
    }

/* `rows` and `vectors` (2 a panel) are constants wherever this is inlined. */
MIENI_INLINE void tile(const GemmPanel *panel, int32_t first, const int rows, const int vectors)
{
    const GemmInput *input = panel->input;
    const float *weights = panel->packed + 16;
    float32x4_t sums[MAX_ROWS][2 * MAX_PANELS], w[2 * MAX_PANELS], x[MAX_ROWS];
    const float *in[MAX_ROWS];

    EACH_ROW(BEGIN_ROW, 0)
    for (int32_t ky = 0; ky < input->taps_y; ky++) {
        for (int32_t kx = 0; kx < input->taps_x; kx++) {
            ptrdiff_t offset = ky * input->tap_row + kx * input->tap_pixel, k = 0;
            EACH_ROW(LOCATE_ROW, 0)
            for (; k + 4 <= input->depth; k += 4) {
                EACH_ROW(LOAD_FACTORS, 0)
                MULTIPLY(0)
                MULTIPLY(1)
                MULTIPLY(2)
                MULTIPLY(3)
            }
            for (; k < input->depth; k++) {
                EACH_ROW(LOAD_FACTOR, 0)
                MULTIPLY(0)
            }
        }
    }
    if (panel->has_residual) {
        EACH_ROW(ADD_RESIDUAL, 0)
    }
    if (panel->activation == MIENI_ACTIVATION_PRELU) {
        EACH_VECTOR(LOAD_SLOPES, 0)
        EACH_ROW(APPLY, MIENI_ACTIVATION_PRELU)
    } else if (panel->activation == MIENI_ACTIVATION_RELU) {
        EACH_VECTOR(LOAD_SLOPES, 0)
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
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)
TILE(7, 2)
TILE(8, 2)
TILE(1, 4)
TILE(2, 4)
TILE(3, 4)
TILE(4, 4)

/* Two panels at a time if there are few pixels. */
static int32_t width_of(int32_t left, int32_t n_pixels)
{
    return n_pixels <= MAX_ROWS_OF_TWO && left >= 16 ? 16 : 8;
}

static const GemmTiles tiles = {.width = width_of,
                                .most_rows = {0, MAX_ROWS, MAX_ROWS_OF_TWO},
                                .tiles = {{NULL},
                                          {NULL, tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2,
                                           tile_6x2, tile_7x2, tile_8x2},
                                          {NULL, tile_1x4, tile_2x4, tile_3x4, tile_4x4}}};

/* Tiles of nearly equal size: 9 pixels are 5 + 4, not 8 + 1, which would wait for its own sums. */
static void run_panel(const GemmPanel *panel, const GemmTiles *of, int32_t n_pixels, int32_t width)
{
    int32_t panels = width / 8, most = of->most_rows[panels];
    int32_t n_tiles = (n_pixels + most - 1) / most;
    int32_t rows = n_pixels / n_tiles, n_larger = n_pixels % n_tiles;

    for (int32_t i = 0, first = 0; i < n_tiles; i++) {
        int32_t n = rows + (i < n_larger);
        of->tiles[panels][n](panel, first);
        first += n;
    }
}

/* A panel's residual or output in full vectors, one pixel after the other. */
typedef struct Buffer {
    float *pixels[GEMM_BLOCK_PIXELS];
    float data[GEMM_BLOCK_PIXELS * MAX_WIDTH];
} Buffer;

static void lay_out(Buffer *buffer, int32_t n, int32_t width)
{
    for (int32_t i = 0; i < n; i++)
        buffer->pixels[i] = buffer->data + i * width;
}

/* The 2x2 maximum of 4 full channels for each pixel. */
static void pool_full(const GemmBlock *block, int32_t channel, int32_t width, float *to)
{
    for (int32_t i = 0; i < block->n; i++)
        vst1q_f32(to + i * width,
                  neon_residual(MIENI_RESIDUAL_MAXPOOL, block->residual[i] + channel,
                                block->right[i], block->down[i], 4));
}

/* Pools the residual of channels channel .. channel + width - 1 and fills up with zeros. */
static void fill_residual(const MieniConvArgs *args, const GemmBlock *block, int32_t channel,
                          int32_t width, Buffer *buffer)
{
    MieniResidual kind = args->shape->residual;
    lay_out(buffer, block->n, width);
    for (int32_t v = 0; v < width; v += 4) {
        ptrdiff_t lanes = neon_residual_lanes(args, channel + v);
        if (lanes >= 4 && kind == MIENI_RESIDUAL_MAXPOOL) {
            pool_full(block, channel + v, width, buffer->data + v);
            continue;
        }
        for (int32_t i = 0; i < block->n; i++) {
            float32x4_t value = vdupq_n_f32(0.0f);
            if (lanes > 0)
                value = neon_residual(kind, block->residual[i] + channel + v, block->right[i],
                                      block->down[i], lanes);
            vst1q_f32(buffer->pixels[i] + v, value);
        }
    }
}

static void copy_out(const MieniConvArgs *args, const GemmBlock *block, int32_t channel,
                     int32_t width, const Buffer *buffer)
{
    for (int32_t v = 0; v < width; v += 4) {
        ptrdiff_t lanes = args->out.pixel_stride - channel - v;
        for (int32_t i = 0; i < block->n; i++)
            neon_store(block->out[i] + channel + v, lanes, vld1q_f32(buffer->pixels[i] + v));
    }
}

void mieni_gemm_block_neon(const MieniConvArgs *args, const GemmBlock *block,
                           const GemmTiles *tiles_of, const GemmPanel *first)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = neon_round_up_8(shape->out_channels);
    GemmPanel panel = *first;
    Buffer residual, out;

    for (int32_t channel = 0, width; channel < padded; channel += width) {
        width = tiles_of->width(padded - channel, block->n);
        panel.has_residual = neon_residual_lanes(args, channel) > 0;
        panel.out = block->out;
        panel.residual = block->residual;
        panel.out_channel = panel.residual_channel = channel;
        bool direct_residual = shape->residual == MIENI_RESIDUAL_ADD &&
                               neon_residual_lanes(args, channel + width - 4) >= 4;
        bool direct_out = args->out.pixel_stride >= channel + width;

        if (panel.has_residual && !direct_residual) {
            fill_residual(args, block, channel, width, &residual);
            panel.residual = (const float *const *)residual.pixels;
            panel.residual_channel = 0;
        }
        if (!direct_out) {
            lay_out(&out, block->n, width);
            panel.out = out.pixels;
            panel.out_channel = 0;
        }
        run_panel(&panel, tiles_of, block->n, width);
        if (!direct_out)
            copy_out(args, block, channel, width, &out);
        panel.packed += width / 8 * panel.next;
    }
}

void mieni_gemm_neon(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                     int32_t row_begin, int32_t row_end)
{
    int32_t width = args->shape->out_width;
    int32_t k = input->taps_y * input->taps_x * input->depth;
    int32_t first = row_begin * width, end = row_end * width;
    GemmPanel panel = {.input = input,
                       .packed = packed,
                       .next = (k + 2) * 8,
                       .activation = args->shape->activation};
    GemmBlock block;

    while (first < end) {
        block.first = first;
        block.n = gemm_block_pixels_neon(k, end - first);
        gemm_locate_block(args, input, row_begin, &block);
        panel.in = block.in;
        mieni_gemm_block_neon(args, &block, &tiles, &panel);
        for (int32_t i = 0; i < block.n && neon_has_tail(args); i++)
            mieni_conv_tail_neon(args, block.out[i], 0, args->shape->out_channels);
        first += block.n;
    }
}
