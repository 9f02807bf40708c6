/* SPDX-License-Identifier: Apache-2.0 */
/* The convolution-like operations as cases: shapes of the real networks and random ones. */
#ifndef MIEN_TESTS_KERNELS_CONV_H
#define MIEN_TESTS_KERNELS_CONV_H

#include "harness.h"

#define CONV_KIND(name) KIND_##name,
typedef enum ConvKind { MIENI_CONV_KERNEL_LIST(CONV_KIND) N_CONV_KINDS } ConvKind;
#undef CONV_KIND

/* One row of a network's table: a layer and how often it occurs. */
typedef struct Layer {
    const char *network;
    ConvKind kind;
    int32_t count;
    int32_t size, in_channels; /* square planes */
    int32_t kernel, stride, out_channels;
    MieniActivation activation;
    MieniResidual residual;
    int32_t residual_channels;
    int32_t pad; /* on every side, or SAME */
} Layer;

#define SAME (-1) /* TensorFlow's rule: what is odd goes to the bottom and right */

extern const Layer test_layers[];
extern const int test_n_layers;

MieniConvShape layer_shape(const Layer *layer);
double layer_macs(const Layer *layer);

const MieniConvKernel *conv_kernel(const MieniKernels *kernels, ConvKind kind);
const char *conv_kind_name(ConvKind kind);

/* Rows of the run call: output rows, or channels for fully_connected. */
int32_t conv_rows(ConvKind kind, const MieniConvShape *shape);

/* Products of one sum of the dense part; 0 for depthwise. */
size_t conv_depth(ConvKind kind, const MieniConvShape *shape);

/* Border that lets every tap of every output stay inside. */
int32_t conv_border(const MieniConvShape *shape);

/* Random weights; `halves`: exact in half precision; `positive`: none below zero. */
MieniConvWeights conv_weights(Test *test, ConvKind kind, const MieniConvShape *shape, bool halves,
                              bool positive);

/* The dense part's weights with about seven of ten replaced by zeros, of either sign. */
const float *conv_thinned(Test *test, ConvKind kind, const MieniConvShape *shape,
                          const MieniConvWeights *weights);

/* The reference compiled with fused multiply-adds: what instruction sets that have them equal. */
const MieniConvKernel *conv_fused_kernel(ConvKind kind);

/* The formulas of kernels.h in double, one after the other: out [height][width][channels]. What ref
 * itself is compared with. */
void conv_oracle(ConvKind kind, const MieniConvShape *shape, const MieniConvWeights *weights,
                 const MieniPlane *in, const MieniPlane *residual, float *out);

void test_conv_kind(Test *test, ConvKind kind);

/* Times crops, and the networks' layers interleaved with fma_loop. */
void bench_kernels(const MieniKernels *kernels);

#endif
