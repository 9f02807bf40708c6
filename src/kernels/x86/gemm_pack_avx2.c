/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/x86/gemm_avx2.h"

size_t mieni_gemm_packed_floats_avx2(int32_t out_channels, size_t k)
{
    return (k + 2) * (size_t)avx2_round_up_8(out_channels);
}

void mieni_gemm_pack_avx2(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                          GemmPanelWidthFn panel_width, float *packed)
{
    int32_t padded = avx2_round_up_8(out_channels);

    memset(packed, 0, mieni_gemm_packed_floats_avx2(out_channels, k) * sizeof(float));
    for (int32_t begin = 0; begin < padded;) {
        int32_t width = panel_width(padded - begin);
        int32_t n = MIENI_MIN(width, out_channels - begin);
        float *bias = packed, *slope = bias + width, *panel = slope + width;

        memcpy(bias, weights->bias + begin, (size_t)n * sizeof(float));
        if (weights->slope)
            memcpy(slope, weights->slope + begin, (size_t)n * sizeof(float));
        for (int32_t i = 0; i < n; i++)
            for (size_t j = 0; j < k; j++)
                panel[j * (size_t)width + (size_t)i] =
                    weights->weights[(size_t)(begin + i) * k + j];

        packed += (k + 2) * (size_t)width;
        begin += width;
    }
}
