/* SPDX-License-Identifier: Apache-2.0 */
/* What every test includes: cmocka with its prerequisites, data look-up, and honest skipping. */
#ifndef MIEN_TESTS_SUPPORT_TEST_H
#define MIEN_TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Finds a file of test data: "models/X", "testdata/X" or "reference/X" below the shared folder;
 * models are also looked for where `mien models fetch` puts them, and the sample picture where
 * `make` put it. Returns NULL if there is none. The text stays valid until the next call with the
 * same `name`.
 */
const char *test_find_data(const char *name);

/* The same for a test that cannot run without: says why and leaves the test as skipped. */
const char *test_need_data(const char *name);

/* Leaves the test as skipped; the program will exit with 77. */
void test_skip(const char *reason);

/* Reads a whole file; the test fails if it cannot. Free with free(). A NUL stands behind the data.
 */
void *test_read_file(const char *path, size_t *size_bytes);

/* Path of a fresh file name in the test's temporary folder, which is removed at exit. Valid until
 * the next call. */
const char *test_temporary(const char *name);

/* For a group's teardown that finds something wrong: cmocka does not count its failure. */
void test_fail_at_end(void);

/* Turns the number of failed tests into an exit code: 0, 1, or 77 if nothing failed but something
 * was skipped. */
int test_exit_code(int n_failed);

#define TEST_MAIN(tests)                                                                           \
    int main(void)                                                                                 \
    {                                                                                              \
        return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));                          \
    }

/* Fails unless low <= value <= high. cmocka's own macro has another name since its version 2. */
#define test_in_range(value, low, high)                                                            \
    test_check_range(#value, (int64_t)(value), (int64_t)(low), (int64_t)(high), __FILE__, __LINE__)
void test_check_range(const char *what, int64_t value, int64_t low, int64_t high, const char *file,
                      int line);

/* Fails unless |got - want| <= absolute + relative * |want| for all n; names the worst place. NaN
 * always fails. */
void test_compare_floats(const char *what, const float *got, const float *want, size_t n,
                         double absolute, double relative);

#endif
