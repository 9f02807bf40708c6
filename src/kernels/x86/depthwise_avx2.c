/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution, a lane a channel. For 3x3 kernels a group of 8 channels keeps its 9
 * weights in registers and slides over 4 (then 3, 2, 1) neighbouring outputs: an input column is
 * loaded once for all outputs that it touches. Then comes the next group of the same pixels, so
 * that memory is read in order and a few rows of a wide plane stay in L1. The zero border stands
 * for what lies outside. Other kernels, and planes without lanes or border enough, go tap by tap
 * with checks and masks. No over-read.
 */
#include "kernels/gemm.h"
#include "kernels/x86/depthwise_avx2.h"

size_t mieni_depthwise_packed_floats_avx2(const MieniConvShape *shape)
{
    size_t taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width;
    return mieni_round_up((taps + 1) * (size_t)avx2_round_up_8(shape->in_channels), 16);
}

void mieni_depthwise_pack_avx2(const MieniConvShape *shape, const float *depthwise,
                               const float *bias, float *packed)
{
    size_t taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width;
    size_t channels = (size_t)shape->in_channels;

    memset(packed, 0, mieni_depthwise_packed_floats_avx2(shape) * sizeof(float));
    for (size_t c = 0; c < channels; c++) {
        float *group = packed + c / 8 * (taps + 1) * 8;
        group[c % 8] = bias[c];
        for (size_t i = 0; i < taps; i++)
            group[(i + 1) * 8 + c % 8] = depthwise[i * channels + c];
    }
}

/* One column of taps, written out for up to 4 outputs: compilers keep arrays in registers only if
 * they see constant indices before they unroll loops. What there is not is dead code. */
#define TAP(i, column)                                                                             \
    if (i < outputs && column >= i * stride && column < i * stride + 3) {                          \
        sums[i] = _mm256_fmadd_ps(top, w[column - i * stride], sums[i]);                           \
        sums[i] = _mm256_fmadd_ps(middle, w[3 + column - i * stride], sums[i]);                    \
        sums[i] = _mm256_fmadd_ps(bottom, w[6 + column - i * stride], sums[i]);                    \
    }
#define COLUMN(column)                                                                             \
    if (column < (outputs - 1) * stride + 3) {                                                     \
        __m256 top = _mm256_loadu_ps(in);                                                          \
        __m256 middle = _mm256_loadu_ps(in + row_stride);                                          \
        __m256 bottom = _mm256_loadu_ps(in + 2 * row_stride);                                      \
        in += pixel_stride; /* one moving pointer: products of strides would be spilled */         \
        TAP(0, column)                                                                             \
        TAP(1, column)                                                                             \
        TAP(2, column)                                                                             \
        TAP(3, column)                                                                             \
    }
#define STORE(i)                                                                                   \
    if (i < outputs)                                                                               \
        _mm256_storeu_ps(to + i * to_stride, sums[i]);

/* `outputs` (at most 4) neighbouring outputs of one group. in: the first output's upper left tap.
 * stride and outputs are constants wherever this is inlined. */
MIENI_INLINE void slide(const float *in, ptrdiff_t row_stride, ptrdiff_t pixel_stride,
                        const float *packed, float *to, ptrdiff_t to_stride, const int stride,
                        const int outputs)
{
    const __m256 w[9] = {
        _mm256_load_ps(packed + 8),  _mm256_load_ps(packed + 16), _mm256_load_ps(packed + 24),
        _mm256_load_ps(packed + 32), _mm256_load_ps(packed + 40), _mm256_load_ps(packed + 48),
        _mm256_load_ps(packed + 56), _mm256_load_ps(packed + 64), _mm256_load_ps(packed + 72)};
    __m256 sums[4];
    sums[0] = sums[1] = sums[2] = sums[3] = _mm256_load_ps(packed);
    /* clang-format off */
    COLUMN(0) COLUMN(1) COLUMN(2) COLUMN(3) COLUMN(4) COLUMN(5) COLUMN(6) COLUMN(7) COLUMN(8)
    STORE(0) STORE(1) STORE(2) STORE(3)
    /* clang-format on */
}

/* With stride 2 a group is a call: inlined into a loop over groups, the places of its 27 factors
 * are kept on the stack by GCC. */
#define SLIDE_2(outputs)                                                                           \
    static void slide_2_##outputs(const float *in, ptrdiff_t row_stride, ptrdiff_t pixel_stride,   \
                                  const float *packed, float *to, ptrdiff_t to_stride)             \
    {                                                                                              \
        slide(in, row_stride, pixel_stride, packed, to, to_stride, 2, outputs);                    \
    }
SLIDE_2(1)
SLIDE_2(2)
SLIDE_2(3)
SLIDE_2(4)

typedef void (*SlideFn)(const float *in, ptrdiff_t row_stride, ptrdiff_t pixel_stride,
                        const float *packed, float *to, ptrdiff_t to_stride);

/* What an output row consists of. */
typedef struct Row {
    ptrdiff_t row_stride, pixel_stride; /* of the input */
    const float *packed;
    int32_t channels; /* a multiple of 8 */
    int32_t width;
} Row;

/* `outputs` neighbouring pixels, all channels: neighbours in memory follow each other. */
MIENI_INLINE void columns(const Row *row, const float *in, float *to, const int outputs)
{
    const float *packed = row->packed;
    for (int32_t c = 0; c < row->channels; c += 8, packed += 80)
        slide(in + c, row->row_stride, row->pixel_stride, packed, to + c, row->channels, 1,
              outputs);
}

static void row_stride_1(const Row *row, const float *in, float *to)
{
    ptrdiff_t step = row->pixel_stride;
    int32_t left = row->width;

    for (; left >= 4 && left != 6; left -= 4, in += 4 * step, to += 4 * row->channels)
        columns(row, in, to, 4);
    for (; left >= 3; left -= 3, in += 3 * step, to += 3 * row->channels)
        columns(row, in, to, 3);
    if (left == 2)
        columns(row, in, to, 2);
    else if (left == 1)
        columns(row, in, to, 1);
}

static void row_stride_2(const Row *row, const float *in, float *to)
{
    static const SlideFn slides[5] = {NULL, slide_2_1, slide_2_2, slide_2_3, slide_2_4};
    ptrdiff_t step = 2 * row->pixel_stride;

    for (int32_t left = row->width, n; left > 0; left -= n) {
        n = left >= 4 && left != 6 ? 4 : MIENI_MIN(left, 3);
        const float *packed = row->packed;
        for (int32_t c = 0; c < row->channels; c += 8, packed += 80)
            slides[n](in + c, row->row_stride, row->pixel_stride, packed, to + c, row->channels);
        in += n * step;
        to += n * row->channels;
    }
}

/* Any kernel, any border: one output of one group. */
static __m256 checked_pixel(const MieniConvArgs *args, const float *packed, int32_t y, int32_t x,
                            int32_t channel)
{
    const MieniConvShape *shape = args->shape;
    ptrdiff_t lanes = avx2_lanes(&args->in, channel);
    __m256 sum = _mm256_load_ps(packed);

    for (int32_t kx = 0; kx < shape->kernel_width; kx++) {
        for (int32_t ky = 0; ky < shape->kernel_height; ky++) {
            int32_t sy = y * shape->stride + ky - shape->pad_top;
            int32_t sx = x * shape->stride + kx - shape->pad_left;
            if (sy < 0 || sy >= shape->in_height || sx < 0 || sx >= shape->in_width)
                continue;
            const float *in = mieni_plane_at(&args->in, sy, sx) + channel;
            __m256 w = _mm256_load_ps(packed + (1 + ky * shape->kernel_width + kx) * 8);
            sum = _mm256_fmadd_ps(avx2_load(in, lanes), w, sum);
        }
    }
    return sum;
}

static void checked_row(const MieniConvArgs *args, const float *packed, int32_t y, float *to)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = avx2_round_up_8(shape->in_channels);
    ptrdiff_t group = (ptrdiff_t)(shape->kernel_height * shape->kernel_width + 1) * 8;

    for (int32_t x = 0; x < shape->out_width; x++)
        for (int32_t c = 0; c < padded; c += 8, to += 8)
            _mm256_storeu_ps(to, checked_pixel(args, packed + c / 8 * group, y, x, c));
}

void mieni_depthwise_row_avx2(const MieniConvArgs *args, const float *packed, int32_t y, float *to)
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
    if (shape->stride == 1)
        row_stride_1(&row, in, to);
    else
        row_stride_2(&row, in, to);
}

/* [depthwise with bias][slope], the latter padded to 8. */
static size_t packed_floats(const MieniConvShape *shape)
{
    return mieni_depthwise_packed_floats_avx2(shape) + (size_t)avx2_round_up_8(shape->out_channels);
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    size_t padded = (size_t)avx2_round_up_8(shape->out_channels);
    size_t n_bytes = (size_t)shape->out_channels * sizeof(float);
    float *slope = packed + mieni_depthwise_packed_floats_avx2(shape);

    mieni_depthwise_pack_avx2(shape, weights->depthwise, weights->bias, packed);
    memset(slope, 0, padded * sizeof(float));
    if (weights->slope)
        memcpy(slope, weights->slope, n_bytes);
}

static size_t scratch_floats(const MieniConvShape *shape)
{
    return (size_t)shape->out_width * (size_t)avx2_round_up_8(shape->in_channels);
}

/* The residual of 8 channels of output pixel (y, x). */
static __m256 residual_of(const MieniConvArgs *args, int32_t y, int32_t x, int32_t channel)
{
    const MieniPlane *plane = &args->residual;
    MieniResidual kind = args->shape->residual;
    ptrdiff_t lanes = avx2_residual_lanes(args, channel);

    if (lanes <= 0)
        return _mm256_setzero_ps();
    if (kind == MIENI_RESIDUAL_ADD)
        return avx2_residual(kind, mieni_plane_at(plane, y, x) + channel, 0, 0, lanes);
    return avx2_residual(kind, mieni_plane_at(plane, 2 * y, 2 * x) + channel,
                         2 * x + 1 < plane->width ? plane->pixel_stride : 0,
                         2 * y + 1 < plane->height ? plane->row_stride : 0, lanes);
}

/* Residual and activation of one row, out of scratch. */
static void finish_row(const MieniConvArgs *args, const float *slope, int32_t y)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = avx2_round_up_8(shape->out_channels);
    const float *sums = args->scratch;

    for (int32_t x = 0; x < shape->out_width; x++) {
        for (int32_t c = 0; c < padded; c += 8, sums += 8) {
            __m256 v = _mm256_add_ps(_mm256_load_ps(sums), residual_of(args, y, x, c));
            v = avx2_activate(shape->activation, v, _mm256_load_ps(slope + c));
            avx2_store(mieni_plane_at(&args->out, y, x) + c, avx2_lanes(&args->out, c), v);
        }
        mieni_conv_tail_avx2(args, mieni_plane_at(&args->out, y, x), 0, shape->out_channels);
    }
}

static void run(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const float *slope = args->packed + mieni_depthwise_packed_floats_avx2(args->shape);
    for (int32_t y = row_begin; y < row_end; y++) {
        mieni_depthwise_row_avx2(args, args->packed, y, args->scratch);
        finish_row(args, slope, y);
    }
}

const MieniConvKernel mieni_depthwise_avx2 = {packed_floats, pack, scratch_floats, run};
