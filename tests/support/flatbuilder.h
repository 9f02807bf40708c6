/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small .tflite files made by hand: a network is described, then written as a FlatBuffer whose
 * parts can be found again by name, so that a test can damage exactly one of them.
 *
 *     FbModel *model = fb_create();
 *     int32_t x = fb_input(model, 4, 4, 3);
 *     int32_t y = fb_conv(model, x, 8, 3, 1, FB_SAME, 1);
 *     fb_output(model, y);
 *     FbFile file = fb_write(model);
 *     fb_put_u32(&file, fb_find(&file, "tensor 0.shape"), 0xfffffff0);
 *     ...
 *     fb_file_free(&file);
 *     fb_destroy(model);
 */
#ifndef MIEN_TESTS_SUPPORT_FLATBUILDER_H
#define MIEN_TESTS_SUPPORT_FLATBUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of tensorflow/lite/schema/schema.fbs. */
enum { FB_F32 = 0, FB_F16 = 1, FB_I32 = 2, FB_I8 = 9 };
enum { FB_SAME = 0, FB_VALID = 1 };
enum {
    FB_ADD = 0,
    FB_AVERAGE_POOL_2D = 1,
    FB_CONCATENATION = 2,
    FB_CONV_2D = 3,
    FB_DEPTHWISE_CONV_2D = 4,
    FB_DEPTH_TO_SPACE = 5,
    FB_DEQUANTIZE = 6,
    FB_LOGISTIC = 14,
    FB_MAX_POOL_2D = 17,
    FB_MUL = 18,
    FB_RELU = 19,
    FB_RESHAPE = 22,
    FB_RESIZE_BILINEAR = 23,
    FB_SOFTMAX = 25,
    FB_CUSTOM = 32,
    FB_PAD = 34,
    FB_TRANSPOSE = 39,
    FB_MEAN = 40,
    FB_STRIDED_SLICE = 45,
    FB_PRELU = 54,
    FB_NEG = 59,
    FB_RSQRT = 76,
    FB_SQUARED_DIFFERENCE = 99,
    FB_DENSIFY = 124
};

enum { FB_MAX_TENSORS = 8192, FB_MAX_OPS = 4096, FB_MAX_RANK = 8, FB_MAX_INPUTS = 8 };

/* A compressed last dimension. Written only if `present`. */
typedef struct FbSparsity {
    bool present;
    int32_t rank;
    int32_t order[FB_MAX_RANK]; /* traversal */
    int32_t n_blocks;
    uint8_t format[FB_MAX_RANK]; /* 0 dense, 1 compressed */
    int32_t dense_size[FB_MAX_RANK];
    uint8_t index_type; /* 1: 32 bits, 2: 16, 3: 8 */
    int32_t n_segments, n_indices;
    int32_t *segments, *indices;
} FbSparsity;

typedef struct FbTensor {
    char name[64];
    uint8_t type;
    int32_t rank;
    int32_t shape[FB_MAX_RANK];
    size_t data_bytes; /* 0: no constant */
    uint8_t *data;
    bool far_away; /* the data stands behind the FlatBuffer, found by offset and size */
    FbSparsity sparsity;
} FbTensor;

/* A scalar field of an operator's options. */
typedef struct FbOption {
    int field;
    uint8_t bytes; /* 1 or 4 */
    int32_t value;
} FbOption;

typedef struct FbOp {
    int32_t code;
    const char *custom; /* name, for FB_CUSTOM */
    int32_t n_inputs, n_outputs;
    int32_t inputs[FB_MAX_INPUTS], outputs[FB_MAX_INPUTS];
    int32_t n_options;
    FbOption options[8];
    uint8_t *custom_options;
    size_t custom_options_bytes;
} FbOp;

typedef struct FbModel {
    uint32_t version; /* 3 */
    int32_t n_tensors, n_ops, n_inputs, n_outputs;
    FbTensor tensors[FB_MAX_TENSORS];
    FbOp ops[FB_MAX_OPS];
    int32_t inputs[FB_MAX_INPUTS], outputs[FB_MAX_INPUTS];
    int32_t n_echoes; /* further numbers of the last tensor, which lead to the same table */
    uint64_t seed;    /* of the weights that the helpers below make up */
} FbModel;

FbModel *fb_create(void);
void fb_destroy(FbModel *model);

/* Describing. Each returns the number of the tensor that it makes. `rank` dimensions follow. */
int32_t fb_tensor(FbModel *model, uint8_t type, int32_t rank, ...);
int32_t fb_constant(FbModel *model, uint8_t type, const void *data, size_t bytes, int32_t rank,
                    ...);
int32_t fb_weights(FbModel *model, int32_t rank, ...); /* random, in [-0.5, 0.5) */
int32_t fb_input(FbModel *model, int32_t height, int32_t width, int32_t channels);
void fb_output(FbModel *model, int32_t tensor);

/* An operator with one output; inputs may be -1. */
FbOp *fb_op(FbModel *model, int32_t code, int32_t output, int32_t n_inputs, ...);
void fb_option(FbOp *op, int field, uint8_t bytes, int32_t value);

/* Whole operators on pictures, with random weights and the output shape that TFLite would infer. */
int32_t fb_conv(FbModel *model, int32_t in, int32_t out_channels, int32_t kernel, int32_t stride,
                int32_t padding, bool relu);
int32_t fb_depthwise(FbModel *model, int32_t in, int32_t kernel, int32_t stride, int32_t padding);
int32_t fb_same_shape(FbModel *model, int32_t code, int32_t in); /* RELU, LOGISTIC */
int32_t fb_prelu(FbModel *model, int32_t in);
int32_t fb_add(FbModel *model, int32_t a, int32_t b, bool relu);
int32_t fb_pad(FbModel *model, int32_t in, int32_t top, int32_t bottom, int32_t left, int32_t right,
               int32_t channels);
int32_t fb_maxpool(FbModel *model, int32_t in);
int32_t fb_reshape(FbModel *model, int32_t in, int32_t rank, ...);
int32_t fb_resize(FbModel *model, int32_t in, int32_t height, int32_t width);
int32_t fb_concat(FbModel *model, int32_t axis, int32_t a, int32_t b);
int32_t fb_depth_to_space(FbModel *model, int32_t in, int32_t block);

/* Of mixer networks: rows of pixels to rows of channels, the first pixels, a layer norm. */
int32_t fb_transpose(FbModel *model, int32_t in);
int32_t fb_window(FbModel *model, int32_t in, int32_t width);
int32_t fb_layer_norm(FbModel *model, int32_t in);

/* Makes a 2D constant sparse: keeps its non-zero values. */
void fb_make_sparse(FbModel *model, int32_t tensor, uint8_t index_type);

/* A file, and where its parts are. */
typedef struct FbMark {
    char name[40];
    size_t at;
} FbMark;

typedef struct FbFile {
    uint8_t *data;
    size_t size, capacity;
    FbMark *marks;
    size_t n_marks, marks_capacity;
} FbFile;

FbFile fb_write(const FbModel *model);
void fb_file_free(FbFile *file);

/*
 * Finds a part; the test fails if there is none. Tables: "model", "subgraph", "code 0",
 * "tensor 0", "buffer 0", "op 0", "options 0", "sparsity 0", "dimension 0.1", "segments 0",
 * "indices 0". Their fields as in the schema: "tensor 0.shape". Where a field leads:
 * "tensor 0.shape[]" is the length of the vector, its elements follow. "NAME:vtable" is a table's
 * vtable.
 */
size_t fb_find(const FbFile *file, const char *name);

void fb_put_u8(FbFile *file, size_t at, uint8_t value);
void fb_put_u16(FbFile *file, size_t at, uint16_t value);
void fb_put_u32(FbFile *file, size_t at, uint32_t value);
uint32_t fb_get_u32(const FbFile *file, size_t at);

/* A FlexBuffer map, for the options of custom operators. Keys must come in ascending order. */
typedef struct FxMap FxMap;
FxMap *fx_create(void);
void fx_i32(FxMap *map, const char *key, int32_t value);
void fx_f32(FxMap *map, const char *key, float value);
void fx_vector(FxMap *map, const char *key, int32_t n, const int32_t *values);
/* Frees the map and returns the bytes; free with free(). */
uint8_t *fx_finish(FxMap *map, size_t *size);

#endif
