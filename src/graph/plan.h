/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan: what back ends see of a network. A short list of fused operations over numbered tensors,
 * in order.
 *
 * mieni_plan_create turns a graph of TFLite operations into a plan and refuses what it does not
 * know. The engine then puts a crop in front and a decoder behind, so that a whole stage is one
 * plan.
 */
#ifndef MIENI_GRAPH_PLAN_H
#define MIENI_GRAPH_PLAN_H

#include "kernels/kernels.h"
#include "model/graph.h"

typedef enum MieniOpKind {
    MIENI_OP_CONV,
    MIENI_OP_POINTWISE,
    MIENI_OP_DEPTHWISE,
    MIENI_OP_DEPTHWISE_POINTWISE,
    MIENI_OP_FULLY_CONNECTED,
    MIENI_OP_RESIZE_ADD, /* inputs: [0] resized, [1] added */
    MIENI_OP_DEPTH_TO_SPACE,
    MIENI_OP_LANDMARKS_TO_MATRIX,
    MIENI_OP_SAMPLE_BILINEAR,     /* inputs: [0] map, [1] matrix */
    MIENI_OP_TRANSFORM_LANDMARKS, /* inputs: [0] points, [1] matrix */
    MIENI_OP_CONSTANT,            /* no input: writes numbers of the file */
    MIENI_OP_CENTER_POINTS,
    MIENI_OP_LAYER_NORM,
    MIENI_OP_TRANSPOSE, /* may have a residual, which is added */
    MIENI_OP_CROP,      /* no input: reads the job's picture */
    /* inputs: [0] regressors, [1] scores; writes the job's detections */
    MIENI_OP_DECODE_BOXES,
    /* inputs: [0] points, [1] presence logit; or mesh, refinements…, presence logit; writes the
     * job's landmarks and presence */
    MIENI_OP_DECODE_LANDMARKS
} MieniOpKind;

const char *mieni_op_kind_name(MieniOpKind kind);

/* A value [height][width][channels] of one face. */
typedef struct MieniTensor {
    const char *name; /* of the TFLite tensor; owner: the graph */
    int32_t height, width, channels;
    int32_t parent; /* -1, or the tensor that this one is a part of: the same memory, tight */
    int32_t parent_offset; /* floats */
    bool tight;     /* no padding and no border: network inputs, outputs, and what is reshaped */
    int32_t border; /* pixels of zero around it that its readers want; 0 if tight */
    int32_t first, last; /* the first and the last op that touches it; -1: before the first op */
} MieniTensor;

#define MIENI_OP_MAX_INPUTS 7

typedef struct MieniOp {
    MieniOpKind kind;
    const char *name; /* of the tensor it makes */
    int32_t n_inputs;
    int32_t inputs[MIENI_OP_MAX_INPUTS];
    int32_t residual; /* -1 if none */
    int32_t output;   /* -1 for decoders */
    double macs;
    MieniConvShape shape;     /* conv-like ops */
    MieniConvWeights weights; /* conv-like ops; owner: the plan, of halves the file */
    MieniMatrixSpec matrix;   /* LANDMARKS_TO_MATRIX; subset owned by the plan */
    float scale;              /* TRANSFORM_LANDMARKS: of the translations; TRANSPOSE: of all */
    MieniNormSpec norm;       /* LAYER_NORM; gain owned by the plan */
    const float *constant;    /* CONSTANT, all of the output; owner: the plan */
    struct {
        const MieniAnchor *anchors; /* owner: the plan */
        int32_t n_anchors;
        float side; /* pixels of the crop */
        float min_score;
    } boxes; /* DECODE_BOXES */
    struct {
        int32_t n_landmarks; /* that come out */
        float side;          /* pixels of the crop */
        int32_t n_refinements;
        const MieniRefinement *refinements; /* static tables */
    } landmarks;                            /* DECODE_LANDMARKS */
} MieniOp;

typedef struct MieniPlan {
    int32_t n_tensors;
    MieniTensor *tensors;
    int32_t n_ops;
    MieniOp *ops;
    int32_t input; /* tensor */
    int32_t n_outputs;
    int32_t outputs[MIENI_OP_MAX_INPUTS]; /* tensors, in the model's order */
    double macs;
    size_t weight_bytes;      /* of all weights as f32 */
    struct MieniArena *arena; /* owns weights, but for halves, and tables */
} MieniPlan;

/* Plans a graph. It and its file must outlive the plan. Refuses unknown ops by name and place. What
 * no output depends on is left out of operations, see narrow.c. */
MienStatus mieni_plan_create(const MieniGraph *graph, MieniPlan **plan, MienError *error);

/* The same with everything that the graph computes, for tests to compare with. */
MienStatus mieni_plan_create_whole(const MieniGraph *graph, MieniPlan **plan, MienError *error);

/* Puts a crop in front: the plan then reads pictures instead of a tensor. */
MienStatus mieni_plan_add_crop(MieniPlan *plan, MienError *error);

/* Puts the box decoder behind a detector; anchors are copied. Fails if the outputs do not fit. */
MienStatus mieni_plan_add_box_decoder(MieniPlan *plan, const MieniAnchor *anchors,
                                      int32_t n_anchors, float side, float min_score,
                                      MienError *error);

/*
 * Puts the landmark decoder behind a landmark network: 468 points, with refinements (kept by
 * reference) 478, and 478 without refinements behind the Face Landmarker's. Fails if the outputs do
 * not fit.
 */
MienStatus mieni_plan_add_landmark_decoder(MieniPlan *plan, float side,
                                           const MieniRefinement *refinements,
                                           int32_t n_refinements, MienError *error);

/*
 * Sets the first and the last of each tensor again, for operations that a back end has put into
 * another order: to their `times`, which rise from 0 and may be equal for those that run at once;
 * NULL: each at its number.
 */
void mieni_plan_find_lifetimes(MieniPlan *plan, const int32_t *times);

void mieni_plan_destroy(MieniPlan *plan);

/* The report of `mien models inspect`, a line at a time; stops when `write` returns non-zero. */
MienStatus mieni_plan_print(const MieniGraph *graph, const MieniPlan *plan,
                            int (*write)(void *user, const char *line), void *user);

#endif
