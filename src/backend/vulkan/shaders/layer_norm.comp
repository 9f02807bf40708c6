#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/layer_norm.c: one workgroup a pixel. Workgroups: pixels in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define IN_OFFSET p[2]
#define OUT_OFFSET p[3]
#define N_PIXELS p[4]
#define CHANNELS p[5]
#define GAIN p[6] // in the table
#define EPSILON uintBitsToFloat(p[7])
#define TRANSPOSED (p[8] != 0)

layout(local_size_x = 64) in;
#include "reduce.glsl"

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, thread = gl_LocalInvocationID.x;
    for (uint pixel = gl_WorkGroupID.x; pixel < N_PIXELS; pixel += gl_NumWorkGroups.x) {
        uint x = base + IN_OFFSET + pixel * CHANNELS;
        float sum = 0.0, squares = 0.0;
        for (uint i = thread; i < CHANNELS; i += 64)
            sum += from[x + i];
        float mean = sum_of_all(vec2(sum, 0.0)).x / float(CHANNELS);
        for (uint i = thread; i < CHANNELS; i += 64)
            squares += (from[x + i] - mean) * (from[x + i] - mean);
        float variance = sum_of_all(vec2(squares, 0.0)).x / float(CHANNELS);
        float scale = 1.0 / sqrt(variance + EPSILON);
        for (uint i = thread; i < CHANNELS; i += 64) {
            float gain = scale * table_float(GAIN + i);
            uint place = TRANSPOSED ? i * N_PIXELS + pixel : pixel * CHANNELS + i;
            to[base + OUT_OFFSET + place] = from[x + i] * gain + -mean * gain;
        }
    }
}
