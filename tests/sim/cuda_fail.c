/* SPDX-License-Identifier: Apache-2.0 */
/* Failures on demand, and a device that is lost. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda.h"
#include "cuda_objects.h"

#define ECC 214
#define UNKNOWN 999

SIM_EXPORT SimCounts sim_counts;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int lost;

/* Stands in front of each object. */
typedef struct Link {
    struct Link *previous, *next;
} Link;

static Link objects = {&objects, &objects};

void *sim_object_new(size_t bytes)
{
    Link *link = calloc(1, sizeof(*link) + bytes);
    if (!link)
        abort();
    link->previous = &objects;
    link->next = objects.next;
    objects.next->previous = link;
    objects.next = link;
    return link + 1;
}

void sim_object_delete(void *object)
{
    if (!object)
        return;
    Link *link = (Link *)object - 1;
    link->previous->next = link->next;
    link->next->previous = link->previous;
    free(link);
}

static int loses(int code)
{
    return code == ECC || code >= 700;
}

/* The code that this call is to fail with, or 0. */
static int injected(const char *function)
{
    static char setting[128];
    static long n_calls;
    const char *now = sim_text("MIEN_SIM_FAIL", "");
    char name[64], number[32], code[32];
    if (strcmp(now, setting) != 0) {
        snprintf(setting, sizeof(setting), "%s", now);
        n_calls = 0;
    }
    long n, value;
    if (!sim_item(setting, ':', 0, name, sizeof(name)) ||
        !sim_item(setting, ':', 1, number, sizeof(number)) ||
        !sim_item(setting, ':', 2, code, sizeof(code)) || sscanf(number, "%ld", &n) != 1 ||
        sscanf(code, "%ld", &value) != 1)
        return OK;
    if (strcmp(name, "*") != 0 && strcmp(name, function) != 0)
        return OK;
    return ++n_calls == n ? (int)value : OK;
}

int sim_enter(const char *function)
{
    pthread_mutex_lock(&mutex);
    sim_counts.calls++;
    int code = injected(function);
    if (loses(code))
        lost = code;
    return code ? code : lost;
}

/* A driver that goes away after some calls. */
int sim_answer(long code)
{
    static long n_calls;
    long limit = sim_number("MIEN_SIM_FAIL_AFTER", -1);
    n_calls++;
    return (int)(limit >= 0 && n_calls > limit ? sim_number("MIEN_SIM_FAIL_CODE", 999) : code);
}

int sim_leave(int code)
{
    code = sim_answer(code);
    pthread_mutex_unlock(&mutex);
    return code;
}

void sim_lose(int code)
{
    lost = code;
}

void sim_recover(void)
{
    if (lost) {
        sim_memory_reset();
        sim_pinned_reset();
        while (objects.next != &objects)
            sim_object_delete(objects.next + 1);
        sim_counts.modules = sim_counts.device_blocks = sim_counts.pinned_blocks = 0;
        sim_counts.streams = sim_counts.graphs = 0;
    }
    lost = OK;
}
