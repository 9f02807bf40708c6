/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layer normalisation and transposition, the parts of a mixer block that are no matrix products.
 * Sums go over the channels of one pixel, 8 at a time; what is transposed goes through blocks of 4
 * pixels by 4 channels in registers. Pixels behind the last are read as the last one again and
 * written as zeros.
 */
#include "kernels/arm/neon.h"

#include <math.h>

typedef struct Block {
    float32x4_t rows[4];
} Block;

/* 4 channels from `c` on of the 4 pixels from `first` on, a register a channel. */
MIENI_INLINE Block load_block(const MieniPlane *in, int32_t first, int32_t c)
{
    int32_t n = in->height * in->width;
    float32x4_t r[4];
    for (int32_t i = 0; i < 4; i++) {
        int32_t at = MIENI_MIN(first + i, n - 1);
        r[i] = neon_load(mieni_plane_at(in, at / in->width, at % in->width) + c,
                         (ptrdiff_t)in->channels - c);
    }
    float32x4x2_t top = vtrnq_f32(r[0], r[1]), bottom = vtrnq_f32(r[2], r[3]);
    return (Block){{vcombine_f32(vget_low_f32(top.val[0]), vget_low_f32(bottom.val[0])),
                    vcombine_f32(vget_low_f32(top.val[1]), vget_low_f32(bottom.val[1])),
                    vcombine_f32(vget_high_f32(top.val[0]), vget_high_f32(bottom.val[0])),
                    vcombine_f32(vget_high_f32(top.val[1]), vget_high_f32(bottom.val[1]))}};
}

static float sum_of_lanes(float32x4_t even, float32x4_t odd)
{
    float32x4_t quarter = vaddq_f32(even, odd);
    float32x2_t pair = vadd_f32(vget_low_f32(quarter), vget_high_f32(quarter));
    return vget_lane_f32(vpadd_f32(pair, pair), 0);
}

/* x - mean in the first `lanes` lanes, zeros behind them. */
MIENI_INLINE float32x4_t less_mean(const float *x, ptrdiff_t lanes, float mean)
{
    static const int32_t numbers[4] = {0, 1, 2, 3};
    float32x4_t off = vsubq_f32(neon_load(x, lanes), vdupq_n_f32(mean));
    uint32x4_t valid = vcgtq_s32(vdupq_n_s32((int32_t)MIENI_MIN(lanes, 4)), vld1q_s32(numbers));
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(off), valid));
}

/* Mean and 1 / sqrt(variance + epsilon) of one pixel. */
static void measure(const float *x, int32_t n, float epsilon, float *mean, float *scale)
{
    float32x4_t sums[2] = {vdupq_n_f32(0.0f), vdupq_n_f32(0.0f)};
    for (int32_t c = 0; c < n; c += 8) {
        sums[0] = vaddq_f32(sums[0], neon_load(x + c, n - c));
        if (n - c > 4)
            sums[1] = vaddq_f32(sums[1], neon_load(x + c + 4, n - c - 4));
    }
    *mean = sum_of_lanes(sums[0], sums[1]) / (float)n;
    float32x4_t squares[2] = {vdupq_n_f32(0.0f), vdupq_n_f32(0.0f)};
    for (int32_t c = 0; c < n; c += 8) {
        float32x4_t off = less_mean(x + c, n - c, *mean);
        squares[0] = vfmaq_f32(squares[0], off, off);
        if (n - c > 4) {
            off = less_mean(x + c + 4, n - c - 4, *mean);
            squares[1] = vfmaq_f32(squares[1], off, off);
        }
    }
    *scale = 1.0f / sqrtf(sum_of_lanes(squares[0], squares[1]) / (float)n + epsilon);
}

static void clear_lanes(float *pixel, int32_t channels, ptrdiff_t stride)
{
    for (ptrdiff_t c = channels; c < stride; c++)
        pixel[c] = 0.0f;
}

static void norm_rows(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    int32_t n = in->channels;
    for (int32_t i = 0; i < in->height * in->width; i++) {
        const float *x = mieni_plane_at(in, i / in->width, i % in->width);
        float *y = mieni_plane_at(out, i / in->width, i % in->width);
        float mean, scale;
        measure(x, n, spec->epsilon, &mean, &scale);
        for (int32_t c = 0; c < n; c += 4) {
            float32x4_t gain = vmulq_n_f32(neon_load(spec->gain + c, n - c), scale);
            float32x4_t off = vsubq_f32(neon_load(x + c, n - c), vdupq_n_f32(mean));
            neon_store(y + c, n - c, vmulq_f32(off, gain));
        }
        clear_lanes(y, n, out->pixel_stride);
    }
}

static void norm_transposed(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    int32_t n_pixels = in->height * in->width, n = in->channels;
    for (int32_t i = 0; i < n_pixels; i += 4) {
        float mean[4], scale[4];
        for (int32_t k = 0; k < 4; k++) {
            int32_t at = MIENI_MIN(i + k, n_pixels - 1);
            measure(mieni_plane_at(in, at / in->width, at % in->width), n, spec->epsilon, &mean[k],
                    &scale[k]);
        }
        float32x4_t middle = vld1q_f32(mean), factor = vld1q_f32(scale);
        for (int32_t c = 0; c < n; c += 4) {
            Block block = load_block(in, i, c);
            for (int32_t k = 0; k < MIENI_MIN(n - c, 4); k++) {
                float32x4_t gain = vmulq_n_f32(factor, spec->gain[c + k]);
                neon_store(mieni_plane_at(out, 0, c + k) + i, n_pixels - i,
                           vmulq_f32(vsubq_f32(block.rows[k], middle), gain));
            }
        }
    }
    for (int32_t c = 0; c < n; c++)
        clear_lanes(mieni_plane_at(out, 0, c), n_pixels, out->pixel_stride);
}

void mieni_layer_norm_neon(const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)
{
    if (spec->transposed)
        norm_transposed(spec, in, out);
    else
        norm_rows(spec, in, out);
}

void mieni_transpose_neon(const MieniPlane *in, float scale, const MieniPlane *add,
                          const MieniPlane *out)
{
    for (int32_t i = 0; i < in->width; i += 4) {
        ptrdiff_t lanes = in->width - i;
        for (int32_t c = 0; c < in->channels; c += 4) {
            Block block = load_block(in, i, c);
            for (int32_t k = 0; k < MIENI_MIN(in->channels - c, 4); k++) {
                float32x4_t value = vmulq_n_f32(block.rows[k], scale);
                if (add->data)
                    value = vaddq_f32(value, neon_load(mieni_plane_at(add, 0, c + k) + i, lanes));
                neon_store(mieni_plane_at(out, 0, c + k) + i, lanes, value);
            }
        }
    }
    for (int32_t c = 0; c < in->channels; c++)
        clear_lanes(mieni_plane_at(out, 0, c), in->width, out->pixel_stride);
}
