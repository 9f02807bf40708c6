/* SPDX-License-Identifier: Apache-2.0 */
#include "kernels/arm/gemm_neon.h"

size_t mieni_gemm_packed_floats_neon(int32_t out_channels, size_t k)
{
    return (k + 2) * (size_t)neon_round_up_8(out_channels);
}

void mieni_gemm_pack_neon(const MieniConvWeights *weights, int32_t out_channels, size_t k,
                          float *packed)
{
    memset(packed, 0, mieni_gemm_packed_floats_neon(out_channels, k) * sizeof(float));
    for (int32_t begin = 0; begin < out_channels; begin += 8, packed += (k + 2) * 8) {
        int32_t n = MIENI_MIN(out_channels - begin, 8);
        float *bias = packed, *slope = bias + 8, *panel = slope + 8;

        memcpy(bias, weights->bias + begin, (size_t)n * sizeof(float));
        if (weights->slope)
            memcpy(slope, weights->slope + begin, (size_t)n * sizeof(float));
        for (int32_t i = 0; i < n; i++)
            for (size_t j = 0; j < k; j++)
                panel[j * 8 + (size_t)i] = mieni_weight(weights, (size_t)(begin + i) * k + j);
    }
}
