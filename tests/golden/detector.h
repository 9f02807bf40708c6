/* SPDX-License-Identifier: Apache-2.0 */
/* The detector's part of an engine by itself: picture in, boxes out. */
#ifndef MIEN_TESTS_GOLDEN_DETECTOR_H
#define MIEN_TESTS_GOLDEN_DETECTOR_H

#include "golden/compare.h"
#include "image/geometry.h"

#define MAX_DETECTIONS 64

/* Finds faces with the engine's own detector stage; boxes are normalised by the picture. Returns
 * how many there are. */
int32_t detect(MienEngine *engine, const MienImage *image, MieniDetection *detections);

#endif
