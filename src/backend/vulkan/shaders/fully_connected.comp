#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/fully_connected.c: THREADS_ACROSS channels of up to four jobs, so that weights are read once for
// them; the products of a channel are shared by the threads that are left, which then add up. Workgroups:
// channels in turns x groups of four jobs.
#extension GL_GOOGLE_include_directive : require
#include "convlike.glsl"

layout(local_size_x = 64) in;

const uint DEPTH = KERNEL_HEIGHT * KERNEL_WIDTH * IN_CHANNELS;
const uint SLICES = 64 / THREADS_ACROSS;

shared vec4 partial_sums[64];

void make_channels(uint first, uint job)
{
    uint thread = gl_LocalInvocationID.x, slice = thread / THREADS_ACROSS;
    uint channel = first + thread % THREADS_ACROSS, column = min(channel, OUT_CHANNELS - 1);
    // Jobs behind the last read the last one's input again; nothing is written for them.
    uvec4 jobs = min(uvec4(job) + uvec4(0, 1, 2, 3), uvec4(N_JOBS - 1));
    uvec4 inputs = jobs * JOB_STRIDE + IN_OFFSET;
    bool several = job + 1 < N_JOBS;
    vec4 sums = vec4(0.0);
    for (uint k = slice; k < DEPTH; k += SLICES) {
        float weight = dense_weight(WEIGHTS, k * OUT_CHANNELS + column);
        sums.x = fma(load(INPUT, inputs.x, k), weight, sums.x);
        if (several) {
            sums.y = fma(load(INPUT, inputs.y, k), weight, sums.y);
            sums.z = fma(load(INPUT, inputs.z, k), weight, sums.z);
            sums.w = fma(load(INPUT, inputs.w, k), weight, sums.w);
        }
    }
    partial_sums[thread] = sums;
    for (uint n = SLICES / 2; n > 0; n /= 2) {
        barrier();
        if (slice < n)
            partial_sums[thread] += partial_sums[thread + n * THREADS_ACROSS];
    }
    if (slice > 0 || channel >= OUT_CHANNELS)
        return;
    sums = partial_sums[thread] + vec4(table_float(BIAS + channel));
    for (uint i = 0; i < 4 && job + i < N_JOBS; i++)
        finish((job + i) * JOB_STRIDE, 0, 0, channel, sums[i]);
}

void main()
{
    for (uint first = gl_WorkGroupID.x * THREADS_ACROSS; first < OUT_CHANNELS;
         first += gl_NumWorkGroups.x * THREADS_ACROSS) {
        make_channels(first, gl_WorkGroupID.y * 4);
        barrier(); // the sums have been read
    }
}
