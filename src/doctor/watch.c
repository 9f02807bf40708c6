/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/watch.h"

#include <stdio.h>
#include <time.h>

/* How long a look waits for a helper that has said nothing new: less than a person minds. */
#define PATIENCE_MS 500

static int64_t clock_us(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

void mien_watch_options_init(MienWatchOptions *options)
{
    if (!options)
        return;
    *options = (MienWatchOptions){
        .struct_size = sizeof(*options), .interval_ms = 1000, .timeout_ms = 5000};
}

static MienStatus look(MienWatch *watch, int32_t patience_ms)
{
    MienWatchSample *sample = &watch->sample;
    int64_t now_us = clock_us(CLOCK_MONOTONIC);
    watch->n_text = 0;
    *sample = (MienWatchSample){.number = watch->number,
                                .time_us = clock_us(CLOCK_REALTIME),
                                .seconds = (double)(now_us - watch->looked_us) * 1e-6,
                                .gpus = watch->gpus,
                                .verdicts = watch->verdicts,
                                .driver_text = ""};
    watch->looked_us = now_us;
    MienStatus status = mieni_watch_cpu(watch);
    if (status == MIEN_OK)
        status = mieni_watch_memory(watch);
    if (status == MIEN_OK)
        status = mieni_watch_processes(watch);
    if (status != MIEN_OK)
        return status;
    mieni_watch_jetson(watch);
    mieni_watch_cards(watch);
    status = mieni_watch_nvml(watch, patience_ms);
    mieni_watch_judge(watch);
    return status;
}

static MienStatus set_up(MienWatch *watch, const MienWatchOptions *options)
{
    watch->before.all.all = -1;
    for (size_t i = 0; i < MIENI_WATCH_CORES; i++)
        watch->before.cores[i].all = -1;
    watch->before.throttled_us = watch->before.swapped_in = watch->before.over_currents = -1;
    watch->looked_us = clock_us(CLOCK_MONOTONIC);
    watch->file = mieni_alloc(MIENI_FILE_MAX + 1, 1);
    MienStatus status =
        watch->file ? mieni_machine_create(options->root, &watch->machine) : MIEN_E_NOMEM;
    if (status == MIEN_OK)
        status = mieni_stream_create(watch->machine, options->helper, options->interval_ms,
                                     options->timeout_ms, &watch->stream);
    return status == MIEN_OK ? look(watch, 0) : status;
}

MienStatus mien_watch_create(const MienWatchOptions *options, MienWatch **watch, MienError *error)
{
    MienWatchOptions defaults;
    if (!watch)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "watch is NULL");
    *watch = NULL;
    mien_watch_options_init(&defaults);
    options = options ? options : &defaults;
    if (options->struct_size < sizeof(*options) || options->interval_ms < 50 ||
        options->interval_ms > 3600000 || options->timeout_ms < 1 || options->timeout_ms > 60000)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument",
                          "an option of the watch is out of range; see mien/watch.h");
    MienWatch *made = mieni_alloc(1, sizeof(*made));
    MienStatus status = made ? set_up(made, options) : MIEN_E_NOMEM;
    if (status != MIEN_OK) {
        mien_watch_destroy(made);
        if (status == MIEN_E_NOMEM)
            return mieni_fail_nomem(error);
        return mieni_fail(error, status, "io", "cannot read the machine below %s",
                          options->root ? options->root : "/");
    }
    *watch = made;
    return MIEN_OK;
}

MienStatus mien_watch_sample(MienWatch *watch, const MienWatchSample **sample)
{
    if (!watch || !sample)
        return MIEN_E_ARGUMENT;
    MienStatus status = look(watch, PATIENCE_MS);
    if (status != MIEN_OK)
        return status;
    watch->number++;
    *sample = &watch->sample;
    return MIEN_OK;
}

const char *mien_watch_slowdown_text(uint32_t bit)
{
    static const char *const texts[] = {
        "idle",
        "clocks set by hand",
        "power limit",
        "hardware slowdown",
        "in step with another GPU",
        "heat",
        "heat (board)",
        "power brake",
        "display clocks",
        "over-current",
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(texts); i++)
        if (bit == 1u << i)
            return texts[i];
    return NULL;
}

void mien_watch_destroy(MienWatch *watch)
{
    if (!watch)
        return;
    mieni_stream_destroy(watch->stream);
    mieni_machine_destroy(watch->machine);
    mieni_free(watch->before.processes.items);
    mieni_free(watch->before.threads.items);
    mieni_free(watch->file);
    mieni_free(watch);
}
