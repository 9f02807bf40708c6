/* SPDX-License-Identifier: Apache-2.0 */
/* The whole way from a picture to faces on a device, beside the CPU's. */
#ifndef MIEN_TESTS_BACKEND_FACES_H
#define MIEN_TESTS_BACKEND_FACES_H

#include "engine/frames.h"

/* Looks for up to four faces; with a bundle for blendshapes and pose as well. */
MienEngine *faces_engine(const char *model, const char *detector, MienMode mode,
                         const char *device);

/* Every picture of the test data with the mesh, and two of them with every other model; each stage
 * is asserted to run on `device`. */
void faces_check_all_pictures(const char *device);
void faces_check_models(const char *device);

/* Compares frames first to end - 1 of the clip, in the decoder's own format, and returns the number
 * of faces. The second forgets what both engines knew first. In the third `other` knows before each
 * frame what `cpu` knows, so that no difference grows (docs/accuracy.md: behind frame 211 last bits
 * decide), and the bounds are those of pictures. */
size_t faces_follow(MienEngine *cpu, MienEngine *other, int first, int end);
size_t faces_follow_anew(MienEngine *cpu, MienEngine *other, int first, int end);
size_t faces_follow_in_steps(MienEngine *cpu, MienEngine *other, int first, int end);

#endif
