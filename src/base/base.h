/* SPDX-License-Identifier: Apache-2.0 */
/* Small things that every part uses: compiler words, memory, errors. Depends on nothing but the
 * public status.h. */
#ifndef MIENI_BASE_BASE_H
#define MIENI_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mien/log.h"
#include "mien/status.h"

#if defined(__GNUC__)
#define MIENI_PRINTF(format_index, first_index)                                                    \
    __attribute__((format(printf, format_index, first_index)))
#define MIENI_ALIGNED(bytes) __attribute__((aligned(bytes)))
#else
#define MIENI_PRINTF(format_index, first_index)
#define MIENI_ALIGNED(bytes)
#endif

#define MIENI_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define MIENI_MIN(a, b) ((a) < (b) ? (a) : (b))
#define MIENI_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Alignment of everything that mieni_alloc_aligned returns: a cache line, and the widest vector. */
#define MIENI_ALIGNMENT 64

static inline size_t mieni_round_up(size_t value, size_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

/* Zeroed memory for count * size bytes, or NULL if that overflows or there is none. Free with
 * mieni_free. */
void *mieni_alloc(size_t count, size_t size);

/* Memory aligned to MIENI_ALIGNMENT, or NULL. It is not touched: where it is new to the process,
 * pages that are never written take none of the machine's. Free with mieni_free. */
void *mieni_alloc_aligned(size_t size_bytes);

/* Grows an array to new_count elements; what is new is zero. On NULL the old block is untouched. */
void *mieni_realloc(void *block, size_t old_count, size_t new_count, size_t size);

void mieni_free(void *block);

/* Number of allocations so far in this process, for tests that prove that a call makes none. */
uint64_t mieni_alloc_count(void);

/* Number of bytes that were asked for so far, for tests that bound what a hostile file can cost. */
uint64_t mieni_alloc_bytes(void);

/* For tests: the n-th allocation from now fails (0: the next), and every later one too if
 * `persistent`. -1: none. */
void mieni_alloc_fail_at(int64_t n, bool persistent);

/* Fills `error` (which may be NULL) and returns `status`, so that a failure is one statement where
 * it is found. */
MienStatus mieni_fail(MienError *error, MienStatus status, const char *reason, const char *format,
                      ...) MIENI_PRINTF(4, 5);

/* mieni_fail for memory. */
MienStatus mieni_fail_nomem(MienError *error);

/* A log target: where lines go and up to which level. Copied from the options of an object. */
typedef struct MieniLog {
    MienLogFn write;
    void *user;
    MienLogLevel level;
} MieniLog;

/* Formats and passes on a line if the level is wanted. The line is cut at 500 bytes. */
void mieni_log(const MieniLog *log, MienLogLevel level, const char *area, const char *format, ...)
    MIENI_PRINTF(4, 5);

#endif
