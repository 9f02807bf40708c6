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

/** An operation of a network under measurement. */
typedef struct MienBenchBlock {
    size_t network;       /**< which of those that are measured */
    const char *name;     /**< "depthwise_pointwise 96x96 16>32 3x3/2"; valid during the call */
    double macs;          /**< multiply-adds of one run; 0: it has none */
    double best_ms;       /**< fastest run */
    double share_of_peak; /**< as in MienBenchResult */
} MienBenchBlock;

typedef struct MienBenchOptions {
    size_t struct_size; /**< sizeof(MienBenchOptions), set by mien_bench_options_init */
    int32_t threads;    /**< threads that compute (default 1) */
    int32_t repeats;   /**< rounds; each runs the FMA loop, then every network once (default 200) */
    uint64_t cpu_mask; /**< as in MienEngineOptions (default MIEN_CPU_ALL) */
    /** Called after each round; a non-zero return ends the measurement early, with what has been
     * measured so far (default NULL). */
    int (*progress)(void *user, int32_t round, int32_t n_rounds);
    void *user;
    /** Called at the end for every operation of every network, in order. If it is set, each network
     * runs once more in a round, with the clock read between its operations (default NULL). */
    void (*block)(void *block_user, const MienBenchBlock *block);
    void *block_user;
} MienBenchOptions;

typedef struct MienBenchResult {
    double macs;    /**< multiply-adds of one run */
    double best_ms; /**< fastest run */
    double median_ms;
    double share_of_peak; /**< macs / best_ms, as a share of the best rate of the FMA loop times the
                             threads: above 0, and above 1 only by noise */
} MienBenchResult;

MIEN_API void mien_bench_options_init(MienBenchOptions *options);

/**
 * Runs networks and a register-only FMA loop in turns, in one process, and reports the best of
 * each.
 *
 * @param models            [n], the models, none NULL.
 * @param networks          [n], which network of each model: 0 for a .tflite file.
 * @param results           [n], written.
 * @param fma_peak_gmac_s   Best rate of the FMA loop of one thread, in 1e9 multiply-adds a second.
 * @return MIEN_OK,
 *         MIEN_E_ARGUMENT: an option is out of range, a pointer is NULL, or there is no network i,
 *         MIEN_E_UNSUPPORTED: a network holds an operation that mien does not know,
 *         MIEN_E_NOMEM. On failure nothing is written.
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
