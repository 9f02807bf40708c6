// SPDX-License-Identifier: Apache-2.0
// What convolution-like operations share: their numbers, and their last step (residual, activation).
#include "common.glsl"

layout(constant_id = 0) const uint IN_CHANNELS = 1;
layout(constant_id = 1) const uint OUT_CHANNELS = 1;
layout(constant_id = 2) const uint KERNEL_HEIGHT = 1;
layout(constant_id = 3) const uint KERNEL_WIDTH = 1;
layout(constant_id = 4) const uint STRIDE = 1;
layout(constant_id = 5) const uint ACTIVATION = 0; // MieniActivation
layout(constant_id = 6) const uint RESIDUAL = 0;   // MieniResidual
layout(constant_id = 7) const uint RESIDUAL_CHANNELS = 0;
// How a workgroup's threads lie over its tile: so many across channels, the others across pixels.
layout(constant_id = 8) const uint THREADS_ACROSS = 8;

#define IN_OFFSET p[2]
#define OUT_OFFSET p[3]
#define RESIDUAL_OFFSET p[4]
#define IN_HEIGHT int(p[5])
#define IN_WIDTH int(p[6])
#define OUT_HEIGHT p[7]
#define OUT_WIDTH p[8]
#define WEIGHTS p[9]   // in the table: [k][OUT_CHANNELS]
#define BIAS p[10]     // [OUT_CHANNELS]
#define SLOPE p[11]    // [OUT_CHANNELS]
#define DEPTHWISE p[12]      // [KERNEL_HEIGHT][KERNEL_WIDTH][IN_CHANNELS]
#define DEPTHWISE_BIAS p[13] // [IN_CHANNELS]
#define PAD_TOP int(p[14])
#define PAD_LEFT int(p[15])
#define RESIDUAL_HEIGHT p[16]
#define RESIDUAL_WIDTH p[17]

float activate(float x, uint channel)
{
    if (ACTIVATION == 1)
        return x < 0.0 ? 0.0 : x;
    if (ACTIVATION == 2)
        return x < 0.0 ? x * table_float(SLOPE + channel) : x;
    if (ACTIVATION == 3)
        return 1.0 / (1.0 + exp(-x));
    return x;
}

float residual_cell(uint base, uint y, uint x, uint channel)
{
    return load(ADDED, base + RESIDUAL_OFFSET, (y * RESIDUAL_WIDTH + x) * RESIDUAL_CHANNELS + channel);
}

// What the residual adds to a channel of output pixel (y, x).
float residual_at(uint base, uint y, uint x, uint channel)
{
    if (RESIDUAL == 0 || channel >= RESIDUAL_CHANNELS)
        return 0.0;
    if (RESIDUAL == 1)
        return residual_cell(base, y, x, channel);
    bool right = 2 * x + 1 < RESIDUAL_WIDTH, below = 2 * y + 1 < RESIDUAL_HEIGHT;
    float largest = residual_cell(base, 2 * y, 2 * x, channel);
    if (right)
        largest = max(largest, residual_cell(base, 2 * y, 2 * x + 1, channel));
    if (below)
        largest = max(largest, residual_cell(base, 2 * y + 1, 2 * x, channel));
    if (right && below)
        largest = max(largest, residual_cell(base, 2 * y + 1, 2 * x + 1, channel));
    return largest;
}

void finish(uint base, uint y, uint x, uint channel, float sum)
{
    precise float total = sum + residual_at(base, y, x, channel);
    store(base + OUT_OFFSET, (y * OUT_WIDTH + x) * OUT_CHANNELS + channel, activate(total, channel));
}

// The depthwise part at output pixel (y, x), on top of `sum`: column by column.
float depthwise_at(uint base, uint y, uint x, uint channel, float sum)
{
    for (uint kx = 0; kx < KERNEL_WIDTH; kx++)
        for (uint ky = 0; ky < KERNEL_HEIGHT; ky++) {
            int sy = int(y * STRIDE + ky) - PAD_TOP, sx = int(x * STRIDE + kx) - PAD_LEFT;
            if (sy < 0 || sy >= IN_HEIGHT || sx < 0 || sx >= IN_WIDTH)
                continue;
            float value = load(INPUT, base + IN_OFFSET, uint(sy * IN_WIDTH + sx) * IN_CHANNELS + channel);
            sum = fma(value,
                      dense_weight(DEPTHWISE, (ky * KERNEL_WIDTH + kx) * IN_CHANNELS + channel), sum);
        }
    return sum;
}
