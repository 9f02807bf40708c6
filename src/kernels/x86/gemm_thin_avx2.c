/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of 12 pixels x 8 channels, or 6 x 16: 12 sums. All tiles of one size in a row are one call.
 */
#include "kernels/x86/avx2.h"
#include "kernels/x86/gemm_thin.h"

#define MAX_ROWS 12   /* of a tile: pixels */
#define MAX_VECTORS 2 /* of a tile: 8 channels each */

/* Written out, because compilers keep an array in registers only if they see constant indices. */
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)
#define EACH_VECTOR(DO, i) DO(i, 0) DO(i, 1)

#define BEGIN_SUM(i, v)                                                                            \
    if (i < rows && v < vectors)                                                                   \
        sums[i][v] = _mm256_load_ps(row->bias + 8 * v);
#define BEGIN_ROW(i) EACH_VECTOR(BEGIN_SUM, i)

#define ADD_PRODUCT(i, v)                                                                          \
    if (v < vectors)                                                                               \
        sums[i][v] = _mm256_fmadd_ps(factor, w[v], sums[i][v]);
#define MULTIPLY_ROW(i)                                                                            \
    if (i < rows) {                                                                                \
        __m256 factor = _mm256_broadcast_ss(in + i * factors + k);                                 \
        EACH_VECTOR(ADD_PRODUCT, i)                                                                \
    }

#define ADD_VECTOR(i, v)                                                                           \
    if (v < vectors)                                                                               \
        sums[i][v] = _mm256_add_ps(sums[i][v], _mm256_loadu_ps(residual + 8 * v));
#define ADD_RESIDUAL(i)                                                                            \
    if (i < rows) {                                                                                \
        EACH_VECTOR(ADD_VECTOR, i)                                                                 \
        residual += residual_step;                                                                 \
    }

#define ACTIVATE(i, v)                                                                             \
    if (i < rows && v < vectors)                                                                   \
        sums[i][v] = avx2_activate(activation, sums[i][v], _mm256_load_ps(row->slope + 8 * v));
#define ACTIVATE_ROW(i) EACH_VECTOR(ACTIVATE, i)

#define STORE_VECTOR(i, v)                                                                         \
    if (v < vectors)                                                                               \
        _mm256_storeu_ps(out + 8 * v, sums[i][v]);
#define STORE_ROW(i)                                                                               \
    if (i < rows) {                                                                                \
        EACH_VECTOR(STORE_VECTOR, i)                                                               \
        out += out_step;                                                                           \
    }

/* n tiles, one behind the other; `row` goes on to what is behind them. rows, vectors and factors
 * are constants wherever this is inlined. */
MIENI_INLINE void run_tiles(ThinRow *row, int32_t n, const int rows, const int vectors,
                            const int factors)
{
    const float *in = row->in, *residual = row->residual;
    const ptrdiff_t out_step = row->out_step, residual_step = row->residual_step;
    float *out = row->out;

    for (; n > 0; n--, in += rows * factors) {
        const float *weights = row->weights;
        __m256 sums[MAX_ROWS][MAX_VECTORS], w[MAX_VECTORS];
        EACH_ROW(BEGIN_ROW)
        for (ptrdiff_t k = 0; k < factors; k++, weights += row->weights_step) {
            w[0] = _mm256_load_ps(weights);
            if (vectors > 1)
                w[1] = _mm256_load_ps(weights + 8);
            EACH_ROW(MULTIPLY_ROW)
        }
        if (residual) {
            EACH_ROW(ADD_RESIDUAL)
        }
        WITH_ACTIVATION(row->activation, EACH_ROW(ACTIVATE_ROW))
        EACH_ROW(STORE_ROW)
    }
    row->in = in;
    row->out = out;
    row->residual = residual;
}

/* Each is a function of its own, for the sake of the compiler's register allocation. */
#define TILES(rows, vectors)                                                                       \
    static void tiles_##rows##x##vectors##_8(ThinRow *row, int32_t n)                              \
    {                                                                                              \
        run_tiles(row, n, rows, vectors, 8);                                                       \
    }                                                                                              \
    static void tiles_##rows##x##vectors##_16(ThinRow *row, int32_t n)                             \
    {                                                                                              \
        run_tiles(row, n, rows, vectors, 16);                                                      \
    }
TILES(1, 1)
TILES(2, 1)
TILES(3, 1)
TILES(4, 1)
TILES(5, 1)
TILES(6, 1)
TILES(7, 1)
TILES(8, 1)
TILES(9, 1)
TILES(10, 1)
TILES(11, 1)
TILES(12, 1)
TILES(1, 2)
TILES(2, 2)
TILES(3, 2)
TILES(4, 2)
TILES(5, 2)
TILES(6, 2)

typedef void (*TilesFn)(ThinRow *row, int32_t n);

/* [8 or 16 channels][8 or 16 factors][rows] */
static const TilesFn tiles[2][2][MAX_ROWS + 1] = {
    {{NULL, tiles_1x1_8, tiles_2x1_8, tiles_3x1_8, tiles_4x1_8, tiles_5x1_8, tiles_6x1_8,
      tiles_7x1_8, tiles_8x1_8, tiles_9x1_8, tiles_10x1_8, tiles_11x1_8, tiles_12x1_8},
     {NULL, tiles_1x1_16, tiles_2x1_16, tiles_3x1_16, tiles_4x1_16, tiles_5x1_16, tiles_6x1_16,
      tiles_7x1_16, tiles_8x1_16, tiles_9x1_16, tiles_10x1_16, tiles_11x1_16, tiles_12x1_16}},
    {{NULL, tiles_1x2_8, tiles_2x2_8, tiles_3x2_8, tiles_4x2_8, tiles_5x2_8, tiles_6x2_8},
     {NULL, tiles_1x2_16, tiles_2x2_16, tiles_3x2_16, tiles_4x2_16, tiles_5x2_16, tiles_6x2_16}},
};

void mieni_thin_row_avx2(const ThinRow *row, ptrdiff_t n_factors, int32_t channels)
{
    const TilesFn *functions = tiles[channels == 16][n_factors == 16];
    int32_t most = channels == 16 ? 6 : 12;
    int32_t n_tiles = (row->n + most - 1) / most;
    int32_t rows = row->n / n_tiles, n_larger = row->n % n_tiles;
    ThinRow rest = *row;

    if (n_larger > 0)
        functions[rows + 1](&rest, n_larger);
    functions[rows](&rest, n_tiles - n_larger);
}
