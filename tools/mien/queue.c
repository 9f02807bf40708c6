/* SPDX-License-Identifier: Apache-2.0 */
#include "queue.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct Slot {
    void *item;
    size_t bytes;
} Slot;

struct CliQueue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool closed, cancelled;
    size_t max_items, max_bytes;
    size_t first, n, bytes;
    Slot slots[]; /* [max_items], a ring */
};

CliQueue *cli_queue_create(size_t max_items, size_t max_bytes)
{
    CliQueue *queue = calloc(1, sizeof(*queue) + max_items * sizeof(queue->slots[0]));
    if (!queue)
        return NULL;
    queue->max_items = max_items;
    queue->max_bytes = max_bytes;
    if (pthread_mutex_init(&queue->mutex, NULL) != 0) {
        free(queue);
        return NULL;
    }
    if (pthread_cond_init(&queue->changed, NULL) != 0) {
        pthread_mutex_destroy(&queue->mutex);
        free(queue);
        return NULL;
    }
    return queue;
}

static bool has_room(const CliQueue *queue, size_t bytes)
{
    if (queue->n == 0)
        return true;
    return queue->n < queue->max_items && queue->bytes <= queue->max_bytes &&
           bytes <= queue->max_bytes - queue->bytes;
}

bool cli_queue_push(CliQueue *queue, void *item, size_t bytes)
{
    pthread_mutex_lock(&queue->mutex);
    while (!has_room(queue, bytes) && !queue->cancelled)
        pthread_cond_wait(&queue->changed, &queue->mutex);
    bool pushed = !queue->cancelled;
    if (pushed) {
        queue->slots[(queue->first + queue->n++) % queue->max_items] = (Slot){item, bytes};
        queue->bytes += bytes;
        pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->mutex);
    return pushed;
}

void *cli_queue_pop(CliQueue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->n == 0 && !queue->closed && !queue->cancelled)
        pthread_cond_wait(&queue->changed, &queue->mutex);
    void *item = NULL;
    if (queue->n > 0 && !queue->cancelled) {
        Slot slot = queue->slots[queue->first];
        queue->first = (queue->first + 1) % queue->max_items;
        queue->n--;
        queue->bytes -= slot.bytes;
        item = slot.item;
        pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

static void set(CliQueue *queue, bool *flag)
{
    pthread_mutex_lock(&queue->mutex);
    *flag = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

void cli_queue_close(CliQueue *queue)
{
    set(queue, &queue->closed);
}

void cli_queue_cancel(CliQueue *queue)
{
    set(queue, &queue->cancelled);
}

void cli_queue_destroy(CliQueue *queue, void (*drop)(void *item))
{
    if (!queue)
        return;
    for (; queue->n > 0; queue->n--) {
        drop(queue->slots[queue->first].item);
        queue->first = (queue->first + 1) % queue->max_items;
    }
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}
