#version 450
// SPDX-License-Identifier: Apache-2.0
// What the device can do at best: multiply-adds on registers alone, eight in turns that do not wait for each other.
// Workgroups: as many as fill any device x 1 x 1.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define ITERATIONS p[2]
#define FACTOR uintBitsToFloat(p[3])
#define TERM uintBitsToFloat(p[4])

layout(local_size_x = 64) in;

void main()
{
    float sums[8];
    for (int k = 0; k < 8; k++)
        sums[k] = float(gl_GlobalInvocationID.x + k);
    for (uint i = 0; i < ITERATIONS; i++)
        for (int k = 0; k < 8; k++)
            sums[k] = fma(sums[k], FACTOR, TERM);
    float total = 0;
    for (int k = 0; k < 8; k++)
        total += sums[k];
    to[gl_GlobalInvocationID.x] = total;
}
