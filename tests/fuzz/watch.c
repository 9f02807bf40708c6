/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch reads: files of /proc and /sys, and records of mien-probe with their verdicts. */
#include <stdlib.h>

#include "doctor/watch_parse.h"
#include "fuzz/fuzz.h"

static void check_percent(const char *what, double percent)
{
    if (!isnan(percent) && !(percent >= 0 && percent <= 100))
        fuzz_fail("%s: %g %%", what, percent);
}

static void check_files(const char *text)
{
    static const char *const keys[] = {"MemTotal:", "pswpin ", "throttled_usec "};
    MieniWatchCpu cpu;
    MieniWatchTicks ticks;
    double now = MIENI_WATCH_UNKNOWN, max = MIENI_WATCH_UNKNOWN;
    if (mieni_parse_cpu(text, &cpu) && (cpu.busy < 0 || cpu.all < cpu.busy))
        fuzz_fail("busy for %lld of %lld", (long long)cpu.busy, (long long)cpu.all);
    if (mieni_parse_process(text, &ticks) && ticks.ticks < 0)
        fuzz_fail("a process with negative time");
    for (size_t i = 0; i < MIENI_COUNT_OF(keys); i++)
        if (mieni_parse_value(text, keys[i]) < -1)
            fuzz_fail("%s is negative", keys[i]);
    check_percent("pressure", mieni_parse_pressure(text, "some avg10="));
    mieni_parse_highest(text);
    mieni_parse_steps(text, &now, &max);
    if (!isnan(now) && !(max >= now))
        fuzz_fail("%g of %g MHz", now, max);
}

static void check_text(const char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            fuzz_fail("a text with a control character");
}

static void check_sample(const MienWatchSample *sample)
{
    if (sample->n_gpus > MIENI_WATCH_GPUS || sample->n_verdicts < 1)
        fuzz_fail("%zu GPUs, %zu verdicts", sample->n_gpus, sample->n_verdicts);
    check_text(sample->driver_text);
    for (size_t i = 0; i < sample->n_gpus; i++) {
        const MienWatchGpu *gpu = &sample->gpus[i];
        check_text(gpu->name);
        check_text(gpu->pci);
        if (gpu->error)
            check_text(gpu->error);
        if (gpu->n_users > MIENI_WATCH_USERS)
            fuzz_fail("%zu processes", gpu->n_users);
        for (size_t k = 0; k < gpu->n_users; k++)
            check_text(gpu->users[k].name);
    }
    for (size_t i = 0; i < sample->n_verdicts; i++)
        check_text(sample->verdicts[i].text);
}

static void check_record(const char *text, size_t size)
{
    static MienWatch *watch;
    MieniFacts *facts;
    if (!watch) {
        watch = calloc(1, sizeof(*watch));
        if (!watch || !(watch->file = malloc(MIENI_FILE_MAX + 1)) ||
            mieni_machine_create("/nonexistent", &watch->machine) != MIEN_OK)
            fuzz_fail("no watch");
    }
    watch->n_text = 0;
    watch->sample = (MienWatchSample){
        .gpus = watch->gpus, .verdicts = watch->verdicts, .driver_text = "", .cpu_percent = 5};
    if (mieni_facts_create(&facts) != MIEN_OK)
        fuzz_fail("out of memory");
    for (size_t at = 0; at < size;) {
        const char *newline = memchr(text + at, '\n', size - at);
        size_t n = newline ? (size_t)(newline - text) - at : size - at;
        (void)mieni_facts_read_line(facts, text + at, n);
        at += n + 1;
    }
    mieni_watch_record(watch, facts);
    mieni_watch_judge(watch);
    check_sample(&watch->sample);
    mieni_facts_destroy(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        fuzz_fail("out of memory");
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_files(text);
    check_record(text, size);
    free(text);
    return 0;
}
