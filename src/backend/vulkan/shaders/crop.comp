#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/crop.c, bit for bit. 64-bit positions are kept as two words, so that no device needs 64-bit
// integers. Binding 2 holds pictures that were sent; in the variant IMPORTS binding 4 is the host's memory, whose
// pictures were not. Workgroups: 8 x 8 pixels x jobs.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define OUT_OFFSET p[2]
#define WIDTH p[3]
#define HEIGHT p[4]

layout(local_size_x = 8, local_size_y = 8) in;

#ifdef IMPORTS
layout(std430, binding = 4) readonly restrict buffer Imports
{
    uint words[];
} imports[8]; // MIENI_MAX_IMPORTS
#endif

// Words of VulkanParameter, in vulkan.h.
const uint MAP_X = 0, MAP_Y = 16, BORDER = 32, SCALE = 33, OFFSET = 34, PLANE = 35, ROW_BYTES = 38;
const uint SIZE = 41, FORMAT = 43, LUMA = 44, CHROMA = 46, SHIFT = 60, SCALE_REST = 61, COLUMN_TIES = 62;
const uint ROW_TIES = 70, IMPORT = 78;

// MienPixelFormat
const uint RGB24 = 1, BGR24 = 2, RGBA32 = 3, BGRA32 = 4, GRAY8 = 5, NV12 = 6;

uint word(uint i)
{
    return io[gl_WorkGroupID.z * PARAMETER_WORDS + i];
}

#ifdef IMPORTS
uint picture_word(uint i)
{
    uint import = word(IMPORT); // of the job, so the same in all of a workgroup
    return import == 0 ? table[i] : imports[import - 1].words[i];
}
#else
uint picture_word(uint i)
{
    return table[i];
}
#endif

uint byte_at(uint offset)
{
    return picture_word(offset >> 2) >> ((offset & 3) * 8) & 255;
}

// a * times + b, modulo 2^64; x holds the low word.
uvec2 multiply_add(uvec2 a, uint times, uvec2 b)
{
    uint high, low, carry;
    umulExtended(a.x, times, high, low);
    low = uaddCarry(low, b.x, carry);
    return uvec2(low, high + a.y * times + b.y + carry);
}

uvec2 add(uvec2 a, uvec2 b)
{
    return multiply_add(a, 1, b);
}

uvec2 term(uint map, uint i)
{
    return uvec2(word(map + 2 * i), word(map + 2 * i + 1));
}

// 0 or 1, of a column or row.
uint tie_of(uint ties, uint at)
{
    return at < 256 ? word(ties + (at >> 5)) >> (at & 31) & 1 : 0;
}

// value / 2^shift, halves to even; the shift is at least 32.
int round_half_even(uvec2 value, uint shift)
{
    uint more = shift - 32;
    uvec2 almost_half = more == 0 ? uvec2(0x7fffffffu, 0) : uvec2(0xffffffffu, (1u << (more - 1)) - 1);
    value = add(add(value, almost_half), uvec2(value.y >> more & 1, 0));
    return int(value.y) >> more;
}

// mieni_crop_round of mieni_crop_position.
int position(uint map)
{
    uint column = gl_GlobalInvocationID.x, row = gl_GlobalInvocationID.y;
    uvec2 across = multiply_add(term(map, 3), column, multiply_add(term(map, 4), row, term(map, 1)));
    uvec2 down = multiply_add(term(map, 5), row, term(map, 2));
    uvec2 sum = multiply_add(across, column, multiply_add(down, row, term(map, 0)));
    sum = multiply_add(term(map, 6), tie_of(COLUMN_TIES, column), sum);
    sum = multiply_add(term(map, 7), tie_of(ROW_TIES, row), sum);
    return round_half_even(sum, word(SHIFT));
}

ivec3 convert(int luma, int u, int v)
{
    int l = int(word(LUMA + 1)) * (luma - int(word(LUMA))) + (1 << 15);
    u -= 128;
    v -= 128;
    ivec3 rgb = ivec3(l + int(word(CHROMA)) * v,
                      l + int(word(CHROMA + 1)) * u + int(word(CHROMA + 2)) * v,
                      l + int(word(CHROMA + 3)) * u);
    return clamp(rgb >> 16, ivec3(0), ivec3(255));
}

ivec3 yuv_tap(uint format, uint x, uint y)
{
    int luma = int(byte_at(word(PLANE) + y * word(ROW_BYTES) + x));
    uint chroma = word(PLANE + 1) + (y >> 1) * word(ROW_BYTES + 1);
    if (format == NV12) {
        chroma += (x >> 1) * 2;
        return convert(luma, int(byte_at(chroma)), int(byte_at(chroma + 1)));
    }
    uint v = word(PLANE + 2) + (y >> 1) * word(ROW_BYTES + 2) + (x >> 1);
    return convert(luma, int(byte_at(chroma + (x >> 1))), int(byte_at(v)));
}

ivec3 tap(uint x, uint y)
{
    uint format = word(FORMAT);
    if (format >= NV12)
        return yuv_tap(format, x, y);
    uint pixel_bytes = format == GRAY8 ? 1 : format >= RGBA32 ? 4 : 3;
    uint at = word(PLANE) + y * word(ROW_BYTES) + x * pixel_bytes;
    if (format == GRAY8)
        return ivec3(byte_at(at));
    ivec3 pixel = ivec3(byte_at(at), byte_at(at + 1), byte_at(at + 2));
    return format == BGR24 || format == BGRA32 ? pixel.bgr : pixel;
}

ivec3 bordered(int x, int y)
{
    ivec2 last = ivec2(word(SIZE), word(SIZE + 1)) - 1;
    ivec2 inside = clamp(ivec2(x, y), ivec2(0), last);
    if (word(BORDER) != 0 && inside != ivec2(x, y))
        return ivec3(0);
    return tap(uint(inside.x), uint(inside.y));
}

void main()
{
    uvec2 at = gl_GlobalInvocationID.xy;
    if (at.x >= WIDTH || at.y >= HEIGHT)
        return;
    int x = position(MAP_X), y = position(MAP_Y);
    int fx = x & 31, fy = y & 31;
    x >>= 5;
    y >>= 5;
    ivec3 top = (32 - fx) * bordered(x, y) + fx * bordered(x + 1, y);
    ivec3 bottom = (32 - fx) * bordered(x, y + 1) + fx * bordered(x + 1, y + 1);
    ivec3 rgb = ((32 - fy) * top + fy * bottom + 512) >> 10;
    // Both products and the first sum are exact.
    precise vec3 most = vec3(rgb) * uintBitsToFloat(word(SCALE)) + uintBitsToFloat(word(OFFSET));
    precise vec3 value = most + vec3(rgb) * uintBitsToFloat(word(SCALE_REST));
    uint pixel = gl_WorkGroupID.z * JOB_STRIDE + OUT_OFFSET + (at.y * WIDTH + at.x) * 3;
    to[pixel] = value.r;
    to[pixel + 1] = value.g;
    to[pixel + 2] = value.b;
}
