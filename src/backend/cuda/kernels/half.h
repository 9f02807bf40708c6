/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Half precision: numbers of 16 bits in memory, four at a time, sums in fp32. Instructions stand
 * here by name, as compilers have no common word for them.
 *
 * Where a device has matrix instructions (7.5 and later) MIENI_HAS_PRODUCTS is 1, and the 32
 * threads of a warp multiply together. On the host tests/sim has the same function.
 */
#ifndef MIENI_BACKEND_CUDA_KERNELS_HALF_H
#define MIENI_BACKEND_CUDA_KERNELS_HALF_H

#include "backend/cuda/kernels/device.h"

typedef struct __attribute__((aligned(2))) Half {
    uint16_t bits;
} Half;

/* Four neighbouring channels: x, y, z, w, the first of a pair in the lower bits. */
typedef struct __attribute__((aligned(8))) Half4 {
    uint32_t xy, zw;
} Half4;

/* The weights that a thread holds for one product of its warp. */
typedef struct __attribute__((aligned(16))) Half8 {
    uint32_t first_xy, first_zw, second_xy, second_zw;
} Half8;

#if defined(__CUDA__) || defined(__CUDACC__)

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 750
#define MIENI_HAS_PRODUCTS 1
#else
#define MIENI_HAS_PRODUCTS 0
#endif

DEVICE float low_half(uint32_t pair)
{
    float value;
    asm("{.reg .b16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, l;}" : "=f"(value) : "r"(pair));
    return value;
}

DEVICE float high_half(uint32_t pair)
{
    float value;
    asm("{.reg .b16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, h;}" : "=f"(value) : "r"(pair));
    return value;
}

DEVICE uint32_t pair_of(float low, float high)
{
    uint32_t pair;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    asm("cvt.rn.f16x2.f32 %0, %2, %1;" : "=r"(pair) : "f"(low), "f"(high));
#else
    asm("{.reg .b16 l, h; cvt.rn.f16.f32 l, %1; cvt.rn.f16.f32 h, %2; mov.b32 %0, {l, h};}"
        : "=r"(pair)
        : "f"(low), "f"(high));
#endif
    return pair;
}

/* x * y + z of both halves, each rounded once. */
DEVICE uint32_t fused_pair(uint32_t x, uint32_t y, uint32_t z)
{
    uint32_t sum;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(sum) : "r"(x), "r"(y), "r"(z));
    return sum;
}

#if MIENI_HAS_PRODUCTS

#if __CUDA_ARCH__ >= 800
#define MULTIPLY(a, b, c, d, low, high, w_xy, w_zw)                                                \
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "   \
        "{%8, %9}, {%0, %1, %2, %3};"                                                              \
        : "+f"(a), "+f"(b), "+f"(c), "+f"(d)                                                       \
        : "r"((low).xy), "r"((high).xy), "r"((low).zw), "r"((high).zw), "r"(w_xy), "r"(w_zw))
#else
#define MULTIPLY_8(a, b, c, d, low, high, weights)                                                 \
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "      \
        "{%0, %1, %2, %3};"                                                                        \
        : "+f"(a), "+f"(b), "+f"(c), "+f"(d)                                                       \
        : "r"(low), "r"(high), "r"(weights))
#define MULTIPLY(a, b, c, d, low, high, w_xy, w_zw)                                                \
    MULTIPLY_8(a, b, c, d, (low).xy, (high).xy, w_xy);                                             \
    MULTIPLY_8(a, b, c, d, (low).zw, (high).zw, w_zw)
#endif

/*
 * A product of 16 rows, 16 numbers each, with 16 columns of weights, by all threads of a warp. Of
 * its thread 4 g + t this takes numbers 4 t .. 4 t + 3 of rows g (low) and g + 8 (high), and the
 * weights of these numbers for two columns; it adds to columns 4 t .. 4 t + 3 of both rows. Which
 * two columns that are says pack.c: those with which the results come out in this order.
 */
DEVICE void warp_product(Half4 low, Half4 high, Half8 weights, Float4 *sum_low, Float4 *sum_high)
{
    MULTIPLY(sum_low->x, sum_low->y, sum_high->x, sum_high->y, low, high, weights.first_xy,
             weights.first_zw);
    MULTIPLY(sum_low->z, sum_low->w, sum_high->z, sum_high->w, low, high, weights.second_xy,
             weights.second_zw);
}

#endif

#else /* the host */

#ifndef MIENI_HAS_PRODUCTS
#define MIENI_HAS_PRODUCTS 0
#endif

DEVICE float float_of_bits(uint32_t bits)
{
    union {
        uint32_t bits;
        float value;
    } both;
    both.bits = bits;
    return both.value;
}

DEVICE uint32_t bits_of_float(float value)
{
    union {
        uint32_t bits;
        float value;
    } both;
    both.value = value;
    return both.bits;
}

/* Exact: the exponent is moved by a product, so that subnormal numbers come out right, too. */
DEVICE float float_of_half(uint32_t half)
{
    uint32_t magnitude = half & 0x7fff, sign = (half & 0x8000) << 16;
    if (magnitude >= 0x7c00) /* infinite, or no number */
        return float_of_bits(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
    return float_of_bits(sign | bits_of_float(float_of_bits(magnitude << 13) * 0x1p112f));
}

/* The nearest, halves to even. */
DEVICE uint32_t half_of_float(float value)
{
    uint32_t bits = bits_of_float(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return sign | 0x7fff;
    if (magnitude >= 0x477ff000) /* 65520 and more */
        return sign | 0x7c00;
    if (magnitude < 0x38800000) /* subnormal: an addition rounds to multiples of 2^-24 */
        return sign | (bits_of_float(float_of_bits(magnitude) + 0.5f) - 0x3f000000);
    return sign | (magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13;
}

DEVICE float low_half(uint32_t pair)
{
    return float_of_half(pair & 0xffff);
}

DEVICE float high_half(uint32_t pair)
{
    return float_of_half(pair >> 16);
}

DEVICE uint32_t pair_of(float low, float high)
{
    return half_of_float(low) | half_of_float(high) << 16;
}

DEVICE uint32_t fused_pair(uint32_t x, uint32_t y, uint32_t z)
{
    return pair_of(fused(low_half(x), low_half(y), low_half(z)),
                   fused(high_half(x), high_half(y), high_half(z)));
}

#if MIENI_HAS_PRODUCTS
DEVICE void warp_product(Half4 low, Half4 high, Half8 weights, Float4 *sum_low, Float4 *sum_high)
{
    SimProduct product = {{low.xy, low.zw},
                          {high.xy, high.zw},
                          {weights.first_xy, weights.first_zw},
                          {weights.second_xy, weights.second_zw},
                          {sum_low->x, sum_low->y, sum_low->z, sum_low->w},
                          {sum_high->x, sum_high->y, sum_high->z, sum_high->w}};
    sim_warp_product(&product);
    sum_low->x = product.sum_low[0];
    sum_low->y = product.sum_low[1];
    sum_low->z = product.sum_low[2];
    sum_low->w = product.sum_low[3];
    sum_high->x = product.sum_high[0];
    sum_high->y = product.sum_high[1];
    sum_high->z = product.sum_high[2];
    sum_high->w = product.sum_high[3];
}
#endif

#endif

DEVICE Half4 load_half4(const Half *from)
{
    return *(const Half4 *)(const void *)from;
}

DEVICE void store_half4(Half *to, Half4 value)
{
    *(Half4 *)(void *)to = value;
}

DEVICE Half4 zero_half4(void)
{
    Half4 zero = {0, 0};
    return zero;
}

DEVICE Float4 widen4(Half4 halves)
{
    Float4 value = {low_half(halves.xy), high_half(halves.xy), low_half(halves.zw),
                    high_half(halves.zw)};
    return value;
}

DEVICE Half4 narrow4(Float4 value)
{
    Half4 halves = {pair_of(value.x, value.y), pair_of(value.z, value.w)};
    return halves;
}

/* Of a plane of halves, as pixel_of. */
DEVICE Half *half_pixel_of(const CudaPlane *plane, int32_t face, int32_t index)
{
    return (Half *)(void *)plane->data + face * plane->face + (int64_t)index * plane->pixel;
}

/* One number of a plane of either kind. */
DEVICE float get(const CudaPlane *plane, int32_t face, int32_t index, int32_t lane)
{
    if (plane->is_half)
        return low_half(half_pixel_of(plane, face, index)[lane].bits);
    return pixel_of(plane, face, index)[lane];
}

DEVICE void put(const CudaPlane *plane, int32_t face, int32_t index, int32_t lane, float value)
{
    if (plane->is_half)
        half_pixel_of(plane, face, index)[lane].bits = (uint16_t)pair_of(value, 0);
    else
        pixel_of(plane, face, index)[lane] = value;
}

#endif
