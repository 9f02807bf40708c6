/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of 16 pixels, up to 4 of them for each weight; 16 output channels are turned back at a
 * time. */
#include "kernels/x86/sparse_avx512.h"

/* Turns 16 vectors of 16 round. */
MIENI_INLINE void turn(__m512 rows[16])
{
    __m512 t[16];
    for (int i = 0; i < 16; i += 4) {
        __m512 a = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        __m512 b = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
        __m512 c = _mm512_unpacklo_ps(rows[i + 2], rows[i + 3]);
        __m512 d = _mm512_unpackhi_ps(rows[i + 2], rows[i + 3]);
        t[i] = _mm512_shuffle_ps(a, c, 0x44);
        t[i + 1] = _mm512_shuffle_ps(a, c, 0xEE);
        t[i + 2] = _mm512_shuffle_ps(b, d, 0x44);
        t[i + 3] = _mm512_shuffle_ps(b, d, 0xEE);
    }
    for (int i = 0; i < 4; i++) {
        __m512 a = _mm512_shuffle_f32x4(t[i], t[i + 4], 0x88);
        __m512 b = _mm512_shuffle_f32x4(t[i], t[i + 4], 0xDD);
        __m512 c = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0x88);
        __m512 d = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], 0xDD);
        rows[i] = _mm512_shuffle_f32x4(a, c, 0x88);
        rows[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
        rows[i + 8] = _mm512_shuffle_f32x4(a, c, 0xDD);
        rows[i + 12] = _mm512_shuffle_f32x4(b, d, 0xDD);
    }
}

/* The block's factors, channel by channel. */
static void turn_in(const SparseBlock *block, int32_t channels, float *to)
{
    for (int32_t v = 0; v < block->n; v += 16) {
        for (int32_t c = 0; c < channels; c += 16) {
            __mmask16 mask = avx512_mask(channels - c);
            __m512 rows[16];
            for (int i = 0; i < 16; i++)
                rows[i] = _mm512_maskz_loadu_ps(mask, block->in[v + i] + c);
            turn(rows);
            for (int i = 0; i < 16; i++)
                _mm512_storeu_ps(to + (c + i) * SPARSE_BLOCK_PIXELS + v, rows[i]);
        }
    }
}

/* One output channel of 16 * vectors pixels. `vectors` is a constant wherever this is inlined. */
MIENI_INLINE void add_up(const SparseProduct *products, int32_t n, const float *turned, float bias,
                         float *to, const int vectors)
{
    __m512 a = _mm512_set1_ps(bias), b = a, c = a, d = a;
    for (int32_t i = 0; i < n; i++) {
        const float *in = turned + products[i].offset;
        __m512 weight = _mm512_set1_ps(products[i].weight);
        a = _mm512_fmadd_ps(weight, _mm512_loadu_ps(in), a);
        if (vectors > 1)
            b = _mm512_fmadd_ps(weight, _mm512_loadu_ps(in + 16), b);
        if (vectors > 2)
            c = _mm512_fmadd_ps(weight, _mm512_loadu_ps(in + 32), c);
        if (vectors > 3)
            d = _mm512_fmadd_ps(weight, _mm512_loadu_ps(in + 48), d);
    }
    _mm512_storeu_ps(to, a);
    if (vectors > 1)
        _mm512_storeu_ps(to + 16, b);
    if (vectors > 2)
        _mm512_storeu_ps(to + 32, c);
    if (vectors > 3)
        _mm512_storeu_ps(to + 48, d);
}

static const SparseProduct *add_up_channel(const SparseProduct *products, int32_t n,
                                           const float *turned, float bias, float *to,
                                           int32_t vectors)
{
    if (vectors == 4)
        add_up(products, n, turned, bias, to, 4);
    else if (vectors == 3)
        add_up(products, n, turned, bias, to, 3);
    else if (vectors == 2)
        add_up(products, n, turned, bias, to, 2);
    else
        add_up(products, n, turned, bias, to, 1);
    return products + n;
}

/* Residual, activation and storing of 16 channels from `channel` on, whose sums are [16][64]. */
static void finish(const MieniConvArgs *args, const SparseBlock *block, const float *slope,
                   int32_t channel, const float *sums)
{
    int32_t padded = avx2_round_up_8(args->shape->out_channels);
    ptrdiff_t room = MIENI_MIN(padded, args->out.pixel_stride) - channel;
    ptrdiff_t left = args->shape->residual_channels - channel;
    if (args->residual.pixel_stride % 8 == 0) /* padded planes hold zeros */
        left = (left + 7) / 8 * 8;
    bool has_residual = args->shape->residual != MIENI_RESIDUAL_NONE && left > 0;
    __mmask16 to_mask = avx512_mask(room), from_mask = avx512_mask(left);
    __m512 slopes = _mm512_maskz_loadu_ps(avx512_mask(padded - channel), slope + channel);

    for (int32_t v = 0; v < block->n; v += 16) {
        __m512 rows[16];
        for (int i = 0; i < 16; i++)
            rows[i] = _mm512_loadu_ps(sums + i * SPARSE_BLOCK_PIXELS + v);
        turn(rows);
        for (int i = 0; i < 16 && v + i < block->n; i++) {
            __m512 x = rows[i];
            if (has_residual)
                x = _mm512_add_ps(
                    x, _mm512_maskz_loadu_ps(from_mask, block->residual[v + i] + channel));
            x = avx512_activate(args->shape->activation, x, slopes);
            _mm512_mask_storeu_ps(block->out[v + i] + channel, to_mask, x);
        }
    }
}

static void run_block(const MieniConvArgs *args, const SparseBlock *block, const float *packed,
                      float *turned)
{
    int32_t padded = avx2_round_up_8(args->shape->out_channels);
    int32_t vectors = (block->n + 15) / 16;
    SparseWeights weights = sparse_weights(args->shape, packed);
    const SparseProduct *products = weights.products;
    float sums[16 * SPARSE_BLOCK_PIXELS];

    turn_in(block, args->shape->in_channels, turned);
    for (int32_t channel = 0; channel < padded; channel += 16) {
        for (int32_t i = 0; i < 16; i++) {
            bool is_there = channel + i < padded;
            products = add_up_channel(products, is_there ? weights.counts[channel + i] : 0, turned,
                                      is_there ? weights.bias[channel + i] : 0,
                                      sums + i * SPARSE_BLOCK_PIXELS, vectors);
        }
        finish(args, block, weights.slope, channel, sums);
    }
}

void mieni_sparse_avx512(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                         float *scratch, int32_t row_begin, int32_t row_end)
{
    sparse_run(args, input, packed, scratch, row_begin, row_end, 16, run_block,
               avx2_has_tail(args) ? mieni_conv_tail_avx2 : NULL);
}
