/* SPDX-License-Identifier: Apache-2.0 */
/* A small reader of ONNX files, which checks that what it reads hangs together. */
#ifndef MIEN_TESTS_SUPPORT_ONNX_H
#define MIEN_TESTS_SUPPORT_ONNX_H

#include <stddef.h>
#include <stdint.h>

#define ONNX_MAX_INPUTS 16

typedef struct OnnxSpan {
    const uint8_t *data;
    size_t size;
} OnnxSpan;

/* One field of a protobuf message. */
typedef struct OnnxField {
    uint32_t number, wire;
    uint64_t value;
    OnnxSpan bytes; /* wire 2 */
} OnnxField;

/* Takes the next field off a message; 1, 0 at the end, -1 where it is damaged. */
int onnx_next(OnnxSpan *message, OnnxField *field);

typedef struct OnnxNode {
    OnnxSpan type, output;
    int n_inputs;
    OnnxSpan inputs[ONNX_MAX_INPUTS]; /* empty: left out */
    OnnxSpan message;
} OnnxNode;

/* A constant, an input or an output. */
typedef struct OnnxTensor {
    OnnxSpan name;
    int64_t type; /* 1: float32, 7: int64 */
    int rank;
    int64_t shape[4]; /* -1: N */
    OnnxSpan raw;
} OnnxTensor;

typedef struct OnnxFile {
    int64_t opset;
    int n_nodes, n_constants, n_inputs, n_outputs;
    OnnxNode *nodes;
    OnnxTensor *constants;
    OnnxTensor inputs[16], outputs[16];
    OnnxSpan metadata[8][2];
    int n_metadata;
} OnnxFile;

/*
 * Reads a file, which must outlive the result. Returns NULL, or what is wrong with it: damage, a
 * name used twice, a node that reads what nothing has written before it, a constant whose data do
 * not fit its shape, an output that nothing writes. Free with onnx_finish, also then.
 */
const char *onnx_read(OnnxFile *file, const void *data, size_t size);
void onnx_finish(OnnxFile *file);

int onnx_is(OnnxSpan span, const char *text);

/* Nodes of this type, counted; the first is returned in `*node` if that is not NULL. */
int onnx_count(const OnnxFile *file, const char *type, const OnnxNode **node);

/* An attribute: its integers, how many there are, or -1 if the node does not have it. */
int onnx_ints(const OnnxNode *node, const char *name, int max, int64_t *out);
OnnxSpan onnx_text(const OnnxNode *node, const char *name);

/* The constant of this name, or NULL. */
const OnnxTensor *onnx_constant(const OnnxFile *file, OnnxSpan name);

#endif
