/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue between two threads. Bounded twice: by number, and by bytes, so that huge
 * pictures do not pile up; one item always fits. */
#ifndef MIEN_TOOL_QUEUE_H
#define MIEN_TOOL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct CliQueue CliQueue;

/* NULL if there is no memory. */
CliQueue *cli_queue_create(size_t max_items, size_t max_bytes);

/* Appends an item, waiting for room. False after cli_queue_cancel: the item stays the caller's. */
bool cli_queue_push(CliQueue *queue, void *item, size_t bytes);

/* Takes the oldest item, waiting for one. NULL when the queue is closed and empty, or cancelled. */
void *cli_queue_pop(CliQueue *queue);

/* There will be no more items. */
void cli_queue_close(CliQueue *queue);

/* Ends all waiting, now and later. */
void cli_queue_cancel(CliQueue *queue);

/* Frees the queue, giving `drop` what is left in it. NULL is fine. */
void cli_queue_destroy(CliQueue *queue, void (*drop)(void *item));

#endif
