/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the first inputs of the corpora: `make-fuzz-seeds FOLDER` fills FOLDER/network, task and
 * flexbuffer, which must be there. The files in corpus/ that have names were made by this program;
 * those named by their hash were found by the fuzzers and made small by them.
 */
#include "support/flatbuilder.h"
#include "support/test.h"

static const char *root;

static void write_bytes(const char *name, const uint8_t *data, size_t size)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        fprintf(stderr, "cannot write %s\n", path);
        exit(1);
    }
}

static int32_t x;

static FbModel *begin(int32_t height, int32_t width, int32_t channels)
{
    FbModel *model = fb_create();
    x = fb_input(model, height, width, channels);
    return model;
}

static void end(FbModel *model, int32_t output, const char *name)
{
    fb_output(model, output);
    FbFile file = fb_write(model);
    write_bytes(name, file.data, file.size);
    fb_file_free(&file);
    fb_destroy(model);
}

static void write_blocks(void)
{
    FbModel *m = begin(4, 4, 3);
    end(m, fb_prelu(m, fb_conv(m, x, 5, 3, 2, FB_SAME, false)), "network/conv-prelu");
    m = begin(3, 3, 2);
    end(m, fb_same_shape(m, FB_LOGISTIC, fb_conv(m, x, 3, 3, 1, FB_VALID, false)),
        "network/fully-connected-sigmoid");
    m = begin(4, 3, 2);
    int32_t y = fb_depthwise(m, fb_pad(m, x, 1, 1, 1, 1, 0), 3, 1, FB_VALID);
    y = fb_conv(m, y, 3, 1, 1, FB_SAME, false);
    end(m, fb_add(m, y, fb_pad(m, x, 0, 0, 0, 0, 1), true), "network/pad-depthwise-residual");
    m = begin(5, 4, 2);
    y = fb_conv(m, x, 3, 3, 2, FB_SAME, false);
    end(m, fb_add(m, fb_pad(m, fb_maxpool(m, x), 0, 0, 0, 0, 1), y, false),
        "network/pooled-residual");
    m = begin(4, 4, 2);
    y = fb_resize(m, fb_conv(m, x, 2, 3, 2, FB_SAME, true), 4, 4);
    end(m, fb_add(m, y, x, false), "network/resize-add");
    m = begin(2, 2, 4);
    end(m, fb_depth_to_space(m, x, 2), "network/depth-to-space");
    m = begin(4, 4, 2);
    int32_t a = fb_reshape(m, fb_conv(m, x, 2, 1, 1, FB_SAME, false), 3, 1, 16, 2);
    int32_t b = fb_reshape(m, fb_conv(m, x, 4, 3, 2, FB_SAME, false), 3, 1, 8, 2);
    end(m, fb_concat(m, 1, a, b), "network/concatenation");
    m = begin(2, 2, 2);
    end(m, fb_same_shape(m, FB_SOFTMAX, x), "network/softmax");
}

static void write_constants(void)
{
    static const uint16_t halves[] = {0x3c00, 0xc000, 0x3555, 0x0001};
    FbModel *m = begin(2, 2, 2);
    int32_t half = fb_constant(m, FB_F16, halves, sizeof(halves), 4, 2, 1, 1, 2);
    int32_t filter = fb_tensor(m, FB_F32, 4, 2, 1, 1, 2);
    fb_op(m, FB_DEQUANTIZE, filter, 1, half);
    int32_t y = fb_tensor(m, FB_F32, 4, 1, 2, 2, 2);
    FbOp *op = fb_op(m, FB_CONV_2D, y, 2, x, filter);
    fb_option(op, 1, 4, 1);
    fb_option(op, 2, 4, 1);
    end(m, y, "network/half-floats");
    m = begin(2, 2, 4);
    static const float few[] = {0, 1, 0, 2, 0, 0, 3, 0};
    int32_t sparse = fb_constant(m, FB_F32, few, sizeof(few), 4, 2, 1, 1, 4);
    fb_make_sparse(m, sparse, 3);
    filter = fb_tensor(m, FB_F32, 4, 2, 1, 1, 4);
    fb_op(m, FB_DENSIFY, filter, 1, sparse);
    y = fb_tensor(m, FB_F32, 4, 1, 2, 2, 2);
    op = fb_op(m, FB_CONV_2D, y, 3, x, filter, -1);
    fb_option(op, 1, 4, 1);
    fb_option(op, 2, 4, 1);
    end(m, y, "network/sparse");
    m = begin(2, 2, 2);
    y = fb_conv(m, x, 2, 1, 1, FB_SAME, false);
    m->tensors[1].far_away = true;
    end(m, y, "network/far-data");
}

static uint8_t *matrix_options(size_t *size)
{
    static const int32_t subset[] = {0, 1, 2};
    FxMap *map = fx_create();
    fx_i32(map, "left_rotation_idx", 0);
    fx_i32(map, "output_height", 2);
    fx_i32(map, "output_width", 2);
    fx_i32(map, "right_rotation_idx", 1);
    fx_f32(map, "scale_x", 1.5f);
    fx_f32(map, "scale_y", 1.5f);
    fx_vector(map, "subset_idxs", 3, subset);
    fx_f32(map, "target_rotation_radians", 0);
    return fx_finish(map, size);
}

/* Points, their matrix, a map sampled with it, and points moved by it. */
static void write_attention(void)
{
    FbModel *m = begin(4, 4, 3);
    static const float half[] = {0.5f};
    static const float factors[16] = {1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1};
    int32_t points = fb_reshape(m, fb_conv(m, x, 9, 4, 1, FB_VALID, false), 3, 1, 3, 3);
    int32_t scaled = fb_tensor(m, FB_F32, 3, 1, 3, 3);
    fb_op(m, FB_MUL, scaled, 2, points, fb_constant(m, FB_F32, half, sizeof(half), 1, 1));
    int32_t matrix = fb_tensor(m, FB_F32, 3, 1, 4, 4);
    FbOp *op = fb_op(m, FB_CUSTOM, matrix, 1, scaled);
    op->custom = "Landmarks2TransformMatrix";
    op->custom_options = matrix_options(&op->custom_options_bytes);
    int32_t sampled = fb_tensor(m, FB_F32, 4, 1, 2, 2, 3);
    op = fb_op(m, FB_CUSTOM, sampled, 2, fb_conv(m, x, 3, 1, 1, FB_SAME, true), matrix);
    op->custom = "TransformTensorBilinear";
    FxMap *map = fx_create();
    fx_i32(map, "output_height", 2);
    fx_i32(map, "output_width", 2);
    op->custom_options = fx_finish(map, &op->custom_options_bytes);
    int32_t parts = fb_reshape(m, fb_conv(m, sampled, 4, 2, 1, FB_VALID, false), 3, 1, 2, 2);
    int32_t larger = fb_tensor(m, FB_F32, 3, 1, 4, 4);
    fb_op(m, FB_MUL, larger, 2, matrix, fb_constant(m, FB_F32, factors, sizeof(factors), 2, 4, 4));
    int32_t moved = fb_tensor(m, FB_F32, 3, 1, 2, 2);
    op = fb_op(m, FB_CUSTOM, moved, 2, parts, larger);
    op->custom = "TransformLandmarks";
    end(m, moved, "network/attention");
}

static size_t put(uint8_t *to, size_t at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[at + (size_t)i] = i < 8 ? (uint8_t)(value >> (8 * i)) : 0;
    return at + (size_t)bytes;
}

/* A bundle with two zeros in front and one network. */
static void write_bundle(void)
{
    static const char name[] = "a.tflite";
    FbModel *m = begin(2, 2, 2);
    fb_output(m, fb_conv(m, x, 2, 1, 1, FB_SAME, false));
    FbFile file = fb_write(m);
    fb_destroy(m);
    uint8_t *zip = calloc(file.size + 400, 1);
    assert_non_null(zip);
    size_t at = put(zip, 2, 0x04034b50, 4);
    at = put(zip, at, 0, 14);
    at = put(zip, at, file.size, 4);
    at = put(zip, at, file.size, 4);
    at = put(zip, at, 8, 4);
    memcpy(zip + at, name, 8);
    memcpy(zip + at + 8, file.data, file.size);
    size_t directory = at + 8 + file.size;
    at = put(zip, directory, 0x02014b50, 4);
    at = put(zip, at, 0, 16);
    at = put(zip, at, file.size, 4);
    at = put(zip, at, file.size, 4);
    at = put(zip, at, 8, 14);
    at = put(zip, at, 2, 4);
    memcpy(zip + at, name, 8);
    size_t last = at + 8;
    at = put(zip, last, 0x06054b50, 4);
    at = put(zip, at, 0, 4);
    at = put(zip, at, 1 | 1 << 16, 4);
    at = put(zip, at, last - directory, 4);
    at = put(zip, at, directory, 4);
    at = put(zip, at, 0, 2);
    write_bytes("task/bundle", zip, at);
    write_bytes("task/network", file.data, file.size);
    fb_file_free(&file);
    free(zip);
}

static void write_options(void)
{
    size_t size;
    uint8_t *data = matrix_options(&size);
    write_bytes("flexbuffer/matrix", data, size);
    free(data);
    static const uint8_t narrow[] = {'k', 0, 1, 2, 1, 1, 1, 1, 200, 10, 2 << 2, 2, 9 << 2, 1};
    write_bytes("flexbuffer/narrow", narrow, sizeof(narrow));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make-fuzz-seeds FOLDER\n");
        return 2;
    }
    root = argv[1];
    write_blocks();
    write_constants();
    write_attention();
    write_bundle();
    write_options();
    return 0;
}
