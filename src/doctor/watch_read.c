/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a watch share: reading files below the root, keeping texts. */
#include "doctor/watch.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/probe.h"

/* Names come from anybody: no byte of them may be a terminal's command. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
            *text = '?';
}

const char *mieni_watch_text(MienWatch *watch, const char *format, ...)
{
    size_t room = sizeof(watch->text) - watch->n_text;
    char *text = watch->text + watch->n_text;
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    if (n < 0 || (size_t)n >= room) {
        if (room > 0)
            *text = '\0';
        return "";
    }
    make_printable(text);
    watch->n_text += (size_t)n + 1;
    return text;
}

static char *read_line(MienWatch *watch, const char *path)
{
    size_t n;
    if (mieni_machine_read(watch->machine, path, watch->file, &n) != 0)
        return NULL;
    return mieni_trim(watch->file);
}

char *mieni_watch_line(MienWatch *watch, const char *format, ...)
{
    char path[MIENI_PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    return n > 0 && n < MIENI_PATH_MAX ? read_line(watch, path) : NULL;
}

double mieni_watch_number(MienWatch *watch, double scale, const char *format, ...)
{
    char path[MIENI_PATH_MAX], *end;
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    char *line = n > 0 && n < MIENI_PATH_MAX ? read_line(watch, path) : NULL;
    if (!line || !(isdigit((unsigned char)*line) || *line == '-'))
        return MIENI_WATCH_UNKNOWN;
    long long number = strtoll(line, &end, 10);
    return end > line ? (double)number * scale : MIENI_WATCH_UNKNOWN;
}

MienWatchGpu *mieni_watch_add_gpu(MienWatch *watch, const char *id, const char *source)
{
    if (watch->sample.n_gpus == MIENI_WATCH_GPUS)
        return NULL;
    MienWatchGpu *gpu = &watch->gpus[watch->sample.n_gpus];
    double *readings[] = {
        &gpu->load_percent,
        &gpu->decoder_percent,
        &gpu->encoder_percent,
        &gpu->memory_used_bytes,
        &gpu->memory_total_bytes,
        &gpu->clock_mhz,
        &gpu->clock_max_mhz,
        &gpu->clock_top_mhz,
        &gpu->memory_clock_mhz,
        &gpu->memory_clock_max_mhz,
        &gpu->temperature_c,
        &gpu->temperature_limit_c,
        &gpu->power_w,
        &gpu->power_limit_w,
    };
    *gpu = (MienWatchGpu){.id = mieni_watch_text(watch, "%s", id),
                          .source = source,
                          .name = "",
                          .pci = "",
                          .slowdown = MIEN_SLOWDOWN_UNKNOWN,
                          .users = watch->users[watch->sample.n_gpus]};
    for (size_t i = 0; i < MIENI_COUNT_OF(readings); i++)
        *readings[i] = MIENI_WATCH_UNKNOWN;
    watch->sample.n_gpus++;
    return gpu;
}

const char *mieni_watch_process_name(MienWatch *watch, int64_t pid)
{
    char *line = mieni_watch_line(watch, "/proc/%lld/comm", (long long)pid);
    return line && *line ? mieni_watch_text(watch, "%s", line) : "?";
}
