/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors of 8 pixels, up to 8 of them for each weight: as many sums as two multiply-add units with
 * 4 cycles of latency ask for. 16 output channels at a time are turned back: a cache line.
 */
#include "kernels/x86/sparse_avx2.h"

#define MAX_VECTORS (SPARSE_BLOCK_PIXELS / 8)
#define GROUP 16 /* output channels */

/* Turns 4x4 floats round in each half of 4 vectors. */
MIENI_INLINE void turn(__m256 rows[4])
{
    __m256 a = _mm256_unpacklo_ps(rows[0], rows[1]), b = _mm256_unpackhi_ps(rows[0], rows[1]);
    __m256 c = _mm256_unpacklo_ps(rows[2], rows[3]), d = _mm256_unpackhi_ps(rows[2], rows[3]);
    rows[0] = _mm256_shuffle_ps(a, c, 0x44);
    rows[1] = _mm256_shuffle_ps(a, c, 0xEE);
    rows[2] = _mm256_shuffle_ps(b, d, 0x44);
    rows[3] = _mm256_shuffle_ps(b, d, 0xEE);
}

/* 4 floats from each of two places. */
MIENI_INLINE __m256 load_halves(const float *low, const float *high)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}

/* The block's factors, channel by channel. */
static void turn_in(const SparseBlock *block, int32_t channels, float *to)
{
    for (int32_t v = 0; v < block->n; v += 8) {
        const float *const *in = block->in + v;
        float *column = to + v;
        for (int32_t c = 0; c < channels; c += 4, column += 4 * SPARSE_BLOCK_PIXELS) {
            __m256 rows[4] = {load_halves(in[0] + c, in[4] + c), load_halves(in[1] + c, in[5] + c),
                              load_halves(in[2] + c, in[6] + c), load_halves(in[3] + c, in[7] + c)};
            turn(rows);
            _mm256_store_ps(column, rows[0]);
            _mm256_store_ps(column + SPARSE_BLOCK_PIXELS, rows[1]);
            _mm256_store_ps(column + 2 * SPARSE_BLOCK_PIXELS, rows[2]);
            _mm256_store_ps(column + 3 * SPARSE_BLOCK_PIXELS, rows[3]);
        }
    }
}

/* Written out for the same reason as in gemm_avx2.c. */
#define EACH_VECTOR(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define BEGIN(v)                                                                                   \
    if (v < vectors)                                                                               \
        sums[v] = _mm256_set1_ps(bias);
#define ADD_PRODUCT(v)                                                                             \
    if (v < vectors)                                                                               \
        sums[v] = _mm256_fmadd_ps(weight, _mm256_load_ps(in + 8 * v), sums[v]);
#define STORE(v)                                                                                   \
    if (v < vectors)                                                                               \
        _mm256_storeu_ps(to + 8 * v, sums[v]);

/* One output channel of 8 * vectors pixels. `vectors` is a constant wherever this is inlined. */
MIENI_INLINE void add_up(const SparseProduct *products, int32_t n, const float *turned, float bias,
                         float *to, const int vectors)
{
    __m256 sums[MAX_VECTORS];
    EACH_VECTOR(BEGIN)
    for (const SparseProduct *end = products + n; products != end; products++) {
        const float *in = turned + products->offset;
        __m256 weight = _mm256_broadcast_ss(&products->weight);
        EACH_VECTOR(ADD_PRODUCT)
    }
    EACH_VECTOR(STORE)
}

#define ADD_UP(vectors)                                                                            \
    static void add_up_##vectors(const SparseProduct *products, int32_t n, const float *turned,    \
                                 float bias, float *to)                                            \
    {                                                                                              \
        add_up(products, n, turned, bias, to, vectors);                                            \
    }
ADD_UP(1)
ADD_UP(2)
ADD_UP(3)
ADD_UP(4)
ADD_UP(5)
ADD_UP(6)
ADD_UP(7)
ADD_UP(8)

typedef void (*AddUpFn)(const SparseProduct *products, int32_t n, const float *turned, float bias,
                        float *to);

static const AddUpFn add_ups[MAX_VECTORS + 1] = {NULL,     add_up_1, add_up_2, add_up_3, add_up_4,
                                                 add_up_5, add_up_6, add_up_7, add_up_8};

/* Channels on their way out of the turned sums, [GROUP][SPARSE_BLOCK_PIXELS]. */
typedef struct Finish {
    const SparseBlock *block;
    const float *sums;
    int32_t channel; /* the first */
    __m256 slopes[GROUP / 8];
} Finish;

#define LOAD_ROW(i) load_halves(low + i * SPARSE_BLOCK_PIXELS, high + i * SPARSE_BLOCK_PIXELS)
#define FINISH_PIXEL(i)                                                                            \
    if (i < n) {                                                                                   \
        __m256 x = rows[i];                                                                        \
        if (left > 0)                                                                              \
            x = _mm256_add_ps(x, avx2_load(residual[i] + channel, left));                          \
        avx2_store(out[i] + channel, room, avx2_activate(activation, x, slope));                   \
    }

/* Residual, activation and storing of the group's vector `part` of n pixels, up to 4, from number v
 * on. Inlined with constants wherever that pays. */
MIENI_INLINE void finish_pixels(const Finish *finish, int part, int32_t v, int32_t n,
                                ptrdiff_t room, ptrdiff_t left, MieniActivation activation)
{
    const float *low = finish->sums + part * 8 * SPARSE_BLOCK_PIXELS + v;
    const float *high = low + 4 * SPARSE_BLOCK_PIXELS;
    const float *const *residual = finish->block->residual + v;
    float *const *out = finish->block->out + v;
    ptrdiff_t channel = finish->channel + part * 8;
    __m256 rows[4] = {LOAD_ROW(0), LOAD_ROW(1), LOAD_ROW(2), LOAD_ROW(3)};
    __m256 slope = finish->slopes[part];

    turn(rows);
    FINISH_PIXEL(0)
    FINISH_PIXEL(1)
    FINISH_PIXEL(2)
    FINISH_PIXEL(3)
}

/* Whole groups: a cache line of each pixel. has_residual and activation are constants wherever this
 * is inlined. */
MIENI_INLINE void finish_group(const Finish *finish, bool has_residual, MieniActivation activation)
{
    ptrdiff_t left = has_residual ? 8 : 0;
    int32_t v = 0, n = finish->block->n;
    for (; v + 4 <= n; v += 4) {
        finish_pixels(finish, 0, v, 4, 8, left, activation);
        finish_pixels(finish, 1, v, 4, 8, left, activation);
    }
    if (v < n) {
        finish_pixels(finish, 0, v, n - v, 8, left, activation);
        finish_pixels(finish, 1, v, n - v, 8, left, activation);
    }
}

/* Vectors with lanes of their own. */
static void finish_parts(const MieniConvArgs *args, const Finish *finish, int32_t n_parts)
{
    for (int part = 0; part < n_parts; part++) {
        int32_t channel = finish->channel + part * 8;
        ptrdiff_t room = avx2_lanes(&args->out, channel);
        ptrdiff_t left = avx2_residual_lanes(args, channel);
        for (int32_t v = 0; v < finish->block->n; v += 4)
            finish_pixels(finish, part, v, finish->block->n - v, room, left,
                          args->shape->activation);
    }
}

static void finish_channels(const MieniConvArgs *args, const Finish *finish, int32_t n_parts)
{
    bool has_residual = avx2_residual_lanes(args, finish->channel) > 0;
    ptrdiff_t last = finish->channel + 8 * (n_parts - 1);
    bool is_full = n_parts == GROUP / 8 && avx2_lanes(&args->out, (int32_t)last) >= 8 &&
                   (!has_residual || avx2_residual_lanes(args, (int32_t)last) >= 8);

    if (!is_full || args->shape->activation != MIENI_ACTIVATION_RELU)
        finish_parts(args, finish, n_parts);
    else if (has_residual)
        finish_group(finish, true, MIENI_ACTIVATION_RELU);
    else
        finish_group(finish, false, MIENI_ACTIVATION_RELU);
}

/* The group's residual on its way into L2, while its products are added up. Into L1 it would push
 * out the turned block, as would prefetched outputs (both measured slower). */
static void fetch_residual(const SparseBlock *block, int32_t channel)
{
    for (int32_t i = 0; i < block->n; i++)
        _mm_prefetch((const char *)(block->residual[i] + channel), _MM_HINT_T1);
}

static void run_block(const MieniConvArgs *args, const SparseBlock *block, const float *packed,
                      float *turned)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = avx2_round_up_8(shape->out_channels);
    SparseWeights weights = sparse_weights(shape, packed);
    const SparseProduct *products = weights.products;
    AddUpFn add = add_ups[(block->n + 7) / 8];
    float sums[GROUP * SPARSE_BLOCK_PIXELS];
    Finish finish = {.block = block, .sums = sums};

    turn_in(block, shape->in_channels, turned);
    for (int32_t channel = 0; channel < padded; channel += GROUP) {
        int32_t n_channels = MIENI_MIN(GROUP, padded - channel);
        if (avx2_residual_lanes(args, channel) > 0)
            fetch_residual(block, channel);
        for (int32_t i = 0; i < n_channels; i++) {
            int32_t n = weights.counts[channel + i];
            add(products, n, turned, weights.bias[channel + i], sums + i * SPARSE_BLOCK_PIXELS);
            products += n;
        }
        finish.channel = channel;
        for (int32_t i = 0; i < n_channels; i += 8)
            finish.slopes[i / 8] = _mm256_loadu_ps(weights.slope + channel + i);
        finish_channels(args, &finish, n_channels / 8);
    }
}

void mieni_sparse_avx2(const MieniConvArgs *args, const GemmInput *input, const float *packed,
                       float *scratch, int32_t row_begin, int32_t row_end)
{
    sparse_run(args, input, packed, scratch, row_begin, row_end, 8, run_block,
               avx2_has_tail(args) ? mieni_conv_tail_avx2 : NULL);
}
