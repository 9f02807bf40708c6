/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Measuring networks against what the core could do at best. `mien bench` is built on this.
 */
#ifndef MIEN_BENCH_H
#define MIEN_BENCH_H

#include <stdint.h>

#include "model.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MienBenchOptions {
    size_t struct_size; /**< sizeof(MienBenchOptions), set by mien_bench_options_init */
    int32_t threads;    /**< threads that compute (default 1) */
    int32_t repeats;   /**< rounds; each runs the FMA loop, then every network once (default 200) */
    uint64_t cpu_mask; /**< as in MienEngineOptions (default MIEN_CPU_ALL) */
    /** Called after each round; a non-zero return stops the measurement early (default NULL). */
    int (*progress)(void *user, int32_t round, int32_t n_rounds);
    void *user;
} MienBenchOptions;

typedef struct MienBenchResult {
    double macs;    /**< multiply-adds of one run */
    double best_ms; /**< fastest run */
    double median_ms;
    double share_of_peak; /**< macs / best_ms, as a share of the best rate of the FMA loop times the
                             threads, 0..1 */
} MienBenchResult;

MIEN_API void mien_bench_options_init(MienBenchOptions *options);

/**
 * Runs networks and a register-only FMA loop in turns, in one process, and reports the best of
 * each.
 *
 * @param models            [n] networks; of a model with several, the network `networks[i]`.
 * @param results           [n], written.
 * @param fma_peak_gmac_s   Best rate of the FMA loop of one thread, in 1e9 multiply-adds a second.
 *
 * Threads: any thread; measures well only while nothing else runs.
 */
MIEN_API MienStatus mien_bench_networks(const MienBenchOptions *options, size_t n,
                                        MienModel *const *models, const size_t *networks,
                                        MienBenchResult *results, double *fma_peak_gmac_s,
                                        MienError *error);

#ifdef __cplusplus
}
#endif
#endif
