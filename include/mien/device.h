/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The devices of this machine: what there is, what can be used, and why the rest cannot.
 *
 * A device is named like "cpu", "cuda:0" or "vulkan:1". An engine runs on the device that its
 * options name or is not created: nothing falls back. "gpu" and "auto" are policies that name the
 * first device that proves itself.
 */
#ifndef MIEN_DEVICE_H
#define MIEN_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a device computes networks in. Crop, box and landmark decode and refinement are the same in
 * all. */
typedef enum MienPrecision {
    /** Single precision. */
    MIEN_PRECISION_FP32 = 0,
    /** Activations and weights in half precision; landmarks move by about a thousandth of the
     * distance between the eyes. A device that cannot is refused. */
    MIEN_PRECISION_FP16 = 1,
    /** MIEN_PRECISION_FP16 on devices that are faster with it, else MIEN_PRECISION_FP32. */
    MIEN_PRECISION_AUTO = 2
} MienPrecision;

/** What is known of a device. Texts are empty, and numbers 0, where something is not known. */
typedef struct MienDeviceInfo {
    /** "cpu", "cuda:0"; a back end that has no device or is not built stands here as "cuda" or
     * "vulkan". */
    char id[32];
    /** As the driver or the processor calls itself. */
    char name[128];
    /** "GPU-01234567-…". */
    char uuid[48];
    /** Domain, bus, device and function, "0000:01:00.0". */
    char pci[16];
    /** Name and version of the driver. */
    char driver[96];
    /** Compute capability ("8.7") or Vulkan version ("1.3.239"). */
    char api[32];
    uint64_t memory_total_bytes;
    uint64_t memory_free_bytes;
    /** It computes on the CPU, whatever it calls itself. */
    bool software;
    /** It shares the CPU's memory. */
    bool integrated;
    /** This build of mien has the back end. */
    bool built;
    /** It can be used. */
    bool usable;
    /** Kernel sets that this build has for it, separated by spaces: "ref avx2", "ref neon". */
    char kernels[96];
    /** Why it cannot be used, as a stable code and as a line for people. */
    char reason[48];
    char reason_text[256];
} MienDeviceInfo;

/**
 * Lists all devices, usable or not, in the order in which "auto" looks at them, but that of
 * Vulkan's it looks at those with memory of their own first. A Vulkan driver is loaded by
 * mien-probe first: one that crashes stands there with reason "driver-crashes".
 *
 * @param devices      [capacity], written; may be NULL if capacity is 0.
 * @param info_size    sizeof(MienDeviceInfo), so that the struct can grow.
 * @param n_devices    Set to how many there are, which may be more than `capacity`.
 * @return MIEN_OK, MIEN_E_ARGUMENT.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_device_list(MienDeviceInfo *devices, size_t capacity, size_t info_size,
                                     size_t *n_devices);

/** How a device did with a small network whose result is known. */
typedef struct MienDeviceTest {
    /** Milliseconds to open the device and run the network once; translating code for a GPU is in
     * it. */
    double first_ms;
    /** Milliseconds of a later run, the shortest of ten. */
    double run_ms;
    /** The largest difference of an output from the CPU's reference kernels; outputs are about 1.
     * NaN if the device gave no number. */
    double difference;
} MienDeviceTest;

/**
 * Lets a device prove itself, as an engine does when it opens it, and measures.
 *
 * Opens the device, which a faulty driver may not survive: `mien doctor` does it in a process of
 * its own. Takes a blink on a CPU, and up to seconds on a GPU whose code must be translated first.
 *
 * @param id         As mien_device_list names it; software devices, too.
 * @param test_size  sizeof(MienDeviceTest), so that the struct can grow.
 * @param test       Written as far as it got; zeros before.
 * @return MIEN_OK.
 *         MIEN_E_DEVICE: it cannot be opened or computes something else; reason and text say which.
 *         MIEN_E_ARGUMENT: there is no such device, or an argument is not valid.
 *         MIEN_E_NOMEM.
 *
 * Threads: any thread.
 */
MIEN_API MienStatus mien_device_test(const char *id, size_t test_size, MienDeviceTest *test,
                                     MienError *error);

#ifdef __cplusplus
}
#endif
#endif
