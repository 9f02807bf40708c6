/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/memory.h"

static bool overlap_in_time(const MieniBuffer *a, const MieniBuffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/*
 * First fit: buffers are placed in order, each at the lowest offset where it meets no earlier one
 * that lives at the same time. Quadratic in the number of buffers, of which there are a few
 * hundred.
 */
static size_t place(MieniBuffer *buffers, size_t index, size_t alignment)
{
    MieniBuffer *buffer = &buffers[index];
    size_t offset = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < index; i++) {
            const MieniBuffer *other = &buffers[i];
            if (!overlap_in_time(other, buffer) || other->offset >= offset + buffer->size_bytes ||
                offset >= other->offset + other->size_bytes)
                continue;
            offset = mieni_round_up(other->offset + other->size_bytes, alignment);
            moved = true;
        }
    }
    buffer->offset = offset;
    return offset + buffer->size_bytes;
}

size_t mieni_memory_plan(MieniBuffer *buffers, size_t n, size_t alignment)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total = MIENI_MAX(total, place(buffers, i, alignment));
    return total;
}
