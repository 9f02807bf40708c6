/* SPDX-License-Identifier: Apache-2.0 */
/* A static memory plan: places for buffers whose lifetimes are known. */
#ifndef MIENI_GRAPH_MEMORY_H
#define MIENI_GRAPH_MEMORY_H

#include "base/base.h"

typedef struct MieniBuffer {
    size_t size_bytes;
    int32_t first, last; /* steps at which it is first and last in use, inclusive */
    size_t offset;       /* result */
} MieniBuffer;

/*
 * Gives every buffer an offset, a multiple of `alignment`, such that no two buffers that are in use
 * at the same step overlap. Returns the bytes needed.
 */
size_t mieni_memory_plan(MieniBuffer *buffers, size_t n, size_t alignment);

#endif
