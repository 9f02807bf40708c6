#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/depthwise.c. Workgroups: values of a job, or fours of them, in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "convlike.glsl"

layout(local_size_x = 64) in;

void make_value(uint base, uint i)
{
    uint channel = i % OUT_CHANNELS, pixel = i / OUT_CHANNELS;
    uint y = pixel / OUT_WIDTH, x = pixel % OUT_WIDTH;
    finish(base, y, x, channel, depthwise_at(base, y, x, channel, table_float(BIAS + channel)));
}

void make_four(uint base, uint i)
{
    uint channel = i % OUT_CHANNELS, pixel = i / OUT_CHANNELS;
    uint y = pixel / OUT_WIDTH, x = pixel % OUT_WIDTH;
    vec4 sum = depthwise_four_at(base, y, x, channel, table_fours[(BIAS + channel) / 4]);
    if ((FOURS & FOURS_OUT) != 0)
        finish_four(base, y, x, channel, sum);
    else
        for (uint c = 0; c < 4; c++)
            finish(base, y, x, channel + c, sum[c]);
}

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, n = OUT_HEIGHT * OUT_WIDTH * OUT_CHANNELS;
    bool by_fours = (FOURS & FOURS_IN) != 0;
    uint step = by_fours ? 4 : 1;
    for (uint i = gl_GlobalInvocationID.x * step; i < n; i += gl_NumWorkGroups.x * 64 * step)
        if (by_fours)
            make_four(base, i);
        else
            make_value(base, i);
}
