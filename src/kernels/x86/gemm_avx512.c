/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Register tiles of up to 8 neighbouring pixels x 48 channels: 1 to 3 vectors of 16 channels, or
 * one of 8. Of 24 and 40 channels the last 8 of two pixels make one vector. 32 registers hold 24
 * sums, the weights and one factor. A tile lies in one row, so that pixels are a step apart in
 * every plane; of planes too narrow for that, the factors of many pixels are first copied side by
 * side.
 *
 * A tile knows only full vectors. Residuals that are pooled or end inside a panel, and outputs
 * without room for the last vector, go through a small buffer that the tile sees in their place. No
 * over-read.
 */
#include "kernels/x86/gemm_avx512.h"
#include "kernels/x86/gemm_thin.h"

#define MAX_ROWS 16 /* of a tile: pixels */
#define MAX_WIDTH 48
#define MAX_TILE_FLOATS (8 * MAX_WIDTH)
#define MIN_PLANE_WIDTH 6  /* of planes that fill tiles row by row */
#define BLOCK_FLOATS 4096  /* factors that stay in L1 while panels pass */
#define THIN_PIXELS 32     /* whose residual is pooled before their products are added up */
#define NARROW_PIXELS 64   /* pixels of narrow planes at a time */
#define NARROW_FLOATS 8192 /* their factors */

/* The pixels of a tile: the first one, and from one to the next. */
typedef struct Tile {
    const float *in;
    float *out;
    const float *residual; /* NULL: none */
    ptrdiff_t in_step, out_step, residual_step;
} Tile;

/* Where the factors of a pixel are: `depth` floats behind each offset. */
typedef struct Taps {
    int32_t n;
    ptrdiff_t depth;
    ptrdiff_t offsets[GEMM_MAX_TAPS_AVX512];
} Taps;

/* One weight panel. */
typedef struct Panel {
    const Taps *taps;
    const float *packed;
    MieniActivation activation;
    int32_t channel, width;
    bool halves; /* that is what the weights are kept as */
    bool direct_residual, any_residual, direct_out;
} Panel;

/* A tile's rows and a row's vectors, written out: compilers keep an array in registers only if they
 * see constant indices before they unroll loops. What a tile does not have is dead code. */
#define EACH_ROW(DO)                                                                               \
    DO(0)                                                                                          \
    DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
#define EACH_VECTOR(DO, i) DO(i, 0) DO(i, 1) DO(i, 2)

#define BEGIN_SUM(i, v)                                                                            \
    if (v < vectors)                                                                               \
        sums[i][v] = _mm512_loadu_ps(panel->packed + 16 * v);
#define BEGIN_ROW(i)                                                                               \
    if (i < rows) {                                                                                \
        EACH_VECTOR(BEGIN_SUM, i)                                                                  \
        if (vectors == 0)                                                                          \
            half_sums[i] = _mm256_loadu_ps(panel->packed);                                         \
    }

/* The factor of row i, out of two pointers three rows apart for each eight rows, so that few
 * registers do for all. */
#define FACTOR_0 at
#define FACTOR_1 (at + step)
#define FACTOR_2 (at + 2 * step)
#define FACTOR_3 at_3
#define FACTOR_4 (at + 4 * step)
#define FACTOR_5 (at_3 + 2 * step)
#define FACTOR_6 (at_3 + 3 * step)
#define FACTOR_7 (at_3 + 4 * step)
#define FACTOR_8 at_8
#define FACTOR_9 (at_8 + step)
#define FACTOR_10 (at_8 + 2 * step)
#define FACTOR_11 at_11
#define FACTOR_12 (at_8 + 4 * step)
#define FACTOR_13 (at_11 + 2 * step)
#define FACTOR_14 (at_11 + 3 * step)
#define FACTOR_15 (at_11 + 4 * step)

#define LOAD_WEIGHTS(unused, v)                                                                    \
    if (v < vectors)                                                                               \
        w[v] = load_16_weights(weights + 16 * v * weight_bytes, weight_bytes);
#define ADD_PRODUCT(i, v)                                                                          \
    if (v < vectors)                                                                               \
        sums[i][v] = _mm512_fmadd_ps(_mm512_set1_ps(*FACTOR_##i), w[v], sums[i][v]);
#define MULTIPLY_ROW(i)                                                                            \
    if (i < rows) {                                                                                \
        EACH_VECTOR(ADD_PRODUCT, i)                                                                \
        if (vectors == 0)                                                                          \
            half_sums[i] = _mm256_fmadd_ps(_mm256_broadcast_ss(FACTOR_##i), half_w, half_sums[i]); \
    }

#define ADD_VECTOR(i, v)                                                                           \
    if (v < vectors)                                                                               \
        sums[i][v] = _mm512_add_ps(sums[i][v], _mm512_loadu_ps(residual + 16 * v));
#define ADD_RESIDUAL(i)                                                                            \
    if (i < rows) {                                                                                \
        EACH_VECTOR(ADD_VECTOR, i)                                                                 \
        if (vectors == 0)                                                                          \
            half_sums[i] = _mm256_add_ps(half_sums[i], _mm256_loadu_ps(residual));                 \
        residual += residual_step;                                                                 \
    }

#define ACTIVATE(i, v)                                                                             \
    if (v < vectors)                                                                               \
        sums[i][v] = avx512_activate(activation, sums[i][v], _mm512_loadu_ps(slope + 16 * v));
#define ACTIVATE_ROW(i)                                                                            \
    if (i < rows) {                                                                                \
        EACH_VECTOR(ACTIVATE, i)                                                                   \
        if (vectors == 0)                                                                          \
            half_sums[i] = avx2_activate(activation, half_sums[i], _mm256_loadu_ps(slope));        \
    }

#define STORE_VECTOR(i, v)                                                                         \
    if (v < vectors)                                                                               \
        _mm512_storeu_ps(out + 16 * v, sums[i][v]);
#define STORE_ROW(i)                                                                               \
    if (i < rows) {                                                                                \
        EACH_VECTOR(STORE_VECTOR, i)                                                               \
        if (vectors == 0)                                                                          \
            _mm256_storeu_ps(out, half_sums[i]);                                                   \
        out += out_step;                                                                           \
    }

/* Weights of 4 bytes, floats, or of 2, halves. */
MIENI_INLINE __m512 load_16_weights(const char *from, const int weight_bytes)
{
    if (weight_bytes == 4)
        return _mm512_loadu_ps(from);
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)from));
}

MIENI_INLINE __m256 load_8_weights(const char *from, const int weight_bytes)
{
    if (weight_bytes == 4)
        return _mm256_loadu_ps((const float *)(const void *)from);
    return avx2_load_halves(from);
}

/* `rows`, `vectors` (of 16 channels; 0: one of 8) and `weight_bytes` are constants wherever this is
 * inlined. */
MIENI_INLINE void run_tile(const Panel *panel, const Tile *tile, const int rows, const int vectors,
                           const int weight_bytes)
{
    const Taps *taps = panel->taps;
    const int width = vectors > 0 ? 16 * vectors : 8;
    const float *slope = panel->packed + width;
    const char *weights = (const char *)(slope + width);
    const ptrdiff_t step = tile->in_step, out_step = tile->out_step;
    const ptrdiff_t residual_step = tile->residual_step;
    const float *residual = tile->residual;
    float *out = tile->out;
    __m512 sums[MAX_ROWS][3], w[3];
    __m256 half_sums[MAX_ROWS], half_w = _mm256_setzero_ps();

    EACH_ROW(BEGIN_ROW)
    for (int32_t tap = 0; tap < taps->n; tap++) {
        const float *at = tile->in + taps->offsets[tap], *at_3 = at + 3 * step;
        const float *at_8 = at + 8 * step, *at_11 = at + 11 * step;
        const char *end = weights + taps->depth * width * weight_bytes;
        for (; weights != end; weights += width * weight_bytes, at++, at_3++, at_8++, at_11++) {
            EACH_VECTOR(LOAD_WEIGHTS, 0)
            if (vectors == 0)
                half_w = load_8_weights(weights, weight_bytes);
            EACH_ROW(MULTIPLY_ROW)
        }
    }
    if (residual) {
        EACH_ROW(ADD_RESIDUAL)
    }
    WITH_ACTIVATION(panel->activation, EACH_ROW(ACTIVATE_ROW))
    EACH_ROW(STORE_ROW)
}

/* Panels that end in 8 channels behind whole vectors: the ends of two pixels share a vector. */
#define EACH_PAIR(DO) DO(0, 0, 1) DO(1, 2, 3) DO(2, 4, 5) DO(3, 6, 7)
#define EACH_PAIR_VECTOR(DO, p, i) DO(p, i, 0) DO(p, i, 1)

/* What pairs of pixels have: whole vectors of the first and of the second one, and both ends. */
typedef struct Pair {
    __m512 first[2], second[2], ends;
} Pair;

#define BEGIN_PAIR(p, i, j)                                                                        \
    if (i < rows)                                                                                  \
        sums[p] = twice(panel->packed, vectors);
#define ADD_PAIR_PRODUCT(p, j, v)                                                                  \
    if (v < vectors) {                                                                             \
        sums[p].first[v] = _mm512_fmadd_ps(a, w.first[v], sums[p].first[v]);                       \
        if (j < rows)                                                                              \
            sums[p].second[v] = _mm512_fmadd_ps(b, w.first[v], sums[p].second[v]);                 \
    }
#define MULTIPLY_PAIR(p, i, j)                                                                     \
    if (i < rows) {                                                                                \
        __m512 a = _mm512_set1_ps(*FACTOR_##i);                                                    \
        __m512 b = j < rows ? _mm512_set1_ps(*FACTOR_##j) : a;                                     \
        EACH_PAIR_VECTOR(ADD_PAIR_PRODUCT, p, j)                                                   \
        sums[p].ends = _mm512_fmadd_ps(_mm512_mask_blend_ps(0xff00, a, b), w.ends, sums[p].ends);  \
    }
#define ADD_PAIR_RESIDUAL(p, i, j)                                                                 \
    if (i < rows)                                                                                  \
        add_pair_residual(tile, i, j < rows, vectors, &sums[p]);
#define ACTIVATE_PAIR(p, i, j)                                                                     \
    if (i < rows)                                                                                  \
        activate_pair(panel->packed + width, vectors, activation, &sums[p]);
#define STORE_PAIR(p, i, j)                                                                        \
    if (i < rows)                                                                                  \
        store_pair(tile, i, j < rows, vectors, &sums[p]);

/* The same numbers for both pixels. */
MIENI_INLINE Pair twice(const float *from, const int vectors)
{
    Pair pair;
    for (int v = 0; v < 2; v++)
        pair.first[v] = pair.second[v] =
            v < vectors ? _mm512_loadu_ps(from + 16 * v) : _mm512_setzero_ps();
    pair.ends = _mm512_broadcast_f32x8(_mm256_loadu_ps(from + 16 * vectors));
    return pair;
}

/* That of pixel i, and of the next one if there are two. */
MIENI_INLINE void add_pair_residual(const Tile *tile, const int i, const bool two,
                                    const int vectors, Pair *sums)
{
    const float *first = tile->residual + i * tile->residual_step;
    const float *second = two ? first + tile->residual_step : first;
    for (int v = 0; v < vectors; v++) {
        sums->first[v] = _mm512_add_ps(sums->first[v], _mm512_loadu_ps(first + 16 * v));
        sums->second[v] = _mm512_add_ps(sums->second[v], _mm512_loadu_ps(second + 16 * v));
    }
    __m512 ends = _mm512_castps256_ps512(_mm256_loadu_ps(first + 16 * vectors));
    ends = _mm512_insertf32x8(ends, _mm256_loadu_ps(second + 16 * vectors), 1);
    sums->ends = _mm512_add_ps(sums->ends, ends);
}

MIENI_INLINE void activate_pair(const float *slope, const int vectors,
                                const MieniActivation activation, Pair *sums)
{
    const Pair slopes = twice(slope, vectors);
    for (int v = 0; v < vectors; v++) {
        sums->first[v] = avx512_activate(activation, sums->first[v], slopes.first[v]);
        sums->second[v] = avx512_activate(activation, sums->second[v], slopes.first[v]);
    }
    sums->ends = avx512_activate(activation, sums->ends, slopes.ends);
}

MIENI_INLINE void store_pair(const Tile *tile, const int i, const bool two, const int vectors,
                             const Pair *sums)
{
    float *out = tile->out + i * tile->out_step, *next = out + tile->out_step;
    for (int v = 0; v < vectors; v++)
        _mm512_storeu_ps(out + 16 * v, sums->first[v]);
    _mm256_storeu_ps(out + 16 * vectors, _mm512_castps512_ps256(sums->ends));
    for (int v = 0; v < vectors && two; v++)
        _mm512_storeu_ps(next + 16 * v, sums->second[v]);
    if (two)
        _mm256_storeu_ps(next + 16 * vectors, _mm512_extractf32x8_ps(sums->ends, 1));
}

/* `rows` and `vectors` are constants wherever this is inlined. */
MIENI_INLINE void run_pairs(const Panel *panel, const Tile *tile, const int rows, const int vectors)
{
    const Taps *taps = panel->taps;
    const int width = 16 * vectors + 8;
    const float *weights = panel->packed + 2 * width;
    const ptrdiff_t step = tile->in_step;
    Pair sums[4];

    EACH_PAIR(BEGIN_PAIR)
    for (int32_t tap = 0; tap < taps->n; tap++) {
        const float *at = tile->in + taps->offsets[tap], *at_3 = at + 3 * step;
        const float *end = weights + taps->depth * width;
        for (; weights != end; weights += width, at++, at_3++) {
            const Pair w = twice(weights, vectors);
            EACH_PAIR(MULTIPLY_PAIR)
        }
    }
    if (tile->residual) {
        EACH_PAIR(ADD_PAIR_RESIDUAL)
    }
    WITH_ACTIVATION(panel->activation, EACH_PAIR(ACTIVATE_PAIR))
    EACH_PAIR(STORE_PAIR)
}

/* Each tile is a function of its own, for the sake of the compiler's register allocation. */
#define TILE(rows, vectors, bytes)                                                                 \
    static void tile_##rows##_##vectors##_##bytes(const Panel *panel, const Tile *tile)            \
    {                                                                                              \
        run_tile(panel, tile, rows, vectors, bytes);                                               \
    }
#define FEW_TILES(vectors, bytes)                                                                  \
    TILE(1, vectors, bytes)                                                                        \
    TILE(2, vectors, bytes)                                                                        \
    TILE(3, vectors, bytes)                                                                        \
    TILE(4, vectors, bytes)                                                                        \
    TILE(5, vectors, bytes)                                                                        \
    TILE(6, vectors, bytes)
#define TILES(vectors, bytes)                                                                      \
    FEW_TILES(vectors, bytes)                                                                      \
    TILE(7, vectors, bytes)                                                                        \
    TILE(8, vectors, bytes)
#define TALL_TILES(vectors, bytes)                                                                 \
    TILES(vectors, bytes)                                                                          \
    TILE(9, vectors, bytes)                                                                        \
    TILE(10, vectors, bytes)                                                                       \
    TILE(11, vectors, bytes)                                                                       \
    TILE(12, vectors, bytes)                                                                       \
    TILE(13, vectors, bytes)                                                                       \
    TILE(14, vectors, bytes)                                                                       \
    TILE(15, vectors, bytes)                                                                       \
    TILE(16, vectors, bytes)
#define PAIR_TILE(rows, vectors)                                                                   \
    static void pair_tile_##rows##_##vectors(const Panel *panel, const Tile *tile)                 \
    {                                                                                              \
        run_pairs(panel, tile, rows, vectors);                                                     \
    }
#define PAIR_TILES(vectors)                                                                        \
    PAIR_TILE(1, vectors)                                                                          \
    PAIR_TILE(2, vectors)                                                                          \
    PAIR_TILE(3, vectors)                                                                          \
    PAIR_TILE(4, vectors)                                                                          \
    PAIR_TILE(5, vectors)                                                                          \
    PAIR_TILE(6, vectors)                                                                          \
    PAIR_TILE(7, vectors)                                                                          \
    PAIR_TILE(8, vectors)
PAIR_TILES(1)
PAIR_TILES(2)
TALL_TILES(0, 4)
TALL_TILES(1, 4)
TILES(2, 4)
TILES(3, 4)
FEW_TILES(0, 2)
FEW_TILES(1, 2)
FEW_TILES(2, 2)

typedef void (*TileFn)(const Panel *panel, const Tile *tile);

#define NAME(rows, vectors, bytes) tile_##rows##_##vectors##_##bytes
#define SIX_TILES(...)                                                                             \
    NULL, NAME(1, __VA_ARGS__), NAME(2, __VA_ARGS__), NAME(3, __VA_ARGS__), NAME(4, __VA_ARGS__),  \
        NAME(5, __VA_ARGS__), NAME(6, __VA_ARGS__)
#define EIGHT_TILES(...) SIX_TILES(__VA_ARGS__), NAME(7, __VA_ARGS__), NAME(8, __VA_ARGS__)
#define PAIR_NAME(rows, vectors) pair_tile_##rows##_##vectors
#define EIGHT_PAIR_TILES(vectors)                                                                  \
    NULL, PAIR_NAME(1, vectors), PAIR_NAME(2, vectors), PAIR_NAME(3, vectors),                     \
        PAIR_NAME(4, vectors), PAIR_NAME(5, vectors), PAIR_NAME(6, vectors),                       \
        PAIR_NAME(7, vectors), PAIR_NAME(8, vectors)
#define SIXTEEN_TILES(...)                                                                         \
    EIGHT_TILES(__VA_ARGS__), NAME(9, __VA_ARGS__), NAME(10, __VA_ARGS__), NAME(11, __VA_ARGS__),  \
        NAME(12, __VA_ARGS__), NAME(13, __VA_ARGS__), NAME(14, __VA_ARGS__),                       \
        NAME(15, __VA_ARGS__), NAME(16, __VA_ARGS__)

/* [are halves][width / 8][rows]; gemm_panel_width_avx512() tells which widths there are, and of
 * halves there are at most GEMM_FEW_PIXELS rows. */
static const TileFn tiles[2][MAX_WIDTH / 8 + 1][MAX_ROWS + 1] = {
    {
        {NULL},
        {SIXTEEN_TILES(0, 4)},
        {SIXTEEN_TILES(1, 4)},
        {EIGHT_PAIR_TILES(1)},
        {EIGHT_TILES(2, 4)},
        {EIGHT_PAIR_TILES(2)},
        {EIGHT_TILES(3, 4)},
    },
    {
        {NULL},
        {SIX_TILES(0, 2)},
        {SIX_TILES(1, 2)},
        {NULL},
        {SIX_TILES(2, 2)},
    },
};

/* The most rows of a tile: with one vector each, as many as keep both units busy. */
static int32_t most_rows(const Panel *panel)
{
    return panel->width <= 16 && !panel->halves ? 16 : 8;
}

/* One vector of the panel's residual, for n pixels a step apart. */
static void copy_vector(const float *from, ptrdiff_t step, __mmask16 mask, int32_t n, float *to,
                        int32_t width, __mmask16 to_mask)
{
    for (int32_t i = 0; i < n; i++, from += step, to += width)
        _mm512_mask_storeu_ps(to, to_mask, _mm512_maskz_loadu_ps(mask, from));
}

/* The same, pooled: right and down lead to the neighbours, 0 where there are none. */
static void pool_vector(const float *from, ptrdiff_t step, ptrdiff_t right, ptrdiff_t down,
                        __mmask16 mask, int32_t n, float *to, int32_t width, __mmask16 to_mask)
{
    for (int32_t i = 0; i < n; i++, from += step, to += width) {
        const float *below = from + down;
        __m512 top = _mm512_max_ps(_mm512_maskz_loadu_ps(mask, from),
                                   _mm512_maskz_loadu_ps(mask, from + right));
        __m512 bottom = _mm512_max_ps(_mm512_maskz_loadu_ps(mask, below),
                                      _mm512_maskz_loadu_ps(mask, below + right));
        _mm512_mask_storeu_ps(to, to_mask, _mm512_max_ps(top, bottom));
    }
}

/* The panel's residual of n pixels from (y, x) on, pooled where it is to be, zeros behind its end.
 */
static void fill_residual(const MieniConvArgs *args, const Panel *panel, int32_t y, int32_t x,
                          int32_t n, float *to)
{
    const MieniPlane *plane = &args->residual;
    ptrdiff_t pixel = plane->pixel_stride, left = args->shape->residual_channels - panel->channel;
    bool pools = args->shape->residual == MIENI_RESIDUAL_MAXPOOL;
    ptrdiff_t down = 2 * y + 1 < plane->height ? plane->row_stride : 0;
    /* Pixels that have a right neighbour: all, or all but the last. */
    int32_t n_inside = 2 * (x + n - 1) + 1 < plane->width ? n : n - 1;
    const float *from = mieni_plane_at(plane, pools ? 2 * y : y, pools ? 2 * x : x);

    if (pixel % 8 == 0) /* padded planes hold zeros */
        left = (left + 7) / 8 * 8;
    for (int32_t v = 0; v < panel->width; v += 16, to += 16) {
        __mmask16 mask = avx512_mask(MIENI_MIN(left - v, panel->width - v));
        __mmask16 to_mask = avx512_mask(panel->width - v);
        const float *at = mask ? from + panel->channel + v : from;
        if (!pools) {
            copy_vector(at, pixel, mask, n, to, panel->width, to_mask);
            continue;
        }
        pool_vector(at, 2 * pixel, pixel, down, mask, n_inside, to, panel->width, to_mask);
        if (n_inside < n)
            pool_vector(at + n_inside * 2 * pixel, 0, 0, down, mask, 1,
                        to + n_inside * panel->width, panel->width, to_mask);
    }
}

/* Writes n pixels of a panel, from (y, x) on, as far as the plane has room for them. */
static void copy_out(const MieniConvArgs *args, const Panel *panel, int32_t y, int32_t x, int32_t n,
                     const float *from)
{
    ptrdiff_t room = args->out.pixel_stride - panel->channel;
    float *to = mieni_plane_at(&args->out, y, x) + panel->channel;
    for (int32_t v = 0; v < panel->width && v < room; v += 16)
        copy_vector(from + v, panel->width, avx512_mask(panel->width - v), n, to + v,
                    (int32_t)args->out.pixel_stride,
                    avx512_mask(MIENI_MIN(room, panel->width) - v));
}

static Taps make_taps(const GemmInput *input)
{
    Taps taps = {.depth = input->depth};
    for (int32_t ky = 0; ky < input->taps_y; ky++)
        for (int32_t kx = 0; kx < input->taps_x; kx++)
            taps.offsets[taps.n++] = ky * input->tap_row + kx * input->tap_pixel;
    return taps;
}

static Panel make_panel(const MieniConvArgs *args, const Taps *taps, const float *packed,
                        bool halves, int32_t channel, int32_t width)
{
    int32_t last = channel + width - 8;
    return (Panel){.taps = taps,
                   .packed = packed,
                   .activation = args->shape->activation,
                   .channel = channel,
                   .width = width,
                   .halves = halves,
                   .any_residual = avx2_residual_lanes(args, channel) > 0,
                   .direct_residual = args->shape->residual == MIENI_RESIDUAL_ADD &&
                                      avx2_residual_lanes(args, last) >= 8,
                   .direct_out = avx2_lanes(&args->out, last) >= 8};
}

/* n pixels from (y, x) on, whose factors begin at `in`. Tiles of nearly equal size: of 9 pixels 5 +
 * 4, not 8 + 1, which would wait for its own sums. */
static void run_pixels(const MieniConvArgs *args, const Panel *panel, const float *in,
                       ptrdiff_t in_step, int32_t y, int32_t x, int32_t n)
{
    const TileFn *functions = tiles[panel->halves][panel->width / 8];
    float residual[MAX_TILE_FLOATS], out[MAX_TILE_FLOATS];
    int32_t most = most_rows(panel), n_tiles = (n + most - 1) / most;
    int32_t rows = n / n_tiles, n_larger = n % n_tiles;

    for (int32_t i = 0; i < n_tiles; i++) {
        int32_t n_rows = rows + (i < n_larger);
        Tile tile = {.in = in,
                     .in_step = in_step,
                     .out = out,
                     .out_step = panel->width,
                     .residual_step = panel->width};
        if (panel->any_residual && panel->direct_residual) {
            tile.residual = mieni_plane_at(&args->residual, y, x) + panel->channel;
            tile.residual_step = args->residual.pixel_stride;
        } else if (panel->any_residual) {
            fill_residual(args, panel, y, x, n_rows, residual);
            tile.residual = residual;
        }
        if (panel->direct_out) {
            tile.out = mieni_plane_at(&args->out, y, x) + panel->channel;
            tile.out_step = args->out.pixel_stride;
        }
        functions[n_rows](panel, &tile);
        if (!panel->direct_out)
            copy_out(args, panel, y, x, n_rows, out);
        in += n_rows * in_step;
        x += n_rows;
    }
}

/* Row y of a panel with few factors: 16 channels at a time, or 8 at the end. */
static void run_thin_row(const MieniConvArgs *args, const Panel *panel, const float *in, int32_t y)
{
    ptrdiff_t depth = panel->taps->depth;
    float residual[THIN_PIXELS * 16];

    for (int32_t v = 0; v < panel->width; v += 16) {
        int32_t channel = panel->channel + v, width = MIENI_MIN(panel->width - v, 16);
        Panel part = make_panel(args, panel->taps, NULL, false, channel, width);
        ThinRow row = {.n = args->shape->out_width,
                       .in = in,
                       .bias = panel->packed + v,
                       .slope = panel->packed + panel->width + v,
                       .weights = panel->packed + 2 * panel->width + v,
                       .weights_step = panel->width,
                       .out = mieni_plane_at(&args->out, y, 0) + channel,
                       .out_step = args->out.pixel_stride,
                       .activation = panel->activation};
        if (!part.any_residual || part.direct_residual) {
            if (part.any_residual)
                row.residual = mieni_plane_at(&args->residual, y, 0) + channel;
            row.residual_step = args->residual.pixel_stride;
            mieni_thin_row_avx512(&row, depth, width);
            continue;
        }
        row.residual = residual;
        row.residual_step = width;
        for (int32_t x = 0; x < args->shape->out_width; x += row.n) {
            row.n = MIENI_MIN(args->shape->out_width - x, THIN_PIXELS);
            fill_residual(args, &part, y, x, row.n, residual);
            mieni_thin_row_avx512(&row, depth, width);
            row.in += row.n * depth;
            row.out += row.n * row.out_step;
        }
    }
}

static void run_rows(const MieniConvArgs *args, const GemmInput *input, const Taps *taps,
                     const float *packed, bool halves, int32_t row_begin, int32_t y_begin,
                     int32_t y_end)
{
    int32_t padded = avx2_round_up_8(args->shape->out_channels);
    ptrdiff_t k = taps->n * taps->depth;

    for (int32_t channel = 0, width; channel < padded; channel += width) {
        width = gemm_panel_width_avx512(padded - channel, halves);
        Panel panel = make_panel(args, taps, packed, halves, channel, width);
        for (int32_t y = y_begin; y < y_end; y++) {
            const float *in = input->in + (y - row_begin) * input->row;
            if (panel.direct_out && !halves && gemm_is_thin(input))
                run_thin_row(args, &panel, in, y);
            else
                run_pixels(args, &panel, in, input->pixel, y, 0, args->shape->out_width);
        }
        packed += gemm_panel_floats((size_t)k, width, halves);
    }
}

/* Pixels of a narrow plane whose factors were copied side by side. */
typedef struct Narrow {
    float in[NARROW_FLOATS];
    float residual[NARROW_PIXELS * MAX_WIDTH], out[NARROW_PIXELS * MAX_WIDTH];
} Narrow;

static void copy_factors(const GemmInput *input, const float *from, float *to)
{
    for (int32_t ky = 0; ky < input->taps_y; ky++)
        for (int32_t kx = 0; kx < input->taps_x; kx++, to += input->depth)
            memcpy(to, from + ky * input->tap_row + kx * input->tap_pixel,
                   (size_t)input->depth * sizeof(*to));
}

/* One panel of n_rows rows from y on; their factors are `step` apart, from `in` on. */
static void run_narrow_panel(const MieniConvArgs *args, const Panel *panel, Narrow *narrow,
                             const float *in, ptrdiff_t step, int32_t y, int32_t n_rows)
{
    const TileFn *functions = tiles[panel->halves][panel->width / 8];
    int32_t plane_width = args->shape->out_width, n = n_rows * plane_width;
    int32_t most = most_rows(panel), n_tiles = (n + most - 1) / most;
    int32_t rows = n / n_tiles, n_larger = n % n_tiles;
    int32_t row_floats = plane_width * panel->width;

    for (int32_t i = 0; i < n_rows && panel->any_residual; i++)
        fill_residual(args, panel, y + i, 0, plane_width, narrow->residual + i * row_floats);
    for (int32_t i = 0, at = 0; i < n_tiles; i++) {
        int32_t n_pixels = rows + (i < n_larger);
        Tile tile = {.in = in + at * step,
                     .in_step = step,
                     .out = narrow->out + at * panel->width,
                     .out_step = panel->width,
                     .residual_step = panel->width};
        if (panel->any_residual)
            tile.residual = narrow->residual + at * panel->width;
        functions[n_pixels](panel, &tile);
        at += n_pixels;
    }
    for (int32_t i = 0; i < n_rows; i++)
        copy_out(args, panel, y + i, 0, plane_width, narrow->out + i * row_floats);
}

static void run_narrow(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                       bool halves, int32_t row_begin, int32_t row_end)
{
    int32_t width = args->shape->out_width;
    int32_t padded = avx2_round_up_8(args->shape->out_channels);
    int32_t k = input->taps_y * input->taps_x * input->depth;
    int32_t most = MIENI_MAX(MIENI_MIN(NARROW_FLOATS / k, NARROW_PIXELS) / width, 1);
    /* Behind a depthwise part they are side by side already. */
    bool is_compact = k == input->depth && input->row == width * input->pixel;
    const Taps compact = {.n = 1, .depth = k};
    Narrow narrow;

    for (int32_t y = row_begin, n_rows; y < row_end; y += n_rows) {
        n_rows = MIENI_MIN(most, row_end - y);
        const float *in = input->in + (y - row_begin) * input->row, *at = packed;
        for (int32_t i = 0; i < n_rows * width && !is_compact; i++)
            copy_factors(input, in + i / width * input->row + i % width * input->pixel,
                         narrow.in + i * k);
        for (int32_t channel = 0, panel_width; channel < padded; channel += panel_width) {
            panel_width = gemm_panel_width_avx512(padded - channel, halves);
            Panel panel = make_panel(args, &compact, at, halves, channel, panel_width);
            run_narrow_panel(args, &panel, &narrow, is_compact ? in : narrow.in,
                             is_compact ? input->pixel : k, y, n_rows);
            at += gemm_panel_floats((size_t)k, panel_width, halves);
        }
    }
}

void mieni_gemm_avx512(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                       bool halves, int32_t row_begin, int32_t row_end)
{
    int32_t width = args->shape->out_width;
    int32_t k = input->taps_y * input->taps_x * input->depth;

    if (width < MIN_PLANE_WIDTH && width * k <= NARROW_FLOATS) {
        run_narrow(args, input, packed, halves, row_begin, row_end);
    } else {
        int32_t rows = MIENI_MAX(BLOCK_FLOATS / k / width, 1);
        const Taps taps = make_taps(input);
        for (int32_t y = row_begin; y < row_end; y += rows)
            run_rows(args, input, &taps, packed, halves, row_begin, y,
                     MIENI_MIN(y + rows, row_end));
    }
    if (!avx2_has_tail(args))
        return;
    for (int32_t y = row_begin; y < row_end; y++)
        for (int32_t x = 0; x < width; x++)
            mieni_conv_tail_avx2(args, mieni_plane_at(&args->out, y, x), 0,
                                 args->shape->out_channels);
}
