/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sine, cosine and arc tangent of floats with the roundings of the C library that MediaPipe runs
 * on: glibc up to 2.40, as in Debian 12 and Ubuntu 24.04. None of them rounds correctly, and a
 * tracker feeds its last bits back (docs/accuracy.md, "Tracking"). From + - * / alone, so that the
 * library of the machine does not matter.
 */
#ifndef MIENI_BASE_TRIGF_H
#define MIENI_BASE_TRIGF_H

/* For |radians| below 100, as angles of faces are; beyond and for NaN, NaN. */
void mieni_sincosf(float radians, float *sine, float *cosine);

/* As atan2f of C for finite arguments; 0 for (0, 0). */
float mieni_atan2f(float y, float x);

#endif
