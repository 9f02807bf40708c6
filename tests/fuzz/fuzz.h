/* SPDX-License-Identifier: Apache-2.0 */
/* What a fuzz target is: one function, called by libFuzzer or by main.c. */
#ifndef MIEN_TESTS_FUZZ_FUZZ_H
#define MIEN_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Takes any bytes. Returns 0; what is wrong ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process with a text, so that libFuzzer keeps the input. */
_Noreturn void fuzz_fail(const char *format, ...);

#endif
