#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/transform_landmarks.c. Workgroups: points of a job in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define IN_OFFSET p[2]
#define MATRIX_OFFSET p[3]
#define OUT_OFFSET p[4]
#define N_POINTS p[5]
#define SCALE uintBitsToFloat(p[6])

layout(local_size_x = 64) in;

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, matrix = base + MATRIX_OFFSET;
    float shift_x = from[matrix + 3] * SCALE, shift_y = from[matrix + 7] * SCALE;
    for (uint i = gl_GlobalInvocationID.x; i < N_POINTS; i += gl_NumWorkGroups.x * 64) {
        float x = from[base + IN_OFFSET + 2 * i], y = from[base + IN_OFFSET + 2 * i + 1];
        to[base + OUT_OFFSET + 2 * i] = from[matrix] * x + from[matrix + 1] * y + shift_x;
        to[base + OUT_OFFSET + 2 * i + 1] = from[matrix + 4] * x + from[matrix + 5] * y + shift_y;
    }
}
