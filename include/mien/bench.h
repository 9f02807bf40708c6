/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Measuring networks against what the core, or the device, could do at best. `mien bench` is built
 * on this.
 */
#ifndef MIEN_BENCH_H
#define MIEN_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
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

/** In MienBenchBatch.network: a tracked frame, from the picture to its landmarks. */
#define MIEN_BENCH_FRAME SIZE_MAX

/** What a number of faces (or pictures) at a time take on a device. Milliseconds. */
typedef struct MienBenchBatch {
    size_t network; /**< which of those that are measured, or MIEN_BENCH_FRAME */
    int32_t batch;  /**< faces of a run */
    int32_t runs;   /**< that times are of */
    double macs;    /**< multiply-adds of a run */
    double best_ms; /**< from call to result, on the host */
    double median_ms;
    double p99_ms;
    double device_ms; /**< the device's own time for the kernels, median; 0: it does not tell */
    double floor_ms;  /**< macs at the best rate of the device; 0: not known */
    /** Of a run: kernels, hand-overs of work, copies between host and device and their bytes. */
    double launches, submissions, copies_up, copies_down, bytes_up, bytes_down;
} MienBenchBatch;

/** The device under measurement. */
typedef struct MienBenchDevice {
    char id[32]; /**< "cuda:0" */
    char name[128];
    char isa[64];
    MienPrecision precision;
    double peak_gmac_s; /**< best rate of multiply-adds on registers, fp32; 0: not measured */
} MienBenchDevice;

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
    /* What follows counts for mien_bench_device alone. */
    const char *device;      /**< as in MienEngineOptions (default NULL: "cpu") */
    bool allow_software;     /**< as in MienEngineOptions (default false) */
    MienPrecision precision; /**< as in MienEngineOptions (default MIEN_PRECISION_FP32) */
    int32_t max_batch;       /**< 1..4096; batches are 1, 2, 4 up to it (default 1) */
    double seconds; /**< for one batch size, in which at least 3 and at most `repeats` runs are
                       made; sizes that need much longer are left out (default 1) */
    MienModel *frame_model;    /**< landmark network of the tracked frame; NULL: none (default) */
    MienModel *frame_detector; /**< and its detector; NULL with a bundle */
    /** Called for every batch size of every network, then of the frame (default NULL). */
    void (*batch)(void *batch_user, const MienBenchBatch *batch);
    void *batch_user;
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

/**
 * Runs networks on a device with rising numbers of inputs at a time, and a tracked frame of
 * MIEN_BENCH_FRAME_WIDTH x _HEIGHT pixels NV12: the picture goes up, faces are cut out of it, the
 * network runs, landmarks come back. options->batch is told of each.
 *
 * @param models    [n], the models, none NULL.
 * @param networks  [n], which network of each model.
 * @param device    Written; its id is empty if it could not be opened.
 * @return as mien_bench_networks, and MIEN_E_DEVICE if the device cannot be used.
 *
 * Threads: any thread; measures well only while nothing else runs.
 */
MIEN_API MienStatus mien_bench_device(const MienBenchOptions *options, size_t n,
                                      MienModel *const *models, const size_t *networks,
                                      MienBenchDevice *device, MienError *error);

#define MIEN_BENCH_FRAME_WIDTH 640
#define MIEN_BENCH_FRAME_HEIGHT 360

#ifdef __cplusplus
}
#endif
#endif
