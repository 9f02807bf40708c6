/* SPDX-License-Identifier: Apache-2.0 */
/* Load of the cores, memory, and how programs wait for either. Source: proc(5); Linux,
 * Documentation/accounting/psi.rst and Documentation/admin-guide/cgroup-v2.rst. */
#include <ctype.h>
#include <stdlib.h>

#include "doctor/watch.h"
#include "doctor/watch_parse.h"

#define STAT_BYTES (1u << 22)
#define TICKS_PER_SECOND 100.0 /* USER_HZ, the same on every Linux */
#define PAGE_BYTES 4096.0

typedef struct StatReader {
    MienWatch *watch;
    MieniWatchCpu *before;
    MieniWatchCpu all;
    size_t n_cores;
} StatReader;

static double load(const MieniWatchCpu *before, const MieniWatchCpu *now)
{
    int64_t all = now->all - before->all, busy = now->busy - before->busy;
    if (before->all < 0 || all <= 0)
        return MIENI_WATCH_UNKNOWN;
    /* The kernel's idle time may go back by a tick. */
    return 100.0 * (double)MIENI_MIN(MIENI_MAX(busy, 0), all) / (double)all;
}

static bool stat_line(void *user, char *text, size_t n)
{
    StatReader *reader = user;
    MieniWatchCpu now;
    (void)n;
    if (strncmp(text, "cpu", 3) != 0)
        return false;
    if (text[3] == ' ') {
        if (mieni_parse_cpu(text + 4, &now))
            reader->all = now;
        return true;
    }
    char *end;
    long id = isdigit((unsigned char)text[3]) ? strtol(text + 3, &end, 10) : -1;
    if (id < 0 || id >= MIENI_WATCH_CORES || !mieni_parse_cpu(end, &now) ||
        reader->n_cores == MIENI_WATCH_CORES)
        return true;
    reader->watch->cores[reader->n_cores++] =
        (MienWatchCore){(int32_t)id, load(&reader->before[id], &now)};
    reader->before[id] = now;
    return true;
}

MienStatus mieni_watch_cpu(MienWatch *watch)
{
    MieniWatchMemory *before = &watch->before;
    StatReader reader = {watch, before->cores, {0, -1}, 0};
    mieni_machine_lines(watch->machine, "/proc/stat", STAT_BYTES, stat_line, &reader);
    watch->sample.cpu_percent = load(&before->all, &reader.all);
    watch->sample.cores = watch->cores;
    watch->sample.n_cores = reader.n_cores;
    int64_t ticks = reader.all.all - before->all.all;
    watch->ticks = before->all.all >= 0 && ticks > 0 && reader.n_cores > 0
                       ? (double)ticks / (double)reader.n_cores
                       : MIENI_WATCH_UNKNOWN;
    before->all = reader.all;
    return MIEN_OK;
}

static bool read_whole(MienWatch *watch, const char *path)
{
    size_t n;
    return mieni_machine_read(watch->machine, path, watch->file, &n) == 0;
}

static double kilobytes(const char *text, const char *key)
{
    int64_t value = mieni_parse_value(text, key);
    return value < 0 ? MIENI_WATCH_UNKNOWN : (double)value * 1024;
}

static void read_meminfo(MienWatch *watch)
{
    MienWatchSample *sample = &watch->sample;
    sample->memory_total_bytes = sample->memory_available_bytes = MIENI_WATCH_UNKNOWN;
    sample->swap_total_bytes = sample->swap_used_bytes = MIENI_WATCH_UNKNOWN;
    if (!read_whole(watch, "/proc/meminfo"))
        return;
    sample->memory_total_bytes = kilobytes(watch->file, "MemTotal:");
    sample->memory_available_bytes = kilobytes(watch->file, "MemAvailable:");
    sample->swap_total_bytes = kilobytes(watch->file, "SwapTotal:");
    sample->swap_used_bytes = sample->swap_total_bytes - kilobytes(watch->file, "SwapFree:");
    if (sample->swap_used_bytes < 0)
        sample->swap_used_bytes = MIENI_WATCH_UNKNOWN;
}

static void read_pressure(MienWatch *watch)
{
    MienWatchSample *sample = &watch->sample;
    sample->memory_some_percent = sample->memory_full_percent = MIENI_WATCH_UNKNOWN;
    if (!read_whole(watch, "/proc/pressure/memory"))
        return;
    sample->memory_some_percent = mieni_parse_pressure(watch->file, "some avg10=");
    sample->memory_full_percent = mieni_parse_pressure(watch->file, "full avg10=");
}

/* How much a counter grew for each second of the cores' time; unknown before the second look. */
static double rate(MienWatch *watch, int64_t *before, int64_t now)
{
    double seconds = watch->ticks / TICKS_PER_SECOND;
    double grown =
        *before >= 0 && now >= *before ? (double)(now - *before) / seconds : MIENI_WATCH_UNKNOWN;
    *before = now;
    return grown;
}

MienStatus mieni_watch_memory(MienWatch *watch)
{
    MieniWatchMemory *before = &watch->before;
    read_meminfo(watch);
    read_pressure(watch);
    int64_t pages =
        read_whole(watch, "/proc/vmstat") ? mieni_parse_value(watch->file, "pswpin ") : (int64_t)-1;
    watch->sample.swap_in_bytes_s = rate(watch, &before->swapped_in, pages) * PAGE_BYTES;
    int64_t throttled = read_whole(watch, "/sys/fs/cgroup/cpu.stat")
                            ? mieni_parse_value(watch->file, "throttled_usec ")
                            : (int64_t)-1;
    watch->sample.cpu_waits_percent = rate(watch, &before->throttled_us, throttled) * 100e-6;
    return MIEN_OK;
}
