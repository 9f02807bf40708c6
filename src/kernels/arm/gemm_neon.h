/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one dense product behind conv, pointwise and depthwise_pointwise: pixels times weight panels,
 * with the bias as the sums' first value, then the products in their order, then residual and
 * activation.
 *
 * Output channels are cut into panels of 8. A panel is [bias][slope][k][8], zero where there are no
 * more channels. So outputs get their zero lanes for free.
 */
#ifndef MIENI_KERNELS_ARM_GEMM_NEON_H
#define MIENI_KERNELS_ARM_GEMM_NEON_H

#include "kernels/gemm.h"
#include "kernels/arm/neon.h"

size_t mieni_gemm_packed_floats_neon(int32_t out_channels, size_t k);

/* weights [out_channels][k]; slope NULL: none. */
void mieni_gemm_pack_neon(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                          float *packed);

/* Computes output rows row_begin .. row_end - 1. */
void mieni_gemm_neon(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                     int32_t row_begin, int32_t row_end);

/*
 * What follows is shared with products in half precision: the way through blocks and panels, which
 * buffers residuals and outputs that a tile cannot see in place, around other tiles.
 */
#define GEMM_MAX_ROWS 8 /* of a tile: pixels */
#define GEMM_MAX_WIDTH 16
#define GEMM_BLOCK_FACTORS 4096 /* of a block */

/* One or two weight panels and a block's pixels as its tiles see them. */
typedef struct GemmPanel {
    const GemmInput *input;
    const float *packed;
    ptrdiff_t next; /* floats for each 8 channels */
    MieniActivation activation;
    bool has_residual;
    const float *const *in;
    const float16_t *halves; /* in its place, for tiles that want halves: [pixel][depth] */
    ptrdiff_t depth;
    float *const *out;            /* of the panel's first channel, once `channel` is added */
    const float *const *residual; /* likewise */
    ptrdiff_t out_channel, residual_channel;
} GemmPanel;

typedef void (*GemmTileFn)(const GemmPanel *panel, int32_t first);

/* Tiles of some pixels and 8 or 16 channels. */
typedef struct GemmTiles {
    /* Channels of the panel that begins with `left` to go, left a multiple of 8. */
    int32_t (*width)(int32_t left, int32_t n_pixels);
    int32_t most_rows[GEMM_MAX_WIDTH / 8 + 1];
    GemmTileFn tiles[GEMM_MAX_WIDTH / 8 + 1][GEMM_MAX_ROWS + 1];
} GemmTiles;

/* Runs all panels on a located block; `first` is the first one, but for what depends on the block.
 */
void mieni_gemm_block_neon(const MieniConvArgs *args, const GemmBlock *block,
                           const GemmTiles *tiles_of, const GemmPanel *first);

/* Most pixels of a block, with k factors each. */
static inline int32_t gemm_most_pixels_neon(int32_t k)
{
    return MIENI_MIN(MIENI_MAX(GEMM_BLOCK_FACTORS / k, 2 * GEMM_MAX_ROWS), GEMM_BLOCK_PIXELS);
}

/* Pixels of the next block when n are left: equal blocks, each a whole number of tiles if that can
 * be. */
static inline int32_t gemm_block_pixels_neon(int32_t k, int32_t n)
{
    int32_t most = gemm_most_pixels_neon(k), n_blocks = (n + most - 1) / most;
    int32_t pixels = (n / n_blocks + GEMM_MAX_ROWS - 1) / GEMM_MAX_ROWS * GEMM_MAX_ROWS;
    return MIENI_MIN(MIENI_MIN(pixels, GEMM_BLOCK_PIXELS), n);
}

#endif
