/* SPDX-License-Identifier: Apache-2.0 */
/* A pool of threads that share out numbered pieces of work. Nobody spins while there is no work, or
 * for longer than some microseconds while there is. */
#ifndef MIENI_BASE_THREADS_H
#define MIENI_BASE_THREADS_H

#include "base/base.h"

typedef struct MieniPool MieniPool;

/* Does piece `index` of a job on thread `thread`, 0 <= thread < n_threads (0 is the caller's own).
 */
typedef void (*MieniPoolFn)(void *user, int32_t index, int32_t thread);

/* Creates n_threads - 1 threads; one thread means that work runs in the caller. */
MienStatus mieni_pool_create(int32_t n_threads, MieniPool **pool);

int32_t mieni_pool_n_threads(const MieniPool *pool);

/*
 * Jobs between begin and end follow each other closely: threads that wait for the next one may look
 * for it for some microseconds before they fall asleep. They begin to wake up at once. Not needed
 * for a job alone.
 */
void mieni_pool_begin(MieniPool *pool);
void mieni_pool_end(MieniPool *pool);

/* Runs pieces 0 .. n - 1 and returns when all are done. One caller at a time. */
void mieni_pool_run(MieniPool *pool, int32_t n, MieniPoolFn fn, void *user);

/* NULL is fine. */
void mieni_pool_destroy(MieniPool *pool);

#endif
