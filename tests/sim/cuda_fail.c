/* SPDX-License-Identifier: Apache-2.0 */
/* Failures on demand, and a device that is lost. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda.h"
#include "cuda_objects.h"

#define OUT_OF_MEMORY 2
#define ECC 214
#define UNKNOWN 999

SIM_EXPORT SimCounts sim_counts;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int lost[SIM_MAX_DEVICES];
/* A call failed for good, and whoever made it need not give back what it has. */
static int excused[SIM_MAX_DEVICES];
static int losses[SIM_MAX_DEVICES];

/* Stands in front of each object. */
typedef struct Link {
    struct Link *previous, *next;
    uint64_t *counter;
    int device;
} Link;

static Link objects = {.previous = &objects, .next = &objects};

void *sim_object_new(size_t bytes, uint64_t *counter)
{
    Link *link = calloc(1, sizeof(*link) + bytes);
    if (!link)
        abort();
    link->previous = &objects;
    link->next = objects.next;
    objects.next->previous = link;
    objects.next = link;
    link->counter = counter;
    link->device = sim_device();
    if (counter)
        ++*counter;
    return link + 1;
}

void sim_object_delete(void *object)
{
    if (!object)
        return;
    Link *link = (Link *)object - 1;
    link->previous->next = link->next;
    link->next->previous = link->previous;
    if (link->counter)
        --*link->counter;
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
    char name[64], number[32], code[32], device[32];
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
    if (sim_item(setting, ':', 3, device, sizeof(device)) && atoi(device) != sim_device())
        return OK;
    if (strcmp(name, "*") != 0 && strcmp(name, function) != 0)
        return OK;
    return ++n_calls == n ? (int)value : OK;
}

int sim_enter(const char *function)
{
    pthread_mutex_lock(&mutex);
    sim_counts.calls++;
    int code = injected(function), device = sim_device();
    if (loses(code))
        lost[device] = code;
    if (code && code != OUT_OF_MEMORY)
        excused[device] = 1;
    return code ? code : lost[device];
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
    lost[sim_device()] = code;
}

int sim_loss(void)
{
    return lost[sim_device()];
}

void sim_recover(int device)
{
    sim_work_forget(device);
    if (lost[device] || excused[device]) {
        sim_counts.device_blocks -= sim_memory_reset(device);
        sim_pinned_reset(device);
        for (Link *link = objects.next; link != &objects;) {
            Link *next = link->next;
            if (link->device == device)
                sim_object_delete(link + 1);
            link = next;
        }
    }
    if (lost[device])
        losses[device]++;
    lost[device] = excused[device] = 0;
}

int sim_was_lost(int device)
{
    return device >= 0 && device < SIM_MAX_DEVICES && losses[device] > 0;
}

/* MIEN_SIM_REPORT=FILE: what was done, for tests of other processes. */
__attribute__((destructor)) static void report(void)
{
    const char *path = sim_text("MIEN_SIM_REPORT", NULL);
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "{\"contexts\":%d,\"device_blocks\":%d,\"launches_of\":[",
            (int)sim_counts.contexts, (int)sim_counts.device_blocks);
    for (int i = 0; i < 4; i++)
        fprintf(file, "%s%llu", i ? "," : "", (unsigned long long)sim_counts.launches_of[i]);
    fprintf(file, "]}\n");
    fclose(file);
}
