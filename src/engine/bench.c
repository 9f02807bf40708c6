/* SPDX-License-Identifier: Apache-2.0 */
#include "mien/bench.h"

#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "backend/cpu/cpu.h"
#include "base/rng.h"
#include "cpu/flags.h"
#include "engine/bench_private.h"

/* Multiply-adds of one turn of the FMA loop: long enough for the clock, short enough to share its
 * conditions. */
#define LOOP_ITERATIONS 30000
/* Turns in a round: few rounds would else see only turns that something disturbed. */
#define LOOP_TURNS 4

void mien_bench_options_init(MienBenchOptions *options)
{
    if (!options)
        return;
    *options = (MienBenchOptions){
        .struct_size = sizeof(*options),
        .threads = 1,
        .repeats = 200,
        .cpu_mask = MIEN_CPU_ALL,
        .max_batch = 1,
        .seconds = 1,
    };
}

/* A network under measurement. */
typedef struct Entry {
    MieniDevicePlan *plan;
    float *input;
    double *times_ms; /* [repeats] */
    double *block_ms; /* [n_steps], NULL: not wanted */
    double macs;
} Entry;

double mieni_bench_now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static MienStatus create_entry(Entry *entry, MieniDevice *device, const MieniGraph *graph,
                               const MienBenchOptions *options, MienError *error)
{
    MieniPlan *plan;
    MienStatus status = mieni_plan_create(graph, &plan, error);
    if (status != MIEN_OK)
        return status;
    const MieniTensor *input = &plan->tensors[plan->input];
    size_t n = (size_t)input->height * (size_t)input->width * (size_t)input->channels;
    entry->macs = plan->macs;
    entry->input = mieni_alloc(n, sizeof(*entry->input));
    entry->times_ms = mieni_alloc((size_t)options->repeats, sizeof(*entry->times_ms));
    if (options->block)
        entry->block_ms = mieni_alloc((size_t)plan->n_ops, sizeof(*entry->block_ms));
    for (int32_t i = 0; i < plan->n_ops && entry->block_ms; i++)
        entry->block_ms[i] = HUGE_VAL;
    status = entry->input && entry->times_ms && (entry->block_ms || !options->block)
                 ? mieni_backend_cpu.plan_create(device, plan, &entry->plan, error)
                 : mieni_fail_nomem(error);
    uint64_t state = 1;
    for (size_t i = 0; i < n && entry->input; i++)
        entry->input[i] = mieni_rng_float(&state, 0, 1);
    mieni_plan_destroy(plan);
    return status;
}

static void destroy_entries(Entry *entries, size_t n)
{
    for (size_t i = 0; i < n && entries; i++) {
        mieni_backend_cpu.plan_destroy(entries[i].plan);
        mieni_free(entries[i].input);
        mieni_free(entries[i].times_ms);
        mieni_free(entries[i].block_ms);
    }
    mieni_free(entries);
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double peak_of_round(const MieniKernels *kernels)
{
    double best = 0;
    for (int turn = 0; turn < LOOP_TURNS; turn++) {
        double start = mieni_bench_now_ms();
        double macs = kernels->fma_loop(LOOP_ITERATIONS);
        best = MIENI_MAX(best, macs / (mieni_bench_now_ms() - start) * 1e-6);
    }
    return best;
}

/* Rounds of some turns of the loop and one run of every network; returns how many were done. */
static int32_t measure(const MienBenchOptions *options, Entry *entries, size_t n, double *peak)
{
    MieniKernels kernels;
    mieni_kernels_init(&kernels, mieni_cpu_flags() & options->cpu_mask);
    *peak = 0;
    for (int32_t round = 0; round < options->repeats; round++) {
        *peak = MIENI_MAX(*peak, peak_of_round(&kernels));
        for (size_t i = 0; i < n; i++) {
            MieniJob job = {.input = entries[i].input};
            double start = mieni_bench_now_ms();
            mieni_backend_cpu.plan_run(entries[i].plan, 1, &job, NULL);
            entries[i].times_ms[round] = mieni_bench_now_ms() - start;
            if (entries[i].block_ms)
                mieni_cpu_plan_time(entries[i].plan, &job, entries[i].block_ms);
        }
        if (options->progress && options->progress(options->user, round + 1, options->repeats))
            return round + 1;
    }
    return options->repeats;
}

MienStatus mieni_bench_check(const MienBenchOptions *options, size_t n, MienModel *const *models,
                             const size_t *networks, MienError *error)
{
    const char *wrong = NULL;
    if (options->struct_size != sizeof(*options))
        wrong = "struct_size: call mien_bench_options_init first";
    else if (options->threads < 1 || options->threads > 64)
        wrong = "threads: not in 1..64";
    else if (options->repeats < 1 || options->repeats > 1000000)
        wrong = "repeats: not in 1..1000000";
    else if (options->max_batch < 1 || options->max_batch > MIENI_BENCH_MAX_BATCH)
        wrong = "max_batch: not in 1..4096";
    else if (!(options->seconds > 0 && options->seconds <= 3600))
        wrong = "seconds: not above 0 and up to 3600";
    if (wrong)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "bench option %s", wrong);
    for (size_t i = 0; i < n; i++) {
        if (!models[i])
            return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "models[%zu] is NULL", i);
        if (networks[i] >= models[i]->n_networks)
            return mieni_fail(error, MIEN_E_ARGUMENT, "argument",
                              "networks[%zu] is %zu, but the model has %zu", i, networks[i],
                              models[i]->n_networks);
    }
    return MIEN_OK;
}

/* Sorts the times of an entry. */
static MienBenchResult summarize(const Entry *entry, int32_t rounds, double peak)
{
    qsort(entry->times_ms, (size_t)rounds, sizeof(*entry->times_ms), compare_times);
    double best_ms = entry->times_ms[0];
    return (MienBenchResult){.macs = entry->macs,
                             .best_ms = best_ms,
                             .median_ms = entry->times_ms[rounds / 2],
                             .share_of_peak = entry->macs / best_ms * 1e-6 / peak};
}

/* Tells of the operations of one network. */
static void report_blocks(const MienBenchOptions *options, const Entry *entry, size_t network,
                          double peak)
{
    for (int32_t i = 0; i < entry->plan->n_steps && entry->block_ms; i++) {
        const MieniOp *op = &entry->plan->steps[i].op;
        const MieniConvShape *shape = &op->shape;
        char name[96];
        int n = snprintf(name, sizeof(name), "%s", mieni_op_kind_name(op->kind));
        if (shape->out_channels > 0)
            snprintf(name + n, sizeof(name) - (size_t)n, " %dx%d %d>%d %dx%d/%d",
                     (int)shape->in_height, (int)shape->in_width, (int)shape->in_channels,
                     (int)shape->out_channels, (int)shape->kernel_height, (int)shape->kernel_width,
                     (int)shape->stride);
        MienBenchBlock block = {.network = network,
                                .name = name,
                                .macs = op->macs,
                                .best_ms = entry->block_ms[i],
                                .share_of_peak = op->macs / entry->block_ms[i] * 1e-6 / peak};
        options->block(options->block_user, &block);
    }
}

MienStatus mien_bench_networks(const MienBenchOptions *options, size_t n, MienModel *const *models,
                               const size_t *networks, MienBenchResult *results,
                               double *fma_peak_gmac_s, MienError *error)
{
    if (!options || !models || !networks || !results || !fma_peak_gmac_s)
        return mieni_fail(error, MIEN_E_ARGUMENT, "argument", "a pointer is NULL");
    MienStatus status = mieni_bench_check(options, n, models, networks, error);
    if (status != MIEN_OK)
        return status;
    static const MieniLog silent = {0};
    MieniDeviceOptions device_options = {
        .threads = options->threads, .cpu_mask = options->cpu_mask, .log = &silent};
    MieniDevice *device;
    status = mieni_backend_cpu.open(0, &device_options, &device, error);
    if (status != MIEN_OK)
        return status;
    Entry *entries = mieni_alloc(n, sizeof(*entries));
    if (!entries)
        status = mieni_fail_nomem(error);
    for (size_t i = 0; i < n && status == MIEN_OK; i++)
        status = create_entry(&entries[i], device, models[i]->networks[networks[i]].graph, options,
                              error);
    if (status == MIEN_OK) {
        int32_t rounds = measure(options, entries, n, fma_peak_gmac_s);
        for (size_t i = 0; i < n; i++)
            results[i] = summarize(&entries[i], rounds, *fma_peak_gmac_s * options->threads);
        for (size_t i = 0; i < n; i++)
            report_blocks(options, &entries[i], i, *fma_peak_gmac_s * options->threads);
    }
    destroy_entries(entries, n);
    mieni_backend_cpu.close(device);
    return status;
}
