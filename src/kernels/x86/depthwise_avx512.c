/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The depthwise convolution of depthwise_avx2.c with 16 channels a vector, and 8 in the last one
 * where the channels want it. A plane of 8 channels without gaps between its pixels has two
 * neighbouring pixels in a vector, both with the same weights: to the code such a pair is a pixel
 * of 16 channels, whose taps are half a pixel apart.
 */
#include "kernels/gemm.h"
#include "kernels/x86/depthwise_avx512.h"

#define BLOCK_FLOATS 1024 /* outputs of all channels while a group's weights stay in registers */

/* Channels of the group that begins with `left` channels to go, left a multiple of 8. */
static int32_t group_width(int32_t left)
{
    return left >= 16 ? 16 : 8;
}

size_t mieni_depthwise_packed_floats_avx512(const MieniConvShape *shape)
{
    size_t taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width;
    return mieni_round_up((taps + 1) * (size_t)avx2_round_up_8(shape->in_channels), 16);
}

void mieni_depthwise_pack_avx512(const MieniConvShape *shape, const float *depthwise,
                                 const float *bias, float *packed)
{
    int32_t taps = shape->kernel_height * shape->kernel_width, channels = shape->in_channels;
    int32_t padded = avx2_round_up_8(channels);

    memset(packed, 0, mieni_depthwise_packed_floats_avx512(shape) * sizeof(float));
    for (int32_t begin = 0, width; begin < padded; begin += width) {
        width = group_width(padded - begin);
        size_t n = (size_t)MIENI_MIN(width, channels - begin) * sizeof(float);
        memcpy(packed, bias + begin, n);
        packed += width;
        for (int32_t i = 0; i < taps; i++, packed += width)
            memcpy(packed, depthwise + (ptrdiff_t)i * channels + begin, n);
    }
}

/* One column of taps, written out for up to 4 outputs, as in depthwise_avx2.c. */
#define TAP(i, column)                                                                             \
    if (i < outputs && column >= i * stride && column < i * stride + 3) {                          \
        sums[i] = FMADD(top, w[column - i * stride], sums[i]);                                     \
        sums[i] = FMADD(middle, w[3 + column - i * stride], sums[i]);                              \
        sums[i] = FMADD(bottom, w[6 + column - i * stride], sums[i]);                              \
    }
#define COLUMN(column)                                                                             \
    if (column < (outputs - 1) * stride + 3) {                                                     \
        VECTOR top = LOAD(in);                                                                     \
        VECTOR middle = LOAD(in + row_stride);                                                     \
        VECTOR bottom = LOAD(in + 2 * row_stride);                                                 \
        in += step; /* one moving pointer: products of strides would be spilled */                 \
        TAP(0, column)                                                                             \
        TAP(1, column)                                                                             \
        TAP(2, column)                                                                             \
        TAP(3, column)                                                                             \
    }
#define STORE_SUM(i)                                                                               \
    if (i < outputs)                                                                               \
        STORE(to + i * to_stride, sums[i]);

/*
 * `outputs` (at most 4) neighbouring outputs of one group of channels. in: the first output's upper
 * left tap; step: from a column of taps to the next. weights: bias, then taps. stride and outputs
 * are constants wherever this is inlined.
 */
#define SLIDE(name)                                                                                \
    MIENI_INLINE void name(const float *in, ptrdiff_t row_stride, ptrdiff_t step,                  \
                           const VECTOR weights[10], float *to, ptrdiff_t to_stride,               \
                           const int stride, const int outputs)                                    \
    {                                                                                              \
        const VECTOR *w = weights + 1;                                                             \
        VECTOR sums[4];                                                                            \
        sums[0] = sums[1] = sums[2] = sums[3] = weights[0];                                        \
        COLUMN(0)                                                                                  \
        COLUMN(1)                                                                                  \
        COLUMN(2)                                                                                  \
        COLUMN(3)                                                                                  \
        COLUMN(4)                                                                                  \
        COLUMN(5)                                                                                  \
        COLUMN(6)                                                                                  \
        COLUMN(7)                                                                                  \
        COLUMN(8)                                                                                  \
        STORE_SUM(0)                                                                               \
        STORE_SUM(1)                                                                               \
        STORE_SUM(2)                                                                               \
        STORE_SUM(3)                                                                               \
    }

#define VECTOR __m512
#define LOAD(from) _mm512_loadu_ps(from)
#define STORE(to, value) _mm512_storeu_ps(to, value)
#define FMADD(a, b, c) _mm512_fmadd_ps(a, b, c)
SLIDE(slide_16)
#undef VECTOR
#undef LOAD
#undef STORE
#undef FMADD
#define VECTOR __m256
#define LOAD(from) _mm256_loadu_ps(from)
#define STORE(to, value) _mm256_storeu_ps(to, value)
#define FMADD(a, b, c) _mm256_fmadd_ps(a, b, c)
SLIDE(slide_8)

#define EACH_WEIGHT(LOAD_ONE)                                                                      \
    LOAD_ONE(0), LOAD_ONE(1), LOAD_ONE(2), LOAD_ONE(3), LOAD_ONE(4), LOAD_ONE(5), LOAD_ONE(6),     \
        LOAD_ONE(7), LOAD_ONE(8), LOAD_ONE(9)
#define WEIGHT_16(i) _mm512_loadu_ps(packed + 16 * (i))
#define WEIGHT_8(i) _mm256_loadu_ps(packed + 8 * (i))
#define WEIGHT_TWICE(i) _mm512_broadcast_f32x8(_mm256_loadu_ps(packed + 8 * (i)))

/* What an output row consists of. */
typedef struct Row {
    ptrdiff_t row_stride, pixel_stride; /* of the input */
    const float *packed;
    int32_t channels; /* a multiple of 8 */
    int32_t width;
} Row;

/* n times `outputs` neighbouring pixels, all channels; the weights of a group are loaded once. */
MIENI_INLINE void columns(const Row *row, const float *in, float *to, int32_t n, const int stride,
                          const int outputs)
{
    const float *packed = row->packed;
    ptrdiff_t in_step = outputs * stride * row->pixel_stride, to_step = outputs * row->channels;
    int32_t c = 0;
    for (; c + 16 <= row->channels; c += 16, packed += 160) {
        const __m512 weights[10] = {EACH_WEIGHT(WEIGHT_16)};
        const float *from = in + c;
        float *into = to + c;
        for (int32_t i = 0; i < n; i++, from += in_step, into += to_step)
            slide_16(from, row->row_stride, row->pixel_stride, weights, into, row->channels, stride,
                     outputs);
    }
    if (c < row->channels) {
        const __m256 weights[10] = {EACH_WEIGHT(WEIGHT_8)};
        const float *from = in + c;
        float *into = to + c;
        for (int32_t i = 0; i < n; i++, from += in_step, into += to_step)
            slide_8(from, row->row_stride, row->pixel_stride, weights, into, row->channels, stride,
                    outputs);
    }
}

MIENI_INLINE void row_3x3(const Row *row, const float *in, float *to, const int stride)
{
    ptrdiff_t step = stride * row->pixel_stride;
    int32_t left = row->width, most = MIENI_MAX(BLOCK_FLOATS / row->channels / 4, 1);
    int32_t quads = left / 4 - (left % 4 == 2 && left >= 6); /* 6 are 3 + 3 */

    for (int32_t n; quads > 0; quads -= n, left -= 4 * n) {
        n = MIENI_MIN(quads, most);
        columns(row, in, to, n, stride, 4);
        in += 4 * n * step;
        to += 4 * n * row->channels;
    }
    if (left >= 3) {
        columns(row, in, to, left / 3, stride, 3);
        in += left / 3 * 3 * step;
        to += left / 3 * 3 * row->channels;
        left %= 3;
    }
    if (left == 2)
        columns(row, in, to, 1, stride, 2);
    else if (left == 1)
        columns(row, in, to, 1, stride, 1);
}

/* A row of 8 channels, stride 1, two pixels a vector. */
static void row_of_pairs(const Row *row, const float *in, float *to)
{
    const float *packed = row->packed;
    const __m512 weights[10] = {EACH_WEIGHT(WEIGHT_TWICE)};
    int32_t left = row->width;

    for (; left >= 8; left -= 8, in += 64, to += 64)
        slide_16(in, row->row_stride, 8, weights, to, 16, 2, 4);
    for (; left >= 2; left -= 2, in += 16, to += 16)
        slide_16(in, row->row_stride, 8, weights, to, 16, 2, 1);
    if (left)
        columns(row, in, to, 1, 1, 1);
}

/* Any kernel, any border: one output of one group of `width` channels. */
static __m512 checked_pixel(const MieniConvArgs *args, const float *packed, int32_t y, int32_t x,
                            int32_t channel, int32_t width)
{
    const MieniConvShape *shape = args->shape;
    __mmask16 group = avx512_mask(width);
    __mmask16 lanes = group & avx512_mask(args->in.pixel_stride - channel);
    __m512 sum = _mm512_maskz_loadu_ps(group, packed);

    for (int32_t kx = 0; kx < shape->kernel_width; kx++) {
        for (int32_t ky = 0; ky < shape->kernel_height; ky++) {
            int32_t sy = y * shape->stride + ky - shape->pad_top;
            int32_t sx = x * shape->stride + kx - shape->pad_left;
            if (sy < 0 || sy >= shape->in_height || sx < 0 || sx >= shape->in_width)
                continue;
            const float *in = mieni_plane_at(&args->in, sy, sx) + channel;
            const float *w = packed + (1 + ky * shape->kernel_width + kx) * width;
            sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(lanes, in), _mm512_maskz_loadu_ps(group, w),
                                  sum);
        }
    }
    return sum;
}

static void checked_row(const MieniConvArgs *args, const float *packed, int32_t y, float *to)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = avx2_round_up_8(shape->in_channels);
    int32_t taps = shape->kernel_height * shape->kernel_width;

    for (int32_t x = 0; x < shape->out_width; x++)
        for (int32_t c = 0, width; c < padded; c += width, to += width) {
            width = group_width(padded - c);
            __m512 sum = checked_pixel(args, packed + (ptrdiff_t)c * (taps + 1), y, x, c, width);
            _mm512_mask_storeu_ps(to, avx512_mask(width), sum);
        }
}

void mieni_depthwise_row_avx512(const MieniConvArgs *args, const float *packed, int32_t y,
                                float *to)
{
    const MieniConvShape *shape = args->shape;
    const MieniPlane *plane = &args->in;
    Row row = {.row_stride = plane->row_stride,
               .pixel_stride = plane->pixel_stride,
               .packed = packed,
               .channels = avx2_round_up_8(shape->in_channels),
               .width = shape->out_width};

    if (shape->kernel_height != 3 || shape->kernel_width != 3 || shape->stride > 2 ||
        plane->pixel_stride < row.channels || !gemm_border_suffices(shape, plane)) {
        checked_row(args, packed, y, to);
        return;
    }
    const float *in = mieni_plane_at(plane, y * shape->stride - shape->pad_top, -shape->pad_left);
    if (shape->stride == 2)
        row_3x3(&row, in, to, 2);
    else if (row.channels == 8 && plane->pixel_stride == 8)
        row_of_pairs(&row, in, to);
    else
        row_3x3(&row, in, to, 1);
}
