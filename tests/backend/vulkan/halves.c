/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Half precision: which tensors are halves, every operation that takes
 * them on seeded random shapes, and the networks: landmarks within the bounds that docs/backends.md
 * states.
 */
#include "backend/vulkan/vulkan.h"

#include <math.h>

#include "backend/vulkan/bed.h"
#include "base/rng.h"
#include "backend/registry.h"
#include "engine/frames.h"

static const MieniLog silent;
static uint64_t seed = 9;

static int32_t between(int32_t low, int32_t high)
{
    return low + (int32_t)mieni_rng_below(&seed, (uint32_t)(high - low + 1));
}

/* Three operations: one that makes halves, one between halves, one that makes the result of them.
 */
typedef struct Chain {
    MieniPlan plan;
    MieniTensor tensors[4];
    MieniOp ops[3];
    void *blocks[16];
    int n_blocks;
} Chain;

static float *random_floats(Chain *chain, size_t n, float low, float high)
{
    float *data = calloc(n, sizeof(*data));
    assert_non_null(data);
    assert_true(chain->n_blocks < 16);
    chain->blocks[chain->n_blocks++] = data;
    for (size_t i = 0; i < n; i++)
        data[i] = mieni_rng_float(&seed, low, high);
    return data;
}

static MieniTensor plane(int32_t height, int32_t width, int32_t channels, int32_t first)
{
    return (MieniTensor){.name = "tensor",
                         .height = height,
                         .width = width,
                         .channels = channels,
                         .parent = -1,
                         .first = first,
                         .last = first + 1,
                         .border = 6};
}

static void set_conv(Chain *chain, int index, MieniOpKind kind, int32_t kernel, int32_t stride)
{
    MieniOp *op = &chain->ops[index];
    const MieniTensor *in = &chain->tensors[index], *out = &chain->tensors[index + 1];
    bool is_depthwise = kind == MIENI_OP_DEPTHWISE;
    size_t n = (size_t)out->channels, taps = (size_t)kernel * (size_t)kernel;
    size_t k = (size_t)in->channels;
    *op = (MieniOp){.kind = kind,
                    .name = "operation",
                    .residual = -1,
                    .n_inputs = 1,
                    .inputs = {index},
                    .output = index + 1};
    op->shape = (MieniConvShape){.in_height = in->height,
                                 .in_width = in->width,
                                 .in_channels = in->channels,
                                 .out_height = out->height,
                                 .out_width = out->width,
                                 .out_channels = out->channels,
                                 .kernel_height = kernel,
                                 .kernel_width = kernel,
                                 .stride = stride,
                                 .pad_top = kernel / 2,
                                 .pad_left = kernel / 2,
                                 .activation = MIENI_ACTIVATION_PRELU};
    /* Sums stay about as large as what goes in. */
    float range = 1.5f / sqrtf((float)(kind == MIENI_OP_CONV ? k * taps : k));
    if (!is_depthwise)
        op->weights.weights =
            random_floats(chain, n * (kind == MIENI_OP_CONV ? k * taps : k), -range, range);
    if (is_depthwise || kind == MIENI_OP_DEPTHWISE_POINTWISE)
        op->weights.depthwise = random_floats(chain, k * taps, -0.4f, 0.4f);
    if (kind == MIENI_OP_DEPTHWISE_POINTWISE)
        op->weights.depthwise_bias = random_floats(chain, k, -1, 1);
    op->weights.bias = random_floats(chain, n, -1, 1);
    op->weights.slope = random_floats(chain, n, -1, 1);
}

static void begin(Chain *chain)
{
    memset(chain, 0, sizeof(*chain));
    chain->plan.tensors = chain->tensors;
    chain->plan.n_tensors = 4;
    chain->plan.ops = chain->ops;
    chain->plan.n_ops = 3;
    chain->plan.n_outputs = 1;
    chain->plan.outputs[0] = 3;
}

static MieniDevice *half;

static void compare(Chain *chain, const char *what, double absolute)
{
    chain->tensors[0].tight = chain->tensors[3].tight = true;
    chain->tensors[0].border = chain->tensors[3].border = 0;
    chain->tensors[0].first = -1;
    enum { N = 3 };
    bool is_half[4];
    mieni_vulkan_choose_halves(&chain->plan, is_half);
    assert_true(!is_half[0] && is_half[1] && is_half[2] && !is_half[3]);
    Bed bed = bed_put(&chain->plan);
    mieni_backend_vulkan.plan_destroy(bed.vulkan);
    MienError error;
    if (mieni_backend_vulkan.plan_create(half, &chain->plan, &bed.vulkan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    float *input = random_floats(chain, N * bed.n_in, -1, 1);
    float *want = random_floats(chain, N * bed.n_out, 0, 0);
    float *got = random_floats(chain, N * bed.n_out, 0, 0);
    bed_run(&bed, false, N, input, want);
    bed_run(&bed, true, N, input, got);
    test_compare_floats(what, got, want, N * bed.n_out, absolute, 4e-3);
    /* It was not computed in single precision. */
    if (N * bed.n_out > 40)
        assert_true(memcmp(got, want, N * bed.n_out * sizeof(float)) != 0);
    bed_drop(&bed);
    for (int i = 0; i < chain->n_blocks; i++)
        free(chain->blocks[i]);
}

static void check_conv(MieniOpKind kind)
{
    Chain chain;
    begin(&chain);
    static const int32_t some[] = {1, 2, 3, 7, 8, 16, 17, 33, 42, 64};
    int32_t stride = kind == MIENI_OP_POINTWISE ? 1 : between(1, 2), kernel = 3;
    int32_t height = between(1, 12), width = between(1, 12), in = some[between(0, 9)];
    int32_t out = kind == MIENI_OP_DEPTHWISE ? in : some[between(0, 9)];
    int32_t out_height = (height + stride - 1) / stride, out_width = (width + stride - 1) / stride;
    chain.tensors[0] = plane(height, width, 5, -1);
    chain.tensors[1] = plane(height, width, in, 0);
    chain.tensors[2] = plane(out_height, out_width, out, 1);
    chain.tensors[3] = plane(out_height, out_width, 9, 2);
    set_conv(&chain, 0, MIENI_OP_POINTWISE, 1, 1);
    set_conv(&chain, 1, kind, kind == MIENI_OP_POINTWISE ? 1 : kernel, stride);
    set_conv(&chain, 2, MIENI_OP_POINTWISE, 1, 1);
    if (in <= out && kind != MIENI_OP_CONV) {
        chain.ops[1].residual = 1;
        chain.ops[1].shape.residual = stride == 1 ? MIENI_RESIDUAL_ADD : MIENI_RESIDUAL_MAXPOOL;
        chain.ops[1].shape.residual_channels = in;
    }
    compare(&chain, mieni_op_kind_name(kind), 0.02);
}

static void open_half(void)
{
    if (half)
        return;
    const MieniDeviceOptions options = {.precision = MIEN_PRECISION_FP16, .log = &silent};
    MienError error;
    bed_open();
    if (mieni_backend_vulkan.open(bed_index(), &options, &half, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    if (half->precision != MIEN_PRECISION_FP16)
        test_skip("the Vulkan device has no half precision");
}

static void operations(void **state)
{
    (void)state;
    static const MieniOpKind kinds[] = {MIENI_OP_CONV, MIENI_OP_POINTWISE, MIENI_OP_DEPTHWISE,
                                        MIENI_OP_DEPTHWISE_POINTWISE};
    open_half();
    for (int round = 0; round < 5; round++)
        for (size_t i = 0; i < MIENI_COUNT_OF(kinds); i++)
            check_conv(kinds[i]);
}

static void resize_and_depth_to_space(void **state)
{
    (void)state;
    open_half();
    for (int round = 0; round < 6; round++) {
        Chain chain;
        begin(&chain);
        int32_t size = between(1, 7), channels = between(1, 17);
        bool resize = round % 2;
        chain.tensors[0] = plane(size, size, 5, -1);
        chain.tensors[1] = plane(size, size, resize ? channels : 4 * channels, 0);
        chain.tensors[2] = plane(resize ? size : 2 * size, resize ? size : 2 * size, channels, 1);
        chain.tensors[3] = plane(chain.tensors[2].height, chain.tensors[2].width, 9, 2);
        set_conv(&chain, 0, MIENI_OP_POINTWISE, 1, 1);
        set_conv(&chain, 2, MIENI_OP_POINTWISE, 1, 1);
        chain.ops[1] = (MieniOp){.kind = resize ? MIENI_OP_RESIZE_ADD : MIENI_OP_DEPTH_TO_SPACE,
                                 .name = "operation",
                                 .residual = -1,
                                 .n_inputs = resize ? 2 : 1,
                                 .inputs = {1, 1},
                                 .output = 2};
        compare(&chain, mieni_op_kind_name(chain.ops[1].kind), 0.02);
    }
}

/* What the engine finds in a picture, on the CPU in single and on Vulkan in half precision. */
static MienEngine *open_engine(const char *model, const char *detector, const char *device,
                               MienPrecision precision)
{
    MienEngineOptions options = fixture_options(MIEN_MODE_IMAGE);
    options.model = fixture_model(model);
    options.detector = fixture_model(detector);
    options.device = device;
    options.allow_software = true;
    options.threads = 1;
    options.precision = precision;
    options.blendshapes = strcmp(model, BUNDLE) == 0;
    return fixture_engine(&options);
}

/* Distances between landmarks as a share of that between the outer corners of the eyes. */
static void check_face(const char *model, const MienImage *image, const MienFace *got,
                       const MienFace *want)
{
    enum { RIGHT = 33, LEFT = 263 };
    double width = image->width, height = image->height, mean = 0, worst = 0;
    double eyes = hypot((want->landmarks[RIGHT].x - want->landmarks[LEFT].x) * width,
                        (want->landmarks[RIGHT].y - want->landmarks[LEFT].y) * height);
    assert_int_equal(got->n_landmarks, want->n_landmarks);
    for (int32_t i = 0; i < got->n_landmarks; i++) {
        double off = hypot((got->landmarks[i].x - want->landmarks[i].x) * width,
                           (got->landmarks[i].y - want->landmarks[i].y) * height) /
                     eyes;
        mean += off / got->n_landmarks;
        worst = off > worst ? off : worst;
    }
    double blendshape = 0;
    for (int32_t i = 0; i < got->n_blendshapes; i++)
        blendshape = fmax(blendshape, fabs((double)got->blendshapes[i] - want->blendshapes[i]));
    printf("%s: mean %.3f %%, worst %.3f %% of the eyes' distance, blendshapes %.4f\n", model,
           100 * mean, 100 * worst, blendshape);
    assert_true(worst > 0);
    assert_true(mean < 0.001 && worst < 0.005);
    assert_true(blendshape < 0.01);
    test_compare_floats("score", &got->score, &want->score, 1, 5e-3, 0);
    test_compare_floats("presence", &got->presence, &want->presence, 1, 5e-3, 0);
}

static void check_model(const char *model, const char *detector)
{
    open_half();
    MienImage image = frames_picture("obama.jpg");
    MienEngine *cpu = open_engine(model, detector, "cpu", MIEN_PRECISION_FP32);
    MienEngine *vulkan = open_engine(model, detector, bed_name(), MIEN_PRECISION_FP16);
    MienEngineInfo info = {.struct_size = sizeof(info)};
    assert_int_equal(mien_engine_info(vulkan, &info), MIEN_OK);
    assert_int_equal(info.precision, MIEN_PRECISION_FP16);
    assert_string_equal(info.isa, "f16");
    const MienResult *want = fixture_process(cpu, &image, 0);
    const MienResult *got = fixture_process(vulkan, &image, 0);
    assert_true(mien_result_n_faces(want) > 0);
    assert_int_equal(mien_result_n_faces(got), mien_result_n_faces(want));
    for (size_t i = 0; i < mien_result_n_faces(want); i++)
        check_face(model, &image, mien_result_face(got, i), mien_result_face(want, i));
    mien_engine_destroy(cpu);
    mien_engine_destroy(vulkan);
}

static void models(void **state)
{
    (void)state;
    check_model(ATTENTION, FULL_RANGE);
    check_model(BUNDLE, SHORT_RANGE);
}

/* A device that computes on the CPU gains nothing by halves: they are not chosen for it. */
static void auto_is_single_on_software(void **state)
{
    (void)state;
    bed_open();
    MienDeviceInfo info = {0};
    const MieniDeviceOptions options = {.precision = MIEN_PRECISION_AUTO, .log = &silent};
    MieniDevice *device;
    mieni_backend_vulkan.describe(bed_index(), &info);
    if (!info.software)
        return;
    assert_int_equal(mieni_backend_vulkan.open(bed_index(), &options, &device, NULL), MIEN_OK);
    assert_int_equal(mieni_backend_vulkan.precision(device), MIEN_PRECISION_FP32);
    mieni_backend_vulkan.close(device);
}

/* Nothing is computed in single precision instead. */
static void half_is_refused_where_it_is_missing(void **state)
{
    (void)state;
    bed_open();
    MieniDeviceOptions options = {.precision = MIEN_PRECISION_FP16, .log = &silent};
    MieniChoice choice;
    MienError error = {0};
    bool masked = mieni_vulkan_debug.no_half;
    mieni_vulkan_debug.no_half = true;
    assert_int_equal(mieni_registry_open(bed_name(), true, &options, &choice, &error),
                     MIEN_E_DEVICE);
    assert_string_equal(error.reason, "half-precision-missing");
    assert_null(choice.device);
    options.precision = MIEN_PRECISION_AUTO;
    assert_int_equal(mieni_registry_open(bed_name(), true, &options, &choice, &error), MIEN_OK);
    assert_int_equal(choice.backend->precision(choice.device), MIEN_PRECISION_FP32);
    choice.backend->close(choice.device);
    mieni_vulkan_debug.no_half = masked;
}

static int close_all(void **state)
{
    mieni_backend_vulkan.close(half);
    return bed_close(state);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(auto_is_single_on_software),
        cmocka_unit_test(half_is_refused_where_it_is_missing),
        cmocka_unit_test(operations),
        cmocka_unit_test(resize_and_depth_to_space),
        cmocka_unit_test(models),
    };
    bed_arguments(argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, close_all);
    frames_finish(NULL);
    return test_exit_code(failed);
}
