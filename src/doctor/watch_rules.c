/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is starving whom. A reading that is unknown is not a number, so no comparison with it holds:
 * what is not known blames nobody. docs/doctor.md explains each rule.
 */
#include <stdarg.h>
#include <stdio.h>

#include "doctor/watch.h"

#define BUSY 90.0        /* per cent: as good as all */
#define IDLE 30.0        /* of a GPU that could do much more */
#define SINGLE_CORE 90.0 /* of one core: a thread that never waits */
#define GIB (1024.0 * 1024 * 1024)

#define POWER_BITS (MIEN_SLOWDOWN_POWER | MIEN_SLOWDOWN_POWER_BRAKE | MIEN_SLOWDOWN_OVER_CURRENT)
#define HEAT_BITS (MIEN_SLOWDOWN_HEAT | MIEN_SLOWDOWN_HEAT_BOARD)

static bool say(MieniWatchFound *found, const char *format, ...) MIENI_PRINTF(2, 3);

static bool say(MieniWatchFound *found, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found->text, sizeof(found->text), format, arguments);
    va_end(arguments);
    return true;
}

static bool slowed(const MienWatchGpu *gpu, uint32_t bits)
{
    return !(gpu->slowdown & MIEN_SLOWDOWN_UNKNOWN) && (gpu->slowdown & bits);
}

/* The GPU with most to do, as others may be there for nothing but the screen; NULL: no load is
 * known. */
static const MienWatchGpu *busiest_gpu(const MienWatchSample *sample)
{
    const MienWatchGpu *best = NULL;
    for (size_t i = 0; i < sample->n_gpus; i++)
        if (!isnan(sample->gpus[i].load_percent) &&
            (!best || sample->gpus[i].load_percent > best->load_percent))
            best = &sample->gpus[i];
    return best;
}

/* The task with the thread that waits least. */
static const MienWatchTask *busiest_thread(const MienWatchSample *sample)
{
    const MienWatchTask *best = NULL;
    for (size_t i = 0; i < sample->n_tasks; i++)
        if (sample->tasks[i].thread_percent >= SINGLE_CORE &&
            (!best || sample->tasks[i].thread_percent > best->thread_percent))
            best = &sample->tasks[i];
    return best;
}

/* "driver": nothing can be said of its GPUs. */
static bool driver(const MienWatchSample *sample, MieniWatchFound *found)
{
    if (!*sample->driver_text || sample->driver == MIEN_WATCH_DRIVER_ABSENT ||
        sample->driver == MIEN_WATCH_DRIVER_STARTING)
        return false;
    return say(found, "%s; see `mien doctor`", sample->driver_text);
}

static bool gpu_error(const MienWatchSample *sample, MieniWatchFound *found)
{
    for (size_t i = 0; i < sample->n_gpus; i++)
        if (sample->gpus[i].error)
            return say(found, "%s (%s): %s; see `mien doctor`", sample->gpus[i].id,
                       sample->gpus[i].name, sample->gpus[i].error);
    return false;
}

static bool gpu_heat(const MienWatchSample *sample, MieniWatchFound *found)
{
    for (size_t i = 0; i < sample->n_gpus; i++) {
        const MienWatchGpu *gpu = &sample->gpus[i];
        if (!slowed(gpu, HEAT_BITS))
            continue;
        if (isnan(gpu->temperature_c))
            return say(found, "%s is slowed down by heat: mind the cooling", gpu->id);
        return say(found, "%s is slowed down by heat (%.0f C): mind the cooling", gpu->id,
                   gpu->temperature_c);
    }
    return false;
}

/* At the power limit a GPU with little to do loses nothing. */
static bool gpu_power(const MienWatchSample *sample, MieniWatchFound *found)
{
    for (size_t i = 0; i < sample->n_gpus; i++) {
        const MienWatchGpu *gpu = &sample->gpus[i];
        if (!slowed(gpu, POWER_BITS) || !(gpu->load_percent >= 50))
            continue;
        if (slowed(gpu, MIEN_SLOWDOWN_OVER_CURRENT))
            return say(found,
                       "%s is slowed down because the supply is too weak (over-current or low "
                       "voltage)",
                       gpu->id);
        if (slowed(gpu, MIEN_SLOWDOWN_POWER_BRAKE))
            return say(found, "%s is slowed down because the machine's supply asks for less power",
                       gpu->id);
        if (isnan(gpu->power_w) || isnan(gpu->power_limit_w))
            return say(found, "%s is slowed down by its power limit", gpu->id);
        return say(found, "%s is slowed down by its power limit (%.0f of %.0f W)", gpu->id,
                   gpu->power_w, gpu->power_limit_w);
    }
    return false;
}

static bool memory_pressure(const MienWatchSample *sample, MieniWatchFound *found)
{
    if (sample->memory_some_percent >= 10)
        return say(found,
                   "Programs wait for memory %.0f %% of the time: too little is left for what "
                   "they use",
                   sample->memory_some_percent);
    if (sample->swap_in_bytes_s >= 8 * 1024 * 1024)
        return say(found, "Memory is read back from swap (%.0f MB/s): programs wait for the disk",
                   sample->swap_in_bytes_s / 1e6);
    if (sample->memory_available_bytes < 0.03 * sample->memory_total_bytes)
        return say(found, "Memory is nearly used up: %.1f of %.1f GiB are left",
                   sample->memory_available_bytes / GIB, sample->memory_total_bytes / GIB);
    return false;
}

/* Somebody has most of a GPU's memory, and little is left. */
static bool gpu_memory(const MienWatchSample *sample, MieniWatchFound *found)
{
    for (size_t i = 0; i < sample->n_gpus; i++) {
        const MienWatchGpu *gpu = &sample->gpus[i];
        if (!(gpu->memory_used_bytes >= 0.9 * gpu->memory_total_bytes))
            continue;
        double used = 100 * gpu->memory_used_bytes / gpu->memory_total_bytes;
        if (gpu->n_users > 0 && !isnan(gpu->users[0].memory_bytes))
            return say(found, "%s's memory is %.0f %% full; %s (%lld) holds %.0f %% of it", gpu->id,
                       used, gpu->users[0].name, (long long)gpu->users[0].pid,
                       100 * gpu->users[0].memory_bytes / gpu->memory_total_bytes);
        return say(found, "%s's memory is %.0f %% full", gpu->id, used);
    }
    return false;
}

static bool cpu_quota(const MienWatchSample *sample, MieniWatchFound *found)
{
    return sample->cpu_waits_percent >= 10 &&
           say(found,
               "This container waits %.0f %% of the time for its share of the processor: raise its "
               "CPU limit",
               sample->cpu_waits_percent);
}

/* A GPU that has a decoder, which does nothing, while the processor decodes. */
static bool decoder_on_cpu(const MienWatchSample *sample, MieniWatchFound *found)
{
    for (size_t i = 0; i < sample->n_gpus; i++) {
        if (!(sample->gpus[i].decoder_percent < 1))
            continue;
        for (size_t k = 0; k < sample->n_tasks; k++)
            if (sample->tasks[k].decoder_percent >= 50)
                return say(found,
                           "%s (%lld) decodes video on the CPU (%.1f cores) while %s's decoder is "
                           "idle",
                           sample->tasks[k].name, (long long)sample->tasks[k].pid,
                           sample->tasks[k].decoder_percent / 100, sample->gpus[i].id);
    }
    return false;
}

static bool power_mode(const MienWatchSample *sample, MieniWatchFound *found)
{
    for (size_t i = 0; i < sample->n_gpus; i++) {
        const MienWatchGpu *gpu = &sample->gpus[i];
        if (gpu->load_percent >= BUSY && gpu->clock_max_mhz < 0.8 * gpu->clock_top_mhz)
            return say(found, "%s is busy and may only use %.0f of its %.0f MHz%s%s%s", gpu->id,
                       gpu->clock_max_mhz, gpu->clock_top_mhz,
                       sample->jetson && *sample->jetson->power_name ? ": power mode " : "",
                       sample->jetson ? sample->jetson->power_name : "",
                       sample->jetson ? "; sudo nvpmodel -m 0" : "");
    }
    return false;
}

static bool gpu_is_the_limit(const MienWatchSample *sample, MieniWatchFound *found)
{
    const MienWatchGpu *gpu = busiest_gpu(sample);
    return gpu && gpu->load_percent >= BUSY &&
           say(found, "%s is busy (%.0f %%): it is what everything waits for", gpu->id,
               gpu->load_percent);
}

static bool cpu_is_full(const MienWatchSample *sample, MieniWatchFound *found)
{
    const MienWatchGpu *gpu = busiest_gpu(sample);
    if (!(sample->cpu_percent >= BUSY) || sample->n_tasks == 0)
        return false;
    if (gpu && gpu->load_percent < IDLE)
        return say(found,
                   "All cores are busy, most with %s (%lld), while %s is idle (%.0f %%): the CPU "
                   "is too slow for it",
                   sample->tasks[0].name, (long long)sample->tasks[0].pid, gpu->id,
                   gpu->load_percent);
    return say(found, "All cores are busy, most with %s (%lld)", sample->tasks[0].name,
               (long long)sample->tasks[0].pid);
}

static bool cpu_feeds_slowly(const MienWatchSample *sample, MieniWatchFound *found)
{
    const MienWatchGpu *gpu = busiest_gpu(sample);
    const MienWatchTask *task = busiest_thread(sample);
    return gpu && task && gpu->load_percent < IDLE &&
           say(found,
               "%s is idle (%.0f %%) while a thread of %s (%lld) keeps a core at %.0f %%: the CPU "
               "feeds it too slowly",
               gpu->id, gpu->load_percent, task->name, (long long)task->pid, task->thread_percent);
}

/* No GPU's load is known: a program may still be held up by its only busy thread. */
static bool single_thread(const MienWatchSample *sample, MieniWatchFound *found)
{
    const MienWatchTask *task = busiest_thread(sample);
    return task && !busiest_gpu(sample) && sample->cpu_percent < IDLE &&
           say(found, "A thread of %s (%lld) keeps a core at %.0f %% while the others are idle",
               task->name, (long long)task->pid, task->thread_percent);
}

static const struct {
    const char *id;
    bool (*holds)(const MienWatchSample *sample, MieniWatchFound *found);
} rules[] = {
    {"driver", driver},
    {"gpu-error", gpu_error},
    {"gpu-heat", gpu_heat},
    {"gpu-power", gpu_power},
    {"memory-pressure", memory_pressure},
    {"gpu-memory", gpu_memory},
    {"cpu-quota", cpu_quota},
    {"decoder-on-cpu", decoder_on_cpu},
    {"power-mode", power_mode},
    {"gpu-is-the-limit", gpu_is_the_limit},
    {"cpu-is-full", cpu_is_full},
    {"cpu-feeds-slowly", cpu_feeds_slowly},
    {"single-thread", single_thread},
};

_Static_assert(MIENI_COUNT_OF(rules) <= MIENI_WATCH_VERDICTS, "a verdict for each rule");

const char *mieni_watch_rule(size_t i)
{
    return i < MIENI_COUNT_OF(rules) ? rules[i].id : NULL;
}

size_t mieni_watch_rules(const MienWatchSample *sample, MieniWatchFound found[MIENI_WATCH_VERDICTS])
{
    size_t n = 0;
    for (size_t i = 0; i < MIENI_COUNT_OF(rules); i++)
        if (rules[i].holds(sample, &found[n]))
            found[n++].id = rules[i].id;
    if (n == 0) {
        found[0].id = "none";
        say(&found[n++], isnan(sample->cpu_percent) ? "Nothing is known yet"
                                                    : "Nothing here waits for anything else");
    }
    return n;
}

void mieni_watch_judge(MienWatch *watch)
{
    MieniWatchFound found[MIENI_WATCH_VERDICTS];
    size_t n = mieni_watch_rules(&watch->sample, found);
    for (size_t i = 0; i < n; i++)
        watch->verdicts[i] =
            (MienWatchVerdict){found[i].id, mieni_watch_text(watch, "%s", found[i].text)};
    watch->sample.n_verdicts = n;
}
