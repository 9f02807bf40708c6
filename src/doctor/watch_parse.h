/* SPDX-License-Identifier: Apache-2.0 */
/* What files of /proc and /sys say. Any text will do: what makes no sense is unknown. */
#ifndef MIENI_DOCTOR_WATCH_PARSE_H
#define MIENI_DOCTOR_WATCH_PARSE_H

#include "doctor/watch.h"

/* What follows "cpu3 " in /proc/stat. Neither count is negative, nor `busy` above `all`. */
bool mieni_parse_cpu(const char *text, MieniWatchCpu *cpu);

/* /proc/PID/stat: when it began, and the time that it has used. */
bool mieni_parse_process(const char *text, MieniWatchTicks *ticks);

/* The number behind `key` at the start of a line, or -1. */
int64_t mieni_parse_value(const char *text, const char *key);

/* The number behind `key`, such as "some avg10=": 0 to 100, or unknown. */
double mieni_parse_pressure(const char *text, const char *key);

/* The highest of "114750000 216750000 ...", in MHz. `text` may be NULL. */
double mieni_parse_highest(const char *text);

/* "0: 500Mhz\n1: 800Mhz *\n2: 2100Mhz": the star is at the one in use. What is not in the text is
 * left as it is. */
void mieni_parse_steps(const char *text, double *now, double *max);

#endif
