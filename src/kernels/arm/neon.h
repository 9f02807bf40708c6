/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the NEON kernels: their names, and what they share. A vector has 4 lanes; planes are
 * padded to 8 channels, so that channels mostly come in pairs of vectors.
 *
 * Multiply-adds are always fused and follow the order that kernels.h sets: the results are those of
 * every other instruction set that fuses, bit for bit.
 */
#ifndef MIENI_KERNELS_ARM_NEON_H
#define MIENI_KERNELS_ARM_NEON_H

#include <arm_neon.h>

#include "kernels/kernels.h"

#if defined(__GNUC__)
#define MIENI_INLINE static inline __attribute__((always_inline))
#else
#define MIENI_INLINE static inline
#endif

extern const MieniConvKernel mieni_conv_neon;
extern const MieniConvKernel mieni_pointwise_neon;
extern const MieniConvKernel mieni_depthwise_neon;
extern const MieniConvKernel mieni_depthwise_pointwise_neon;
extern const MieniConvKernel mieni_fully_connected_neon;

void mieni_crop_neon(const MieniView *view, const MieniCrop *crop, const MieniPlane *out,
                     int32_t row_begin, int32_t row_end);
void mieni_resize_add_neon(const MieniPlane *in, const MieniPlane *add, const MieniPlane *out,
                           int32_t row_begin, int32_t row_end);
void mieni_layer_norm_neon(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out);
void mieni_transpose_neon(const MieniPlane *in, float scale, const MieniPlane *add,
                          const MieniPlane *out);
double mieni_fma_loop_neon(int64_t iterations);

static inline int32_t neon_round_up_4(int32_t n)
{
    return (n + 3) / 4 * 4;
}

static inline int32_t neon_round_up_8(int32_t n)
{
    return (n + 7) / 8 * 8;
}

/* The first `lanes` floats (all 4 if more), zeros behind them; no over-read. */
MIENI_INLINE float32x4_t neon_load(const float *from, ptrdiff_t lanes)
{
    if (lanes >= 4)
        return vld1q_f32(from);
    float32x4_t value = vdupq_n_f32(0.0f);
    if (lanes > 0)
        value = vld1q_lane_f32(from, value, 0);
    if (lanes > 1)
        value = vld1q_lane_f32(from + 1, value, 1);
    if (lanes > 2)
        value = vld1q_lane_f32(from + 2, value, 2);
    return value;
}

MIENI_INLINE void neon_store(float *to, ptrdiff_t lanes, float32x4_t value)
{
    if (lanes >= 4) {
        vst1q_f32(to, value);
        return;
    }
    if (lanes > 0)
        vst1q_lane_f32(to, value, 0);
    if (lanes > 1)
        vst1q_lane_f32(to + 1, value, 1);
    if (lanes > 2)
        vst1q_lane_f32(to + 2, value, 2);
}

/* All but the sigmoid, which mieni_conv_tail_neon does. */
MIENI_INLINE float32x4_t neon_activate(MieniActivation activation, float32x4_t x, float32x4_t slope)
{
    if (activation == MIENI_ACTIVATION_PRELU)
        return vbslq_f32(vcltzq_f32(x), vmulq_f32(x, slope), x);
    if (activation == MIENI_ACTIVATION_RELU) /* NaN stays NaN */
        return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), vcltzq_f32(x)));
    return x;
}

/* How many lanes of the residual count for the output channels from `channel` on; 4 and more mean
 * a whole vector. */
static inline ptrdiff_t neon_residual_lanes(const MieniConvArgs *args, int32_t channel)
{
    ptrdiff_t left = args->shape->residual_channels - channel;
    if (args->shape->residual == MIENI_RESIDUAL_NONE || left <= 0)
        return 0;
    return args->residual.pixel_stride % 4 == 0 ? 4 : left; /* padded planes hold zeros */
}

/* The residual of one output pixel: from, and the distances to the right and lower neighbours if it
 * is pooled (0 where there is none). */
MIENI_INLINE float32x4_t neon_residual(MieniResidual kind, const float *from, ptrdiff_t right,
                                       ptrdiff_t down, ptrdiff_t lanes)
{
    float32x4_t value = neon_load(from, lanes);
    if (kind == MIENI_RESIDUAL_ADD)
        return value;
    float32x4_t top = vmaxq_f32(value, neon_load(from + right, lanes));
    float32x4_t bottom =
        vmaxq_f32(neon_load(from + down, lanes), neon_load(from + down + right, lanes));
    return vmaxq_f32(top, bottom);
}

/* True if mieni_conv_tail_neon has anything to do. */
static inline bool neon_has_tail(const MieniConvArgs *args)
{
    return args->shape->activation == MIENI_ACTIVATION_SIGMOID ||
           args->out.pixel_stride > neon_round_up_8(args->shape->out_channels);
}

/* What is too rare for the kernels themselves, after them: the sigmoid of channels begin .. end - 1
 * of one pixel, and zeros in lanes that no vector of the last channels covers. */
void mieni_conv_tail_neon(const MieniConvArgs *args, float *out, int32_t begin, int32_t end);

#endif
