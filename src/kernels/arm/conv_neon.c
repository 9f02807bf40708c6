/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv and pointwise as dense products straight out of the input plane: the zero border stands for
 * what lies outside, and one kernel row of a plane without gaps between pixels is one run of
 * factors. A plane whose border is too narrow is first gathered into scratch, a row at a time.
 */
#include "kernels/arm/gemm_neon.h"

#include <math.h>

bool mieni_border_suffices_neon(const MieniConvShape *shape, const MieniPlane *in)
{
    int32_t below = (shape->out_height - 1) * shape->stride + shape->kernel_height -
                    shape->pad_top - shape->in_height;
    int32_t behind = (shape->out_width - 1) * shape->stride + shape->kernel_width -
                     shape->pad_left - shape->in_width;
    return shape->pad_top <= in->border && shape->pad_left <= in->border && below <= in->border &&
           behind <= in->border;
}

void mieni_conv_tail_neon(const MieniConvArgs *args, float *out, int32_t begin, int32_t end)
{
    if (args->shape->activation == MIENI_ACTIVATION_SIGMOID)
        for (int32_t c = begin; c < end; c++)
            out[c] = 1.0f / (1.0f + expf(-out[c]));
    if (end == args->shape->out_channels)
        for (ptrdiff_t c = neon_round_up_4(end); c < args->out.pixel_stride; c++)
            out[c] = 0.0f;
}

static size_t k_of(const MieniConvShape *shape)
{
    return (size_t)shape->kernel_height * (size_t)shape->kernel_width * (size_t)shape->in_channels;
}

static size_t packed_floats(const MieniConvShape *shape)
{
    return mieni_gemm_packed_floats_neon(shape->out_channels, k_of(shape));
}

static void pack(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed)
{
    mieni_gemm_pack_neon(weights, shape->out_channels, k_of(shape), packed);
}

static size_t conv_scratch_floats(const MieniConvShape *shape)
{
    return (size_t)shape->out_width * k_of(shape);
}

static size_t no_scratch_floats(const MieniConvShape *shape)
{
    (void)shape;
    return 0;
}

/* Copies the factors of one output row side by side, zeros for places outside the plane. */
static void gather_row(const MieniConvArgs *args, int32_t y)
{
    const MieniConvShape *shape = args->shape;
    size_t depth = (size_t)shape->in_channels;
    float *to = args->scratch;

    for (int32_t x = 0; x < shape->out_width; x++) {
        for (int32_t i = 0; i < shape->kernel_height * shape->kernel_width; i++, to += depth) {
            int32_t sy = y * shape->stride - shape->pad_top + i / shape->kernel_width;
            int32_t sx = x * shape->stride - shape->pad_left + i % shape->kernel_width;
            if (sy < 0 || sy >= shape->in_height || sx < 0 || sx >= shape->in_width)
                memset(to, 0, depth * sizeof(float));
            else
                memcpy(to, mieni_plane_at(&args->in, sy, sx), depth * sizeof(float));
        }
    }
}

static void run_conv(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    const MieniConvShape *shape = args->shape;
    const MieniPlane *in = &args->in;

    if (!mieni_border_suffices_neon(shape, in)) {
        GemmInput gathered = {.in = args->scratch,
                              .pixel = (ptrdiff_t)k_of(shape),
                              .taps_y = 1,
                              .taps_x = 1,
                              .depth = (int32_t)k_of(shape)};
        for (int32_t y = row_begin; y < row_end; y++) {
            gather_row(args, y);
            mieni_gemm_neon(args, &gathered, args->packed, y, y + 1);
        }
        return;
    }

    bool gapless = in->pixel_stride == shape->in_channels;
    GemmInput direct = {
        .in = mieni_plane_at(in, row_begin * shape->stride - shape->pad_top, -shape->pad_left),
        .row = shape->stride * in->row_stride,
        .pixel = shape->stride * in->pixel_stride,
        .taps_y = shape->kernel_height,
        .taps_x = gapless ? 1 : shape->kernel_width,
        .tap_row = in->row_stride,
        .tap_pixel = in->pixel_stride,
        .depth = gapless ? shape->kernel_width * shape->in_channels : shape->in_channels};
    mieni_gemm_neon(args, &direct, args->packed, row_begin, row_end);
}

static void run_pointwise(const MieniConvArgs *args, int32_t row_begin, int32_t row_end)
{
    GemmInput input = {.in = mieni_plane_at(&args->in, row_begin, 0),
                       .row = args->in.row_stride,
                       .pixel = args->in.pixel_stride,
                       .taps_y = 1,
                       .taps_x = 1,
                       .depth = args->shape->in_channels};
    mieni_gemm_neon(args, &input, args->packed, row_begin, row_end);
}

const MieniConvKernel mieni_conv_neon = {packed_floats, pack, conv_scratch_floats, run_conv};
const MieniConvKernel mieni_pointwise_neon = {packed_floats, pack, no_scratch_floats,
                                              run_pointwise};
