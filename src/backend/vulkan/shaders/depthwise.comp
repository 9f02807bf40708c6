#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/depthwise.c. Workgroups: values of a job in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "convlike.glsl"

layout(local_size_x = 64) in;

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, n = OUT_HEIGHT * OUT_WIDTH * OUT_CHANNELS;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * 64) {
        uint channel = i % OUT_CHANNELS, pixel = i / OUT_CHANNELS;
        uint y = pixel / OUT_WIDTH, x = pixel % OUT_WIDTH;
        finish(base, y, x, channel,
               depthwise_at(base, y, x, channel, table_float(BIAS + channel)));
    }
}
