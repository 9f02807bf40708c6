#version 450
// SPDX-License-Identifier: Apache-2.0
// kernels/ref/decode_boxes.c: one workgroup a job; candidates keep the order of their anchors. Results:
// their number, then MieniDetection after MieniDetection.
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

#define REGRESSORS p[2]
#define SCORES p[3]
#define ANCHORS p[4] // in the table: [N_ANCHORS][2]
#define N_ANCHORS p[5]
#define SIDE uintBitsToFloat(p[6])
#define MIN_SCORE uintBitsToFloat(p[7])
#define RESULTS p[8]      // in io
#define RESULT_STRIDE p[9] // from job to job

layout(local_size_x = 128) in;

const uint THREADS = 128, ROW_FLOATS = 16, BOX_FLOATS = 17;

shared uint counts[THREADS];

struct Box {
    float values[BOX_FLOATS]; // score, xmin, ymin, xmax, ymax, then the key points
};

Box decode(uint base, uint anchor, float score)
{
    uint row = base + REGRESSORS + anchor * ROW_FLOATS;
    float anchor_x = table_float(ANCHORS + 2 * anchor), anchor_y = table_float(ANCHORS + 2 * anchor + 1);
    float x = from[row] / SIDE + anchor_x, y = from[row + 1] / SIDE + anchor_y;
    float width = from[row + 2] / SIDE, height = from[row + 3] / SIDE;
    Box box;
    box.values[0] = score;
    precise float xmin = x - width / 2.0, ymin = y - height / 2.0;
    precise float xmax = x + width / 2.0, ymax = y + height / 2.0;
    precise float rounded_xmax = xmin + (xmax - xmin), rounded_ymax = ymin + (ymax - ymin);
    box.values[1] = xmin;
    box.values[2] = ymin;
    box.values[3] = rounded_xmax;
    box.values[4] = rounded_ymax;
    for (uint k = 0; k < 6; k++) {
        box.values[5 + 2 * k] = from[row + 4 + 2 * k] / SIDE + anchor_x;
        box.values[6 + 2 * k] = from[row + 5 + 2 * k] / SIDE + anchor_y;
    }
    return box;
}

bool is_sound(Box box)
{
    bool sound = box.values[3] - box.values[1] >= 0.0 && box.values[4] - box.values[2] >= 0.0;
    for (uint i = 1; i < BOX_FLOATS; i++)
        sound = sound && is_finite(box.values[i]);
    return sound;
}

// How many threads before this one have a candidate; counts[THREADS - 1] is then the number of all.
uint place_among(bool candidate)
{
    uint thread = gl_LocalInvocationID.x;
    counts[thread] = candidate ? 1 : 0;
    barrier();
    for (uint distance = 1; distance < THREADS; distance *= 2) {
        uint before = thread >= distance ? counts[thread - distance] : 0;
        barrier();
        counts[thread] += before;
        barrier();
    }
    return counts[thread] - (candidate ? 1 : 0);
}

void main()
{
    uint base = gl_WorkGroupID.z * JOB_STRIDE, results = RESULTS + gl_WorkGroupID.z * RESULT_STRIDE;
    uint n = 0;
    for (uint first = 0; first < N_ANCHORS; first += THREADS) {
        uint anchor = first + gl_LocalInvocationID.x;
        bool candidate = false;
        Box box;
        if (anchor < N_ANCHORS) {
            float raw = from[base + SCORES + anchor];
            float score = 1.0 / (1.0 + exp(-clamp(raw, -100.0, 100.0)));
            // NaN goes, whatever clamp makes of it.
            bool is_nan = (floatBitsToUint(raw) & 0x7fffffffu) > 0x7f800000u;
            candidate = !is_nan && score >= MIN_SCORE;
            if (candidate) {
                box = decode(base, anchor, score);
                candidate = is_sound(box);
            }
        }
        uint place = place_among(candidate);
        if (candidate)
            for (uint i = 0; i < BOX_FLOATS; i++)
                io[results + 1 + (n + place) * BOX_FLOATS + i] = floatBitsToUint(box.values[i]);
        n += counts[THREADS - 1];
        barrier();
    }
    if (gl_LocalInvocationID.x == 0)
        io[results] = n;
}
