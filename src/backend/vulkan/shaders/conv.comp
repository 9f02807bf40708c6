#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/conv.c: a dense convolution. Workgroups: tiles of pixels of all jobs x tiles of channels.
#extension GL_GOOGLE_include_directive : require
#include "convlike.glsl"

const uint DEPTH = KERNEL_HEIGHT * KERNEL_WIDTH * IN_CHANNELS;
#include "product.glsl"

float row_value(uint base, uint y, uint x, uint k)
{
    uint tap = k / IN_CHANNELS;
    int sy = int(y * STRIDE + tap / KERNEL_WIDTH) - PAD_TOP;
    int sx = int(x * STRIDE + tap % KERNEL_WIDTH) - PAD_LEFT;
    if (sy < 0 || sy >= IN_HEIGHT || sx < 0 || sx >= IN_WIDTH)
        return 0.0;
    return load(INPUT, base + IN_OFFSET, uint(sy * IN_WIDTH + sx) * IN_CHANNELS + k % IN_CHANNELS);
}

void four_rows(uint row, uint k, inout vec4 values[4])
{
    uint tap = k / IN_CHANNELS;
    for (uint j = 0; j < 4; j++) {
        uvec3 place = row_places[row + j];
        int sy = int(place.y * STRIDE + tap / KERNEL_WIDTH) - PAD_TOP;
        int sx = int(place.z * STRIDE + tap % KERNEL_WIDTH) - PAD_LEFT;
        if (sy >= 0 && sy < IN_HEIGHT && sx >= 0 && sx < IN_WIDTH)
            values[j] = load_four(INPUT, place.x + IN_OFFSET,
                                  uint(sy * IN_WIDTH + sx) * IN_CHANNELS + k % IN_CHANNELS);
    }
}
