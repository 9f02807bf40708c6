#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/landmarks_to_matrix.c: one workgroup a job. Sine and cosine of the turn come from the line
// between the two landmarks and from those of the wanted angle: a GPU's own are too coarse.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define IN_OFFSET p[2]
#define OUT_OFFSET p[3]
#define LEFT p[4]
#define RIGHT p[5]
#define N_SUBSET p[6]
#define SUBSET p[7] // in the table: landmarks
#define TARGET_SINE uintBitsToFloat(p[8])
#define TARGET_COSINE uintBitsToFloat(p[9])
#define SCALE uintBitsToFloat(p[10]) // of landmarks
#define SCALE_X uintBitsToFloat(p[11])
#define SCALE_Y uintBitsToFloat(p[12])
#define WIDTH uintBitsToFloat(p[13])
#define HEIGHT uintBitsToFloat(p[14])

layout(local_size_x = 64) in;

const float LARGEST = 3.402823466e38;

shared vec4 bounds[64]; // smallest x, y, and largest x, y with the sign turned

#ifdef SUBGROUPS
vec4 smallest_of_all(vec4 bound)
{
    bound = subgroupMin(bound);
    if (subgroupElect())
        bounds[gl_SubgroupID] = bound;
    barrier();
    for (uint i = 0; i < gl_NumSubgroups; i++)
        bound = min(bound, bounds[i]);
    return bound;
}
#else
vec4 smallest_of_all(vec4 bound)
{
    uint thread = gl_LocalInvocationID.x;
    bounds[thread] = bound;
    for (uint n = 32; n > 0; n /= 2) {
        barrier();
        if (thread < n)
            bounds[thread] = min(bounds[thread], bounds[thread + n]);
    }
    return bounds[0]; // for thread 0
}
#endif

vec2 landmark(uint base, uint i)
{
    return vec2(from[base + IN_OFFSET + 3 * i], from[base + IN_OFFSET + 3 * i + 1]) * SCALE;
}

void write_matrix(uint out_base, float s, float c, vec4 bound)
{
    float min_x = bound.x, min_y = bound.y, max_x = -bound.z, max_y = -bound.w;
    float middle_x = (max_x + min_x) / 2.0, middle_y = (max_y + min_y) / 2.0;
    // Turned back: the sine changes its sign.
    float centre_x = c * middle_x + s * middle_y, centre_y = -s * middle_x + c * middle_y;
    float sx = SCALE_X * (max_x - min_x) / WIDTH, sy = SCALE_Y * (max_y - min_y) / HEIGHT;
    float half_width = WIDTH / 2.0, half_height = HEIGHT / 2.0;
    float values[16] =
        float[16](c * sx, s * sy, 0.0, centre_x - c * sx * half_width - s * sy * half_height, //
                  -s * sx, c * sy, 0.0, centre_y + s * sx * half_width - c * sy * half_height, //
                  0.0, 0.0, 1.0, 0.0, //
                  0.0, 0.0, 0.0, 1.0);
    for (uint i = 0; i < 16; i++)
        to[out_base + i] = values[i];
}

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, thread = gl_LocalInvocationID.x;
    vec2 line = landmark(base, RIGHT) - landmark(base, LEFT);
    float size = sqrt(line.x * line.x + line.y * line.y);
    // Landmarks at one place have no angle; atan2 calls it 0.
    vec2 unit = size == 0.0 ? vec2(1.0, 0.0) : line / size;
    float s = TARGET_SINE * unit.x - TARGET_COSINE * unit.y;
    float c = TARGET_COSINE * unit.x + TARGET_SINE * unit.y;

    vec4 bound = vec4(LARGEST);
    for (uint i = thread; i < N_SUBSET; i += 64) {
        vec2 point = landmark(base, table[SUBSET + i]);
        vec2 turned = vec2(c * point.x - s * point.y, s * point.x + c * point.y);
        bound = min(bound, vec4(turned, -turned));
    }
    bound = smallest_of_all(bound);
    if (thread == 0)
        write_matrix(base + OUT_OFFSET, s, c, bound);
}
