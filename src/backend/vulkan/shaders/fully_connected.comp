#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/fully_connected.c: a thread makes one channel of up to four jobs, so that weights are read
// once for them. Workgroups: 64 channels x groups of four jobs.
#extension GL_GOOGLE_include_directive : require
#include "convlike.glsl"

layout(local_size_x = 64) in;

const uint DEPTH = KERNEL_HEIGHT * KERNEL_WIDTH * IN_CHANNELS;

void main()
{
    uint channel = gl_GlobalInvocationID.x, job = gl_WorkGroupID.y * 4;
    if (channel >= OUT_CHANNELS)
        return;
    // Jobs behind the last read the last one's input again; nothing is written for them.
    uvec4 jobs = min(uvec4(job) + uvec4(0, 1, 2, 3), uvec4(N_JOBS - 1));
    uvec4 inputs = jobs * JOB_STRIDE + IN_OFFSET;
    bool several = job + 1 < N_JOBS;
    vec4 sums = vec4(table_float(BIAS + channel));
    for (uint k = 0; k < DEPTH; k++) {
        float weight = table_float(WEIGHTS + k * OUT_CHANNELS + channel);
        sums.x = fma(from[inputs.x + k], weight, sums.x);
        if (several) {
            sums.y = fma(from[inputs.y + k], weight, sums.y);
            sums.z = fma(from[inputs.z + k], weight, sums.z);
            sums.w = fma(from[inputs.w + k], weight, sums.w);
        }
    }
    for (uint i = 0; i < 4 && job + i < N_JOBS; i++)
        finish((job + i) * JOB_STRIDE, 0, 0, channel, sums[i]);
}
