/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of every plan operation on the CPU: contracts, the table, and the one list that
 * declarations, table and tests expand.
 *
 * `ref/` defines each operation in plain C. Other instruction sets equal it: bit for bit for ops of
 * class EXACT, within |a - b| <= MIENI_TOLERANCE_ABS + MIENI_TOLERANCE_REL * |b| for ops of class
 * FLOAT. Conv-like ops add in one order (below), with fused multiply-adds: bit for bit the same on
 * every instruction set that has them, and MediaPipe's own numbers. Only plain C, which does not
 * fuse, differs, as FLOAT allows; measured differences stay ten times below.
 *
 * Kernels in half precision round factors to halves and add up some products as halves. For factors
 * of about 1 and sums of about 1 they equal `ref` within MIENI_TOLERANCE_HALF * (1 + |b|); measured
 * differences stay three times below.
 */
#ifndef MIENI_KERNELS_KERNELS_H
#define MIENI_KERNELS_KERNELS_H

#include "base/base.h"
#include "base/half.h"
#include "image/crop.h"
#include "image/geometry.h"
#include "image/view.h"
#include "mien/result.h"

#define MIENI_TOLERANCE_ABS 1e-4f
#define MIENI_TOLERANCE_REL 1e-5f
#define MIENI_TOLERANCE_HALF 2e-2f /* both absolute and relative */

/* Vector kernels work on this many channels at a time; planes inside a plan are padded to a
 * multiple of it. */
#define MIENI_LANES 8

/*
 * A tensor [height][width][channels] in memory.
 *
 * Inside a plan planes are *padded*: pixel_stride is a multiple of MIENI_LANES, channels beyond
 * `channels` hold zeros, and `border` pixels around the plane may be read and hold zeros. Kernels
 * keep it so: they write zeros to the lanes between channels and pixel_stride, and never write the
 * border. Network inputs and outputs are *tight*: pixel_stride == channels, border 0; nothing
 * beyond them may be read or written.
 */
typedef struct MieniPlane {
    float *data; /* pixel (0, 0) */
    int32_t height, width, channels;
    ptrdiff_t row_stride;   /* floats */
    ptrdiff_t pixel_stride; /* floats */
    int32_t border;         /* pixels */
} MieniPlane;

static inline float *mieni_plane_at(const MieniPlane *plane, int32_t y, int32_t x)
{
    return plane->data + y * plane->row_stride + x * plane->pixel_stride;
}

typedef enum MieniActivation {
    MIENI_ACTIVATION_NONE,
    MIENI_ACTIVATION_RELU,
    MIENI_ACTIVATION_PRELU,  /* x < 0 ? x * slope[channel] : x */
    MIENI_ACTIVATION_SIGMOID /* 1 / (1 + exp(-x)) */
} MieniActivation;

typedef enum MieniResidual {
    MIENI_RESIDUAL_NONE,
    MIENI_RESIDUAL_ADD,    /* the residual plane has the output's height and width */
    MIENI_RESIDUAL_MAXPOOL /* it has twice the height and width (or one row, column less); 2x2
                              maximum, stride 2 */
} MieniResidual;

/*
 * A convolution-like operation. out = activation(product(in) + bias + residual), where the residual
 * may have fewer channels than the output: the missing ones count as 0.
 *
 * conv: product[n] = sum over ky, kx, k of weights[n][ky][kx][k] * in[y*s + ky - pad_top][...][k].
 *
 * pointwise: the same with a 1x1 kernel and stride 1, weights[n][k].
 *
 * depthwise: product[n] = sum over kx, ky of depthwise[ky][kx][n] * in[...][...][n]; in_channels ==
 * out_channels.
 *
 * depthwise_pointwise: a depthwise with depthwise_bias, without residual and activation, then a
 * pointwise of its result.
 *
 * fully_connected: product[n] = sum over k of weights[n][k] * in[k], with in the whole input plane
 * in row order: kernel = input size, output 1x1.
 *
 * Positions outside the input plane count as 0. A sum has one order, that of MediaPipe's CPU
 * inference (XNNPACK): it begins with the bias; conv and pointwise then add products in the order
 * ky, kx, k of the weights, depthwise parts in the order kx, ky; then comes the residual. One sum a
 * value: no partial sums that are added up later. Products with a weight of zero may be left out.
 */
typedef struct MieniConvShape {
    int32_t in_height, in_width, in_channels;
    int32_t out_height, out_width, out_channels;
    int32_t kernel_height, kernel_width; /* of the convolution or the depthwise part */
    int32_t stride;                      /* in both directions */
    int32_t pad_top, pad_left;
    MieniActivation activation;
    MieniResidual residual;
    int32_t residual_channels;
} MieniConvShape;

typedef struct MieniConvWeights {
    const float *depthwise; /* [kernel_height][kernel_width][in_channels], NULL if the op has no
                               depthwise part */
    const float *weights;   /* [out_channels][...] as above, NULL for depthwise */
    const uint16_t *halves; /* the same as halves (IEEE 754 binary16); weights is NULL then */
    const float *depthwise_bias; /* [in_channels] for depthwise_pointwise, else NULL */
    const float *bias;           /* [out_channels] */
    const float *slope;          /* [out_channels] for PRELU, else NULL */
} MieniConvWeights;

/* One of `weights`, whatever they are stored as. */
static inline float mieni_weight(const MieniConvWeights *weights, size_t index)
{
    return weights->halves ? mieni_half_to_float(weights->halves[index]) : weights->weights[index];
}

typedef struct MieniConvArgs {
    const MieniConvShape *shape;
    const float *packed; /* written by `pack`, aligned to MIENI_ALIGNMENT */
    MieniPlane in, out;
    MieniPlane residual; /* data NULL if there is none; with MIENI_RESIDUAL_ADD it may be `out` */
    float *scratch;      /* scratch_floats, aligned to MIENI_ALIGNMENT, one for each thread */
} MieniConvArgs;

/* An implementation chooses its weight layout, so packer, scratch and kernel are one entry. */
typedef struct MieniConvKernel {
    size_t (*packed_floats)(const MieniConvShape *shape);
    void (*pack)(const MieniConvShape *shape, const MieniConvWeights *weights, float *packed);
    size_t (*scratch_floats)(const MieniConvShape *shape);
    /* Computes output rows row_begin .. row_end - 1; different rows may be computed by different
     * threads. For fully_connected these are channels, row_begin a multiple of MIENI_LANES. */
    void (*run)(const MieniConvArgs *args, int32_t row_begin, int32_t row_end);
} MieniConvKernel;

/* Anchor centre, normalised by the crop. All anchors have size 1. */
typedef struct MieniAnchor {
    float x, y;
} MieniAnchor;

/*
 * How landmarks of a crop go back to the picture: x' = (x[0] dx + x[1] dy) scale[0] + offset[0], y'
 * = (y[0] dx + y[1] dy) scale[1] + offset[1], z' = z depth, with dx and dy from the crop's origin
 * on. So much room because MediaPipe's two pipelines do it in different orders of operations.
 */
typedef struct MieniProjection {
    float origin; /* of both axes, normalised by the crop */
    float x[2], y[2];
    float scale[2], offset[2];
    float depth;
} MieniProjection;

/* The options of Landmarks2TransformMatrix, see face-landmark attention model. */
typedef struct MieniMatrixSpec {
    int32_t left, right; /* landmarks whose line gives the rotation */
    int32_t out_height, out_width;
    float scale_x, scale_y;
    float target_radians;
    float input_scale; /* landmarks are multiplied by it first */
    int32_t n_subset;
    const int32_t *subset; /* [n_subset] landmarks whose bounds give the size */
} MieniMatrixSpec;

/* One group of points of the attention model that replaces points of the mesh. */
typedef struct MieniRefinement {
    int32_t n_points;
    const uint16_t *targets;   /* [n_points] landmark indices that get x, y */
    int32_t n_z_average;       /* 0: targets keep the mesh's z */
    const uint16_t *z_average; /* [n_z_average] mesh landmarks whose mean z the targets get */
} MieniRefinement;

/* Layer normalisation over the channels of each pixel. */
typedef struct MieniNormSpec {
    float epsilon;
    const float *gain; /* [channels] */
    bool transposed;   /* out[0][c][x] for in[0][x][c] */
} MieniNormSpec;

/* Conv-like ops: MieniConvKernel entries. */
#define MIENI_CONV_KERNEL_LIST(X)                                                                  \
    X(conv) X(pointwise) X(depthwise) X(depthwise_pointwise) X(fully_connected)

/*
 * Other ops: name, class, arguments.
 *
 * crop: cuts rows row_begin .. row_end - 1 of the crop out of a picture; out is height x width x 3,
 * R, G, B. YUV taps take the nearest chroma sample (x >> 1, y >> 1) and become 8-bit RGB before
 * interpolation. resize_add: out = add + (in resized to out's size; bilinear, half-pixel centres,
 * no aligned corners). depth_to_space: out[y][x][c] = in[y/b][x/b][((y%b)*b + x%b) * out.channels +
 * c], b = out.height / in.height. landmarks_to_matrix: matrix [4][4] row-major from landmarks
 * [n][3] (class FLOAT: uses sine and cosine). sample_bilinear: out cell (i, j) samples `in` at the
 * matrix's place, 0 outside; align-corners correction included. transform_landmarks: out[i] = the
 * 2D affine part of matrix, with translations times `scale`, applied to in[i]; points are [n][2].
 * decode_boxes: candidates with score >= min_score, in anchor order; returns their number (at most
 * n). decode_landmarks: raw [n][3] in crop pixels to landmarks of the picture. refine_landmarks:
 * 478 points from mesh [468][3] and refinements; `raw` are points [n_points][2] in crop pixels. The
 * result is in crop pixels: [478][3]. center_points: points [1][n][2] less their mean, over their
 * mean distance from it. layer_norm: see MieniNormSpec. transpose: out[0][c][x] = in[0][x][c] *
 * scale, plus add[0][c][x] unless add->data is NULL; in and out are one row high.
 */
#define MIENI_KERNEL_LIST(X)                                                                       \
    X(crop, EXACT,                                                                                 \
      (const MieniView *view, const MieniCrop *crop, const MieniPlane *out, int32_t row_begin,     \
       int32_t row_end))                                                                           \
    X(resize_add, FLOAT,                                                                           \
      (const MieniPlane *in, const MieniPlane *add, const MieniPlane *out, int32_t row_begin,      \
       int32_t row_end))                                                                           \
    X(depth_to_space, EXACT, (const MieniPlane *in, const MieniPlane *out))                        \
    X(landmarks_to_matrix, FLOAT,                                                                  \
      (const MieniMatrixSpec *spec, const float *landmarks, float matrix[16]))                     \
    X(sample_bilinear, FLOAT,                                                                      \
      (const MieniPlane *in, const float matrix[16], const MieniPlane *out))                       \
    X(transform_landmarks, FLOAT,                                                                  \
      (const float *in, int32_t n, const float matrix[16], float scale, float *out))               \
    X(decode_landmarks, FLOAT,                                                                     \
      (const float *raw, int32_t n, float side, const MieniProjection *projection,                 \
       MienLandmark *out))                                                                         \
    X(refine_landmarks, FLOAT,                                                                     \
      (const float *mesh, int32_t n_refinements, const MieniRefinement *refinements,               \
       const float *const *raw, float *out))                                                       \
    X(center_points, FLOAT, (const MieniPlane *in, const MieniPlane *out))                         \
    X(layer_norm, FLOAT, (const MieniNormSpec *spec, const MieniPlane *in, const MieniPlane *out)) \
    X(transpose, EXACT,                                                                            \
      (const MieniPlane *in, float scale, const MieniPlane *add, const MieniPlane *out))

/* decode_boxes is apart because it returns a number. */
typedef int32_t (*MieniDecodeBoxesFn)(const float *regressors, const float *scores,
                                      const MieniAnchor *anchors, int32_t n, float side,
                                      float min_score, MieniDetection *out);

typedef struct MieniKernels {
    /* The highest instruction set that is in use: "ref", "avx2", "avx512", "neon",
     * "neon-fp16". */
    const char *isa;
#define MIENI_FIELD(name) MieniConvKernel name;
    MIENI_CONV_KERNEL_LIST(MIENI_FIELD)
#undef MIENI_FIELD
#define MIENI_FIELD(name, class, arguments) void(*name) arguments;
    MIENI_KERNEL_LIST(MIENI_FIELD)
#undef MIENI_FIELD
    MieniDecodeBoxesFn decode_boxes;
    /* Runs `iterations` rounds of independent fused multiply-adds in registers; returns how many
     * multiply-adds that were. What the core can do at best. */
    double (*fma_loop)(int64_t iterations);
} MieniKernels;

/* Fills the table: ref first, then each instruction set of `cpu_flags` in rising order. With
 * MIENI_CPU_NEON_FP16 that includes one in half precision, which nobody gets who did not ask. */
void mieni_kernels_init(MieniKernels *kernels, uint64_t cpu_flags);

/* One a set: overrides what it has. */
void mieni_kernels_init_ref(MieniKernels *kernels);
void mieni_kernels_init_avx2(MieniKernels *kernels);
void mieni_kernels_init_avx512(MieniKernels *kernels); /* on top of avx2 */
void mieni_kernels_init_neon(MieniKernels *kernels);
void mieni_kernels_init_neon_fp16(MieniKernels *kernels); /* on top of neon */

#endif
