/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#define BLOCK_BYTES 16384

typedef struct Block {
    struct Block *next;
    size_t used, size;
    MIENI_ALIGNED(16) unsigned char data[];
} Block;

struct MieniArena {
    Block *first;
};

MieniArena *mieni_arena_create(void)
{
    return mieni_alloc(1, sizeof(MieniArena));
}

void *mieni_arena_alloc(MieniArena *arena, size_t count, size_t size)
{
    if (size && count > (SIZE_MAX - sizeof(Block) - 16) / size)
        return NULL;
    size_t bytes = mieni_round_up(count * size, 16);
    Block *block = arena->first;
    if (!block || block->size - block->used < bytes) {
        size_t block_bytes = MIENI_MAX(bytes, BLOCK_BYTES);
        block = mieni_alloc(1, sizeof(Block) + block_bytes);
        if (!block)
            return NULL;
        block->size = block_bytes;
        block->next = arena->first;
        arena->first = block;
    }
    void *piece = block->data + block->used;
    block->used += bytes;
    return piece;
}

char *mieni_arena_text(MieniArena *arena, const char *text, size_t length)
{
    char *copy = mieni_arena_alloc(arena, length + 1, 1);
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

void mieni_arena_destroy(MieniArena *arena)
{
    if (!arena)
        return;
    for (Block *block = arena->first; block;) {
        Block *next = block->next;
        mieni_free(block);
        block = next;
    }
    mieni_free(arena);
}
