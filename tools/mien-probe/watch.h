/* SPDX-License-Identifier: Apache-2.0 */
/* mien-probe as it stays alive: src/doctor/stream.c listens. */
#ifndef MIEN_PROBE_WATCH_H
#define MIEN_PROBE_WATCH_H

#include <stdint.h>

/* Prints a record every so often, until standard input ends. Returns only without NVML. */
void probe_watch(const char *root, int interval_ms);

#endif
