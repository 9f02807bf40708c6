/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/x86/gemm_avx2.h"

size_t mieni_gemm_packed_floats_avx2(int32_t out_channels, size_t k)
{
    return (k + 2) * (size_t)avx2_round_up_8(out_channels);
}

void mieni_gemm_pack_avx2(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                          GemmPanelWidthFn panel_width, bool halves, float *packed)
{
    int32_t padded = avx2_round_up_8(out_channels);

    /* What halves do not need is not touched, and takes no memory of the machine's. */
    memset(packed, 0, gemm_panel_floats(k, padded, halves) * sizeof(float));
    for (int32_t begin = 0; begin < padded;) {
        int32_t width = panel_width(padded - begin, halves);
        int32_t n = MIENI_MIN(width, out_channels - begin);
        float *bias = packed, *slope = bias + width, *panel = slope + width;

        memcpy(bias, weights->bias + begin, (size_t)n * sizeof(float));
        if (weights->slope)
            memcpy(slope, weights->slope + begin, (size_t)n * sizeof(float));
        for (int32_t i = 0; i < n; i++)
            for (size_t j = 0; j < k; j++) {
                size_t at = j * (size_t)width + (size_t)i;
                float value = weights->weights[(size_t)(begin + i) * k + j];
                if (halves)
                    avx2_put_half(panel, at, value);
                else
                    panel[at] = value;
            }

        packed += gemm_panel_floats(k, width, halves);
        begin += width;
    }
}
