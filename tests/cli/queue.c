/* SPDX-License-Identifier: Apache-2.0 */
#include "../../tools/mien/queue.h"

#include <pthread.h>
#include <time.h>

#include "support/test.h"

enum { N = 20000 };

static int numbers[N];
static int n_dropped;

static void drop(void *item)
{
    (void)item;
    n_dropped++;
}

static void *produce(void *queue)
{
    for (int i = 0; i < N; i++) {
        numbers[i] = i;
        if (!cli_queue_push(queue, &numbers[i], (size_t)(i % 50)))
            return NULL;
    }
    cli_queue_close(queue);
    return NULL;
}

static void everything_arrives_in_order(void **state)
{
    (void)state;
    CliQueue *queue = cli_queue_create(4, 100);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, queue), 0);
    int n = 0;
    for (int *item; (item = cli_queue_pop(queue)); n++)
        assert_int_equal(*item, n);
    assert_int_equal(n, N);
    assert_null(cli_queue_pop(queue));
    pthread_join(thread, NULL);
    cli_queue_destroy(queue, drop);
}

/* A push that finds no room and is then told to give up. */
typedef struct Waiting {
    CliQueue *queue;
    size_t bytes;
    bool pushed;
} Waiting;

static void *push_one(void *argument)
{
    Waiting *waiting = argument;
    waiting->pushed = cli_queue_push(waiting->queue, waiting, waiting->bytes);
    return NULL;
}

/* Fills a queue, and sees whether one more item of `bytes` waits: if it does, only cancelling ends
 * the thread, and the item was not taken. */
static bool waits(size_t max_items, size_t max_bytes, int n_before, size_t bytes)
{
    CliQueue *queue = cli_queue_create(max_items, max_bytes);
    for (int i = 0; i < n_before; i++)
        assert_true(cli_queue_push(queue, &numbers[i], bytes));
    Waiting waiting = {queue, bytes, false};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, push_one, &waiting), 0);
    struct timespec a_moment = {0, 30000000};
    nanosleep(&a_moment, NULL);
    cli_queue_cancel(queue);
    pthread_join(thread, NULL);
    n_dropped = 0;
    cli_queue_destroy(queue, drop);
    assert_int_equal(n_dropped, n_before + waiting.pushed);
    return !waiting.pushed;
}

static void it_is_bounded(void **state)
{
    (void)state;
    assert_true(waits(3, 1000, 3, 1));
    assert_false(waits(3, 1000, 2, 1));
    assert_true(waits(10, 100, 2, 50));
    assert_false(waits(10, 100, 1, 50));
    /* One item always fits. */
    assert_false(waits(10, 100, 0, 1000000));
}

static void cancelling_ends_everything(void **state)
{
    (void)state;
    CliQueue *queue = cli_queue_create(4, 100);
    assert_true(cli_queue_push(queue, &numbers[0], 1));
    cli_queue_cancel(queue);
    assert_null(cli_queue_pop(queue));
    assert_false(cli_queue_push(queue, &numbers[1], 1));
    n_dropped = 0;
    cli_queue_destroy(queue, drop);
    assert_int_equal(n_dropped, 1);
    cli_queue_destroy(NULL, drop);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(everything_arrives_in_order),
    cmocka_unit_test(it_is_bounded),
    cmocka_unit_test(cancelling_ends_everything),
};

TEST_MAIN(tests)
