/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All weights of a vector of channels stay in registers while a row passes. Eight pixels at a time,
 * whose factors are operands in memory at constant distances; what is left of a row one by one.
 * With 8 channels vectors are half as long: two pixels in one would need a shuffle a product, on a
 * unit that multiplies.
 */
#include "kernels/x86/avx512.h"
#include "kernels/x86/gemm_thin.h"

#define ROWS 8 /* pixels */
#define MAX_FACTORS 16

/* Written out, because compilers keep an array in registers only if they see constant indices. */
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define EACH_FACTOR(DO)                                                                            \
    DO(0)                                                                                          \
    DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)

#define LOAD_WEIGHT(k)                                                                             \
    if (k < factors)                                                                               \
        w[k] = LOAD(row->weights + k * row->weights_step);

#define BEGIN_SUM(i)                                                                               \
    if (i < rows)                                                                                  \
        sums[i] = bias;
#define ADD_PRODUCT(i, k)                                                                          \
    if (i < rows)                                                                                  \
        sums[i] = FMADD(BROADCAST(in[i * factors + k]), w[k], sums[i]);
#define MULTIPLY(k)                                                                                \
    if (k < factors) {                                                                             \
        ADD_PRODUCT(0, k)                                                                          \
        ADD_PRODUCT(1, k)                                                                          \
        ADD_PRODUCT(2, k)                                                                          \
        ADD_PRODUCT(3, k)                                                                          \
        ADD_PRODUCT(4, k)                                                                          \
        ADD_PRODUCT(5, k)                                                                          \
        ADD_PRODUCT(6, k)                                                                          \
        ADD_PRODUCT(7, k)                                                                          \
    }
#define ADD_RESIDUAL(i)                                                                            \
    if (i < rows)                                                                                  \
        sums[i] = ADD(sums[i], LOAD(residual + i * row->residual_step));
#define ACTIVATE_ROW(i)                                                                            \
    if (i < rows)                                                                                  \
        sums[i] = ACTIVATE(activation, sums[i], slope);
#define STORE_ROW(i)                                                                               \
    if (i < rows)                                                                                  \
        STORE(out + i * row->out_step, sums[i]);

/* `rows` pixels. rows and factors are constants wherever this is inlined. */
#define DEFINE_PIXELS(name)                                                                        \
    MIENI_INLINE void name(const ThinRow *row, const VECTOR w[MAX_FACTORS], VECTOR bias,           \
                           VECTOR slope, const float *in, const float *residual, float *out,       \
                           const int rows, const int factors)                                      \
    {                                                                                              \
        VECTOR sums[ROWS];                                                                         \
        EACH_ROW(BEGIN_SUM)                                                                        \
        EACH_FACTOR(MULTIPLY)                                                                      \
        if (residual) {                                                                            \
            EACH_ROW(ADD_RESIDUAL)                                                                 \
        }                                                                                          \
        WITH_ACTIVATION(row->activation, EACH_ROW(ACTIVATE_ROW))                                   \
        EACH_ROW(STORE_ROW)                                                                        \
    }

#define DEFINE_ROW(name, pixels)                                                                   \
    MIENI_INLINE void name(const ThinRow *row, const int factors)                                  \
    {                                                                                              \
        const float *in = row->in, *residual = row->residual;                                      \
        const VECTOR bias = LOAD(row->bias), slope = LOAD(row->slope);                             \
        VECTOR w[MAX_FACTORS];                                                                     \
        float *out = row->out;                                                                     \
        int32_t left = row->n;                                                                     \
        EACH_FACTOR(LOAD_WEIGHT)                                                                   \
        for (; left >= ROWS; left -= ROWS) {                                                       \
            pixels(row, w, bias, slope, in, residual, out, ROWS, factors);                         \
            in += ROWS * factors;                                                                  \
            out += ROWS * row->out_step;                                                           \
            if (residual)                                                                          \
                residual += ROWS * row->residual_step;                                             \
        }                                                                                          \
        for (; left > 0; left--) {                                                                 \
            pixels(row, w, bias, slope, in, residual, out, 1, factors);                            \
            in += factors;                                                                         \
            out += row->out_step;                                                                  \
            if (residual)                                                                          \
                residual += row->residual_step;                                                    \
        }                                                                                          \
    }

#define VECTOR __m512
#define LOAD(from) _mm512_loadu_ps(from)
#define STORE(to, value) _mm512_storeu_ps(to, value)
#define BROADCAST(x) _mm512_set1_ps(x)
#define ADD(a, b) _mm512_add_ps(a, b)
#define FMADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#define ACTIVATE(activation, x, slope) avx512_activate(activation, x, slope)
DEFINE_PIXELS(pixels_of_16)
DEFINE_ROW(row_of_16, pixels_of_16)
#undef VECTOR
#undef LOAD
#undef STORE
#undef BROADCAST
#undef ADD
#undef FMADD
#undef ACTIVATE
#define VECTOR __m256
#define LOAD(from) _mm256_loadu_ps(from)
#define STORE(to, value) _mm256_storeu_ps(to, value)
#define BROADCAST(x) _mm256_set1_ps(x)
#define ADD(a, b) _mm256_add_ps(a, b)
#define FMADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#define ACTIVATE(activation, x, slope) avx2_activate(activation, x, slope)
DEFINE_PIXELS(pixels_of_8)
DEFINE_ROW(row_of_8, pixels_of_8)

/* Each is a function of its own, for the sake of the compiler's register allocation. */
#define ROW(factors, channels)                                                                     \
    static void row_##factors##_##channels(const ThinRow *row)                                     \
    {                                                                                              \
        row_of_##channels(row, factors);                                                           \
    }
ROW(8, 8)
ROW(8, 16)
ROW(16, 8)
ROW(16, 16)

void mieni_thin_row_avx512(const ThinRow *row, ptrdiff_t n_factors, int32_t channels)
{
    if (channels == 16 && n_factors == 16)
        row_16_16(row);
    else if (channels == 16)
        row_8_16(row);
    else if (n_factors == 16)
        row_16_8(row);
    else
        row_8_8(row);
}
