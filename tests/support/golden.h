/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of the .gold files in tests/golden: named tensors made by the scripts in tools/golden. */
#ifndef MIEN_TESTS_SUPPORT_GOLDEN_H
#define MIEN_TESTS_SUPPORT_GOLDEN_H

#include <stddef.h>
#include <stdint.h>

typedef enum GoldenType {
    GOLDEN_F32 = 0,
    GOLDEN_U8 = 1,
    GOLDEN_I32 = 2,
    GOLDEN_U16 = 3
} GoldenType;

typedef struct GoldenTensor {
    char name[64];
    GoldenType type;
    int rank;
    uint32_t dims[8];
    size_t n_elements;
    void *data; /* aligned for its type */
} GoldenTensor;

typedef struct Golden Golden;

/* Reads tests/golden/NAME; the test fails if it is missing or damaged. */
Golden *golden_read(const char *name);

/* Returns a tensor; the test fails if it is missing or of another type. */
const GoldenTensor *golden_get(const Golden *golden, const char *name, GoldenType type);

/* Returns a tensor or NULL. */
const GoldenTensor *golden_find(const Golden *golden, const char *name);

void golden_destroy(Golden *golden);

#endif
