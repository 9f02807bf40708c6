/* SPDX-License-Identifier: Apache-2.0 */
/* How far landmarks lie from those of MediaPipe, as a share of the distance between the outer eye
 * corners. */
#ifndef MIEN_TESTS_GOLDEN_COMPARE_H
#define MIEN_TESTS_GOLDEN_COMPARE_H

#include "mien/engine.h"
#include "support/test.h"

/* The published bounds. */
#define BOUND_MEAN 0.003
#define BOUND_WORST 0.02

typedef struct Difference {
    double mean, worst; /* of the distances in x, y, as a share of the eye distance */
} Difference;

/*
 * Compares `n` points [n][2], normalised, with the wanted ones; `indices` tells which landmarks
 * they are (NULL: the first n). Points 33 and 263 must be among them.
 */
Difference compare_points(const float *got, const float *want, const int32_t *indices, size_t n,
                          int width, int height);

/* Picks those points out of a face. */
void face_points(const MienFace *face, const int32_t *indices, size_t n, float *points);

/*
 * Compares one face with `n` wanted points.
 */
Difference compare_face(const MienFace *face, const float *want, const int32_t *indices, size_t n,
                        int width, int height);

/* The face of a result whose landmarks are nearest to the wanted ones. */
const MienFace *nearest_face(const MienResult *result, const float *want, const int32_t *indices,
                             size_t n);

/* An engine for tests; the test is skipped without its models. `model`, `detector`: file names. */
MienEngine *open_engine(MienMode mode, const char *model, const char *detector, int32_t max_faces,
                        uint64_t cpu_mask);

/* The same with options of one's own; their models are set here. */
MienEngine *open_engine_with(MienEngineOptions *options, const char *model, const char *detector);

#endif
