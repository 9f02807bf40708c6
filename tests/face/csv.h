/* SPDX-License-Identifier: Apache-2.0 */
/* Reads tables of numbers for tests of src/face. */
#ifndef MIEN_TESTS_FACE_CSV_H
#define MIEN_TESTS_FACE_CSV_H

#include "support/test.h"

/*
 * Reads the numbers of a text file, separated by commas or white space, row by row; lines that do
 * not begin with a number are left out. Skips the test if there is no such data. Free with free().
 */
static inline double *csv_read(const char *name, size_t *n_numbers)
{
    const char *path = test_need_data(name);
    size_t size;
    char *text = test_read_file(path, &size);
    double *numbers = malloc(sizeof(double) * (size / 2 + 1));
    assert_non_null(numbers);
    *n_numbers = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *end;
        for (double value = strtod(line, &end); end != line; value = strtod(line, &end)) {
            numbers[(*n_numbers)++] = value;
            line = end + (*end == ',');
        }
    }
    free(text);
    return numbers;
}

/*
 * Reads the numbers that stand behind `key` (such as "x:") in a file of protocol buffers as text,
 * in their order. Skips the test if there is no such data. Free with free().
 */
static inline double *pbtxt_read(const char *name, const char *key, size_t *n_numbers)
{
    const char *path = test_need_data(name);
    size_t size;
    char *text = test_read_file(path, &size);
    double *numbers = malloc(sizeof(double) * (size / 2 + 1));
    assert_non_null(numbers);
    *n_numbers = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        line += strspn(line, " ");
        if (strncmp(line, key, strlen(key)) == 0)
            numbers[(*n_numbers)++] = strtod(line + strlen(key), NULL);
    }
    free(text);
    return numbers;
}

#endif
