#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/center_points.c: one workgroup a job.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define IN_OFFSET p[2]
#define OUT_OFFSET p[3]
#define N_POINTS p[4]

layout(local_size_x = 64) in;
#include "reduce.glsl"

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, thread = gl_LocalInvocationID.x;
    uint points = base + IN_OFFSET;
    vec2 sum = vec2(0.0);
    for (uint i = thread; i < N_POINTS; i += 64)
        sum += vec2(from[points + 2 * i], from[points + 2 * i + 1]);
    vec2 mean = sum_of_all(sum) / float(N_POINTS);
    float distances = 0.0;
    for (uint i = thread; i < N_POINTS; i += 64) {
        vec2 off = vec2(from[points + 2 * i], from[points + 2 * i + 1]) - mean;
        distances += sqrt(off.x * off.x + off.y * off.y);
    }
    float distance = sum_of_all(vec2(distances, 0.0)).x / float(N_POINTS);
    for (uint i = thread; i < N_POINTS; i += 64) {
        to[base + OUT_OFFSET + 2 * i] = (from[points + 2 * i] - mean.x) / distance;
        to[base + OUT_OFFSET + 2 * i + 1] = (from[points + 2 * i + 1] - mean.y) / distance;
    }
}
