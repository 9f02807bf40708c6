/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language of our kernels: C that is also CUDA. Three compilers take it: clang makes PTX of it
 * without any header of NVIDIA's, nvcc makes native code, and a C compiler makes host code that the
 * stand-in driver of tests/sim runs thread by thread.
 *
 * Rules that keep it so: no C++, no function of a math library, no structs copied to or from device
 * memory, one struct of args.h as the only parameter, shared memory from shared_floats() alone.
 */
#ifndef MIENI_BACKEND_CUDA_KERNELS_DEVICE_H
#define MIENI_BACKEND_CUDA_KERNELS_DEVICE_H

#define MIENI_DEVICE_CODE 1

#if defined(__CUDA__) || defined(__CUDACC__)

#ifdef __CUDACC__ /* nvcc brings its own */
#include <stdint.h>
#else
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __launch_bounds__(n) __attribute__((launch_bounds(n)))
typedef __UINT16_TYPE__ uint16_t;
typedef __INT32_TYPE__ int32_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT64_TYPE__ uint64_t;
#endif

#include "backend/cuda/kernels/args.h"

/* A kernel with another number of threads a block defines it before all includes. */
#ifndef MIENI_BLOCK_THREADS
#define MIENI_BLOCK_THREADS MIENI_CUDA_THREADS
#endif

/* What every kernel begins with: begin_kernel, below. The arguments stay where the driver put them.
 */
#define KERNEL(name, type)                                                                         \
    DEVICE void mien_body_##name(const type &args);                                                \
    extern "C" __global__ void __launch_bounds__(MIENI_BLOCK_THREADS) mien_##name(const type args) \
    {                                                                                              \
        begin_kernel();                                                                            \
        mien_body_##name(args);                                                                    \
    }                                                                                              \
    DEVICE void mien_body_##name(const type &args)

/* A kernel whose launch may have several branches, as z of the grid, each with its own arguments.
 */
#define BRANCH_KERNEL(name, type)                                                                  \
    typedef struct mien_branches_##name {                                                          \
        type of[CUDA_MAX_BRANCHES];                                                                \
    } mien_branches_##name;                                                                        \
    DEVICE void mien_branch_##name(const type &args);                                              \
    KERNEL(name, mien_branches_##name)                                                             \
    {                                                                                              \
        mien_branch_##name(args.of[block_z()]);                                                    \
    }                                                                                              \
    DEVICE void mien_branch_##name(const type &args)
#define DEVICE static __device__ inline __attribute__((always_inline))
#define DEVICE_CALL static __device__ __attribute__((noinline)) /* what is rare and long */

#ifdef __CUDACC__
DEVICE int32_t thread_index(void)
{
    return (int32_t)threadIdx.x;
}
DEVICE int32_t block_x(void)
{
    return (int32_t)blockIdx.x;
}
DEVICE int32_t block_y(void)
{
    return (int32_t)blockIdx.y;
}
DEVICE int32_t block_z(void)
{
    return (int32_t)blockIdx.z;
}
#else
DEVICE int32_t thread_index(void)
{
    return __nvvm_read_ptx_sreg_tid_x();
}
DEVICE int32_t block_x(void)
{
    return __nvvm_read_ptx_sreg_ctaid_x();
}
DEVICE int32_t block_y(void)
{
    return __nvvm_read_ptx_sreg_ctaid_y();
}
DEVICE int32_t block_z(void)
{
    return __nvvm_read_ptx_sreg_ctaid_z();
}
#endif

/*
 * A launch may begin before the one in front of it has ended (run.c): blocks are placed, and then
 * wait here until everything is written. From then on the launch behind may be placed.
 */
DEVICE void begin_kernel(void)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/* All threads of the block wait for each other, and see what was written before. */
DEVICE void barrier(void)
{
    __syncthreads();
}

/* The same for all threads of a cluster of blocks; where there are none a block is one. */
DEVICE void cluster_barrier(void)
{
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("barrier.cluster.arrive; barrier.cluster.wait;" ::: "memory");
#else
    __syncthreads();
#endif
}

extern __shared__ float mieni_shared[];

/* The block's shared memory, as large as the launch asked for. */
DEVICE float *shared_floats(void)
{
    return mieni_shared;
}

#define UNROLL _Pragma("unroll")

#else

#include <stdint.h>

#ifndef DEVICE /* tests/sim/kernel.h says what these and the other words mean on the host */
#define DEVICE static inline
#define DEVICE_CALL static inline
#define UNROLL
#endif

#include "backend/cuda/kernels/args.h"

#ifndef MIENI_BLOCK_THREADS
#define MIENI_BLOCK_THREADS MIENI_CUDA_THREADS
#endif

#endif

/* x * y + z with one rounding: the sums of mien have them. */
DEVICE float fused(float x, float y, float z)
{
    return __builtin_fmaf(x, y, z);
}

DEVICE float square_root(float x)
{
    return __builtin_sqrtf(x);
}

/* Four neighbouring channels, one access to memory. */
typedef struct __attribute__((aligned(16))) Float4 {
    float x, y, z, w;
} Float4;

DEVICE Float4 load4(const float *from)
{
    return *(const Float4 *)(const void *)from;
}

DEVICE void store4(float *to, Float4 value)
{
    *(Float4 *)(void *)to = value;
}

DEVICE Float4 zero4(void)
{
    Float4 zero = {0, 0, 0, 0};
    return zero;
}

/* Of a tensor's pixels, counted row by row. */
DEVICE float *pixel_of(const CudaPlane *plane, int32_t face, int32_t index)
{
    return plane->data + face * plane->face + (int64_t)index * plane->pixel;
}

/* 2^k for -1022 <= k <= 1023. */
DEVICE double power_of_two(int32_t k)
{
    union {
        uint64_t bits;
        double value;
    } both;
    both.bits = (uint64_t)(k + 1023) << 52;
    return both.value;
}

/*
 * exp(x) to half a unit in the last place of a float: x = k ln 2 + r, |r| <= ln 2 / 2, and the
 * series up to r^11 leaves less than 1e-14. Computed in double, as a C library's expf is, so that
 * both round the same way but where the true value is nearly half-way between two floats.
 */
DEVICE_CALL float exponential(float x)
{
    double r, p;
    int32_t k;
    if (!(x > -104.0f)) /* NaN, too */
        return x == x ? 0.0f : x;
    if (x > 89.0f)
        return 1.0f / 0.0f;
    r = (double)x;
    k = (int32_t)(r * 1.4426950408889634 + (x < 0.0f ? -0.5 : 0.5));
    r = r - k * 0.6931471805599453;
    p = 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    return (float)(p * power_of_two(k));
}

DEVICE float sigmoid(float x)
{
    return 1.0f / (1.0f + exponential(-x));
}

/* The largest integer that is not above x, for |x| < 2^31. */
DEVICE int32_t floor_of(float x)
{
    int32_t i = (int32_t)x;
    return (float)i > x ? i - 1 : i;
}

#endif
