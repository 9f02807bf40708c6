/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/x86/gemm_avx2.h"

size_t mieni_gemm_packed_floats_avx2(int32_t out_channels, size_t k)
{
    return (k + 2) * (size_t)avx2_round_up_8(out_channels);
}

/* Up to 8 weights, zeros behind the last of `lanes`; no over-read. */
MIENI_INLINE __m256 load_weights(const MieniConvWeights *weights, size_t at, size_t lanes)
{
    uint16_t some[8] = {0};
    if (!weights->halves)
        return avx2_load(weights->weights + at, (ptrdiff_t)lanes);
    if (lanes >= 8)
        return avx2_load_halves((const char *)(weights->halves + at));
    memcpy(some, weights->halves + at, lanes * sizeof(*some));
    return avx2_load_halves((const char *)some);
}

void mieni_pack_columns_avx2(const MieniConvWeights *weights, int32_t first_row, int32_t n_rows,
                             size_t k, int32_t width, bool halves, void *columns)
{
    for (int32_t i = 0; i < width; i += 8)
        for (size_t j = 0; j < k; j += 8) {
            __m256 block[8];
            for (int32_t row = 0; row < 8; row++)
                block[row] =
                    i + row < n_rows
                        ? load_weights(weights, (size_t)(first_row + i + row) * k + j, k - j)
                        : _mm256_setzero_ps();
            avx2_transpose(block);
            for (size_t column = 0; column < MIENI_MIN(k - j, 8); column++) {
                size_t at = (j + column) * (size_t)width + (size_t)i;
                if (halves)
                    _mm_storeu_si128((__m128i *)(void *)((uint16_t *)columns + at),
                                     avx2_to_halves(block[column]));
                else
                    _mm256_storeu_ps((float *)columns + at, block[column]);
            }
        }
}

void mieni_gemm_pack_avx2(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                          GemmPanelWidthFn panel_width, bool halves, float *packed)
{
    int32_t padded = avx2_round_up_8(out_channels);

    for (int32_t begin = 0; begin < padded;) {
        int32_t width = panel_width(padded - begin, halves);
        int32_t n = MIENI_MIN(width, out_channels - begin);
        float *bias = packed, *slope = bias + width, *panel = slope + width;

        memset(bias, 0, 2 * (size_t)width * sizeof(float));
        memcpy(bias, weights->bias + begin, (size_t)n * sizeof(float));
        if (weights->slope)
            memcpy(slope, weights->slope + begin, (size_t)n * sizeof(float));
        mieni_pack_columns_avx2(weights, begin, n, k, width, halves, panel);

        packed += gemm_panel_floats(k, width, halves);
        begin += width;
    }
}
