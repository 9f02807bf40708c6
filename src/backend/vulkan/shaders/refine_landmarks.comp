#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/refine_landmarks.c: one workgroup a job, with the points in shared memory. In the table, for
// each refinement: number of points, of z to average, then the targets, then whose z.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define MESH p[2]
#define OUT_OFFSET p[3]
#define N_REFINEMENTS p[4]
#define REFINEMENTS p[5] // in the table
#define RAW p[6 + refinement]

layout(local_size_x = 64) in;

const uint N_MESH = 468, N_REFINED = 478;

shared float points[3 * N_REFINED];
shared float average;

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, thread = gl_LocalInvocationID.x;
    for (uint i = thread; i < 3 * N_REFINED; i += 64)
        points[i] = i < 3 * N_MESH ? from[base + MESH + i] : 0.0;
    uint at = REFINEMENTS;
    for (uint refinement = 0; refinement < N_REFINEMENTS; refinement++) {
        uint n = table[at], n_average = table[at + 1], targets = at + 2;
        barrier();
        if (thread == 0 && n_average > 0) {
            float sum = 0.0;
            for (uint i = 0; i < n_average; i++)
                sum += points[3 * table[targets + n + i] + 2];
            average = sum / float(n_average);
        }
        barrier();
        for (uint i = thread; i < n; i += 64) {
            uint target = 3 * table[targets + i], raw = base + RAW + 2 * i;
            points[target] = from[raw];
            points[target + 1] = from[raw + 1];
            if (n_average > 0)
                points[target + 2] = average;
        }
        at = targets + n + n_average;
    }
    barrier();
    for (uint i = thread; i < 3 * N_REFINED; i += 64)
        to[base + OUT_OFFSET + i] = points[i];
}
