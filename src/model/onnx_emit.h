/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What translating operations to ONNX has in common: names, constants, layouts, nodes.
 *
 * TFLite's pictures are [1, height, width, channels], ONNX's [N, channels, height, width]. A value
 * is written in the form in which an operation makes it; a Transpose makes the other form when
 * somebody reads that. The first dimension, 1 in the file, is N.
 */
#ifndef MIENI_MODEL_ONNX_EMIT_H
#define MIENI_MODEL_ONNX_EMIT_H

#include "model/onnx.h"

typedef enum MieniOnnxForm {
    MIENI_ONNX_PLAIN,     /* dimensions as in the file */
    MIENI_ONNX_NCHW,      /* four dimensions: channels before height and width; also filters */
    MIENI_ONNX_DEPTHWISE, /* a filter [1, h, w, c] as [c, 1, h, w] */
} MieniOnnxForm;

typedef struct MieniOnnxName {
    char text[128];
} MieniOnnxName;

/* What is known of a TFLite tensor. */
typedef struct MieniOnnxValue {
    int32_t constant;   /* the tensor that holds its data, or -1 */
    bool is_written[3]; /* by form */
    bool is_end;        /* input or output of the network: it keeps its name */
    bool lacks_batch;   /* its dimension of 1 was sliced off: N stands before those it has */
    int32_t padded;     /* not written: this tensor with a border of zeros; or -1 */
    int64_t border[4];  /* top, left, bottom, right */
} MieniOnnxValue;

typedef struct MieniOnnx {
    const MieniGraph *graph;
    MieniProtobuf *out;     /* inside GraphProto */
    MieniOnnxValue *values; /* [graph->n_tensors] */
    const MieniGraphOp *op; /* being translated, or NULL */
    int32_t n_temporaries;
    size_t node; /* the open one */
    MienError *error;
    MienStatus status;
} MieniOnnx;

/* Refuses the network because of the operation; the first call counts. Returns false. */
bool mieni_onnx_refuse(MieniOnnx *onnx, const char *what);

/* Input `index` of the operation if it is computed: float32 with a batch dimension of one. -1 and
 * refused otherwise. */
int32_t mieni_onnx_variable(MieniOnnx *onnx, int32_t index);

/* True if input `index` is there and is a constant of float32, however it is stored. */
bool mieni_onnx_is_constant(const MieniOnnx *onnx, int32_t index);

/* The integers of a constant input, and how many there are: at most `max`. False and refused if
 * there is something else. */
bool mieni_onnx_integers(MieniOnnx *onnx, int32_t index, int32_t max, int32_t *out, int32_t *n);

/* False and refused unless the operation makes float32 of this shape. */
bool mieni_onnx_check_output(MieniOnnx *onnx, int32_t rank, const int32_t *shape);

/* The name under which a tensor can be read in a form; writes the constant or the Transpose that
 * this takes. */
MieniOnnxName mieni_onnx_read(MieniOnnx *onnx, int32_t tensor, MieniOnnxForm form);

/* NCHW if a computed input of the operation is written in that form, else PLAIN. */
MieniOnnxForm mieni_onnx_layout(const MieniOnnx *onnx);

/* Where a dimension of the file stands in a form. */
int32_t mieni_onnx_axis(MieniOnnxForm form, int32_t axis);

/* The name that the operation's output has in a form, which is about to be written. */
MieniOnnxName mieni_onnx_define(MieniOnnx *onnx, MieniOnnxForm form);

/* The same where an activation may follow: between these two stands the node that writes it. */
MieniOnnxName mieni_onnx_begin_result(MieniOnnx *onnx, MieniOnnxForm form);
void mieni_onnx_end_result(MieniOnnx *onnx, MieniOnnxForm form, const MieniOnnxName *result);

/* A name for something that is not in the file. */
MieniOnnxName mieni_onnx_temporary(MieniOnnx *onnx);

/* Small constants. */
MieniOnnxName mieni_onnx_number(MieniOnnx *onnx, float value);
MieniOnnxName mieni_onnx_floats(MieniOnnx *onnx, int32_t rank, const int64_t *shape,
                                const float *values);
MieniOnnxName mieni_onnx_list(MieniOnnx *onnx, int32_t n, const int64_t *values);

/* A node: begin, inputs, output and attributes in any order, end. An empty input is one that is
 * left out. */
void mieni_onnx_begin(MieniOnnx *onnx, const char *type);
void mieni_onnx_input(MieniOnnx *onnx, const char *name);
void mieni_onnx_output(MieniOnnx *onnx, const char *name);
void mieni_onnx_attribute_int(MieniOnnx *onnx, const char *name, int64_t value);
void mieni_onnx_attribute_ints(MieniOnnx *onnx, const char *name, int32_t n, const int64_t *values);
void mieni_onnx_attribute_text(MieniOnnx *onnx, const char *name, const char *value);
void mieni_onnx_end(MieniOnnx *onnx);

/* A node without attributes; `b` may be NULL. */
void mieni_onnx_node(MieniOnnx *onnx, const char *type, const char *output, const char *a,
                     const char *b);

/* The same into a temporary, whose name is returned. */
MieniOnnxName mieni_onnx_compute(MieniOnnx *onnx, const char *type, const char *a, const char *b);

/* The name, data type and shape of a tensor, as a field of GraphProto. */
void mieni_onnx_declare(MieniOnnx *onnx, int field, int32_t tensor, MieniOnnxForm form);
enum { MIENI_ONNX_GRAPH_INPUT = 11, MIENI_ONNX_GRAPH_OUTPUT = 12, MIENI_ONNX_GRAPH_VALUE = 13 };

/* onnx_layers.c, onnx_shapes.c, onnx_attention.c: false after a refusal. */
bool mieni_onnx_convolution(MieniOnnx *onnx);
bool mieni_onnx_pool(MieniOnnx *onnx);
bool mieni_onnx_resize(MieniOnnx *onnx);
bool mieni_onnx_unary(MieniOnnx *onnx);
bool mieni_onnx_binary(MieniOnnx *onnx);
bool mieni_onnx_prelu(MieniOnnx *onnx);
bool mieni_onnx_reduce(MieniOnnx *onnx);
bool mieni_onnx_pad(MieniOnnx *onnx);
bool mieni_onnx_reshape(MieniOnnx *onnx);
bool mieni_onnx_transpose(MieniOnnx *onnx);
bool mieni_onnx_concatenation(MieniOnnx *onnx);
bool mieni_onnx_slice(MieniOnnx *onnx);
bool mieni_onnx_depth_to_space(MieniOnnx *onnx);
bool mieni_onnx_landmarks_to_matrix(MieniOnnx *onnx);
bool mieni_onnx_sample_bilinear(MieniOnnx *onnx);
bool mieni_onnx_transform_landmarks(MieniOnnx *onnx);

#endif
