#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/depth_to_space.c. Workgroups: values of a job in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define IN_OFFSET p[2]
#define OUT_OFFSET p[3]
#define IN_WIDTH p[4]
#define IN_CHANNELS p[5]
#define OUT_HEIGHT p[6]
#define OUT_WIDTH p[7]
#define OUT_CHANNELS p[8]
#define BLOCK p[9]

layout(local_size_x = 64) in;

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, n = OUT_HEIGHT * OUT_WIDTH * OUT_CHANNELS;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * 64) {
        uint channel = i % OUT_CHANNELS, pixel = i / OUT_CHANNELS;
        uint y = pixel / OUT_WIDTH, x = pixel % OUT_WIDTH;
        uint cell = (y / BLOCK * IN_WIDTH + x / BLOCK) * IN_CHANNELS;
        uint depth = (y % BLOCK * BLOCK + x % BLOCK) * OUT_CHANNELS + channel;
        store(base + OUT_OFFSET, i, load(INPUT, base + IN_OFFSET, cell + depth));
    }
}
