// SPDX-License-Identifier: Apache-2.0
// What convolution-like operations share: their numbers, and their last step (residual, activation).
//
// Loops whose turns are long already are not unrolled: drivers take long enough to compile a shader for each layer.
#extension GL_EXT_control_flow_attributes : require
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
// What goes four channels at a time, because there are whole fours of them and they lie where fours do: the input, the
// rows of dense weights, the output with what is added to it. And whether a depthwise is computed four pixels below each
// other at a time, which share what they read.
layout(constant_id = 10) const uint FOURS = 0;
const uint FOURS_IN = 1, FOURS_WEIGHTS = 2, FOURS_OUT = 4, STRIPS = 8;

layout(std430, binding = 0) readonly restrict buffer ReadFours
{
    vec4 from_fours[];
};

layout(std430, binding = 1) writeonly restrict buffer WriteFours
{
    vec4 to_fours[];
};

layout(std430, binding = 2) readonly restrict buffer TableFours
{
    vec4 table_fours[];
};

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

#ifdef HALF
layout(std430, binding = 0) readonly restrict buffer ReadHalfFours
{
    uvec2 from_half_fours[];
};

layout(std430, binding = 2) readonly restrict buffer TableHalfFours
{
    uvec2 table_half_fours[];
};

vec4 widen(uvec2 halves)
{
    return vec4(unpackHalf2x16(halves.x), unpackHalf2x16(halves.y));
}
#endif

// Values i to i + 3 of a tensor that goes by fours.
vec4 load_four(uint which, uint tensor, uint i)
{
#ifdef HALF
    if ((HALVES & which) != 0)
        return widen(from_half_fours[(2 * tensor + i) / 4]);
#endif
    return from_fours[(tensor + i) / 4];
}

void store_four(uint tensor, uint i, vec4 values)
{
#ifdef HALF
    if ((HALVES & OUTPUT) != 0) {
        for (uint c = 0; c < 4; c++)
            store(tensor, i + c, values[c]);
        return;
    }
#endif
    to_fours[(tensor + i) / 4] = values;
}

// Values i to i + 3 of dense weights whose rows are whole fours.
vec4 dense_four(uint weights, uint i)
{
#ifdef HALF
    if ((HALVES & DENSE) != 0)
        return widen(table_half_fours[(2 * weights + i) / 4]);
#endif
    return table_fours[(weights + i) / 4];
}

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

vec4 residual_cell_four(uint base, uint y, uint x, uint channel)
{
    return load_four(ADDED, base + RESIDUAL_OFFSET, (y * RESIDUAL_WIDTH + x) * RESIDUAL_CHANNELS + channel);
}

// The same as above for channels `channel` to `channel` + 3, with FOURS_OUT.
vec4 residual_four_at(uint base, uint y, uint x, uint channel)
{
    if (RESIDUAL == 0 || channel >= RESIDUAL_CHANNELS)
        return vec4(0.0);
    if (RESIDUAL == 1)
        return residual_cell_four(base, y, x, channel);
    // A cell that is not there counts as the first one again.
    uint right = min(2 * x + 1, RESIDUAL_WIDTH - 1), below = min(2 * y + 1, RESIDUAL_HEIGHT - 1);
    vec4 top = max(residual_cell_four(base, 2 * y, 2 * x, channel),
                   residual_cell_four(base, 2 * y, right, channel));
    return max(top, max(residual_cell_four(base, below, 2 * x, channel),
                        residual_cell_four(base, below, right, channel)));
}

vec4 activate_four(vec4 x, uint channel)
{
    if (ACTIVATION == 1)
        return mix(x, vec4(0.0), lessThan(x, vec4(0.0)));
    if (ACTIVATION == 2)
        return mix(x, x * table_fours[(SLOPE + channel) / 4], lessThan(x, vec4(0.0)));
    if (ACTIVATION == 3)
        return 1.0 / (1.0 + exp(-x));
    return x;
}

void finish_four(uint base, uint y, uint x, uint channel, vec4 sum)
{
    precise vec4 total = sum + residual_four_at(base, y, x, channel);
    store_four(base + OUT_OFFSET, (y * OUT_WIDTH + x) * OUT_CHANNELS + channel, activate_four(total, channel));
}

// The depthwise part at output pixel (y, x), on top of `sum`: column by column.
float depthwise_at(uint base, uint y, uint x, uint channel, float sum)
{
    [[dont_unroll]] for (uint kx = 0; kx < KERNEL_WIDTH; kx++)
        [[dont_unroll]] for (uint ky = 0; ky < KERNEL_HEIGHT; ky++) {
            int sy = int(y * STRIDE + ky) - PAD_TOP, sx = int(x * STRIDE + kx) - PAD_LEFT;
            if (sy < 0 || sy >= IN_HEIGHT || sx < 0 || sx >= IN_WIDTH)
                continue;
            float value = load(INPUT, base + IN_OFFSET, uint(sy * IN_WIDTH + sx) * IN_CHANNELS + channel);
            sum = fma(value,
                      dense_weight(DEPTHWISE, (ky * KERNEL_WIDTH + kx) * IN_CHANNELS + channel), sum);
        }
    return sum;
}

// The same of channels `channel` to `channel` + 3, with FOURS_IN.
vec4 depthwise_four_at(uint base, uint y, uint x, uint channel, vec4 sum)
{
    [[dont_unroll]] for (uint kx = 0; kx < KERNEL_WIDTH; kx++)
        [[dont_unroll]] for (uint ky = 0; ky < KERNEL_HEIGHT; ky++) {
            int sy = int(y * STRIDE + ky) - PAD_TOP, sx = int(x * STRIDE + kx) - PAD_LEFT;
            if (sy < 0 || sy >= IN_HEIGHT || sx < 0 || sx >= IN_WIDTH)
                continue;
            vec4 values = load_four(INPUT, base + IN_OFFSET, uint(sy * IN_WIDTH + sx) * IN_CHANNELS + channel);
            sum = fma(values, dense_four(DEPTHWISE, (ky * KERNEL_WIDTH + kx) * IN_CHANNELS + channel), sum);
        }
    return sum;
}

const uint WINDOW = 3 * STRIDE + KERNEL_HEIGHT;

// The same at output pixels (y, x) to (y + 3, x).
void depthwise_strip(uint base, uint y, uint x, uint channel, inout vec4 sums[4])
{
    [[dont_unroll]] for (uint kx = 0; kx < KERNEL_WIDTH; kx++) {
        int sx = int(x * STRIDE + kx) - PAD_LEFT;
        if (sx < 0 || sx >= IN_WIDTH)
            continue;
        vec4 window[WINDOW];
        for (uint i = 0; i < WINDOW; i++) {
            int sy = int(y * STRIDE + i) - PAD_TOP;
            window[i] = vec4(0.0);
            if (sy >= 0 && sy < IN_HEIGHT)
                window[i] = load_four(INPUT, base + IN_OFFSET, uint(sy * IN_WIDTH + sx) * IN_CHANNELS + channel);
        }
        for (uint ky = 0; ky < KERNEL_HEIGHT; ky++) {
            vec4 weights = dense_four(DEPTHWISE, (ky * KERNEL_WIDTH + kx) * IN_CHANNELS + channel);
            for (uint j = 0; j < 4; j++)
                sums[j] = fma(window[j * STRIDE + ky], weights, sums[j]);
        }
    }
}
