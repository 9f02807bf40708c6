/* SPDX-License-Identifier: Apache-2.0 */
/* The cases of every operation. An operation of kernels.h without cases here does not link. */
#ifndef MIEN_TESTS_KERNELS_CASES_H
#define MIEN_TESTS_KERNELS_CASES_H

#include "harness.h"

#define DECLARE_CASES(name, class, arguments) void test_##name(Test *test);
MIENI_KERNEL_LIST(DECLARE_CASES)
#undef DECLARE_CASES

void test_decode_boxes(Test *test);
void test_fma_loop(Test *test);

/* A picture of 1280x720 and a turned crop of 192x192, for timing. */
void prepare_crop(Test *test, MienPixelFormat format, MieniView *view, MieniCrop *crop,
                  MieniPlane *out);

#endif
