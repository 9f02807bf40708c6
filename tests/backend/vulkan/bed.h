/* SPDX-License-Identifier: Apache-2.0 */
/* A plan on two devices side by side: the CPU with the reference kernels, and a Vulkan device with
 * the validation layers watching. */
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

/*
 * Watches what is asked of a driver through an open device's functions, one device at a time: calls
 * that make or record something are counted, and one of all that may fail does so.
 */
typedef struct BedWatch {
    VulkanDeviceFunctions real;
    int n_made;              /* memory, buffers, pipelines, descriptors, commands, recordings */
    int calls_until_failure; /* -1: none fails, or one has */
    VkResult failure;
} BedWatch;
extern BedWatch bed_watch;
void bed_watch_begin(VulkanDeviceFunctions *vk);
void bed_watch_end(VulkanDeviceFunctions *vk);

/* Call number `call` from now on, from 0, gives `failure` and does nothing. */
void bed_watch_fail(int call, VkResult failure);

/* Closes the devices: the group teardown. Fails if the validation layers said anything. */
int bed_close(void **state);

#endif
