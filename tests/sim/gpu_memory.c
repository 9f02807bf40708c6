/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device memory of the stand-in GPU. Allocations lie in one range of addresses with gaps between
 * them. Beside each byte stands whether it is allocated and written, beside each half of a word
 * which threads touched it last: that is how accesses are judged.
 */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gpu.h"

#define ARENA_BYTES ((size_t)256 << 20)
#define SHARED_BYTES ((size_t)64 << 10)
#define GAP_BYTES 256
#define MAX_BLOCKS 1024

/* What the host copied there is only read by kernels, so nobody keeps a record of who reads it:
 * these are weights and pictures, most of all reads. */
enum { FREE, ALLOCATED, WRITTEN, COPIED };
#define ALL_COPIED UINT64_C(0x0303030303030303)

/* Which threads touched half a word last. Two readers are enough: a third differs from one of them.
 */
typedef struct Cell {
    uint64_t writer, readers[2];
} Cell;

#define CELL_BYTES 2

typedef struct Region {
    unsigned char *bytes;
    unsigned char *states;
    Cell *cells;
    size_t size;
} Region;

static Region arena, shared;
static struct {
    size_t begin, size;
    int device;
} blocks[MAX_BLOCKS]; /* by address */
static size_t n_blocks, n_used;
static uint64_t cluster_blocks = 1; /* of the running launch */

static void *reserve(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

static void make_region(Region *region, size_t size)
{
    if (region->bytes)
        return;
    region->bytes = reserve(size);
    region->states = reserve(size);
    region->cells = reserve(size / CELL_BYTES * sizeof(Cell));
    region->size = size;
}

uint64_t sim_memory_alloc(size_t bytes, int device)
{
    size_t at = GAP_BYTES, i = 0;
    make_region(&arena, ARENA_BYTES);
    if (bytes == 0 || n_blocks == MAX_BLOCKS || bytes > ARENA_BYTES)
        return 0;
    for (; i < n_blocks && blocks[i].begin - at < bytes + GAP_BYTES; i++)
        at = (blocks[i].begin + blocks[i].size + 2 * GAP_BYTES - 1) / GAP_BYTES * GAP_BYTES;
    if (at + bytes + GAP_BYTES > ARENA_BYTES)
        return 0;
    memmove(&blocks[i + 1], &blocks[i], (n_blocks - i) * sizeof(blocks[0]));
    blocks[i].begin = at;
    blocks[i].size = bytes;
    blocks[i].device = device;
    n_blocks++;
    n_used += bytes;
    memset(arena.states + at, ALLOCATED, bytes);
    /* What nobody wrote is no number. */
    memset(arena.bytes + at, 0xff, bytes);
    return (uint64_t)(uintptr_t)(arena.bytes + at);
}

int sim_memory_free(uint64_t pointer)
{
    for (size_t i = 0; i < n_blocks; i++) {
        if ((uint64_t)(uintptr_t)(arena.bytes + blocks[i].begin) != pointer)
            continue;
        memset(arena.states + blocks[i].begin, FREE, blocks[i].size);
        n_used -= blocks[i].size;
        n_blocks--;
        memmove(&blocks[i], &blocks[i + 1], (n_blocks - i) * sizeof(blocks[0]));
        return 1;
    }
    return 0;
}

size_t sim_memory_reset(int device)
{
    size_t n_freed = 0;
    for (size_t i = n_blocks; i-- > 0;)
        if (blocks[i].device == device)
            n_freed +=
                (size_t)sim_memory_free((uint64_t)(uintptr_t)(arena.bytes + blocks[i].begin));
    return n_freed;
}

size_t sim_memory_used(void)
{
    return n_used;
}

int sim_memory_check(uint64_t pointer, size_t bytes, int written, int mark)
{
    size_t at = (size_t)(pointer - (uint64_t)(uintptr_t)arena.bytes);
    if (!arena.bytes || at >= ARENA_BYTES || bytes > ARENA_BYTES - at)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        if (arena.states[at + i] < (written ? WRITTEN : ALLOCATED))
            return 0;
    if (mark)
        memset(arena.states + at, mark, bytes);
    return 1;
}

/* launch (18 bits), epoch (6), block (20), phase (10), thread (10); never 0 */
static uint64_t stamp_of(const SimThread *thread)
{
    return (uint64_t)thread->launch << 46 | (uint64_t)(thread->epoch & 0x3f) << 40 |
           (uint64_t)(thread->block & 0xfffff) << 20 | (uint64_t)(thread->phase & 0x3ff) << 10 |
           (thread->thread & 0x3ff);
}

static uint64_t block_of(uint64_t stamp)
{
    return stamp >> 20 & 0xfffff;
}

/* Whether two accesses of one launch may come in any order. Blocks only wait for each other at
 * barriers of their cluster. Shared memory is new for every block. */
static int may_meet(uint64_t a, uint64_t b, int is_shared)
{
    if (a >> 46 != b >> 46) /* another launch */
        return 0;
    if (block_of(a) != block_of(b)) {
        int together = block_of(a) / cluster_blocks == block_of(b) / cluster_blocks;
        return !is_shared && (!together || a >> 40 == b >> 40);
    }
    return a >> 10 == b >> 10 && a != b;
}

static const char *note(Cell *cell, uint64_t now, int is_write, int is_shared)
{
    if (may_meet(cell->writer, now, is_shared))
        return is_write ? "is also written by another thread, without a barrier between them"
                        : "is written by another thread, without a barrier between them";
    if (is_write) {
        if (may_meet(cell->readers[0], now, is_shared) ||
            may_meet(cell->readers[1], now, is_shared))
            return "is read by another thread, without a barrier between them";
        cell->writer = now;
        return NULL;
    }
    if (cell->readers[0] != now) {
        /* Keeps one of another thread, if there is one. */
        if (may_meet(cell->readers[0], now, is_shared))
            cell->readers[1] = cell->readers[0];
        cell->readers[0] = now;
    }
    return NULL;
}

/* Whether the host copied all of this there. */
static int is_copied(const unsigned char *states, size_t bytes)
{
    uint64_t eight = 0, next = ALL_COPIED;
    uint32_t four = 0;
    switch (bytes) {
    case 16:
        memcpy(&next, states + 8, 8);
        memcpy(&eight, states, 8);
        return eight == ALL_COPIED && next == ALL_COPIED;
    case 8:
        memcpy(&eight, states, 8);
        return eight == ALL_COPIED;
    case 4:
        memcpy(&four, states, 4);
        return four == (uint32_t)ALL_COPIED;
    default:
        return bytes == 1 && *states == COPIED;
    }
}

static const char *access_region(Region *region, size_t at, size_t bytes, int is_write,
                                 const SimThread *thread)
{
    uint64_t now = stamp_of(thread);
    cluster_blocks = thread->cluster;
    if (!is_write && is_copied(region->states + at, bytes))
        return NULL;
    for (size_t i = at; i < at + bytes; i++) {
        if (region->states[i] == FREE)
            return "is outside of what was allocated";
        if (is_write)
            region->states[i] = WRITTEN;
        else if (region->states[i] < WRITTEN)
            return "was never written";
    }
    for (size_t cell = at / CELL_BYTES; cell <= (at + bytes - 1) / CELL_BYTES; cell++) {
        const char *wrong = note(&region->cells[cell], now, is_write, region == &shared);
        if (wrong)
            return wrong;
    }
    return NULL;
}

const char *sim_memory_access(uintptr_t address, size_t bytes, int is_write,
                              const SimThread *thread)
{
    size_t at = address - (uintptr_t)arena.bytes;
    if (at < arena.size)
        return access_region(&arena, at, bytes, is_write, thread);
    if (sim_fiber_owns(address))
        return NULL;
    at = address - (uintptr_t)shared.bytes;
    if (at < shared.size)
        return access_region(&shared, at, bytes, is_write, thread);
    return "is no memory of the device";
}

void sim_memory_begin_blocks(unsigned n, size_t shared_bytes)
{
    static size_t last_bytes[SIM_MAX_CLUSTER];
    make_region(&shared, SIM_MAX_CLUSTER * SHARED_BYTES);
    for (unsigned i = 0; i < SIM_MAX_CLUSTER; i++) {
        size_t at = i * SHARED_BYTES, bytes = i < n ? shared_bytes : 0;
        if (last_bytes[i] > bytes)
            memset(shared.states + at + bytes, FREE, last_bytes[i] - bytes);
        memset(shared.states + at, ALLOCATED, bytes);
        memset(shared.bytes + at, 0xff, bytes);
        last_bytes[i] = bytes;
    }
}

float *sim_memory_shared(unsigned block)
{
    return (float *)(void *)(shared.bytes + block * SHARED_BYTES);
}
