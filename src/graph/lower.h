/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way from TFLite's operations to fused ones. Operations are lowered in the file's order, each
 * into a node; a node that can take in the one before it (a pad, an activation, a residual add)
 * does so, and the earlier one dies. A node always takes the place of the later one, so that
 * everything it reads has been computed by then.
 */
#ifndef MIENI_GRAPH_LOWER_H
#define MIENI_GRAPH_LOWER_H

#include "base/arena.h"
#include "graph/plan.h"

typedef enum MieniNodeKind {
    MIENI_NODE_DEAD,
    MIENI_NODE_OP, /* what becomes an operation of the plan */
    /* Helpers that must be taken in by another node. */
    MIENI_NODE_PAD_SPACE,
    MIENI_NODE_PAD_CHANNELS,
    MIENI_NODE_MAXPOOL,
    MIENI_NODE_RESIZE,
    MIENI_NODE_SCALE,       /* times a constant number */
    MIENI_NODE_SCALE_MATRIX /* 4x4 matrix whose translations are multiplied by a constant */
} MieniNodeKind;

typedef struct MieniNode {
    MieniNodeKind kind;
    int32_t graph_op; /* where it comes from, for error texts */
    MieniOp op;       /* tensors in it are values: numbers of TFLite tensors */
    int32_t pad_top, pad_left, pad_bottom, pad_right; /* PAD_SPACE */
    float scale;                                      /* SCALE, SCALE_MATRIX */
} MieniNode;

/* What is known of a TFLite tensor. */
typedef struct MieniValue {
    int32_t same_as;       /* the value whose memory it shares, itself if none (RESHAPE) */
    int32_t node;          /* that makes it, or -1 */
    int32_t ready;         /* node after which all of it is there, or -1 for the network's input */
    int32_t n_uses;        /* by operations so far, plus one if the network returns it */
    int32_t constant;      /* the tensor that holds its data, or -1 (DEQUANTIZE, DENSIFY) */
    bool tight;            /* reshaped, concatenated or returned */
    int32_t parent;        /* value that it is a part of (CONCATENATION), or -1 */
    int32_t parent_offset; /* floats */
    int32_t tensor;        /* its tensor in the plan, or -1 */
} MieniValue;

typedef struct MieniLowering {
    const MieniGraph *graph;
    MieniArena *arena; /* of the plan */
    MieniNode *nodes;  /* [graph->n_ops * MIENI_GRAPH_MAX_INPUTS] */
    int32_t n_nodes;
    MieniValue *values;   /* [graph->n_tensors] */
    size_t weight_budget; /* elements that may still be unpacked: in proportion to the file */
    size_t weight_bytes;
    int32_t next; /* the operation of the graph to be lowered next */
    MienError *error;
    MienStatus status;
} MieniLowering;

/* Lowers all operations. */
MienStatus mieni_lower(MieniLowering *lowering);

/* Refuses the graph because of an operation; the first call counts. Returns false, for `return
 * mieni_refuse(...)`. */
bool mieni_refuse(MieniLowering *lowering, const MieniGraphOp *op, const char *what);

/* Height, width and channels of a value: [1, h, w, c], [1, w, c] or [1, c]. False and refused for
 * other shapes. */
bool mieni_value_shape(MieniLowering *lowering, const MieniGraphOp *op, int32_t value,
                       int32_t shape[3]);

/* The value behind input `index` of an operation, through reshapes. -1 and refused if it is a
 * constant or absent. */
int32_t mieni_input_value(MieniLowering *lowering, const MieniGraphOp *op, int32_t index);

/* The same for an operation that reads a picture, and its shape. Refused if the value was made as a
 * picture of another shape: a reshape moves no memory, but planes lie in memory as they were made.
 */
int32_t mieni_input_picture(MieniLowering *lowering, const MieniGraphOp *op, int32_t index,
                            int32_t shape[3]);

/* The node of this kind that makes a value, or NULL. */
MieniNode *mieni_producer(MieniLowering *lowering, int32_t value, MieniNodeKind kind);

/* A constant input as f32 with this many elements, or NULL and refused. NULL without refusal if `n`
 * is 0. */
const float *mieni_input_constant(MieniLowering *lowering, const MieniGraphOp *op, int32_t index,
                                  size_t n);

/* The same for the weights of a dense product: halves stay what they are, in the file's memory.
 * False: refused. */
bool mieni_input_weights(MieniLowering *lowering, const MieniGraphOp *op, int32_t index, size_t n,
                         MieniConvWeights *weights);

/* A new node for an operation, or NULL. */
MieniNode *mieni_add_node(MieniLowering *lowering, const MieniGraphOp *op, MieniNodeKind kind);

/* Lets `node` make the operation's output. */
void mieni_set_output(MieniLowering *lowering, MieniNode *node, const MieniGraphOp *op);

/* One more operation reads a value. Helpers do not count: whoever looks through them reads what is
 * behind. */
void mieni_add_use(MieniLowering *lowering, int32_t value);

/* What DEQUANTIZE and DENSIFY do. */
bool mieni_lower_unpack(MieniLowering *lowering, const MieniGraphOp *op);

/* The integers of a constant input. False and refused if it has not `n` of them. */
bool mieni_input_integers(MieniLowering *lowering, const MieniGraphOp *op, int32_t index, int32_t n,
                          int32_t *out);

/* lower_conv.c, lower_attention.c, lower_mixer.c: return false after a refusal. */
bool mieni_lower_convolution(MieniLowering *lowering, const MieniGraphOp *op);
bool mieni_lower_activation(MieniLowering *lowering, const MieniGraphOp *op);
bool mieni_lower_add(MieniLowering *lowering, const MieniGraphOp *op);
bool mieni_lower_landmarks_to_matrix(MieniLowering *lowering, const MieniGraphOp *op);
bool mieni_lower_sample_bilinear(MieniLowering *lowering, const MieniGraphOp *op);
bool mieni_lower_transform_landmarks(MieniLowering *lowering, const MieniGraphOp *op);
bool mieni_lower_mean(MieniLowering *lowering, const MieniGraphOp *op);
bool mieni_lower_transpose(MieniLowering *lowering, const MieniGraphOp *op);
bool mieni_lower_constant_part(MieniLowering *lowering, const MieniGraphOp *op, int32_t value);

static inline bool mieni_op_is_conv(MieniOpKind kind)
{
    return kind == MIENI_OP_CONV || kind == MIENI_OP_POINTWISE || kind == MIENI_OP_DEPTHWISE ||
           kind == MIENI_OP_DEPTHWISE_POINTWISE || kind == MIENI_OP_FULLY_CONNECTED;
}

#endif
