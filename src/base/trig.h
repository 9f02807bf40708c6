/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sine, cosine and arc tangent from + - * / alone, so that crops are bit-identical whatever math
 * library a machine has. Accurate to a few units in the last place of double for the angles of
 * faces (|x| below 1e5); angles beyond 1.6e6 and arguments that are not numbers give NaN.
 */
#ifndef MIENI_BASE_TRIG_H
#define MIENI_BASE_TRIG_H

#define MIENI_PI 3.14159265358979323846

void mieni_sincos(double radians, double *sine, double *cosine);

/* As atan2 of C, for finite arguments; 0 for (0, 0). */
double mieni_atan2(double y, double x);

#endif
