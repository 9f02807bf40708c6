/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What GPUs, processors and memory are doing, once or every second, and who is waiting for whom.
 *
 * A watch looks at this machine alone: NVIDIA's management library (NVML), which a helper program
 * (mien-probe, beside the library) loads, so that a driver that hangs or crashes does no harm;
 * /sys for the GPUs of Jetson, AMD and Intel; /proc for the rest. It changes nothing and opens no
 * socket. A reading that nobody could take is NaN (ask with isnan()), and never 0.
 *
 * @code
 *     MienWatch *watch;
 *     const MienWatchSample *sample;
 *     if (mien_watch_create(NULL, &watch, &error) == MIEN_OK) {
 *         do {
 *             sleep(1);
 *         } while (mien_watch_sample(watch, &sample) == MIEN_OK &&
 *                  printf("%s\n", sample->verdicts[0].text) > 0);
 *     }
 *     mien_watch_destroy(watch);
 * @endcode
 */
#ifndef MIEN_WATCH_H
#define MIEN_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What keeps a GPU from its highest clocks; bits. */
typedef enum MienWatchSlowdown {
    MIEN_SLOWDOWN_IDLE = 1 << 0,         /**< nothing to do: no fault */
    MIEN_SLOWDOWN_SETTING = 1 << 1,      /**< somebody set lower clocks */
    MIEN_SLOWDOWN_POWER = 1 << 2,        /**< the power limit */
    MIEN_SLOWDOWN_HARDWARE = 1 << 3,     /**< the board: heat or supply */
    MIEN_SLOWDOWN_SYNC = 1 << 4,         /**< clocks in step with another GPU */
    MIEN_SLOWDOWN_HEAT = 1 << 5,         /**< temperature, the driver's doing */
    MIEN_SLOWDOWN_HEAT_BOARD = 1 << 6,   /**< temperature, the board's doing */
    MIEN_SLOWDOWN_POWER_BRAKE = 1 << 7,  /**< the machine's supply asks for less */
    MIEN_SLOWDOWN_DISPLAY = 1 << 8,      /**< the display's clocks */
    MIEN_SLOWDOWN_OVER_CURRENT = 1 << 9, /**< Jetson: too much current, or too low a voltage */
    MIEN_SLOWDOWN_UNKNOWN = 1 << 30      /**< nobody could say */
} MienWatchSlowdown;

/** A process with memory on a GPU. */
typedef struct MienWatchUser {
    int64_t pid;
    const char *name; /**< "?" if it is another container's */
    double memory_bytes;
} MienWatchUser;

typedef struct MienWatchGpu {
    const char *id;     /**< "nvml:0", "jetson", "card0" */
    const char *source; /**< what was asked: "nvml", "jetson", "amdgpu", "i915", "xe" */
    const char *name;
    const char *pci;   /**< "0000:01:00.0"; empty: none, or unknown */
    const char *error; /**< what the driver said instead of readings, or NULL */
    double load_percent;
    double decoder_percent; /**< of its video decoder */
    double encoder_percent;
    double memory_used_bytes, memory_total_bytes; /**< unknown where it is the machine's memory */
    double clock_mhz, clock_max_mhz;              /**< as far as it may go now */
    double clock_top_mhz;                         /**< as far as it could go in the highest mode */
    double memory_clock_mhz, memory_clock_max_mhz;
    double temperature_c, temperature_limit_c; /**< where it begins to slow down */
    double power_w, power_limit_w;
    uint32_t slowdown;          /**< MienWatchSlowdown bits */
    int32_t knows_users;        /**< not 0: `users` is known, even if there are none */
    const MienWatchUser *users; /**< what holds most memory in front */
    size_t n_users;
} MienWatchGpu;

typedef struct MienWatchCore {
    int32_t id;
    double load_percent;
} MienWatchCore;

/** A process that keeps the processor busy. */
typedef struct MienWatchTask {
    int64_t pid;
    const char *name;
    double load_percent;    /**< of one core: over 100 with several threads */
    const char *thread;     /**< name of its busiest thread */
    double thread_percent;  /**< of one core */
    double decoder_percent; /**< of one core: threads that decode video in software */
} MienWatchTask;

/** Something of a Jetson with a name and a number: a thermal zone in C, a power rail in W. */
typedef struct MienWatchReading {
    const char *name;
    double value;
} MienWatchReading;

typedef struct MienWatchJetson {
    const char *board;      /**< empty: unknown */
    const char *l4t;        /**< release, "36.4.3"; empty: unknown */
    int32_t power_mode;     /**< nvpmodel's number, -1: unknown */
    const char *power_name; /**< and its name, "MAXN"; empty: unknown */
    const MienWatchReading *zones;
    size_t n_zones;
    const MienWatchReading *rails;
    size_t n_rails;
    double over_currents; /**< since the last sample */
} MienWatchJetson;

/** How NVML does. */
typedef enum MienWatchDriver {
    MIEN_WATCH_DRIVER_OK,       /**< it answers */
    MIEN_WATCH_DRIVER_ABSENT,   /**< there is none */
    MIEN_WATCH_DRIVER_STARTING, /**< it has not answered yet */
    MIEN_WATCH_DRIVER_REFUSED,  /**< it does not start */
    MIEN_WATCH_DRIVER_LATE,     /**< it answered before, and takes long now */
    MIEN_WATCH_DRIVER_HUNG,     /**< it took too long; it is not asked again */
    MIEN_WATCH_DRIVER_CRASHED   /**< and is not asked again */
} MienWatchDriver;

/** What was found by a rule; docs/doctor.md lists them. */
typedef struct MienWatchVerdict {
    const char *id;   /**< stable, such as "cpu-feeds-slowly" */
    const char *text; /**< one line */
} MienWatchVerdict;

/** One look. Texts: printable ASCII. Owner: the watch; valid until the next sample or destroy. */
typedef struct MienWatchSample {
    uint64_t number;         /**< from 0 */
    int64_t time_us;         /**< since 1970, UTC */
    double seconds;          /**< since the look before it; loads are of this time */
    MienWatchDriver driver;  /**< of NVML */
    const char *driver_text; /**< what is the matter with it, or empty */
    const MienWatchGpu *gpus;
    size_t n_gpus;
    const MienWatchJetson *jetson; /**< NULL: this is none */
    double cpu_percent;            /**< of all cores */
    double cpu_waits_percent;      /**< of the time, for the container's share of the processor */
    const MienWatchCore *cores;
    size_t n_cores;
    const MienWatchTask *tasks; /**< the busiest in front */
    size_t n_tasks;
    double memory_available_bytes, memory_total_bytes;
    double swap_used_bytes, swap_total_bytes;
    double swap_in_bytes_s;     /**< what is read back from swap */
    double memory_some_percent; /**< of the last 10 s in which some program waited for memory */
    double memory_full_percent; /**< in which all of them did */
    const MienWatchVerdict *verdicts; /**< what weighs most in front; at least one */
    size_t n_verdicts;
} MienWatchSample;

typedef struct MienWatchOptions {
    size_t struct_size;
    const char *helper;  /**< path of mien-probe; copied (default NULL: beside the library) */
    const char *root;    /**< for tests: folder that stands for a machine's files; see
                            MienDoctorOptions; copied (default NULL: this machine) */
    int32_t interval_ms; /**< how often the driver is asked, 50..3600000 (default 1000) */
    int32_t timeout_ms;  /**< for the driver to answer, 1..60000 (default 5000) */
} MienWatchOptions;

typedef struct MienWatch MienWatch;

/** Sets the defaults. Threads: any thread. */
MIEN_API void mien_watch_options_init(MienWatchOptions *options);

/**
 * Starts to watch: the first look, from which loads are counted, and the helper.
 *
 * @param options  NULL: the defaults. Owner: borrowed for the call.
 * @param watch    Set to the watch, or NULL. Owner: returned, free with mien_watch_destroy.
 * @return MIEN_OK, whatever can be read.
 *         MIEN_E_ARGUMENT: watch is NULL or an option is out of range.
 *         MIEN_E_NOMEM.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_watch_create(const MienWatchOptions *options, MienWatch **watch,
                                      MienError *error);

/**
 * Looks once. Takes a few milliseconds, and up to half a second while the driver does not answer.
 *
 * @param sample  Set to what was seen. Owner: borrowed until the next sample or destroy.
 * @return MIEN_OK, whatever could be read. MIEN_E_ARGUMENT: a pointer is NULL. MIEN_E_NOMEM.
 *
 * Threads: one thread at a time per watch.
 */
MIEN_API MienStatus mien_watch_sample(MienWatch *watch, const MienWatchSample **sample);

/** Returns one of the bits in words, such as "power limit"; NULL for anything else. Threads: any
 * thread. */
MIEN_API const char *mien_watch_slowdown_text(uint32_t bit);

/** Stops the helper and frees the watch. NULL is fine. */
MIEN_API void mien_watch_destroy(MienWatch *watch);

#ifdef __cplusplus
}
#endif
#endif
