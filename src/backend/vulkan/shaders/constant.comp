#version 450
// SPDX-License-Identifier: Apache-2.0
// Numbers of the file, as a tensor. Workgroups: values of a job in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define VALUES p[2] // in the table
#define OUT_OFFSET p[3]
#define N_VALUES p[4]

layout(local_size_x = 64) in;

void main()
{
    uint out_base = gl_WorkGroupID.z * JOB_STRIDE + OUT_OFFSET;
    for (uint i = gl_GlobalInvocationID.x; i < N_VALUES; i += gl_NumWorkGroups.x * 64)
        to[out_base + i] = table_float(VALUES + i);
}
