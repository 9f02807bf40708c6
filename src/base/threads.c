/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces are taken from one atomic word that holds the number of the job and which pieces are left:
 * who takes a piece of a job knows that the job is not over, so its function may be read. The
 * caller takes from the front and the others from the back, so that two threads mostly get the same
 * rows of every step, and find in their own cache what they wrote before.
 *
 * Inside a section threads without work look for more for some microseconds before they fall
 * asleep: the steps of a network follow each other faster than a sleeper wakes. Outside they sleep
 * at once.
 */
#include "base/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

/* Pieces that the word has room for; larger jobs are cut. */
#define MAX_PIECES 65535

/* Looks at the word before falling asleep: about 20 microseconds. */
#define MAX_LOOKS 1500

typedef struct Worker {
    MieniPool *pool;
    int32_t thread;
    pthread_t handle;
} Worker;

struct MieniPool {
    int32_t n_threads;
    Worker *workers; /* [n_threads - 1] */
    /* The running job; read only by those who hold a piece of it. */
    MieniPoolFn fn;
    void *user;
    int32_t first_piece;      /* of a cut job */
    _Atomic uint64_t pieces;  /* number of the job << 32 | first << 16 | end of those not taken */
    _Atomic int32_t n_open;   /* pieces that are not done */
    _Atomic uint32_t section; /* odd inside of one; counts them, so that a sleeper sees a new one */
    _Atomic int32_t n_asleep; /* workers */
    _Atomic bool caller_asleep;
    _Atomic bool ending;
    pthread_mutex_t mutex;
    pthread_cond_t work_there; /* a new job or section, or the end */
    pthread_cond_t work_done;  /* the last piece of a job is done */
};

/* Tells the processor that this is a waiting loop. */
static void look_again(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__ volatile("pause");
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void wake(MieniPool *pool, pthread_cond_t *whom)
{
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(whom);
    pthread_mutex_unlock(&pool->mutex);
}

static uint32_t first_of(uint64_t pieces)
{
    return (uint32_t)(pieces >> 16) & 0xFFFF;
}

static uint32_t end_of(uint64_t pieces)
{
    return (uint32_t)pieces & 0xFFFF;
}

static bool has_work(MieniPool *pool)
{
    uint64_t pieces = atomic_load(&pool->pieces);
    return first_of(pieces) < end_of(pieces);
}

/* Takes pieces until none is left. */
static void work(MieniPool *pool, int32_t thread)
{
    uint64_t pieces = atomic_load(&pool->pieces);
    while (first_of(pieces) < end_of(pieces)) {
        bool front = thread == 0;
        uint64_t left = front ? pieces + (UINT64_C(1) << 16) : pieces - 1;
        if (!atomic_compare_exchange_weak(&pool->pieces, &pieces, left))
            continue;
        uint32_t piece = front ? first_of(pieces) : end_of(pieces) - 1;
        pool->fn(pool->user, pool->first_piece + (int32_t)piece, thread);
        if (atomic_fetch_sub(&pool->n_open, 1) == 1 && atomic_load(&pool->caller_asleep))
            wake(pool, &pool->work_done);
        pieces = atomic_load(&pool->pieces);
    }
}

/* Counts itself as asleep before it looks a last time: whoever publishes work after that sees it.
 */
static void sleep_until_work(MieniPool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    uint32_t section = atomic_load(&pool->section);
    bool inside = section % 2 == 1;
    atomic_fetch_add(&pool->n_asleep, 1);
    while (!has_work(pool) && !atomic_load(&pool->ending) &&
           (inside ? atomic_load(&pool->section) == section : atomic_load(&pool->section) % 2 == 0))
        pthread_cond_wait(&pool->work_there, &pool->mutex);
    atomic_fetch_sub(&pool->n_asleep, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void *worker_main(void *argument)
{
    Worker *worker = argument;
    MieniPool *pool = worker->pool;
    int looks = 0;
    while (!atomic_load(&pool->ending)) {
        if (has_work(pool)) {
            work(pool, worker->thread);
            looks = 0;
        } else if (atomic_load(&pool->section) % 2 == 1 && looks < MAX_LOOKS) {
            looks++;
            look_again();
        } else {
            sleep_until_work(pool);
            looks = 0;
        }
    }
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
    atomic_init(&pool->pieces, 0);
    atomic_init(&pool->n_open, 0);
    atomic_init(&pool->section, 0);
    atomic_init(&pool->n_asleep, 0);
    atomic_init(&pool->caller_asleep, false);
    atomic_init(&pool->ending, false);
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

void mieni_pool_begin(MieniPool *pool)
{
    if (pool->n_threads == 1)
        return;
    atomic_fetch_add(&pool->section, 1);
    if (atomic_load(&pool->n_asleep) > 0)
        wake(pool, &pool->work_there);
}

void mieni_pool_end(MieniPool *pool)
{
    if (pool->n_threads > 1)
        atomic_fetch_add(&pool->section, 1);
}

/* The caller's wait for what others still do. */
static void wait_for_others(MieniPool *pool)
{
    for (int looks = 0; looks < MAX_LOOKS; looks++) {
        if (atomic_load(&pool->n_open) == 0)
            return;
        look_again();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->caller_asleep, true);
    while (atomic_load(&pool->n_open) > 0)
        pthread_cond_wait(&pool->work_done, &pool->mutex);
    atomic_store(&pool->caller_asleep, false);
    pthread_mutex_unlock(&pool->mutex);
}

static void run_pieces(MieniPool *pool, int32_t first, int32_t n, MieniPoolFn fn, void *user)
{
    pool->fn = fn;
    pool->user = user;
    pool->first_piece = first;
    atomic_store(&pool->n_open, n);
    uint64_t job = (atomic_load(&pool->pieces) >> 32) + 1;
    atomic_store(&pool->pieces, job << 32 | (uint32_t)n);
    if (atomic_load(&pool->n_asleep) > 0)
        wake(pool, &pool->work_there);
    work(pool, 0);
    wait_for_others(pool);
}

void mieni_pool_run(MieniPool *pool, int32_t n, MieniPoolFn fn, void *user)
{
    if (pool->n_threads == 1 || n <= 1) {
        for (int32_t i = 0; i < n; i++)
            fn(user, i, 0);
        return;
    }
    for (int32_t first = 0; first < n; first += MAX_PIECES)
        run_pieces(pool, first, MIENI_MIN(n - first, MAX_PIECES), fn, user);
}

void mieni_pool_destroy(MieniPool *pool)
{
    if (!pool)
        return;
    atomic_store(&pool->ending, true);
    wake(pool, &pool->work_there);
    for (int32_t i = 0; i < pool->n_threads - 1; i++)
        pthread_join(pool->workers[i].handle, NULL);
    pthread_cond_destroy(&pool->work_done);
    pthread_cond_destroy(&pool->work_there);
    pthread_mutex_destroy(&pool->mutex);
    mieni_free(pool->workers);
    mieni_free(pool);
}
