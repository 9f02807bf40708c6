/* SPDX-License-Identifier: Apache-2.0 */
/* A plan on two devices side by side: the CPU, and a Vulkan device with the validation layers
 * watching. */
#ifndef MIEN_TESTS_BACKEND_VULKAN_BED_H
#define MIEN_TESTS_BACKEND_VULKAN_BED_H

#include "backend/vulkan/loader.h"
#include "support/test.h"

/* What a device is compared within: |a - b| <= absolute + relative * |b|. */
#define PARITY_ABSOLUTE 1e-3
#define PARITY_RELATIVE 1e-4

/* Reads the program's arguments, before anything else: --no-direct-memory copies everything, as for
 * a card with its own memory; --no-subgroups, --no-half, --no-timeline and
 * --no-import mask those features off. */
void bed_arguments(int argc, char **argv);

/* The Vulkan device that is tested: the first, or the number in MIEN_TEST_VULKAN, which
 * scripts/gpu-check sets to that of a GPU. */
int32_t bed_index(void);
const char *bed_name(void); /* "vulkan:0" */

/* Opens both devices once; the test is skipped if there is no Vulkan device. */
void bed_open(void);

/* The plan on both. Close with bed_drop. */
typedef struct Bed {
    const MieniPlan *plan;
    MieniDevicePlan *cpu, *vulkan;
    size_t n_in, n_out; /* floats of the input, of all outputs together */
} Bed;
Bed bed_put(const MieniPlan *plan);
void bed_drop(Bed *bed);

MieniDevice *bed_device(void);

/* Runs n jobs as one batch on a backend's plan; job k reads input k and writes output k. */
void bed_run(const Bed *bed, bool on_vulkan, size_t n, const float *inputs, float *outputs);

/* Compares both on n seeded inputs between low and high; returns the largest difference. */
double bed_compare(const char *what, const Bed *bed, size_t n, float low, float high);

/* Closes the devices: the group teardown. Fails if the validation layers said anything. */
int bed_close(void **state);

#endif
