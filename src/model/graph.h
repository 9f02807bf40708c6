/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network as it stands in a .tflite file: tensors and operations. Everything in it has been
 * checked: indices are in range, shapes are positive and bounded, constant data has the size that
 * its shape says.
 */
#ifndef MIENI_MODEL_GRAPH_H
#define MIENI_MODEL_GRAPH_H

#include "base/base.h"

#define MIENI_GRAPH_MAX_RANK 4

typedef enum MieniType { MIENI_TYPE_F32, MIENI_TYPE_F16, MIENI_TYPE_I32 } MieniType;

/*
 * Storage of a constant whose zeros are left out: TFLite's sparse encoding with the last dimension
 * in compressed rows and the others dense. Source: tensorflow/lite/schema/schema.fbs,
 * SparsityParameters.
 */
typedef struct MieniSparsity {
    const void *segments;               /* [rows + 1] ascending */
    const void *indices;                /* [segments[rows]] columns */
    uint8_t segment_bytes, index_bytes; /* 1, 2 or 4: width of one element */
    size_t n_rows, n_values;
} MieniSparsity;

/* Number `index` of `segments` or `indices`: little-endian, unaligned. */
static inline uint32_t mieni_sparsity_index(const void *vector, uint8_t element_bytes, size_t index)
{
    const uint8_t *p = (const uint8_t *)vector + index * element_bytes;
    uint32_t value = p[0];
    for (int i = 1; i < element_bytes; i++)
        value |= (uint32_t)p[i] << (8 * i);
    return value;
}

typedef struct MieniGraphTensor {
    const char *name;
    MieniType type;
    int32_t rank;
    int32_t shape[MIENI_GRAPH_MAX_RANK];
    size_t n_elements;
    const void *data;              /* constant data, unaligned, or NULL. Owner: the file */
    const MieniSparsity *sparsity; /* NULL: dense */
    int32_t producer;              /* op that writes it, or -1 */
    int32_t n_uses;                /* ops that read it, plus one if it is an output of the graph */
} MieniGraphTensor;

typedef enum MieniPadding { MIENI_PADDING_SAME, MIENI_PADDING_VALID } MieniPadding;

typedef enum MieniFused { MIENI_FUSED_NONE, MIENI_FUSED_RELU } MieniFused;

/* The operations that can be read. What the planner does with them is another matter. */
#define MIENI_GRAPH_OP_LIST(X)                                                                     \
    X(ADD)                                                                                         \
    X(AVERAGE_POOL_2D)                                                                             \
    X(CONCATENATION)                                                                               \
    X(CONV_2D)                                                                                     \
    X(DENSIFY)                                                                                     \
    X(DEPTHWISE_CONV_2D)                                                                           \
    X(DEPTH_TO_SPACE)                                                                              \
    X(DEQUANTIZE)                                                                                  \
    X(DIV)                                                                                         \
    X(LOGISTIC)                                                                                    \
    X(MAX_POOL_2D)                                                                                 \
    X(MEAN)                                                                                        \
    X(MUL)                                                                                         \
    X(NEG)                                                                                         \
    X(PAD)                                                                                         \
    X(PRELU)                                                                                       \
    X(RELU)                                                                                        \
    X(RESHAPE)                                                                                     \
    X(RESIZE_BILINEAR)                                                                             \
    X(RSQRT)                                                                                       \
    X(SQRT)                                                                                        \
    X(SQUARED_DIFFERENCE)                                                                          \
    X(STRIDED_SLICE)                                                                               \
    X(SUB)                                                                                         \
    X(SUM)                                                                                         \
    X(TRANSPOSE)                                                                                   \
    X(LANDMARKS_TO_TRANSFORM_MATRIX)                                                               \
    X(TRANSFORM_TENSOR_BILINEAR)                                                                   \
    X(TRANSFORM_LANDMARKS)                                                                         \
    X(OTHER)

typedef enum MieniGraphOpKind {
#define MIENI_GRAPH_OP_ENUM(name) MIENI_GRAPH_##name,
    MIENI_GRAPH_OP_LIST(MIENI_GRAPH_OP_ENUM)
#undef MIENI_GRAPH_OP_ENUM
} MieniGraphOpKind;

#define MIENI_GRAPH_MAX_INPUTS 4

typedef struct MieniGraphOp {
    MieniGraphOpKind kind;
    char name[40]; /* as in the file: "CONV_2D", or a custom op's own name; never empty */
    int32_t n_inputs;
    int32_t inputs[MIENI_GRAPH_MAX_INPUTS]; /* tensor, or -1 where an optional one is left out */
    int32_t output;                         /* every op that is read has one */
    MieniPadding padding;                   /* CONV_2D, DEPTHWISE_CONV_2D, *_POOL_2D */
    MieniFused fused;                       /* also ADD, SUB, MUL, DIV, CONCATENATION */
    int32_t stride_h, stride_w;
    int32_t filter_h, filter_w;             /* pools */
    int32_t axis;                           /* CONCATENATION */
    int32_t block_size;                     /* DEPTH_TO_SPACE */
    bool half_pixel_centers, align_corners; /* RESIZE_BILINEAR */
    int32_t begin_mask, end_mask, shrink_axis_mask, new_axis_mask,
        ellipsis_mask;             /* STRIDED_SLICE */
    const uint8_t *custom_options; /* custom ops: flexbuffer */
    size_t custom_options_bytes;
} MieniGraphOp;

typedef struct MieniGraph {
    int32_t n_tensors;
    MieniGraphTensor *tensors;
    int32_t n_ops;
    MieniGraphOp *ops;
    int32_t n_inputs, n_outputs;
    int32_t *inputs, *outputs;
    size_t size_bytes; /* of the file */
    struct MieniArena *arena;
} MieniGraph;

/*
 * Reads a .tflite file. `data` is kept by reference and must outlive the graph.
 *
 * Returns MIEN_E_FORMAT with the place for damaged files, MIEN_E_UNSUPPORTED for sound ones that
 * mien cannot hold (another tensor type, more dimensions). Allocates in proportion to the file's
 * size at most.
 */
MienStatus mieni_graph_read(const void *data, size_t size_bytes, MieniGraph **graph,
                            MienError *error);

void mieni_graph_destroy(MieniGraph *graph);

/* Refuses a graph with an operation of kind OTHER: MIEN_E_UNSUPPORTED, naming the first. */
MienStatus mieni_graph_check_ops(const MieniGraph *graph, MienError *error);

/* Converts a constant tensor to f32 (and a sparse one to dense): out has tensor->n_elements. */
MienStatus mieni_graph_constant_f32(const MieniGraphTensor *tensor, float *out, MienError *error);

#endif
