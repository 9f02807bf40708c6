/* SPDX-License-Identifier: Apache-2.0 */
/* Running one network on one input, the way the golden files describe theirs. */
#ifndef MIEN_TESTS_GOLDEN_NETWORK_H
#define MIEN_TESTS_GOLDEN_NETWORK_H

#include "backend/backend.h"
#include "image/crop.h"
#include "support/golden.h"
#include "support/test.h"

typedef struct Network {
    void *file;
    MieniGraph *graph;
    MieniPlan *plan;
    MieniDevice *device;
    MieniDevicePlan *device_plan;
    int32_t n_outputs;
    float *outputs[MIENI_OP_MAX_INPUTS];
    size_t output_floats[MIENI_OP_MAX_INPUTS];
} Network;

/* Opens a model of the shared folder, "FILE.tflite", or "BUNDLE.task:MEMBER"; the test is skipped
 * without it. */
Network *network_open(const char *model, uint64_t cpu_mask, int32_t threads);

/* The same by the file's path; `member` is NULL but for a bundle. */
Network *network_open_file(const char *path, const char *member, uint64_t cpu_mask,
                           int32_t threads);

/* The same in a precision; NULL if the CPU has no kernels for it. */
Network *network_open_in(const char *model, MienPrecision precision);

/* Runs the network; the result is in `outputs`. */
void network_run(Network *network, const float *input);

/* Checks output `i` against TFLite's: the same numbers, or within 1e-3 absolute + 1e-4 relative.
 * Prints the largest difference. */
void network_check_output(const Network *network, int32_t i, const char *what,
                          const GoldenTensor *want, bool same);

/* True if kernels for this CPU add in MediaPipe's order with fused multiply-adds, so that
 * convolutions give MediaPipe's bits. Plain C (mask 0) does not fuse. */
bool network_is_fused(uint64_t cpu_mask);

void network_close(Network *network);

/* A picture of the test data as RGB24; the test is skipped without it. Checks the hash if `sha256`
 * is not NULL. */
uint8_t *golden_picture(const char *file, const GoldenTensor *sha256, int *width, int *height);

/* Checks bytes against a u8[32] tensor. */
void golden_check_sha256(const char *what, const void *data, size_t size_bytes,
                         const GoldenTensor *sha256);

/* Cuts a network's input out of a picture; the test is skipped without it. Checks the picture's
 * hash if `sha256` is not NULL. */
void golden_crop(const char *file, const GoldenTensor *sha256, MieniRect *rect,
                 const MieniCropSpec *spec, float *input);

/*
 * Makes the input [side][side][3] (side 0: [146][2]) that a golden file of networks/ or attention/
 * describes, and checks that it is the same. Free with free().
 */
float *golden_input(const Golden *golden, int32_t side, float low, float high);

#endif
