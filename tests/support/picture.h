/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures for tests, read with libmien-media, or in builds without it from PPM files that another
 * build has made (`make test` does, for the emulated ARM processor). Tests that use this name
 * mien_test_picture in LIBS. */
#ifndef MIEN_TESTS_SUPPORT_PICTURE_H
#define MIEN_TESTS_SUPPORT_PICTURE_H

#include <stdint.h>

/* Reads the first frame of a picture or video as upright RGB24 rows without padding; the test
 * fails if it cannot. Free with free(). */
uint8_t *test_read_rgb24(const char *path, int *width, int *height);

#endif
