/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_uint_fast64_t n_allocations, n_bytes;

/* Allocations until the one that fails; negative: none fails. */
static atomic_int_fast64_t fail_countdown = -1;
static atomic_bool fail_forever;

static bool must_fail(size_t count, size_t size)
{
    atomic_fetch_add(&n_allocations, 1);
    atomic_fetch_add(&n_bytes, (uint64_t)count * size);
    if (atomic_load(&fail_countdown) < 0)
        return false;
    int_fast64_t left = atomic_fetch_sub(&fail_countdown, 1);
    if (left > 0)
        return false;
    if (atomic_load(&fail_forever))
        atomic_store(&fail_countdown, 0);
    return left == 0;
}

void *mieni_alloc(size_t count, size_t size)
{
    if (must_fail(count, size) || (size && count > SIZE_MAX / size))
        return NULL;
    return calloc(count ? count : 1, size ? size : 1);
}

void *mieni_alloc_aligned(size_t size_bytes)
{
    if (must_fail(size_bytes, 1) || size_bytes > SIZE_MAX - MIENI_ALIGNMENT)
        return NULL;
    void *block = NULL;
    size_t rounded = mieni_round_up(size_bytes ? size_bytes : 1, MIENI_ALIGNMENT);
    return posix_memalign(&block, MIENI_ALIGNMENT, rounded) == 0 ? block : NULL;
}

void *mieni_realloc(void *block, size_t old_count, size_t new_count, size_t size)
{
    if (must_fail(new_count, size) || !size || new_count > SIZE_MAX / size)
        return NULL;
    char *grown = realloc(block, MIENI_MAX(new_count, (size_t)1) * size);
    if (grown && new_count > old_count)
        memset(grown + old_count * size, 0, (new_count - old_count) * size);
    return grown;
}

void mieni_free(void *block)
{
    free(block);
}

uint64_t mieni_alloc_count(void)
{
    return atomic_load(&n_allocations);
}

uint64_t mieni_alloc_bytes(void)
{
    return atomic_load(&n_bytes);
}

void mieni_alloc_fail_at(int64_t n, bool persistent)
{
    atomic_store(&fail_forever, persistent);
    atomic_store(&fail_countdown, n);
}
