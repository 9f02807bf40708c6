/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders that stand at the end of a plan, on what networks give and on what they should not:
 * two devices give the same candidates and the same landmarks. */
#ifndef MIEN_TESTS_BACKEND_DECODERS_H
#define MIEN_TESTS_BACKEND_DECODERS_H

#include "backend/backend.h"

/* Runs n jobs of a plan on a device, and fails the test if that fails. */
typedef void (*DecodersRun)(const MieniPlan *plan, size_t n, MieniJob *jobs);

void decoders_check_boxes(DecodersRun want, DecodersRun got);

/* From a picture on. The mesh as it is, and refined by the attention model's groups of points. */
void decoders_check_landmarks(DecodersRun want, DecodersRun got);

#endif
