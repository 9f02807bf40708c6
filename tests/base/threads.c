/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: every piece once, nobody left behind. Meant to be run under the thread sanitizer too.
 */
#include "base/threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "support/test.h"

enum { MAX_PIECES = 300 };

typedef struct Job {
    MieniPool *pool;
    int32_t n;
    int32_t seen[MAX_PIECES]; /* each written by one thread only, read after the run */
    int32_t thread[MAX_PIECES];
    atomic_int inside[8]; /* pieces that run on a thread at this moment */
    atomic_int wrong;
} Job;

static void do_piece(void *user, int32_t index, int32_t thread)
{
    Job *job = user;
    if (index < 0 || index >= job->n || thread < 0 || thread >= mieni_pool_n_threads(job->pool) ||
        atomic_fetch_add(&job->inside[thread], 1) != 0) {
        atomic_fetch_add(&job->wrong, 1);
        return;
    }
    job->seen[index]++;
    job->thread[index] = thread;
    atomic_fetch_sub(&job->inside[thread], 1);
}

static void check_run(MieniPool *pool, int32_t n)
{
    static Job job;
    memset(&job, 0, sizeof(job));
    job.pool = pool;
    job.n = n;
    mieni_pool_run(pool, n, do_piece, &job);
    assert_int_equal(atomic_load(&job.wrong), 0);
    for (int32_t i = 0; i < MAX_PIECES; i++)
        assert_int_equal(job.seen[i], i < n ? 1 : 0);
}

static void every_piece_runs_once(void **state)
{
    (void)state;
    for (int32_t n_threads = 1; n_threads <= 8; n_threads++) {
        MieniPool *pool;
        assert_int_equal(mieni_pool_create(n_threads, &pool), MIEN_OK);
        assert_int_equal(mieni_pool_n_threads(pool), n_threads);
        static const int32_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 64, MAX_PIECES};
        for (int repeat = 0; repeat < 20; repeat++)
            for (size_t i = 0; i < MIENI_COUNT_OF(sizes); i++)
                check_run(pool, sizes[i]);
        mieni_pool_destroy(pool);
    }
}

/* A late sleeper must not take a piece of a job that is over, and none may be lost between jobs. */
static void many_short_jobs(void **state)
{
    (void)state;
    MieniPool *pool;
    assert_int_equal(mieni_pool_create(4, &pool), MIEN_OK);
    for (int i = 0; i < 3000; i++)
        check_run(pool, 2 + i % 5);
    mieni_pool_destroy(pool);
}

typedef struct Meeting {
    pthread_mutex_t mutex;
    pthread_cond_t all_there;
    int n_there, n_wanted;
    bool blocked[4]; /* by thread: whether SIGTERM is */
} Meeting;

static void meet(void *user, int32_t index, int32_t thread)
{
    (void)index;
    (void)thread;
    Meeting *meeting = user;
    pthread_mutex_lock(&meeting->mutex);
    if (++meeting->n_there == meeting->n_wanted)
        pthread_cond_broadcast(&meeting->all_there);
    while (meeting->n_there < meeting->n_wanted)
        pthread_cond_wait(&meeting->all_there, &meeting->mutex);
    pthread_mutex_unlock(&meeting->mutex);
}

/* Pieces run at the same time: each waits for all the others. */
static void pieces_run_in_parallel(void **state)
{
    (void)state;
    MieniPool *pool;
    assert_int_equal(mieni_pool_create(4, &pool), MIEN_OK);
    Meeting meeting = {.n_wanted = 4};
    pthread_mutex_init(&meeting.mutex, NULL);
    pthread_cond_init(&meeting.all_there, NULL);
    mieni_pool_run(pool, 4, meet, &meeting);
    assert_int_equal(meeting.n_there, 4);
    mieni_pool_destroy(pool);
    pthread_cond_destroy(&meeting.all_there);
    pthread_mutex_destroy(&meeting.mutex);
}

static void pools_come_and_go(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        MieniPool *pool;
        assert_int_equal(mieni_pool_create(1 + i % 4, &pool), MIEN_OK);
        if (i & 1)
            check_run(pool, 5);
        mieni_pool_destroy(pool);
    }
    mieni_pool_destroy(NULL);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    MieniPool *pool;
    for (int64_t n = 0; n < 2; n++) {
        mieni_alloc_fail_at(n, false);
        assert_int_equal(mieni_pool_create(3, &pool), MIEN_E_NOMEM);
        assert_null(pool);
    }
    mieni_alloc_fail_at(-1, false);
}

/* Notes on which threads SIGTERM is blocked. */
static void note_mask(void *user, int32_t index, int32_t thread)
{
    Meeting *meeting = user;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    meeting->blocked[thread] = sigismember(&mask, SIGTERM) == 1;
    meet(meeting, index, thread); /* so that each thread gets a piece */
}

static void signals_are_for_the_callers_threads(void **state)
{
    (void)state;
    MieniPool *pool;
    assert_int_equal(mieni_pool_create(3, &pool), MIEN_OK);
    Meeting meeting = {.n_wanted = 3};
    pthread_mutex_init(&meeting.mutex, NULL);
    pthread_cond_init(&meeting.all_there, NULL);
    mieni_pool_run(pool, 3, note_mask, &meeting);
    assert_false(meeting.blocked[0]);
    assert_true(meeting.blocked[1] && meeting.blocked[2]);
    mieni_pool_destroy(pool);
    pthread_cond_destroy(&meeting.all_there);
    pthread_mutex_destroy(&meeting.mutex);
}

static void sections_run_everything_once(void **state)
{
    (void)state;
    MieniPool *pool;
    assert_int_equal(mieni_pool_create(4, &pool), MIEN_OK);
    for (int i = 0; i < 300; i++) {
        mieni_pool_begin(pool);
        for (int k = 0; k < i % 8; k++)
            check_run(pool, 1 + (i + k) % 9);
        mieni_pool_end(pool);
        if (i % 3 == 0)
            check_run(pool, 5);
    }
    mieni_pool_destroy(pool);
}

static void count_piece(void *user, int32_t index, int32_t thread)
{
    (void)thread;
    atomic_uchar *seen = user;
    atomic_fetch_add(&seen[index], 1);
}

static void huge_jobs_are_cut(void **state)
{
    (void)state;
    enum { N = 150000 };
    static atomic_uchar seen[N];
    MieniPool *pool;
    assert_int_equal(mieni_pool_create(3, &pool), MIEN_OK);
    mieni_pool_run(pool, N, count_piece, seen);
    for (int i = 0; i < N; i++)
        assert_int_equal(atomic_load(&seen[i]), 1);
    mieni_pool_destroy(pool);
}

static double milliseconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

/* What threads without work cost, inside of a section and outside: next to nothing. */
static void nobody_spins_without_work(void **state)
{
    (void)state;
    MieniPool *pool;
    assert_int_equal(mieni_pool_create(4, &pool), MIEN_OK);
    for (int inside = 0; inside <= 1; inside++) {
        mieni_pool_begin(pool);
        check_run(pool, 8);
        if (!inside)
            mieni_pool_end(pool);
        double before = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
        double start = milliseconds(CLOCK_MONOTONIC);
        nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
        double used = milliseconds(CLOCK_PROCESS_CPUTIME_ID) - before;
        assert_true(used < (milliseconds(CLOCK_MONOTONIC) - start) / 10);
        check_run(pool, 8);
        if (inside)
            mieni_pool_end(pool);
    }
    mieni_pool_destroy(pool);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_piece_runs_once),
    cmocka_unit_test(many_short_jobs),
    cmocka_unit_test(pieces_run_in_parallel),
    cmocka_unit_test(pools_come_and_go),
    cmocka_unit_test(no_memory_is_an_error),
    cmocka_unit_test(signals_are_for_the_callers_threads),
    cmocka_unit_test(sections_run_everything_once),
    cmocka_unit_test(nobody_spins_without_work),
    cmocka_unit_test(huge_jobs_are_cut),
};

TEST_MAIN(tests)
