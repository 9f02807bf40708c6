// SPDX-License-Identifier: Apache-2.0
// What every shader sees: four buffers, and numbers a dispatch. Tensors are [height][width][channels]
// without gaps; those of one job follow each other, JOB_STRIDE floats from job to job.
//
// Activations are bound twice, once to read and once to write: a step never reads what it writes, and
// only so may a compiler keep loads apart from stores.
//
// Variants (vulkan.cmake): HALF, whose tensors and dense weights may be halves, and SUBGROUPS, which adds up
// within subgroups before it goes through shared memory.
#extension GL_GOOGLE_include_directive : require
#ifdef HALF
#extension GL_EXT_shader_16bit_storage : require
#endif
#ifdef SUBGROUPS
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#endif

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
const uint PARAMETER_WORDS = 128;

float table_float(uint i)
{
    return uintBitsToFloat(table[i]);
}

// A step's tensors, and its dense weights.
const uint INPUT = 1, ADDED = 2, OUTPUT = 4, DENSE = 8;

// Value i of a tensor, which begins at this float of the activations; value i of the weights, which begin at
// this word of the table. Sums are in single precision everywhere: halves only shorten what is read and
// written.
#ifdef HALF
layout(constant_id = 9) const uint HALVES = 0; // which of the above are halves

layout(std430, binding = 0) readonly restrict buffer ReadHalves
{
    float16_t from_halves[];
};

layout(std430, binding = 1) writeonly restrict buffer WriteHalves
{
    float16_t to_halves[];
};

layout(std430, binding = 2) readonly restrict buffer TableHalves
{
    float16_t table_halves[];
};

const float LARGEST_HALF = 65504.0;

float load(uint which, uint tensor, uint i)
{
    if ((HALVES & which) != 0)
        return float(from_halves[2 * tensor + i]);
    return from[tensor + i];
}

void store(uint tensor, uint i, float value)
{
    if ((HALVES & OUTPUT) != 0)
        to_halves[2 * tensor + i] = float16_t(clamp(value, -LARGEST_HALF, LARGEST_HALF));
    else
        to[tensor + i] = value;
}

float dense_weight(uint weights, uint i)
{
    return (HALVES & DENSE) != 0 ? float(table_halves[2 * weights + i]) : table_float(weights + i);
}
#else
float load(uint which, uint tensor, uint i)
{
    return from[tensor + i];
}

void store(uint tensor, uint i, float value)
{
    to[tensor + i] = value;
}

float dense_weight(uint weights, uint i)
{
    return table_float(weights + i);
}
#endif

float parameter_float(uint job, uint i)
{
    return uintBitsToFloat(io[job * PARAMETER_WORDS + i]);
}

bool is_finite(float x)
{
    return (floatBitsToUint(x) & 0x7f800000u) != 0x7f800000u;
}
