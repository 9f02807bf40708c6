/* SPDX-License-Identifier: Apache-2.0 */
#include "base/threads.h"

#include <pthread.h>
#include <signal.h>

typedef struct Worker {
    MieniPool *pool;
    int32_t thread;
    pthread_t handle;
} Worker;

struct MieniPool {
    int32_t n_threads;
    Worker *workers; /* [n_threads - 1] */
    pthread_mutex_t mutex;
    pthread_cond_t work_there; /* a new job, or the end */
    pthread_cond_t work_done;  /* the last piece of a job is done */
    uint64_t job;              /* counts jobs, so that a sleeper sees a new one */
    bool ending;
    MieniPoolFn fn;
    void *user;
    int32_t n, next, n_open; /* pieces of the job: all, next to take, not yet done */
};

/* Takes pieces until none is left. Called and left with the mutex held. */
static void work(MieniPool *pool, int32_t thread)
{
    while (pool->next < pool->n) {
        int32_t index = pool->next++;
        MieniPoolFn fn = pool->fn;
        void *user = pool->user;
        pthread_mutex_unlock(&pool->mutex);
        fn(user, index, thread);
        pthread_mutex_lock(&pool->mutex);
        if (--pool->n_open == 0)
            pthread_cond_signal(&pool->work_done);
    }
}

static void *worker_main(void *argument)
{
    Worker *worker = argument;
    MieniPool *pool = worker->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool->mutex);
    while (!pool->ending) {
        if (pool->job == seen) {
            pthread_cond_wait(&pool->work_there, &pool->mutex);
            continue;
        }
        seen = pool->job;
        work(pool, worker->thread);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

/* Starts the workers with every signal blocked: signals are the business of the caller's threads.
 */
static bool start_workers(MieniPool *pool, int32_t n_workers)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = true;
    for (int32_t i = 0; i < n_workers && started; i++) {
        Worker *worker = &pool->workers[i];
        worker->pool = pool;
        worker->thread = i + 1;
        started = pthread_create(&worker->handle, NULL, worker_main, worker) == 0;
        pool->n_threads += started;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

MienStatus mieni_pool_create(int32_t n_threads, MieniPool **out)
{
    *out = NULL;
    MieniPool *pool = mieni_alloc(1, sizeof(*pool));
    if (!pool)
        return MIEN_E_NOMEM;
    pool->n_threads = 1;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work_there, NULL);
    pthread_cond_init(&pool->work_done, NULL);
    pool->workers = mieni_alloc((size_t)n_threads, sizeof(*pool->workers));
    if (!pool->workers || !start_workers(pool, n_threads - 1)) {
        mieni_pool_destroy(pool);
        return MIEN_E_NOMEM;
    }
    *out = pool;
    return MIEN_OK;
}

int32_t mieni_pool_n_threads(const MieniPool *pool)
{
    return pool->n_threads;
}

void mieni_pool_run(MieniPool *pool, int32_t n, MieniPoolFn fn, void *user)
{
    if (pool->n_threads == 1 || n <= 1) {
        for (int32_t i = 0; i < n; i++)
            fn(user, i, 0);
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->fn = fn;
    pool->user = user;
    pool->n = pool->n_open = n;
    pool->next = 0;
    pool->job++;
    pthread_cond_broadcast(&pool->work_there);
    work(pool, 0);
    while (pool->n_open > 0)
        pthread_cond_wait(&pool->work_done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}

void mieni_pool_destroy(MieniPool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->ending = true;
    pthread_cond_broadcast(&pool->work_there);
    pthread_mutex_unlock(&pool->mutex);
    for (int32_t i = 0; i < pool->n_threads - 1; i++)
        pthread_join(pool->workers[i].handle, NULL);
    pthread_cond_destroy(&pool->work_done);
    pthread_cond_destroy(&pool->work_there);
    pthread_mutex_destroy(&pool->mutex);
    mieni_free(pool->workers);
    mieni_free(pool);
}
