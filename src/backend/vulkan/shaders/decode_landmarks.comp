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
const uint CENTRE = 30, SIZE = 32, COSINE = 34, SINE_X = 35, SINE_Y = 36, DEPTH = 37;

void main()
{
    uint job = gl_WorkGroupID.z, base = job * JOB_STRIDE, results = RESULTS + job * RESULT_STRIDE;
    vec2 centre = vec2(parameter_float(job, CENTRE), parameter_float(job, CENTRE + 1));
    vec2 size = vec2(parameter_float(job, SIZE), parameter_float(job, SIZE + 1));
    float cosine = parameter_float(job, COSINE), depth = parameter_float(job, DEPTH);
    float sine_x = parameter_float(job, SINE_X), sine_y = parameter_float(job, SINE_Y);
    for (uint i = gl_GlobalInvocationID.x; i < N_LANDMARKS; i += gl_NumWorkGroups.x * 64) {
        uint at = base + IN_OFFSET + 3 * i;
        float x = from[at] / SIDE - 0.5, y = from[at + 1] / SIDE - 0.5, z = from[at + 2] / SIDE;
        vec2 place = vec2(cosine * x - sine_x * y, sine_y * x + cosine * y) * size + centre;
        io[results + 1 + 3 * i] = floatBitsToUint(place.x);
        io[results + 2 + 3 * i] = floatBitsToUint(place.y);
        io[results + 3 + 3 * i] = floatBitsToUint(z * depth);
    }
    if (gl_GlobalInvocationID.x == 0)
        io[results] = floatBitsToUint(1.0 / (1.0 + exp(-from[base + PRESENCE])));
}
