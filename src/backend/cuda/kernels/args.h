/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host hands to kernels: one struct a kernel, passed by value. Shared by both sides, so
 * that neither can be wrong about the other. Pointers are numbers on the host.
 */
#ifndef MIENI_BACKEND_CUDA_KERNELS_ARGS_H
#define MIENI_BACKEND_CUDA_KERNELS_ARGS_H

#ifdef MIENI_DEVICE_CODE
#define MIENI_POINTER(type) type *
#else
#include <stdint.h>
#define MIENI_POINTER(type) uint64_t
#endif

/* All kernels: an entry mien_NAME, in NAME.cu. The sources of a build list the files. */
#define MIENI_CUDA_KERNEL_LIST(X)                                                                  \
    X(center_points)                                                                               \
    X(chain)                                                                                       \
    X(chain_half)                                                                                  \
    X(conv)                                                                                        \
    X(conv_half)                                                                                   \
    X(copy)                                                                                        \
    X(crop)                                                                                        \
    X(decode_boxes)                                                                                \
    X(decode_landmarks)                                                                            \
    X(depth_to_space)                                                                              \
    X(depthwise)                                                                                   \
    X(depthwise_half)                                                                              \
    X(depthwise_pointwise)                                                                         \
    X(depthwise_pointwise_half)                                                                    \
    X(fully_connected)                                                                             \
    X(landmarks_to_matrix)                                                                         \
    X(layer_norm)                                                                                  \
    X(multiply_adds)                                                                               \
    X(resize_add)                                                                                  \
    X(sample_bilinear)                                                                             \
    X(transform_landmarks)                                                                         \
    X(transpose)

/* Those whose code differs between devices with and without matrix instructions (half.h). */
#define MIENI_CUDA_PRODUCT_KERNEL_LIST(X)                                                          \
    X(chain_half)                                                                                  \
    X(conv_half)                                                                                   \
    X(depthwise_pointwise_half)

/* Threads of a block, of every kernel but the chains. */
#define MIENI_CUDA_THREADS 128
#define MIENI_CUDA_CHAIN_THREADS 256

/* A tensor [height][width][channels] of each face of a batch, of floats or halves. Lanes between
 * channels and pixel hold zeros; a plane with pixel == channels is tight. There are no borders. */
typedef struct CudaPlane {
    MIENI_POINTER(float) data; /* of face 0 */
    int64_t face;              /* numbers from one face to the next */
    int32_t height, width, channels;
    int32_t pixel;   /* numbers from one pixel to the next; rows follow without a gap */
    int32_t vectors; /* four channels may be read and written at once: pixels are aligned */
    int32_t is_half; /* halves, four at a time */
} CudaPlane;

/* The numbers are those of MieniActivation and MieniResidual. */
enum { CUDA_LINEAR, CUDA_RELU, CUDA_PRELU, CUDA_SIGMOID };
enum { CUDA_NO_RESIDUAL, CUDA_RESIDUAL_ADD, CUDA_RESIDUAL_MAXPOOL };

/*
 * Convolution-like kernels. A row is an output pixel of the batch: row / (pixels of a face) is its
 * face. Weights are one block, vectors rounded up to 4 lanes (n4 = out.channels, k4 = in.channels
 * rounded up), of floats:
 *   depthwise_pointwise: depthwise [taps][k4], its bias [k4], then as conv
 *   depthwise: depthwise [taps][n4], bias [n4], slope [n4]
 *   others: weights [taps * in.channels][n4], bias [n4], slope [n4]
 * The kernels for halves have bias and slope [n4] in front, as floats, behind them halves: for a
 * depthwise [taps][k4] and its bias [k4], for a product [taps * in.channels][n4], or, on devices
 * with matrix instructions, [taps * in.pixel / 16][n4 / 16] pieces of 256, both rounded up (pack.c
 * says which weights are where).
 */
typedef struct CudaConvArgs {
    CudaPlane in, out, residual;
    MIENI_POINTER(const float) weights;
    int32_t n_faces;
    int32_t kernel_height, kernel_width, stride, pad_top, pad_left;
    int32_t activation, residual_kind;
    /* 1 or 4, or 8 for depthwise_pointwise; a value is the same with any. Of a warp that has matrix
     * instructions: 16 times 1, 2 or 4. */
    int32_t rows_a_thread;
    int32_t rows_a_block; /* depthwise_pointwise: a multiple of 4 and of what a thread has */
} CudaConvArgs;

/* Convolutions one behind the other, as many as kernel parameters have room for (4 KiB). */
#define CUDA_MAX_CHAIN 24

typedef struct CudaChainArgs {
    int32_t n_steps;  /* of a branch */
    int32_t n_blocks; /* of a face and a branch */
    /* Branch by branch. rows_a_block is 0 for those without a depthwise. */
    CudaConvArgs steps[CUDA_MAX_CHAIN];
} CudaChainArgs;

/* Branches of one launch, of the kernels that follow. */
#define CUDA_MAX_BRANCHES 8

/* Kernels with one or two inputs: copy, depth_to_space, resize_add, sample_bilinear,
 * transform_landmarks, transpose, center_points. */
typedef struct CudaPlanesArgs {
    CudaPlane in, second, out;
    int32_t has_second; /* transpose */
    float scale;        /* transform_landmarks, transpose */
} CudaPlanesArgs;

typedef struct CudaNormArgs {
    CudaPlane in, out;
    MIENI_POINTER(const float) gain; /* [channels] */
    int32_t transposed;
    float epsilon;
} CudaNormArgs;

typedef struct CudaMatrixArgs {
    CudaPlane in, out; /* landmarks, matrix */
    MIENI_POINTER(const int32_t) subset;
    int32_t n_subset;
    int32_t left, right;
    int32_t out_height, out_width;
    float scale_x, scale_y, target_radians, input_scale;
} CudaMatrixArgs;

/* The parameters of one job, in device memory: a graph that was recorded once reads new ones. */
typedef struct CudaJob {
    int64_t x[8], y[8];            /* of the crop, as MieniCrop; so are shift and the ties */
    int64_t planes[3];             /* bytes from the beginning of the upload */
    int64_t strides[3];            /* bytes */
    int32_t width, height, format; /* of the picture; format is MienPixelFormat */
    int32_t zero_border, shift;
    uint32_t column_ties[8], row_ties[8];
    int32_t y_offset, y_gain, r_v, g_u, g_v, b_u;
    float scale, scale_rest, offset;
    /* MieniProjection */
    float origin, to_x[2], to_y[2], to_scale[2], to_offset[2], depth;
} CudaJob;

typedef struct CudaCropArgs {
    CudaPlane out;
    MIENI_POINTER(const unsigned char) upload; /* begins with the jobs */
} CudaCropArgs;

#define CUDA_BOX_FLOATS 17 /* of a MieniDetection */

typedef struct CudaBoxesArgs {
    CudaPlane regressors, scores;
    MIENI_POINTER(const float) anchors; /* [n_anchors][2] */
    MIENI_POINTER(float) results;       /* a face: number, then boxes */
    int64_t result_floats;              /* from one face to the next */
    int32_t n_anchors;
    float side, min_score;
} CudaBoxesArgs;

#define CUDA_MAX_REFINEMENTS 5

/* A group of points that replaces points of the mesh; tables of int32_t. */
typedef struct CudaRefinement {
    MIENI_POINTER(const float) points;      /* [n_points][2] of face 0 */
    MIENI_POINTER(const int32_t) targets;   /* [n_points] */
    MIENI_POINTER(const int32_t) z_average; /* [n_z_average] */
    int64_t face;
    int32_t n_points, n_z_average;
} CudaRefinement;

typedef struct CudaLandmarksArgs {
    CudaPlane mesh, presence;
    MIENI_POINTER(const unsigned char) upload; /* begins with the jobs */
    MIENI_POINTER(float) results;              /* a face: presence, then [n_landmarks][3] */
    MIENI_POINTER(float) scratch;              /* a face: [n_landmarks][3] */
    int64_t result_floats, scratch_floats;
    int32_t n_landmarks, n_mesh;
    int32_t n_refinements;
    float side;
    CudaRefinement refinements[CUDA_MAX_REFINEMENTS];
} CudaLandmarksArgs;

#define CUDA_LOOP_CHAINS 16

typedef struct CudaLoopArgs {
    MIENI_POINTER(float) out; /* a float a thread */
    int32_t iterations;
    float factor, term;
} CudaLoopArgs;

#endif
