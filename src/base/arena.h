/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is handed out in pieces and given back all at once. */
#ifndef MIENI_BASE_ARENA_H
#define MIENI_BASE_ARENA_H

#include "base/base.h"

typedef struct MieniArena MieniArena;

/* Returns NULL if there is no memory. */
MieniArena *mieni_arena_create(void);

/* Zeroed memory for count * size bytes, aligned to 16, or NULL. Freed with the arena. */
void *mieni_arena_alloc(MieniArena *arena, size_t count, size_t size);

/* A copy of the first `length` bytes of `text` with a NUL behind it, or NULL. */
char *mieni_arena_text(MieniArena *arena, const char *text, size_t length);

/* NULL is fine. */
void mieni_arena_destroy(MieniArena *arena);

#endif
