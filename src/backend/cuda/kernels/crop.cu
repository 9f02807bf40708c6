/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crop of kernels.h; equals ref/crop.c, bit for bit, on every device: integers up to the last step.
 * Reads its parameters from the job, so that a recorded graph serves every picture. A thread makes
 * a pixel. Grid: x = pixels of the crop over MIENI_CUDA_THREADS, y = face.
 */
#include "backend/cuda/kernels/half.h"

/* The numbers of MienPixelFormat. */
enum { RGB24 = 1, BGR24, RGBA32, BGRA32, GRAY8, NV12, I420 };

typedef struct Rgb {
    int32_t r, g, b;
} Rgb;

DEVICE int32_t clip8(int32_t value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

DEVICE const unsigned char *row_of(const CudaCropArgs *args, const CudaJob *job, int32_t plane,
                                   int32_t y)
{
    return args->upload + job->planes[plane] + y * job->strides[plane];
}

DEVICE Rgb tap_packed(const unsigned char *p, int32_t swapped)
{
    Rgb value;
    value.r = p[swapped ? 2 : 0];
    value.g = p[1];
    value.b = p[swapped ? 0 : 2];
    return value;
}

DEVICE Rgb tap_yuv(const CudaCropArgs *args, const CudaJob *job, int32_t x, int32_t y)
{
    const unsigned char *chroma = row_of(args, job, 1, y >> 1);
    int32_t l = job->y_gain * (row_of(args, job, 0, y)[x] - job->y_offset) + (1 << 15), u, v;
    Rgb value;
    if (job->format == NV12) {
        u = chroma[(x >> 1) * 2] - 128;
        v = chroma[(x >> 1) * 2 + 1] - 128;
    } else {
        u = chroma[x >> 1] - 128;
        v = row_of(args, job, 2, y >> 1)[x >> 1] - 128;
    }
    value.r = clip8((l + job->r_v * v) >> 16);
    value.g = clip8((l + job->g_u * u + job->g_v * v) >> 16);
    value.b = clip8((l + job->b_u * u) >> 16);
    return value;
}

/* A pixel of the picture, or what stands for it beyond the border. */
DEVICE Rgb tap(const CudaCropArgs *args, const CudaJob *job, int32_t x, int32_t y)
{
    int32_t right = job->width - 1, bottom = job->height - 1;
    int32_t inside_x = x < 0 ? 0 : x > right ? right : x;
    int32_t inside_y = y < 0 ? 0 : y > bottom ? bottom : y;
    Rgb value = {0, 0, 0};
    if (job->zero_border && (inside_x != x || inside_y != y))
        return value;
    if (job->format == NV12 || job->format == I420)
        return tap_yuv(args, job, inside_x, inside_y);
    if (job->format == GRAY8) {
        value.r = value.g = value.b = row_of(args, job, 0, inside_y)[inside_x];
        return value;
    }
    return tap_packed(row_of(args, job, 0, inside_y) +
                          (job->format == RGB24 || job->format == BGR24 ? 3 : 4) * inside_x,
                      job->format == BGR24 || job->format == BGRA32);
}

DEVICE int64_t tie_of(const uint32_t *ties, int32_t at)
{
    return at < 256 ? ties[at >> 5] >> (at & 31) & 1 : 0;
}

/* A place in 1/32 pixel, halves to even: mieni_crop_round of mieni_crop_position. */
DEVICE int32_t place(const CudaJob *job, const int64_t *terms, int32_t column, int32_t row)
{
    int64_t sum = terms[0] + (terms[1] + terms[3] * column + terms[4] * row) * column +
                  (terms[2] + terms[5] * row) * row + terms[6] * tie_of(job->column_ties, column) +
                  terms[7] * tie_of(job->row_ties, row);
    int64_t almost_half = ((int64_t)1 << (job->shift - 1)) - 1;
    return (int32_t)((sum + almost_half + ((sum >> job->shift) & 1)) >> job->shift);
}

DEVICE float blend(const CudaJob *job, int32_t a, int32_t b, int32_t c, int32_t d, int32_t fx,
                   int32_t fy)
{
    int32_t top = (32 - fx) * a + fx * b, bottom = (32 - fx) * c + fx * d;
    float value = (float)(((32 - fy) * top + fy * bottom + 512) >> 10);
    return (value * job->scale + job->offset) + value * job->scale_rest;
}

KERNEL(crop, CudaCropArgs)
{
    int32_t index = block_x() * MIENI_CUDA_THREADS + thread_index(), face = block_y();
    const CudaJob *job = (const CudaJob *)(const void *)args.upload + face;
    int32_t row = index / args.out.width, column = index % args.out.width, x, y, fx, fy;
    float *to = pixel_of(&args.out, face, index);
    Float4 colour;
    Rgb a, b, c, d;
    if (row >= args.out.height)
        return;
    x = place(job, job->x, column, row);
    y = place(job, job->y, column, row);
    fx = x & 31;
    fy = y & 31;
    x >>= 5;
    y >>= 5;
    a = tap(&args, job, x, y);
    b = tap(&args, job, x + 1, y);
    c = tap(&args, job, x, y + 1);
    d = tap(&args, job, x + 1, y + 1);
    colour.x = blend(job, a.r, b.r, c.r, d.r, fx, fy);
    colour.y = blend(job, a.g, b.g, c.g, d.g, fx, fy);
    colour.z = blend(job, a.b, b.b, c.b, d.b, fx, fy);
    colour.w = 0;
    if (args.out.is_half) {
        store_half4(half_pixel_of(&args.out, face, index), narrow4(colour));
    } else if (args.out.vectors) {
        store4(to, colour);
    } else {
        to[0] = colour.x;
        to[1] = colour.y;
        to[2] = colour.z;
    }
}
