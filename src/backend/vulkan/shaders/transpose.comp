#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/transpose.c. Workgroups: values of a job in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define IN_OFFSET p[2]
#define ADD_OFFSET p[3]
#define OUT_OFFSET p[4]
#define IN_WIDTH p[5]
#define IN_CHANNELS p[6]
#define SCALE uintBitsToFloat(p[7])
#define HAS_ADDEND (p[8] != 0)

layout(local_size_x = 64) in;

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, n = IN_WIDTH * IN_CHANNELS;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * 64) {
        uint x = i % IN_WIDTH, channel = i / IN_WIDTH;
        precise float value = from[base + IN_OFFSET + x * IN_CHANNELS + channel] * SCALE;
        if (HAS_ADDEND)
            value += from[base + ADD_OFFSET + i];
        to[base + OUT_OFFSET + i] = value;
    }
}
