#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/decode_landmarks.c, and the presence. Results: presence, then x, y, z of each landmark.
// Workgroups: landmarks of a job in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define IN_OFFSET p[2]
#define PRESENCE p[3]
#define N_LANDMARKS p[4]
#define SIDE uintBitsToFloat(p[5])
#define RESULTS p[6]       // in io
#define RESULT_STRIDE p[7] // from job to job

layout(local_size_x = 64) in;

// Words of VulkanParameter, in vulkan.h.
const uint ORIGIN = 50, X = 51, Y = 53, SCALE = 55, OFFSET = 57, DEPTH = 59;

vec2 parameter_vec2(uint job, uint i)
{
    return vec2(parameter_float(job, i), parameter_float(job, i + 1));
}

void main()
{
    uint job = gl_WorkGroupID.z, base = job * JOB_STRIDE, results = RESULTS + job * RESULT_STRIDE;
    float origin = parameter_float(job, ORIGIN), depth = parameter_float(job, DEPTH);
    vec2 x = parameter_vec2(job, X), y = parameter_vec2(job, Y);
    vec2 scale = parameter_vec2(job, SCALE), offset = parameter_vec2(job, OFFSET);
    for (uint i = gl_GlobalInvocationID.x; i < N_LANDMARKS; i += gl_NumWorkGroups.x * 64) {
        uint at = base + IN_OFFSET + 3 * i;
        float dx = from[at] / SIDE - origin, dy = from[at + 1] / SIDE - origin, z = from[at + 2] / SIDE;
        vec2 place = vec2(x.x * dx + x.y * dy, y.x * dx + y.y * dy) * scale + offset;
        io[results + 1 + 3 * i] = floatBitsToUint(place.x);
        io[results + 2 + 3 * i] = floatBitsToUint(place.y);
        io[results + 3 + 3 * i] = floatBitsToUint(z * depth);
    }
    if (gl_GlobalInvocationID.x == 0)
        io[results] = floatBitsToUint(1.0 / (1.0 + exp(-from[base + PRESENCE])));
}
