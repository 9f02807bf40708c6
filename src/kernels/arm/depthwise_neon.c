/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution, a lane a channel. For 3x3 kernels a group of 4 channels keeps its 9
 * weights in registers and slides over up to 8 neighbouring outputs: an input column is loaded once
 * for all outputs that it touches. Then comes the next group of the same pixels, so that memory is
 * read in order and a few rows of a wide plane stay in L1. The zero border stands for what lies
 * outside. Other kernels, and planes without lanes or border enough, go tap by tap with checks. No
 * over-read.
 */
#include "kernels/gemm.h"
#include "kernels/arm/depthwise_neon.h"

#define MAX_OUTPUTS 8

size_t mieni_depthwise_packed_floats_neon(const MieniConvShape *shape)
{
    size_t taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width;
    return mieni_round_up((taps + 1) * (size_t)neon_round_up_4(shape->in_channels), 16);
}

void mieni_depthwise_pack_neon(const MieniConvShape *shape, const float *depthwise,
                               const float *bias, float *packed)
{
    size_t taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width;
    size_t channels = (size_t)shape->in_channels;

    memset(packed, 0, mieni_depthwise_packed_floats_neon(shape) * sizeof(float));
    for (size_t c = 0; c < channels; c++) {
        float *group = packed + c / 4 * (taps + 1) * 4;
        group[c % 4] = bias[c];
        for (size_t i = 0; i < taps; i++)
            group[(i + 1) * 4 + c % 4] = depthwise[i * channels + c];
    }
}

/* One column of taps, written out for up to 8 outputs: compilers keep arrays in registers only if
 * they see constant indices before they unroll loops. What there is not is dead code. Outputs that
 * share a column take turns, so that none waits for itself. */
#define EACH_OUTPUT(DO, ...)                                                                       \
    DO(0, __VA_ARGS__)                                                                             \
    DO(1, __VA_ARGS__)                                                                             \
    DO(2, __VA_ARGS__)                                                                             \
    DO(3, __VA_ARGS__)                                                                             \
    DO(4, __VA_ARGS__) DO(5, __VA_ARGS__) DO(6, __VA_ARGS__) DO(7, __VA_ARGS__)
#define TAP(i, column, row)                                                                        \
    if (i < outputs && column >= i * stride && column < i * stride + 3)                            \
        sums[i] = vfmaq_f32(sums[i], taps[row], w[3 * row + column - i * stride]);
#define COLUMN(column)                                                                             \
    if (column < (outputs - 1) * stride + 3) {                                                     \
        const float32x4_t taps[3] = {vld1q_f32(in), vld1q_f32(in + row_stride),                    \
                                     vld1q_f32(in + 2 * row_stride)};                              \
        in += pixel_stride; /* one moving pointer: products of strides would be spilled */         \
        EACH_OUTPUT(TAP, column, 0)                                                                \
        EACH_OUTPUT(TAP, column, 1)                                                                \
        EACH_OUTPUT(TAP, column, 2)                                                                \
    }
#define STORE(i, unused)                                                                           \
    if (i < outputs)                                                                               \
        vst1q_f32(to + i * to_stride, sums[i]);

/* `outputs` neighbouring outputs of one group. in: the first output's upper left tap. stride and
 * outputs are constants wherever this is inlined. */
MIENI_INLINE void slide(const float *in, ptrdiff_t row_stride, ptrdiff_t pixel_stride,
                        const float *packed, float *to, ptrdiff_t to_stride, const int stride,
                        const int outputs)
{
    const float32x4_t bias = vld1q_f32(packed);
    const float32x4_t w[9] = {
        vld1q_f32(packed + 4),  vld1q_f32(packed + 8),  vld1q_f32(packed + 12),
        vld1q_f32(packed + 16), vld1q_f32(packed + 20), vld1q_f32(packed + 24),
        vld1q_f32(packed + 28), vld1q_f32(packed + 32), vld1q_f32(packed + 36)};
    float32x4_t sums[MAX_OUTPUTS] = {bias, bias, bias, bias, bias, bias, bias, bias};
    /* clang-format off */
    COLUMN(0) COLUMN(1) COLUMN(2) COLUMN(3) COLUMN(4) COLUMN(5) COLUMN(6) COLUMN(7) COLUMN(8)
    COLUMN(9) COLUMN(10) COLUMN(11) COLUMN(12) COLUMN(13) COLUMN(14) COLUMN(15) COLUMN(16)
        /* clang-format on */
        EACH_OUTPUT(STORE, 0)
}

/* What an output row consists of. */
typedef struct Row {
    ptrdiff_t row_stride, pixel_stride; /* of the input */
    const float *packed;
    int32_t channels; /* a multiple of 4 */
    int32_t width;
} Row;

/* All channels of `outputs` neighbouring pixels: neighbours in memory follow each other. Each is a
 * function of its own, for the sake of the compiler's register allocation. */
#define COLUMNS(stride, outputs)                                                                   \
    static void columns_##stride##_##outputs(const Row *row, const float *in, float *to)           \
    {                                                                                              \
        const float *packed = row->packed;                                                         \
        for (int32_t c = 0; c < row->channels; c += 4, packed += 40)                               \
            slide(in + c, row->row_stride, row->pixel_stride, packed, to + c, row->channels,       \
                  stride, outputs);                                                                \
    }
COLUMNS(1, 1)
COLUMNS(1, 2)
COLUMNS(1, 3)
COLUMNS(1, 4)
COLUMNS(1, 5)
COLUMNS(1, 6)
COLUMNS(1, 7)
COLUMNS(1, 8)
COLUMNS(2, 1)
COLUMNS(2, 2)
COLUMNS(2, 3)
COLUMNS(2, 4)
COLUMNS(2, 5)
COLUMNS(2, 6)
COLUMNS(2, 7)
COLUMNS(2, 8)

typedef void (*ColumnsFn)(const Row *row, const float *in, float *to);

static const ColumnsFn columns[3][MAX_OUTPUTS + 1] = {
    {NULL},
    {NULL, columns_1_1, columns_1_2, columns_1_3, columns_1_4, columns_1_5, columns_1_6,
     columns_1_7, columns_1_8},
    {NULL, columns_2_1, columns_2_2, columns_2_3, columns_2_4, columns_2_5, columns_2_6,
     columns_2_7, columns_2_8}};

/* Pieces of nearly equal size: 12 outputs are 6 + 6. */
static void row_3x3(const Row *row, const float *in, float *to, int stride)
{
    int32_t n_pieces = (row->width + MAX_OUTPUTS - 1) / MAX_OUTPUTS;
    int32_t outputs = row->width / n_pieces, n_larger = row->width % n_pieces;

    for (int32_t i = 0; i < n_pieces; i++) {
        int32_t n = outputs + (i < n_larger);
        columns[stride][n](row, in, to);
        in += n * stride * row->pixel_stride;
        to += n * row->channels;
    }
}

/* Any kernel, any border: one output of one group. */
static float32x4_t checked_pixel(const MieniConvArgs *args, const float *packed, int32_t y,
                                 int32_t x, int32_t channel)
{
    const MieniConvShape *shape = args->shape;
    ptrdiff_t lanes = args->in.pixel_stride - channel;
    float32x4_t sum = vld1q_f32(packed);

    for (int32_t kx = 0; kx < shape->kernel_width; kx++) {
        for (int32_t ky = 0; ky < shape->kernel_height; ky++) {
            int32_t sy = y * shape->stride + ky - shape->pad_top;
            int32_t sx = x * shape->stride + kx - shape->pad_left;
            if (sy < 0 || sy >= shape->in_height || sx < 0 || sx >= shape->in_width)
                continue;
            const float *in = mieni_plane_at(&args->in, sy, sx) + channel;
            float32x4_t w = vld1q_f32(packed + (1 + ky * shape->kernel_width + kx) * 4);
            sum = vfmaq_f32(sum, neon_load(in, lanes), w);
        }
    }
    return sum;
}

static void checked_row(const MieniConvArgs *args, const float *packed, int32_t y, float *to)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = neon_round_up_4(shape->in_channels);
    ptrdiff_t group = (ptrdiff_t)(shape->kernel_height * shape->kernel_width + 1) * 4;

    for (int32_t x = 0; x < shape->out_width; x++)
        for (int32_t c = 0; c < padded; c += 4, to += 4)
            vst1q_f32(to, checked_pixel(args, packed + c / 4 * group, y, x, c));
}

void mieni_depthwise_row_neon(const MieniConvArgs *args, const float *packed, int32_t y, float *to)
{
    const MieniConvShape *shape = args->shape;
    const MieniPlane *plane = &args->in;
    Row row = {.row_stride = plane->row_stride,
               .pixel_stride = plane->pixel_stride,
               .packed = packed,
               .channels = neon_round_up_4(shape->in_channels),
               .width = shape->out_width};

    if (shape->kernel_height != 3 || shape->kernel_width != 3 || shape->stride > 2 ||
        plane->pixel_stride < row.channels || !gemm_border_suffices(shape, plane)) {
        checked_row(args, packed, y, to);
        return;
    }
    row_3x3(&row, mieni_plane_at(plane, y * shape->stride - shape->pad_top, -shape->pad_left), to,
            shape->stride);
}

/* [depthwise with bias][slope], the latter padded to 8. */
static size_t packed_floats(const MieniConvShape *shape)
{
    return mieni_depthwise_packed_floats_neon(shape) + (size_t)neon_round_up_8(shape->out_channels);
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    size_t padded = (size_t)neon_round_up_8(shape->out_channels);
    size_t n_bytes = (size_t)shape->out_channels * sizeof(float);
    float *slope = packed + mieni_depthwise_packed_floats_neon(shape);

    mieni_depthwise_pack_neon(shape, weights->depthwise, weights->bias, packed);
    memset(slope, 0, padded * sizeof(float));
    if (weights->slope)
        memcpy(slope, weights->slope, n_bytes);
}

static size_t scratch_floats(const MieniConvShape *shape)
{
    return (size_t)shape->out_width * (size_t)neon_round_up_4(shape->in_channels);
}

/* The residual of 4 channels of output pixel (y, x). */
static float32x4_t residual_of(const MieniConvArgs *args, int32_t y, int32_t x, int32_t channel)
{
    const MieniPlane *plane = &args->residual;
    MieniResidual kind = args->shape->residual;
    ptrdiff_t lanes = neon_residual_lanes(args, channel);

    if (lanes <= 0)
        return vdupq_n_f32(0.0f);
    if (kind == MIENI_RESIDUAL_ADD)
        return neon_residual(kind, mieni_plane_at(plane, y, x) + channel, 0, 0, lanes);
    return neon_residual(kind, mieni_plane_at(plane, 2 * y, 2 * x) + channel,
                         2 * x + 1 < plane->width ? plane->pixel_stride : 0,
                         2 * y + 1 < plane->height ? plane->row_stride : 0, lanes);
}

/* Residual and activation of one row, out of scratch. */
static void finish_row(const MieniConvArgs *args, const float *slope, int32_t y)
{
    const MieniConvShape *shape = args->shape;
    int32_t padded = neon_round_up_4(shape->out_channels);
    const float *sums = args->scratch;

    for (int32_t x = 0; x < shape->out_width; x++) {
        float *out = mieni_plane_at(&args->out, y, x);
        for (int32_t c = 0; c < padded; c += 4, sums += 4) {
            float32x4_t v = vaddq_f32(vld1q_f32(sums), residual_of(args, y, x, c));
            v = neon_activate(shape->activation, v, vld1q_f32(slope + c));
            neon_store(out + c, args->out.pixel_stride - c, v);
        }
        mieni_conv_tail_neon(args, out, 0, shape->out_channels);
    }
}

static void run(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const float *slope = args->packed + mieni_depthwise_packed_floats_neon(args->shape);
    for (int32_t y = row_begin; y < row_end; y++) {
        mieni_depthwise_row_neon(args, args->packed, y, args->scratch);
        finish_row(args, slope, y);
    }
}

const MieniConvKernel mieni_depthwise_neon = {packed_floats, pack, scratch_floats, run};
