/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one-euro filter: a low-pass whose cutoff rises with speed. A still face does not tremble, and
 * one that moves does not lag. Source: G. Casiez, N. Roussel, D. Vogel, "1 Euro Filter", CHI 2012;
 * MediaPipe's form of it, roundings and oddities included: docs/formulas.md, "Smoothing".
 */
#include <math.h>

#include "base/trig.h"
#include "face/face.h"

#define FIRST_FREQUENCY 30.0
#define MIN_CUTOFF 0.05f
#define DERIVATIVE_CUTOFF 1.0
#define MIN_EXTENT 1e-6f

static double alpha_of(double cutoff, double frequency)
{
    double tau = 1.0 / (2.0 * MIENI_PI * cutoff), step = 1.0 / frequency;
    return 1.0 / (1.0 + tau / step);
}

static float low_pass(float value, float alpha, float stored)
{
    return (float)((double)(alpha * value) + (1.0 - (double)alpha) * (double)stored);
}

/* One coordinate. A number that is none leaves the filter as it is. */
static float filter(const MieniSmoother *smoother, float beta, double scale, bool first,
                    MieniSmoothCell *cell, float value)
{
    if (!isfinite(value))
        return value;
    if (first) {
        *cell = (MieniSmoothCell){.raw = value, .stored = value, .speed = 0};
        return value;
    }
    double speed = ((double)value - (double)cell->raw) * scale * smoother->frequency;
    cell->speed = low_pass((float)speed, (float)alpha_of(DERIVATIVE_CUTOFF, smoother->frequency),
                           cell->speed);
    double cutoff = (double)MIN_CUTOFF + (double)beta * fabs((double)cell->speed);
    cell->stored = low_pass(value, (float)alpha_of(cutoff, smoother->frequency), cell->stored);
    cell->raw = value;
    return cell->stored;
}

/* How large the face is in the picture, in pixels. */
static float extent_of(const MienLandmark *landmarks, int32_t n, float width, float height)
{
    float left = landmarks[0].x * width, right = left, top = landmarks[0].y * height, bottom = top;
    for (int32_t i = 1; i < n; i++) {
        float x = landmarks[i].x * width, y = landmarks[i].y * height;
        left = MIENI_MIN(left, x);
        right = MIENI_MAX(right, x);
        top = MIENI_MIN(top, y);
        bottom = MIENI_MAX(bottom, y);
    }
    return ((right - left) + (bottom - top)) / 2.0f;
}

void mieni_smooth(MieniSmoother *smoother, float beta, int64_t timestamp_us,
                  MienLandmark *landmarks, int32_t n, int32_t width, int32_t height)
{
    float w = (float)width, h = (float)height;
    float extent = extent_of(landmarks, n, w, h);
    if (!(extent >= MIN_EXTENT && isfinite(extent)))
        return;
    bool first = !smoother->started;
    if (first)
        smoother->frequency = FIRST_FREQUENCY;
    /* As MediaPipe: a frame at time 0 tells nothing of the frequency. */
    else if (smoother->timestamp_us != 0 && timestamp_us != 0)
        smoother->frequency =
            1.0 /
            ((double)((uint64_t)timestamp_us - (uint64_t)smoother->timestamp_us) * 1e3 * 1e-9);
    smoother->started = true;
    smoother->timestamp_us = timestamp_us;
    double scale = (double)(1.0f / extent);
    MieniSmoothCell *cell = smoother->cells;
    for (int32_t i = 0; i < n; i++, cell += 3) {
        MienLandmark *landmark = &landmarks[i];
        landmark->x = filter(smoother, beta, scale, first, &cell[0], landmark->x * w) / w;
        landmark->y = filter(smoother, beta, scale, first, &cell[1], landmark->y * h) / h;
        landmark->z = filter(smoother, beta, scale, first, &cell[2], landmark->z * w) / w;
    }
}
