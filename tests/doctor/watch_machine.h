/* SPDX-License-Identifier: Apache-2.0 */
/* A machine to watch that is a folder of the test. */
#ifndef MIEN_TESTS_DOCTOR_WATCH_MACHINE_H
#define MIEN_TESTS_DOCTOR_WATCH_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "mien/watch.h"

/* Where the machine's root is. */
extern char machine_root[512];

/* An empty machine in place of the one before. */
void machine_new(void);

/* Files of the machine; folders are made. */
void machine_put_bytes(const char *path, const void *data, size_t n);
void machine_put(const char *path, const char *text);
/* A link whose target need not exist. */
void machine_put_link(const char *path, const char *target);

/* /proc/stat of one core that was idle for so many ticks. */
void machine_put_stat(int ticks);
/* A process and a thread of it, with their ticks of work. */
void machine_put_process(int pid, const char *name, int user, int system, int start);
void machine_put_thread(int pid, int tid, const char *name, int user);

/* A Jetson Orin NX with JetPack 6. */
void machine_put_jetson(void);

/* Watches the machine; helper NULL: mien-probe. */
MienWatch *machine_watch(const char *helper, int32_t interval_ms, int32_t timeout_ms);

/* The next sample, which has a verdict. */
const MienWatchSample *take_sample(MienWatch *watch);
/* Samples until NVML is in this state; the test's own time limit is the other end. */
const MienWatchSample *take_sample_until(MienWatch *watch, MienWatchDriver state);

/* True if the numbers agree to six digits. */
bool near(double got, double want);

#endif
