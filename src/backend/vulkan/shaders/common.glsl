// SPDX-License-Identifier: Apache-2.0
// What every shader sees: four buffers, and numbers a dispatch. Tensors are [height][width][channels]
// without gaps; those of one job follow each other, JOB_STRIDE floats from job to job.
//
// Activations are bound twice, once to read and once to write: a step never reads what it writes, and
// only so may a compiler keep loads apart from stores.
#extension GL_GOOGLE_include_directive : require

layout(std430, binding = 0) readonly restrict buffer ReadActivations
{
    float from[];
};

layout(std430, binding = 1) writeonly restrict buffer WriteActivations
{
    float to[];
};

// Weights and tables of the plan; pictures for the crop.
layout(std430, binding = 2) readonly restrict buffer Tables
{
    uint table[];
};

// Parameters of each job, from the host; results, for it.
layout(std430, binding = 3) restrict buffer Io
{
    uint io[];
};

layout(push_constant) uniform Push
{
    uint p[32];
};

#define JOB_STRIDE p[0]
#define N_JOBS p[1]

// Words of a job's parameters at the beginning of `io`: backend/vulkan/vulkan.h, VulkanParameter.
const uint PARAMETER_WORDS = 64;

float table_float(uint i)
{
    return uintBitsToFloat(table[i]);
}

float parameter_float(uint job, uint i)
{
    return uintBitsToFloat(io[job * PARAMETER_WORDS + i]);
}

bool is_finite(float x)
{
    return (floatBitsToUint(x) & 0x7f800000u) != 0x7f800000u;
}
