/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/watch_parse.h"

#include <ctype.h>
#include <stdlib.h>

/* "cpu12 user nice system idle iowait irq softirq steal guest guest_nice": the last two are part of
 * the first two. */
bool mieni_parse_cpu(const char *text, MieniWatchCpu *cpu)
{
    int64_t values[8] = {0};
    size_t n = 0;
    for (; n < MIENI_COUNT_OF(values); n++) {
        char *end;
        int64_t value = strtoll(text, &end, 10);
        if (end == text || value < 0)
            break;
        values[n] = value & INT64_MAX >> 3; /* hostile numbers must not overflow */
        text = end;
    }
    if (n < 4)
        return false;
    int64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all += values[i];
    cpu->all = all;
    cpu->busy = all - values[3] - values[4];
    return true;
}

/* Fields 14, 15 and 22 of /proc/PID/stat, counted behind the name, which may have anything in it,
 * brackets and spaces too. */
bool mieni_parse_process(const char *text, MieniWatchTicks *ticks)
{
    const char *at = strrchr(text, ')');
    int64_t values[23] = {0};
    if (!at)
        return false;
    at++;
    for (int field = 3; field <= 22; field++) {
        while (*at == ' ')
            at++;
        if (!*at)
            return false;
        values[field] = strtoll(at, NULL, 10);
        at += strcspn(at, " ");
    }
    if (values[14] < 0 || values[15] < 0)
        return false;
    ticks->start = values[22];
    ticks->ticks = (int64_t)(((uint64_t)values[14] + (uint64_t)values[15]) & INT64_MAX);
    return true;
}

int64_t mieni_parse_value(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, n) != 0)
            continue;
        char *end;
        int64_t value = strtoll(line + n, &end, 10);
        return end > line + n && value >= 0 ? value : -1;
    }
    return -1;
}

/* "some avg10=1.23 avg60=..." without strtod, which depends on the locale. */
double mieni_parse_pressure(const char *text, const char *key)
{
    const char *line = strstr(text, key);
    if (!line || !isdigit((unsigned char)line[strlen(key)]))
        return MIENI_WATCH_UNKNOWN;
    char *end;
    double value = (double)strtoll(line + strlen(key), &end, 10), scale = 0.1;
    for (end += *end == '.'; isdigit((unsigned char)*end); end++, scale /= 10)
        value += scale * (*end - '0');
    return value <= 100 ? value : MIENI_WATCH_UNKNOWN;
}

double mieni_parse_highest(const char *text)
{
    double top = MIENI_WATCH_UNKNOWN;
    for (char *end; text; text = end) {
        long long hertz = strtoll(text, &end, 10);
        if (end == text)
            break;
        if (!(top >= (double)hertz * 1e-6))
            top = (double)hertz * 1e-6;
    }
    return top;
}

void mieni_parse_steps(const char *text, double *now, double *max)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        char *end;
        const char *colon = strchr(line, ':');
        size_t length = strcspn(line, "\n");
        if (!colon || (size_t)(colon - line) >= length)
            continue;
        double mhz = (double)strtoll(colon + 1, &end, 10);
        if (end == colon + 1)
            continue;
        *max = *max >= mhz ? *max : mhz;
        if (memchr(line, '*', length))
            *now = mhz;
    }
}
