/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps the processor busy: processes, and the threads of the busiest ones. Source: proc(5). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/watch.h"
#include "doctor/watch_parse.h"

#define MAX_THREADS 512 /* that are looked at, of one process */

static int by_pid(const void *a, const void *b)
{
    int64_t x = ((const MieniWatchTicks *)a)->pid, y = ((const MieniWatchTicks *)b)->pid;
    return x < y ? -1 : x > y;
}

/* Of one core since the last look, 0 if it is new, and unknown at the first look. */
static double load_of(const MienWatch *watch, const MieniWatchList *before,
                      const MieniWatchTicks *now)
{
    const MieniWatchTicks *old =
        before->n ? bsearch(now, before->items, before->n, sizeof(*now), by_pid) : NULL;
    if (!old || old->start != now->start)
        return MIENI_WATCH_UNKNOWN;
    int64_t grown = now->ticks - old->ticks;
    return grown > 0 ? 100.0 * (double)grown / watch->ticks : 0.0;
}

static bool is_number(const char *name)
{
    size_t n = strspn(name, "0123456789");
    return n > 0 && n < 12 && !name[n];
}

/* Reads PATH/N/stat for every N; `list` gets them sorted, free its items. */
static MienStatus read_all(MienWatch *watch, const char *path, size_t max, MieniWatchList *list)
{
    char **names;
    size_t n;
    *list = (MieniWatchList){NULL, 0};
    int error = mieni_machine_list(watch->machine, path, &names, &n);
    if (error) {
        mieni_machine_free_list(names, n);
        return error == ENOMEM ? MIEN_E_NOMEM : MIEN_OK;
    }
    list->items = mieni_alloc(n + 1, sizeof(*list->items));
    for (size_t i = 0; list->items && i < n && list->n < max; i++) {
        MieniWatchTicks *item = &list->items[list->n];
        char *line =
            is_number(names[i]) ? mieni_watch_line(watch, "%s/%s/stat", path, names[i]) : NULL;
        item->pid = line ? strtoll(names[i], NULL, 10) : 0;
        list->n += line && mieni_parse_process(line, item);
    }
    mieni_machine_free_list(names, n);
    if (!list->items)
        return MIEN_E_NOMEM;
    qsort(list->items, list->n, sizeof(*list->items), by_pid);
    return MIEN_OK;
}

/* The busiest in front, and none that does nothing. */
static void add_task(MienWatch *watch, int64_t pid, double percent)
{
    MienWatchTask *tasks = watch->tasks;
    size_t at = watch->sample.n_tasks;
    if (!(percent >= 1))
        return;
    if (at == MIENI_WATCH_TASKS) {
        if (tasks[--at].load_percent >= percent)
            return;
    } else {
        watch->sample.n_tasks++;
    }
    for (; at > 0 && tasks[at - 1].load_percent < percent; at--)
        tasks[at] = tasks[at - 1];
    tasks[at] = (MienWatchTask){.pid = pid, .name = "", .load_percent = percent, .thread = ""};
}

/*
 * Threads that decode video in software, by the names that their programs give them: FFmpeg's
 * frame threads ("av:h264:df0"), dav1d ("dav1d-worker"), GStreamer's elements ("avdec_h264-0:sr").
 * Source: FFmpeg, libavcodec/pthread_frame.c; dav1d, src/thread_task.c; GStreamer names a task by
 * its pad.
 */
static bool decodes(const char *name)
{
    return (!strncmp(name, "av:", 3) && strstr(name, ":df")) || !strncmp(name, "dav1d-", 6) ||
           !strncmp(name, "avdec_", 6);
}

static MienStatus look_at_threads(MienWatch *watch, MienWatchTask *task, MieniWatchList *now)
{
    char path[64];
    MieniWatchList list;
    int64_t busiest = -1;
    snprintf(path, sizeof(path), "/proc/%lld/task", (long long)task->pid);
    MienStatus status = read_all(watch, path, MAX_THREADS, &list);
    if (status != MIEN_OK)
        return status;
    task->thread_percent = task->decoder_percent = MIENI_WATCH_UNKNOWN;
    for (size_t i = 0; i < list.n; i++) {
        double percent = load_of(watch, &watch->before.threads, &list.items[i]);
        if (isnan(percent))
            continue;
        char *name = mieni_watch_line(watch, "%s/%lld/comm", path, (long long)list.items[i].pid);
        if (isnan(task->decoder_percent))
            task->decoder_percent = 0;
        if (name && decodes(name))
            task->decoder_percent += percent;
        if (!(task->thread_percent >= percent)) {
            task->thread_percent = percent;
            busiest = list.items[i].pid;
        }
    }
    char *name =
        busiest >= 0 ? mieni_watch_line(watch, "%s/%lld/comm", path, (long long)busiest) : NULL;
    task->thread = name ? mieni_watch_text(watch, "%s", name) : "";
    MieniWatchTicks *grown =
        mieni_realloc(now->items, now->n, now->n + list.n + 1, sizeof(*now->items));
    if (grown) {
        if (list.n > 0)
            memcpy(grown + now->n, list.items, list.n * sizeof(*grown));
        *now = (MieniWatchList){grown, now->n + list.n};
    }
    mieni_free(list.items);
    return grown ? MIEN_OK : MIEN_E_NOMEM;
}

static void replace(MieniWatchList *before, MieniWatchList now)
{
    mieni_free(before->items);
    *before = now;
}

MienStatus mieni_watch_processes(MienWatch *watch)
{
    MieniWatchList now, threads = {NULL, 0};
    watch->sample.tasks = watch->tasks;
    watch->sample.n_tasks = 0;
    MienStatus status = read_all(watch, "/proc", SIZE_MAX, &now);
    if (status != MIEN_OK)
        return status;
    for (size_t i = 0; i < now.n; i++)
        add_task(watch, now.items[i].pid, load_of(watch, &watch->before.processes, &now.items[i]));
    replace(&watch->before.processes, now);
    for (size_t i = 0; i < watch->sample.n_tasks && status == MIEN_OK; i++) {
        MienWatchTask *task = &watch->tasks[i];
        task->name = mieni_watch_process_name(watch, task->pid);
        status = look_at_threads(watch, task, &threads);
    }
    if (threads.n > 0)
        qsort(threads.items, threads.n, sizeof(*threads.items), by_pid);
    replace(&watch->before.threads, threads);
    return status;
}
