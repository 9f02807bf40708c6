#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/pointwise.c: a 1x1 convolution. Workgroups: tiles of pixels of all jobs x tiles of channels.
#extension GL_GOOGLE_include_directive : require
#include "convlike.glsl"

const uint DEPTH = IN_CHANNELS;
#include "product.glsl"

float row_value(uint base, uint y, uint x, uint k)
{
    return load(INPUT, base + IN_OFFSET, (y * OUT_WIDTH + x) * IN_CHANNELS + k);
}

void four_rows(uint row, uint k, inout vec4 values[4])
{
    for (uint j = 0; j < 4; j++) {
        uvec3 place = row_places[row + j];
        values[j] = load_four(INPUT, place.x + IN_OFFSET, (place.y * OUT_WIDTH + place.z) * IN_CHANNELS + k);
    }
}
