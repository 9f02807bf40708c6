/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation of a plan on seeded random shapes, in the steps of a GPU: a Vulkan device gives
 * what the reference gives. */
#include "backend/vulkan/bed.h"
#include "base/rng.h"
#include "face/face.h"

enum { MAX_TENSORS = 8, ROUNDS = 12 };

static uint64_t seed = 5;

static int32_t between(int32_t low, int32_t high)
{
    return low + (int32_t)(mieni_rng_next(&seed) % (uint64_t)(high - low + 1));
}

/* A plan of one operation, made by hand. */
typedef struct Single {
    MieniPlan plan;
    MieniTensor tensors[MAX_TENSORS];
    MieniOp op;
    void *blocks[8];
    int n_blocks;
} Single;

static void *keep(Single *single, size_t n, size_t size)
{
    void *block = calloc(n, size);
    assert_non_null(block);
    assert_true(single->n_blocks < 8);
    return single->blocks[single->n_blocks++] = block;
}

static float *random_floats(Single *single, size_t n, float low, float high)
{
    float *data = keep(single, n, sizeof(*data));
    for (size_t i = 0; i < n; i++)
        data[i] = mieni_rng_float(&seed, low, high);
    return data;
}

static int32_t add_tensor(Single *single, int32_t height, int32_t width, int32_t channels)
{
    MieniPlan *plan = &single->plan;
    assert_true(plan->n_tensors < MAX_TENSORS);
    plan->tensors = single->tensors;
    plan->tensors[plan->n_tensors] = (MieniTensor){.name = "tensor",
                                                   .height = height,
                                                   .width = width,
                                                   .channels = channels,
                                                   .parent = -1,
                                                   .first = -1,
                                                   .last = 1};
    return plan->n_tensors++;
}

static int32_t add_output(Single *single, int32_t height, int32_t width, int32_t channels)
{
    int32_t index = add_tensor(single, height, width, channels);
    single->tensors[index].first = 0;
    single->tensors[index].tight = true;
    single->plan.outputs[single->plan.n_outputs++] = index;
    return index;
}

/* A part of tensor 0, which is the input, behind the parts so far. */
static int32_t add_part(Single *single, int32_t height, int32_t width, int32_t channels)
{
    MieniTensor *whole = &single->tensors[0];
    int32_t index = add_tensor(single, height, width, channels);
    single->tensors[index].tight = true;
    single->tensors[index].parent = 0;
    single->tensors[index].parent_offset = whole->channels;
    whole->channels += height * width * channels;
    return index;
}

static void begin(Single *single, MieniOpKind kind)
{
    memset(single, 0, sizeof(*single));
    single->op = (MieniOp){.kind = kind, .name = "operation", .residual = -1, .output = -1};
    single->plan.ops = &single->op;
    single->plan.n_ops = 1;
}

/* An input that is nothing but parts. */
static void begin_parts(Single *single, MieniOpKind kind)
{
    begin(single, kind);
    add_tensor(single, 1, 1, 0);
    single->tensors[0].tight = true;
}

static void check(Single *single, float low, float high)
{
    char what[128];
    snprintf(what, sizeof(what), "%s %dx%dx%d", mieni_op_kind_name(single->op.kind),
             (int)single->tensors[0].height, (int)single->tensors[0].width,
             (int)single->tensors[0].channels);
    bed_open();
    Bed bed = bed_put(&single->plan);
    bed_compare(what, &bed, 1, low, high);
    bed_compare(what, &bed, (size_t)between(2, 6), low, high);
    bed_drop(&bed);
    for (int i = 0; i < single->n_blocks; i++)
        free(single->blocks[i]);
}

static int32_t random_channels(void)
{
    static const int32_t some[] = {1, 2, 3, 6, 8, 15, 16, 17, 28, 33, 42, 64, 96};
    return some[between(0, (int32_t)MIENI_COUNT_OF(some) - 1)];
}

static void set_weights(Single *single, bool dense, bool depthwise)
{
    const MieniConvShape *shape = &single->op.shape;
    MieniConvWeights *weights = &single->op.weights;
    size_t n = (size_t)shape->out_channels, in = (size_t)shape->in_channels;
    size_t taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width;
    size_t k = single->op.kind == MIENI_OP_CONV || single->op.kind == MIENI_OP_FULLY_CONNECTED
                   ? taps * in
                   : in;
    if (dense)
        weights->weights = random_floats(single, n * k, -0.3f, 0.3f);
    if (depthwise)
        weights->depthwise = random_floats(single, taps * in, -0.5f, 0.5f);
    if (dense && depthwise)
        weights->depthwise_bias = random_floats(single, in, -1, 1);
    weights->bias = random_floats(single, n, -1, 1);
    if (shape->activation == MIENI_ACTIVATION_PRELU)
        weights->slope = random_floats(single, n, -1, 1);
}

/* Same size, or half of it behind a stride of two; the residual is the input. */
static void check_conv(MieniOpKind kind)
{
    Single single;
    begin(&single, kind);
    bool is_pointwise = kind == MIENI_OP_POINTWISE;
    int32_t kernel = is_pointwise ? 1 : 1 + 2 * between(0, 2);
    int32_t stride = is_pointwise ? 1 : between(1, 2);
    int32_t height = between(1, 13), width = between(1, 13), in = random_channels();
    int32_t out = kind == MIENI_OP_DEPTHWISE ? in : random_channels();
    MieniConvShape *shape = &single.op.shape;
    *shape = (MieniConvShape){.in_height = height,
                              .in_width = width,
                              .in_channels = in,
                              .out_height = (height + stride - 1) / stride,
                              .out_width = (width + stride - 1) / stride,
                              .out_channels = out,
                              .kernel_height = kernel,
                              .kernel_width = kernel,
                              .stride = stride,
                              .pad_top = stride == 1 ? kernel / 2 : between(0, kernel / 2),
                              .pad_left = stride == 1 ? kernel / 2 : between(0, kernel / 2),
                              .activation = (MieniActivation)between(0, 3)};
    int32_t input = add_tensor(&single, height, width, in);
    single.tensors[input].border = kernel + 1;
    if (in <= out && between(0, 2) > 0) {
        shape->residual = stride == 1 ? MIENI_RESIDUAL_ADD : MIENI_RESIDUAL_MAXPOOL;
        shape->residual_channels = in;
        single.op.residual = input;
    }
    single.op.output = add_output(&single, shape->out_height, shape->out_width, out);
    single.op.inputs[single.op.n_inputs++] = input;
    set_weights(&single, kind != MIENI_OP_DEPTHWISE,
                kind == MIENI_OP_DEPTHWISE || kind == MIENI_OP_DEPTHWISE_POINTWISE);
    check(&single, -1, 1);
}

static void convolutions(void **state)
{
    (void)state;
    static const MieniOpKind kinds[] = {MIENI_OP_CONV, MIENI_OP_POINTWISE, MIENI_OP_DEPTHWISE,
                                        MIENI_OP_DEPTHWISE_POINTWISE};
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < MIENI_COUNT_OF(kinds); i++)
            check_conv(kinds[i]);
}

static void fully_connected(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Single single;
        begin(&single, MIENI_OP_FULLY_CONNECTED);
        int32_t height = between(1, 3), width = between(1, 3), in = random_channels();
        int32_t out = between(1, 150);
        single.op.shape = (MieniConvShape){.in_height = height,
                                           .in_width = width,
                                           .in_channels = in,
                                           .out_height = 1,
                                           .out_width = 1,
                                           .out_channels = out,
                                           .kernel_height = height,
                                           .kernel_width = width,
                                           .stride = 1,
                                           .activation = (MieniActivation)between(0, 3)};
        single.op.inputs[single.op.n_inputs++] = add_tensor(&single, height, width, in);
        single.op.output = add_output(&single, 1, 1, out);
        set_weights(&single, true, false);
        check(&single, -1, 1);
    }
}

static void resize_add(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Single single;
        begin_parts(&single, MIENI_OP_RESIZE_ADD);
        int32_t channels = random_channels(), height = between(1, 14), width = between(1, 14);
        single.op.inputs[0] = add_part(&single, between(1, 7), between(1, 7), channels);
        single.op.inputs[1] = add_part(&single, height, width, channels);
        single.op.n_inputs = 2;
        single.op.output = add_output(&single, height, width, channels);
        check(&single, -1, 1);
    }
}

static void depth_to_space(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Single single;
        begin(&single, MIENI_OP_DEPTH_TO_SPACE);
        int32_t block = between(1, 3), size = between(1, 6), channels = random_channels();
        single.op.inputs[single.op.n_inputs++] =
            add_tensor(&single, size, size, block * block * channels);
        single.op.output = add_output(&single, size * block, size * block, channels);
        check(&single, -1, 1);
    }
}

static void sample_bilinear(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Single single;
        begin_parts(&single, MIENI_OP_SAMPLE_BILINEAR);
        int32_t channels = random_channels();
        single.op.inputs[0] = add_part(&single, between(1, 9), between(1, 9), channels);
        single.op.inputs[1] = add_part(&single, 1, 4, 4);
        single.op.n_inputs = 2;
        single.op.output = add_output(&single, between(1, 9), between(1, 9), channels);
        check(&single, -0.5f, 2);
    }
}

static void points(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Single single;
        int32_t n = between(1, 90);
        begin_parts(&single, MIENI_OP_TRANSFORM_LANDMARKS);
        single.op.inputs[0] = add_part(&single, 1, n, 2);
        single.op.inputs[1] = add_part(&single, 1, 4, 4);
        single.op.n_inputs = 2;
        single.op.scale = 4;
        single.op.output = add_output(&single, 1, n, 2);
        check(&single, -2, 2);

        begin(&single, MIENI_OP_LANDMARKS_TO_MATRIX);
        single.op.inputs[single.op.n_inputs++] = add_tensor(&single, 1, 1, 3 * 468);
        single.tensors[0].tight = true;
        int32_t n_subset = between(1, 80), *subset = keep(&single, 80, sizeof(*subset));
        for (int32_t i = 0; i < n_subset; i++)
            subset[i] = between(0, 467);
        single.op.matrix = (MieniMatrixSpec){.left = between(0, 467),
                                             .right = between(0, 467),
                                             .out_height = 16,
                                             .out_width = 24,
                                             .scale_x = 1.5f,
                                             .scale_y = 1.25f,
                                             .target_radians = mieni_rng_float(&seed, -3, 3),
                                             .input_scale = 0.25f,
                                             .n_subset = n_subset,
                                             .subset = subset};
        single.op.output = add_output(&single, 1, 4, 4);
        check(&single, 0, 192);
    }
}

static void mixer(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        Single single;
        int32_t width = between(1, 97), channels = between(1, 97);
        begin(&single, MIENI_OP_LAYER_NORM);
        single.op.inputs[single.op.n_inputs++] = add_tensor(&single, 1, width, channels);
        single.op.norm = (MieniNormSpec){.epsilon = 1e-6f,
                                         .gain = random_floats(&single, (size_t)channels, -1, 1),
                                         .transposed = round % 2};
        single.op.output = round % 2 ? add_output(&single, 1, channels, width)
                                     : add_output(&single, 1, width, channels);
        check(&single, -2, 2);

        begin_parts(&single, MIENI_OP_TRANSPOSE);
        single.op.inputs[single.op.n_inputs++] = add_part(&single, 1, width, channels);
        single.op.scale = 0.75f;
        if (round % 2)
            single.op.residual = add_part(&single, 1, channels, width);
        single.op.output = add_output(&single, 1, channels, width);
        check(&single, -1, 1);

        begin(&single, MIENI_OP_CENTER_POINTS);
        single.op.inputs[single.op.n_inputs++] = add_tensor(&single, 1, width + 1, 2);
        single.tensors[0].tight = true;
        single.op.output = add_output(&single, 1, width + 1, 2);
        check(&single, 0, 192);

        begin(&single, MIENI_OP_CONSTANT);
        add_tensor(&single, 1, 1, 1);
        single.op.constant = random_floats(&single, (size_t)(width * channels), -1, 1);
        single.op.output = add_output(&single, 1, width, channels);
        check(&single, 0, 1);
    }
}

int main(int argc, char **argv)
{
    /* The first ones alone use subgroups. */
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixer),           cmocka_unit_test(points),
        cmocka_unit_test(convolutions),    cmocka_unit_test(fully_connected),
        cmocka_unit_test(resize_add),      cmocka_unit_test(depth_to_space),
        cmocka_unit_test(sample_bilinear),
    };
    bed_arguments(argc, argv);
    mieni_vulkan_debug.gpu_tiles = true;
    size_t n = mieni_vulkan_debug.no_subgroups ? 2 : MIENI_COUNT_OF(tests);
    return test_exit_code(_cmocka_run_group_tests("shapes", tests, n, NULL, bed_close));
}
