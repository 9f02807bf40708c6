#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/resize_add.c. Workgroups: values of a job in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define IN_OFFSET p[2]
#define ADD_OFFSET p[3]
#define OUT_OFFSET p[4]
#define IN_HEIGHT p[5]
#define IN_WIDTH p[6]
#define OUT_HEIGHT p[7]
#define OUT_WIDTH p[8]
#define CHANNELS p[9]

layout(local_size_x = 64) in;

struct Taps {
    uint low, high;
    float fraction; // weight of `high`
};

Taps taps_of(uint out_position, uint out_size, uint in_size)
{
    precise float scale = float(in_size) / float(out_size);
    precise float position = (float(out_position) + 0.5) * scale - 0.5;
    float below = floor(position);
    int low = int(below);
    return Taps(uint(max(low, 0)), uint(min(low + 1, int(in_size) - 1)), position - below);
}

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, n = OUT_HEIGHT * OUT_WIDTH * CHANNELS;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * 64) {
        uint channel = i % CHANNELS, pixel = i / CHANNELS;
        Taps y = taps_of(pixel / OUT_WIDTH, OUT_HEIGHT, IN_HEIGHT);
        Taps x = taps_of(pixel % OUT_WIDTH, OUT_WIDTH, IN_WIDTH);
        uint map = base + IN_OFFSET;
        float top_left = load(INPUT, map, (y.low * IN_WIDTH + x.low) * CHANNELS + channel);
        float top_right = load(INPUT, map, (y.low * IN_WIDTH + x.high) * CHANNELS + channel);
        float bottom_left = load(INPUT, map, (y.high * IN_WIDTH + x.low) * CHANNELS + channel);
        float bottom_right = load(INPUT, map, (y.high * IN_WIDTH + x.high) * CHANNELS + channel);
        float top = top_left * (1.0 - x.fraction) + top_right * x.fraction;
        float bottom = bottom_left * (1.0 - x.fraction) + bottom_right * x.fraction;
        store(base + OUT_OFFSET, i,
              load(ADDED, base + ADD_OFFSET, i) + (top * (1.0 - y.fraction) + bottom * y.fraction));
    }
}
