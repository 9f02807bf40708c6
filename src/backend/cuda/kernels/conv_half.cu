/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv, pointwise and fully_connected of kernels.h on halves, with sums in fp32.
 *
 * With matrix instructions a warp has 16 rows_a_thread rows and 16 columns; a convolution with
 * several taps is a product of depth taps * in.pixel, whose rows are put together on the way.
 * Grid: x = tiles of rows * blocks of columns over the warps of a block.
 * Without them it is conv, which reads halves. Grid: as there.
 */
#include "backend/cuda/kernels/conv_rows.h"
#include "backend/cuda/kernels/products.h"

DEVICE const Half *weights_of(const CudaConvArgs *args)
{
    return (const Half *)(const void *)(args->weights + 2 * round_up4(args->out.channels));
}

#if MIENI_HAS_PRODUCTS

/* A row that a thread reads: its pixel of tap (0, 0), which may be outside of the plane. */
typedef struct Source {
    const Half *pixel;
    int32_t y, x; /* y is far away if there is no such row */
} Source;

DEVICE Source source_of(const CudaConvArgs *args, int32_t row)
{
    const CudaPlane *in = &args->in;
    Source source;
    Place place = place_of_row(args, row);
    source.y = place.index / args->out.width * args->stride - args->pad_top;
    source.x = place.index % args->out.width * args->stride - args->pad_left;
    source.pixel = half_pixel_of(in, place.face, source.y * in->width + source.x);
    if (row >= n_rows_of(args))
        source.y = -(1 << 20);
    return source;
}

/* Four numbers of a row at a tap. */
DEVICE Half4 source4(const CudaPlane *in, const Source *source, int32_t ky, int32_t kx,
                     int32_t channel)
{
    int32_t y = source->y + ky, x = source->x + kx;
    if (y < 0 || y >= in->height || x < 0 || x >= in->width)
        return zero_half4();
    return load_half4(source->pixel + (ky * in->width + kx) * in->pixel + channel);
}

/* `tiles` is a constant wherever this is inlined. */
DEVICE void product(const CudaConvArgs *args, int32_t tiles, int32_t first, int32_t block)
{
    const CudaPlane *in = &args->in;
    int32_t channel = lane_index() % 4 * 4, ky = 0, kx = 0, step, i;
    int32_t n_steps = (args->kernel_height * args->kernel_width * in->pixel + 15) / 16;
    Source low[MAX_TILES], high[MAX_TILES];
    Sums sums;
    begin_sums(args, args->weights, tiles, block, &sums);
    UNROLL
    for (i = 0; i < tiles; i++) {
        low[i] = source_of(args, first + 16 * i + lane_index() / 4);
        high[i] = source_of(args, first + 16 * i + 8 + lane_index() / 4);
    }
    for (step = 0; step < n_steps; step++, channel += 16) {
        Half8 weights = piece_of(args, weights_of(args), step, block);
        while (channel >= in->pixel) { /* the next tap */
            channel -= in->pixel;
            kx++;
            if (kx == args->kernel_width) {
                kx = 0;
                ky++;
            }
        }
        UNROLL
        for (i = 0; i < tiles; i++) {
            Half4 a = zero_half4(), b = zero_half4();
            if (ky < args->kernel_height) {
                a = source4(in, &low[i], ky, kx, channel);
                b = source4(in, &high[i], ky, kx, channel);
            }
            warp_product(a, b, weights, &sums.low[i], &sums.high[i]);
        }
    }
    finish_sums(args, args->weights + round_up4(args->out.channels), tiles, first, block, &sums);
}

KERNEL(conv_half, CudaConvArgs)
{
    int32_t item = block_x() * MIENI_WARPS + thread_index() / MIENI_WARP;
    int32_t blocks = n_column_blocks(&args);
    int32_t first = item / blocks * args.rows_a_thread * 16, block = item % blocks;
    if (first >= n_rows_of(&args))
        return;
    if (args.rows_a_thread == 4)
        product(&args, 4, first, block);
    else
        product(&args, 1, first, block);
}

#else

KERNEL(conv_half, CudaConvArgs)
{
    conv_thread(&args, weights_of(&args), args.weights, args.weights + round_up4(args.out.channels),
                1);
}

#endif
