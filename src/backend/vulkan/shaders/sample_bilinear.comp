#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/sample_bilinear.c. Workgroups: values of a job in turns x 1 x jobs.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define IN_OFFSET p[2]
#define MATRIX_OFFSET p[3]
#define OUT_OFFSET p[4]
#define IN_HEIGHT p[5]
#define IN_WIDTH p[6]
#define OUT_HEIGHT p[7]
#define OUT_WIDTH p[8]
#define CHANNELS p[9]

layout(local_size_x = 64) in;

// A cell of the map, or zero beyond its last row and column, where the weight is 0 anyway.
float cell(uint map, uint channel, uint y, uint x)
{
    return y < IN_HEIGHT && x < IN_WIDTH ? load(INPUT, map, (y * IN_WIDTH + x) * CHANNELS + channel) : 0.0;
}

float sample_at(uint map, uint channel, float x, float y)
{
    uint x0 = uint(x), y0 = uint(y);
    float fx = x - float(x0), fy = y - float(y0);
    return cell(map, channel, y0, x0) * ((1.0 - fx) * (1.0 - fy)) +
           cell(map, channel, y0, x0 + 1) * (fx * (1.0 - fy)) +
           cell(map, channel, y0 + 1, x0) * ((1.0 - fx) * fy) +
           cell(map, channel, y0 + 1, x0 + 1) * (fx * fy);
}

// Place along one axis: row `r` of the matrix for cell (i, j). Not fused: places at the very edge of the
// map must fall on the same side as on the CPU.
float place(uint matrix, float i, float j)
{
    precise float a = from[matrix], b = from[matrix + 1];
    precise float shift = from[matrix + 3] + (0.5 * a + 0.5 * b - 0.5);
    precise float position = a * i + b * j + shift;
    return position;
}

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, n = OUT_HEIGHT * OUT_WIDTH * CHANNELS;
    for (uint i = gl_GlobalInvocationID.x; i < n; i += gl_NumWorkGroups.x * 64) {
        uint channel = i % CHANNELS, pixel = i / CHANNELS;
        float column = float(pixel % OUT_WIDTH), row = float(pixel / OUT_WIDTH);
        float x = place(base + MATRIX_OFFSET, column, row);
        float y = place(base + MATRIX_OFFSET + 4, column, row);
        // Written so that NaN counts as outside.
        bool inside = x >= 0.0 && x <= float(IN_WIDTH - 1) && y >= 0.0 && y <= float(IN_HEIGHT - 1);
        store(base + OUT_OFFSET, i, inside ? sample_at(base + IN_OFFSET, channel, x, y) : 0.0);
    }
}
