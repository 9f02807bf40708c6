#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/depthwise_pointwise.c: a pointwise whose factors are the results of a depthwise, which is
// computed on the way into shared memory. Workgroups: tiles of pixels of all jobs x tiles of channels.
#extension GL_GOOGLE_include_directive : require
#include "convlike.glsl"

const uint DEPTH = IN_CHANNELS;
#include "product.glsl"

float row_value(uint base, uint y, uint x, uint k)
{
    return depthwise_at(base, y, x, k, table_float(DEPTHWISE_BIAS + k));
}

void four_rows(uint row, uint k, inout vec4 values[4])
{
    vec4 bias = table_fours[(DEPTHWISE_BIAS + k) / 4];
    for (uint j = 0; j < 4; j++)
        values[j] = bias;
    uvec3 place = row_places[row];
    if ((FOURS & STRIPS) != 0) {
        depthwise_strip(place.x, place.y, place.z, k, values);
        return;
    }
    for (uint j = 0; j < 4; j++) {
        place = row_places[row + j];
        values[j] = depthwise_four_at(place.x, place.y, place.z, k, bias);
    }
}
