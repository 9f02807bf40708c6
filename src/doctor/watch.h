/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch keeps. Each watch_*.c fills its part of the sample, and remembers what loads are
 * counted from. */
#ifndef MIENI_DOCTOR_WATCH_H
#define MIENI_DOCTOR_WATCH_H

#include <math.h>

#include "doctor/facts.h"
#include "doctor/machine.h"
#include "doctor/stream.h"
#include "mien/watch.h"

/* No comparison with it holds. */
#define MIENI_WATCH_UNKNOWN ((double)NAN)

#define MIENI_WATCH_GPUS 16
#define MIENI_WATCH_USERS 64 /* of one GPU */
#define MIENI_WATCH_CORES 1024
#define MIENI_WATCH_TASKS 5
#define MIENI_WATCH_READINGS 32
#define MIENI_WATCH_VERDICTS 16
#define MIENI_WATCH_TEXT 65536

/* A process or a thread, as it was. Processes of a sample are sorted by pid. */
typedef struct MieniWatchTicks {
    int64_t pid, start, ticks;
} MieniWatchTicks;

typedef struct MieniWatchList {
    MieniWatchTicks *items;
    size_t n;
} MieniWatchList;

/* Counters of one core, or of all together. In ticks. */
typedef struct MieniWatchCpu {
    int64_t busy, all;
} MieniWatchCpu;

typedef struct MieniWatchMemory {
    bool known;
    MieniWatchCpu all, cores[MIENI_WATCH_CORES]; /* all.all < 0: unknown */
    int64_t throttled_us, swapped_in;            /* < 0: unknown */
    int64_t over_currents;                       /* < 0: unknown */
    MieniWatchList processes, threads;
} MieniWatchMemory;

struct MienWatch {
    MieniMachine *machine;
    MieniStream *stream;
    MieniWatchMemory before; /* of the last look */
    double ticks;            /* of one core since the last look; unknown if none went by */
    char *file;              /* MIENI_FILE_MAX + 1 bytes for whoever reads a file */
    uint64_t number;
    int64_t looked_us; /* on the monotonic clock */
    int64_t n_nvml;    /* GPUs of NVML's that were there once */

    MienWatchSample sample;
    MienWatchGpu gpus[MIENI_WATCH_GPUS];
    MienWatchUser users[MIENI_WATCH_GPUS][MIENI_WATCH_USERS];
    MienWatchJetson jetson;
    MienWatchReading zones[MIENI_WATCH_READINGS], rails[MIENI_WATCH_READINGS];
    MienWatchCore cores[MIENI_WATCH_CORES];
    MienWatchTask tasks[MIENI_WATCH_TASKS];
    MienWatchVerdict verdicts[MIENI_WATCH_VERDICTS];
    char text[MIENI_WATCH_TEXT]; /* all texts of the sample */
    size_t n_text;
};

/* Reads and helpers, in watch_read.c. */

/* Copies a text into the sample, as printable ASCII. Empty when there is no room. */
const char *mieni_watch_text(MienWatch *watch, const char *format, ...) MIENI_PRINTF(2, 3);

/* Reads a file into watch->file: its first line, trimmed, or NULL. */
char *mieni_watch_line(MienWatch *watch, const char *format, ...) MIENI_PRINTF(2, 3);

/* The number that a file begins with, times `scale`, or unknown. */
double mieni_watch_number(MienWatch *watch, double scale, const char *format, ...)
    MIENI_PRINTF(3, 4);

/* A new GPU of which nothing is known; NULL if there is no room. */
MienWatchGpu *mieni_watch_add_gpu(MienWatch *watch, const char *id, const char *source);

/* The name of a process as the kernel has it, or "?". */
const char *mieni_watch_process_name(MienWatch *watch, int64_t pid);

/* Parts of a look, in this order. */
MienStatus mieni_watch_cpu(MienWatch *watch);
MienStatus mieni_watch_memory(MienWatch *watch);
MienStatus mieni_watch_processes(MienWatch *watch);
void mieni_watch_jetson(MienWatch *watch);
void mieni_watch_cards(MienWatch *watch);
MienStatus mieni_watch_nvml(MienWatch *watch, int32_t patience_ms);
void mieni_watch_judge(MienWatch *watch);

/* The part of mieni_watch_nvml behind the helper: what a record of its says. */
void mieni_watch_record(MienWatch *watch, const MieniFacts *facts);

/* NVML's code in words. */
const char *mieni_nvml_text(int64_t code);

/* The rules alone: adds verdicts to `verdicts`, what weighs most in front; at least one. */
typedef struct MieniWatchFound {
    const char *id;
    char text[400];
} MieniWatchFound;

size_t mieni_watch_rules(const MienWatchSample *sample,
                         MieniWatchFound found[MIENI_WATCH_VERDICTS]);

/* For tests and docs: the rules' ids in order; NULL at the end. */
const char *mieni_watch_rule(size_t i);

#endif
