/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Register tiles of 6 pixels x 16 channels, 4 x 24 or 8 x 8: up to 12 sums, one weight vector for
 * each 8 channels, one factor of a pixel at a time broadcast. A lane is a channel. Pixels are
 * reached through pointers, so that a tile may go on in the next row: small planes fill their tiles
 * too. A block of pixels (whose factors fit into L1) meets one weight panel after the other.
 *
 * A tile knows only full vectors. Residuals that are pooled or end inside a panel, and outputs
 * without room for the last vector, go through a small buffer that the tile sees in their place. No
 * over-read.
 */
#include "kernels/x86/gemm_avx2.h"
#include "kernels/x86/gemm_thin.h"

#define MAX_ROWS 8    /* of a tile: pixels */
#define MAX_VECTORS 3 /* of a tile: 8 channels each */
#define MAX_WIDTH (8 * MAX_VECTORS)
#define BLOCK_FLOATS 4096 /* factors */
#define MIN_THIN_WIDTH 24 /* of planes whose rows fill tiles of 12 pixels */

/* One weight panel and a block's pixels as its tiles see them. */
typedef struct Panel {
    const GemmInput *input;
    const float *packed;
    MieniActivation activation;
    bool halves, has_residual;
    const float *const *in;
    float *const *out;            /* of the panel's first channel, once `channel` is added */
    const float *const *residual; /* likewise */
    ptrdiff_t out_channel, residual_channel;
} Panel;

/* A tile's rows and a row's vectors, written out: compilers keep an array in registers only if they
 * see constant indices before they unroll loops. What a tile does not have is dead code. */
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define EACH_VECTOR(DO, i) DO(i, 0) DO(i, 1) DO(i, 2)

#define BEGIN_SUM(i, v)                                                                            \
    if (i < rows && v < vectors)                                                                   \
        sums[i][v] = _mm256_load_ps(panel->packed + 8 * v);
#define BEGIN_ROW(i) EACH_VECTOR(BEGIN_SUM, i)

#define ADD_VECTOR(i, v)                                                                           \
    if (v < vectors)                                                                               \
        sums[i][v] = _mm256_add_ps(sums[i][v], _mm256_loadu_ps(residual + 8 * v));
#define ADD_RESIDUAL(i)                                                                            \
    if (i < rows) {                                                                                \
        const float *residual = panel->residual[first + i] + panel->residual_channel;              \
        EACH_VECTOR(ADD_VECTOR, i)                                                                 \
    }

#define LOCATE_ROW(i)                                                                              \
    if (i < rows)                                                                                  \
        in[i] = panel->in[first + i] + offset;

#define LOAD_WEIGHTS(unused, v)                                                                    \
    if (v < vectors)                                                                               \
        w[v] = load_weights(weights + 8 * v * weight_bytes, weight_bytes);
#define ADD_PRODUCT(i, v)                                                                          \
    if (v < vectors)                                                                               \
        sums[i][v] = _mm256_fmadd_ps(factor, w[v], sums[i][v]);
#define MULTIPLY_ROW(i)                                                                            \
    if (i < rows) {                                                                                \
        __m256 factor = _mm256_broadcast_ss(in[i] + k);                                            \
        EACH_VECTOR(ADD_PRODUCT, i)                                                                \
    }

#define SLOPE(v) _mm256_load_ps(panel->packed + 8 * (vectors + v))
#define ACTIVATE(i, v)                                                                             \
    if (i < rows && v < vectors)                                                                   \
        sums[i][v] = avx2_activate(activation, sums[i][v], SLOPE(v));
#define ACTIVATE_ROW(i) EACH_VECTOR(ACTIVATE, i)

#define STORE_VECTOR(i, v)                                                                         \
    if (v < vectors)                                                                               \
        _mm256_storeu_ps(out + 8 * v, sums[i][v]);
#define STORE_ROW(i)                                                                               \
    if (i < rows) {                                                                                \
        float *out = panel->out[first + i] + panel->out_channel;                                   \
        EACH_VECTOR(STORE_VECTOR, i)                                                               \
    }

/* Weights of 4 bytes, floats, or of 2, halves. */
MIENI_INLINE __m256 load_weights(const char *from, const int weight_bytes)
{
    return weight_bytes == 2 ? avx2_load_halves(from)
                             : _mm256_load_ps((const float *)(const void *)from);
}

/* `rows`, `vectors`, `one_tap` and `weight_bytes` are constants wherever this is inlined. */
MIENI_INLINE void tile(const Panel *panel, int32_t first, const int rows, const int vectors,
                       const bool one_tap, const int weight_bytes)
{
    const GemmInput *input = panel->input;
    const char *weights = (const char *)(panel->packed + 16 * vectors);
    __m256 sums[MAX_ROWS][MAX_VECTORS], w[MAX_VECTORS];
    const float *in[MAX_ROWS];

    EACH_ROW(BEGIN_ROW)
    const int32_t taps_y = one_tap ? 1 : input->taps_y, taps_x = one_tap ? 1 : input->taps_x;
    for (int32_t ky = 0; ky < taps_y; ky++) {
        for (int32_t kx = 0; kx < taps_x; kx++) {
            ptrdiff_t offset = ky * input->tap_row + kx * input->tap_pixel;
            EACH_ROW(LOCATE_ROW)
            for (ptrdiff_t k = 0; k < input->depth; k++) {
                EACH_VECTOR(LOAD_WEIGHTS, 0)
                weights += 8 * vectors * weight_bytes;
                EACH_ROW(MULTIPLY_ROW)
            }
        }
    }
    if (panel->has_residual) {
        EACH_ROW(ADD_RESIDUAL)
    }
    WITH_ACTIVATION(panel->activation, EACH_ROW(ACTIVATE_ROW))
    EACH_ROW(STORE_ROW)
}

/* Each tile is a function of its own, for the sake of the compiler's register allocation. Most
 * products have one tap; with few factors the loops over taps are felt. */
#define TILE(rows, vectors)                                                                        \
    static void tile_##rows##x##vectors(const Panel *panel, int32_t first)                         \
    {                                                                                              \
        tile(panel, first, rows, vectors, true, 4);                                                \
    }                                                                                              \
    static void taps_##rows##x##vectors(const Panel *panel, int32_t first)                         \
    {                                                                                              \
        tile(panel, first, rows, vectors, false, 4);                                               \
    }
#define TILE_OF_HALVES(rows, vectors)                                                              \
    TILE(rows, vectors)                                                                            \
    static void halves_##rows##x##vectors(const Panel *panel, int32_t first)                       \
    {                                                                                              \
        tile(panel, first, rows, vectors, true, 2);                                                \
    }
TILE_OF_HALVES(1, 1)
TILE_OF_HALVES(2, 1)
TILE_OF_HALVES(3, 1)
TILE_OF_HALVES(4, 1)
TILE_OF_HALVES(5, 1)
TILE_OF_HALVES(6, 1)
TILE(7, 1)
TILE(8, 1)
TILE_OF_HALVES(1, 2)
TILE_OF_HALVES(2, 2)
TILE_OF_HALVES(3, 2)
TILE_OF_HALVES(4, 2)
TILE_OF_HALVES(5, 2)
TILE_OF_HALVES(6, 2)
TILE(1, 3)
TILE(2, 3)
TILE(3, 3)
TILE(4, 3)

typedef void (*TileFn)(const Panel *panel, int32_t first);

#define ONE_VECTOR(kind) NULL, kind##1x1, kind##2x1, kind##3x1, kind##4x1, kind##5x1, kind##6x1
#define TWO_VECTORS(kind) NULL, kind##1x2, kind##2x2, kind##3x2, kind##4x2, kind##5x2, kind##6x2
#define THREE_VECTORS(kind) NULL, kind##1x3, kind##2x3, kind##3x3, kind##4x3

/* [one tap, more, one tap and halves][vectors][rows]; of halves there are at most GEMM_FEW_PIXELS
 * rows, and no panel of 24 channels. */
static const TileFn tiles[3][MAX_VECTORS + 1][MAX_ROWS + 1] = {
    {{NULL}, {ONE_VECTOR(tile_), tile_7x1, tile_8x1}, {TWO_VECTORS(tile_)}, {THREE_VECTORS(tile_)}},
    {{NULL}, {ONE_VECTOR(taps_), taps_7x1, taps_8x1}, {TWO_VECTORS(taps_)}, {THREE_VECTORS(taps_)}},
    {{NULL}, {ONE_VECTOR(halves_)}, {TWO_VECTORS(halves_)}, {NULL}},
};

/* Tiles of nearly equal size: 9 pixels are 5 + 4, not 6 + 3, which would wait for its own sums. */
MIENI_INLINE void run_tiles(const Panel *panel, int32_t n_pixels, const int vectors, const int most)
{
    bool more_taps = panel->input->taps_y * panel->input->taps_x > 1;
    const TileFn *fitting = tiles[panel->halves ? 2 : more_taps][vectors];
    int32_t n_tiles = (n_pixels + most - 1) / most, rows = most, n_larger = 0;
    if (n_tiles * most != n_pixels) {
        rows = n_pixels / n_tiles;
        n_larger = n_pixels % n_tiles;
    }
    for (int32_t i = 0, first = 0; i < n_tiles; i++) {
        int32_t n = rows + (i < n_larger);
        fitting[n](panel, first);
        first += n;
    }
}

static void run_panel(const Panel *panel, int32_t n_pixels, int32_t width)
{
    if (width == 16)
        run_tiles(panel, n_pixels, 2, 6);
    else if (width == 8)
        run_tiles(panel, n_pixels, 1, 8);
    else
        run_tiles(panel, n_pixels, 3, 4);
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

/* The 2x2 maximum of 8 full channels for each pixel. */
static void pool_full(const GemmBlock *block, int32_t channel, int32_t width, float *to)
{
    for (int32_t i = 0; i < block->n; i++) {
        const float *from = block->residual[i] + channel;
        const float *below = from + block->down[i];
        ptrdiff_t right = block->right[i];
        __m256 top = _mm256_max_ps(_mm256_loadu_ps(from), _mm256_loadu_ps(from + right));
        __m256 bottom = _mm256_max_ps(_mm256_loadu_ps(below), _mm256_loadu_ps(below + right));
        _mm256_storeu_ps(to + i * width, _mm256_max_ps(top, bottom));
    }
}

/* Pools the residual of channels channel .. channel + width - 1 and fills up with zeros. */
static void fill_residual(const MieniConvArgs *args, const GemmBlock *block, int32_t channel,
                          int32_t width, Buffer *buffer)
{
    MieniResidual kind = args->shape->residual;
    lay_out(buffer, block->n, width);
    for (int32_t v = 0; v < width; v += 8) {
        ptrdiff_t lanes = avx2_residual_lanes(args, channel + v);
        if (lanes >= 8 && kind == MIENI_RESIDUAL_MAXPOOL) {
            pool_full(block, channel + v, width, buffer->data + v);
            continue;
        }
        for (int32_t i = 0; i < block->n; i++) {
            __m256 value = avx2_residual(kind, block->residual[i] + channel + v, block->right[i],
                                         block->down[i], lanes);
            _mm256_storeu_ps(buffer->pixels[i] + v, value);
        }
    }
}

static void copy_out(const MieniConvArgs *args, const GemmBlock *block, int32_t channel,
                     int32_t width, const Buffer *buffer)
{
    for (int32_t v = 0; v < width; v += 8) {
        ptrdiff_t lanes = avx2_lanes(&args->out, channel + v);
        for (int32_t i = 0; i < block->n; i++)
            avx2_store(block->out[i] + channel + v, lanes, _mm256_loadu_ps(buffer->pixels[i] + v));
    }
}

static void run_block(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                      bool halves, const GemmBlock *block)
{
    const MieniConvShape *shape = args->shape;
    size_t k = (size_t)input->taps_y * (size_t)input->taps_x * (size_t)input->depth;
    int32_t padded = avx2_round_up_8(shape->out_channels);
    Buffer residual, out;

    for (int32_t channel = 0, width; channel < padded; channel += width) {
        width = gemm_panel_width(padded - channel, halves);
        Panel panel = {.input = input,
                       .packed = packed,
                       .activation = shape->activation,
                       .halves = halves,
                       .has_residual = avx2_residual_lanes(args, channel) > 0,
                       .in = block->in,
                       .out = block->out,
                       .residual = block->residual,
                       .out_channel = channel,
                       .residual_channel = channel};
        bool direct_residual = shape->residual == MIENI_RESIDUAL_ADD &&
                               avx2_residual_lanes(args, channel + width - 8) >= 8;
        bool direct_out = avx2_lanes(&args->out, channel + width - 8) >= 8;

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
        run_panel(&panel, block->n, width);
        if (!direct_out)
            copy_out(args, block, channel, width, &out);
        packed += gemm_panel_floats(k, width, halves);
    }
}

/* Row y of a product with few factors, 8 or 16 channels at a time. */
static void run_thin_row(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                         int32_t row_begin, int32_t y)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = avx2_round_up_8(shape->out_channels);
    ptrdiff_t in_step = input->pixel, out_step = args->out.pixel_stride;
    const float *in = input->in + (y - row_begin) * input->row;
    bool direct = shape->residual == MIENI_RESIDUAL_NONE ||
                  (shape->residual == MIENI_RESIDUAL_ADD &&
                   avx2_residual_lanes(args, padded - MIENI_LANES) >= MIENI_LANES);
    GemmBlock block;
    Buffer filled;

    for (int32_t x = 0; x < shape->out_width; x += block.n, in += block.n * in_step) {
        block.n = MIENI_MIN(shape->out_width - x, GEMM_BLOCK_PIXELS);
        if (!direct)
            gemm_locate_run(args, input, row_begin, y, x, block.n, &block, 0);
        const float *panel = packed;
        for (int32_t c = 0, width = 0, of_panel = 0, begin = 0; c < padded; c += width) {
            if (c == begin + of_panel) { /* a panel of 24 goes in two parts */
                panel += gemm_panel_floats((size_t)in_step, of_panel, false);
                begin = c;
                of_panel = gemm_panel_width(padded - c, false);
            }
            width = MIENI_MIN(begin + of_panel - c, 16);
            ThinRow row = {.n = block.n,
                           .in = in,
                           .bias = panel + c - begin,
                           .slope = panel + of_panel + c - begin,
                           .weights = panel + 2 * of_panel + c - begin,
                           .weights_step = of_panel,
                           .out = mieni_plane_at(&args->out, y, x) + c,
                           .out_step = out_step,
                           .activation = shape->activation};
            if (direct && shape->residual == MIENI_RESIDUAL_ADD) {
                row.residual = mieni_plane_at(&args->residual, y, x) + c;
                row.residual_step = args->residual.pixel_stride;
            } else if (avx2_residual_lanes(args, c) > 0) {
                fill_residual(args, &block, c, width, &filled);
                row.residual = filled.data;
                row.residual_step = width;
            }
            mieni_thin_row_avx2(&row, in_step, width);
        }
    }
}

void mieni_gemm_avx2(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                     bool halves, int32_t row_begin, int32_t row_end)
{
    int32_t width = args->shape->out_width;
    int32_t k = input->taps_y * input->taps_x * input->depth;
    int32_t most = MIENI_MIN(MIENI_MAX(BLOCK_FLOATS / k, 12), GEMM_BLOCK_PIXELS);
    int32_t first = row_begin * width, end = row_end * width;
    GemmBlock block;

    if (width >= MIN_THIN_WIDTH && gemm_is_thin(input) &&
        avx2_lanes(&args->out, avx2_round_up_8(args->shape->out_channels) - 8) >= 8) {
        for (int32_t y = row_begin; y < row_end; y++)
            run_thin_row(args, input, packed, row_begin, y);
        first = end;
    }
    while (first < end) {
        /* Equal blocks, each a whole number of tiles if that can be. */
        int32_t n_blocks = (end - first + most - 1) / most;
        block.first = first;
        block.n = ((end - first) / n_blocks + 5) / 6 * 6;
        block.n = MIENI_MIN(MIENI_MIN(block.n, GEMM_BLOCK_PIXELS), end - first);
        gemm_locate_block(args, input, row_begin, &block);
        run_block(args, input, packed, halves, &block);
        first += block.n;
    }
    if (!avx2_has_tail(args))
        return;
    for (int32_t y = row_begin; y < row_end; y++)
        for (int32_t x = 0; x < width; x++)
            mieni_conv_tail_avx2(args, mieni_plane_at(&args->out, y, x), 0,
                                 args->shape->out_channels);
}
