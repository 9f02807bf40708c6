/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the dense products of all instruction sets share: where factors, outputs and residuals are.
 * Types and static functions only, so that each set's files may include it.
 */
#ifndef MIENI_KERNELS_GEMM_H
#define MIENI_KERNELS_GEMM_H

#include "kernels/kernels.h"

/*
 * Where the factors of output pixel (y, x) are: for each of taps_y * taps_x taps, `depth` floats at
 * in + (y - row_begin) * row + x * pixel + ky * tap_row + kx * tap_pixel.
 */
typedef struct GemmInput {
    const float *in;
    ptrdiff_t row, pixel;
    int32_t taps_y, taps_x;
    ptrdiff_t tap_row, tap_pixel;
    int32_t depth;
} GemmInput;

/* True if every tap of every output pixel lies inside the input plane or its zero border. */
static inline bool gemm_border_suffices(const MieniConvShape *shape, const MieniPlane *in)
{
    int32_t below = (shape->out_height - 1) * shape->stride + shape->kernel_height -
                    shape->pad_top - shape->in_height;
    int32_t behind = (shape->out_width - 1) * shape->stride + shape->kernel_width -
                     shape->pad_left - shape->in_width;
    return shape->pad_top <= in->border && shape->pad_left <= in->border && below <= in->border &&
           behind <= in->border;
}

/* Products of one sum of a conv or pointwise. */
static inline size_t gemm_k_of(const MieniConvShape *shape)
{
    return (size_t)shape->kernel_height * (size_t)shape->kernel_width * (size_t)shape->in_channels;
}

/* conv of a plane whose border suffices: where its factors are. */
static inline GemmInput gemm_conv_input(const MieniConvArgs *args, int32_t row_begin)
{
    const MieniConvShape *shape = args->shape;
    const MieniPlane *in = &args->in;
    bool gapless = in->pixel_stride == shape->in_channels;

    return (GemmInput){
        .in = mieni_plane_at(in, row_begin * shape->stride - shape->pad_top, -shape->pad_left),
        .row = shape->stride * in->row_stride,
        .pixel = shape->stride * in->pixel_stride,
        .taps_y = shape->kernel_height,
        .taps_x = gapless ? 1 : shape->kernel_width,
        .tap_row = in->row_stride,
        .tap_pixel = in->pixel_stride,
        .depth = gapless ? shape->kernel_width * shape->in_channels : shape->in_channels};
}

/* conv of any other plane: copies the factors of one output row side by side into scratch
 * [out_width][k], zeros for places outside the plane. */
static inline GemmInput gemm_conv_gather(const MieniConvArgs *args, int32_t y)
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
    return (GemmInput){.in = args->scratch,
                       .pixel = (ptrdiff_t)gemm_k_of(shape),
                       .taps_y = 1,
                       .taps_x = 1,
                       .depth = (int32_t)gemm_k_of(shape)};
}

static inline GemmInput gemm_pointwise_input(const MieniConvArgs *args, int32_t row_begin)
{
    return (GemmInput){.in = mieni_plane_at(&args->in, row_begin, 0),
                       .row = args->in.row_stride,
                       .pixel = args->in.pixel_stride,
                       .taps_y = 1,
                       .taps_x = 1,
                       .depth = args->shape->in_channels};
}

#define GEMM_BLOCK_PIXELS 96

/* The pixels of a block in all planes. */
typedef struct GemmBlock {
    int32_t first, n;
    const float *in[GEMM_BLOCK_PIXELS];
    float *out[GEMM_BLOCK_PIXELS];
    const float *residual[GEMM_BLOCK_PIXELS];
    /* To the right and lower neighbour in a pooled residual; 0 where there is none. */
    ptrdiff_t right[GEMM_BLOCK_PIXELS], down[GEMM_BLOCK_PIXELS];
} GemmBlock;

/* Finds n pixels of a row from (y, x) on in all planes; the first is number `at` of the block. */
static inline void gemm_locate_run(const MieniConvArgs *args, const GemmInput *input,
                                   int32_t row_begin, int32_t y, int32_t x, int32_t n,
                                   GemmBlock *block, int32_t at)
{
    const MieniPlane *residual = &args->residual;
    const float *in = input->in + (y - row_begin) * input->row + x * input->pixel;
    float *out = mieni_plane_at(&args->out, y, x);
    ptrdiff_t in_step = input->pixel, out_step = args->out.pixel_stride;

    /* Moving pointers: compilers make 64-bit products of i * stride, which AVX2 does not have. */
    for (int32_t i = 0; i < n; i++, in += in_step, out += out_step) {
        block->in[at + i] = in;
        block->out[at + i] = out;
    }
    if (args->shape->residual == MIENI_RESIDUAL_ADD) {
        const float *from = mieni_plane_at(residual, y, x);
        for (int32_t i = 0; i < n; i++, from += residual->pixel_stride)
            block->residual[at + i] = from;
    } else if (args->shape->residual == MIENI_RESIDUAL_MAXPOOL) {
        const float *from = mieni_plane_at(residual, 2 * y, 2 * x);
        ptrdiff_t down = 2 * y + 1 < residual->height ? residual->row_stride : 0;
        for (int32_t i = 0; i < n; i++, from += 2 * residual->pixel_stride) {
            block->residual[at + i] = from;
            block->right[at + i] = 2 * (x + i) + 1 < residual->width ? residual->pixel_stride : 0;
            block->down[at + i] = down;
        }
    }
}

/* Finds the block's pixels, numbers first .. first + n - 1 of the output, in all planes. */
static inline void gemm_locate_block(const MieniConvArgs *args, const GemmInput *input,
                                     int32_t row_begin, GemmBlock *block)
{
    int32_t width = args->shape->out_width;
    int32_t y = block->first / width, x = block->first % width;

    for (int32_t at = 0, n; at < block->n; at += n, x = 0, y++) {
        n = MIENI_MIN(width - x, block->n - at);
        gemm_locate_run(args, input, row_begin, y, x, n, block, at);
    }
}

#endif
