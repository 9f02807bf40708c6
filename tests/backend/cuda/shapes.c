/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small networks of every convolution-like operation on seeded random shapes, for one face and for
 * many: in fp32 bit for bit what the CPU's fused kernels give, in fp16 near it, with matrix
 * instructions and without. The stand-in driver checks every access to memory.
 */
#include <math.h>

#include "backend/cuda/sim.h"
#include "base/rng.h"
#include "cpu/flags.h"

enum { N_OPS = 6, MAX_OPS = 15, MAX_JOBS = 4096, ROUNDS = 6 };

static const MieniLog silent;
static uint64_t seed = 5;
static int n_different; /* runs in fp16 whose results are not those of fp32 */

static int32_t between(int32_t low, int32_t high)
{
    return low + (int32_t)(mieni_rng_next(&seed) % (uint64_t)(high - low + 1));
}

/* A plan made by hand. */
typedef struct Net {
    MieniPlan plan;
    MieniTensor tensors[MAX_OPS + 1]; /* the input, then one of each operation */
    MieniOp ops[MAX_OPS];
    void *blocks[6 * MAX_OPS];
    int n_blocks;
    int32_t channels; /* of every output; the kernels are 3x3 then, one with a stride. 0: any */
} Net;

static float *random_floats(Net *net, size_t n, float low, float high)
{
    float *data = calloc(n, sizeof(*data));
    assert_non_null(data);
    net->blocks[net->n_blocks++] = data;
    for (size_t i = 0; i < n; i++)
        data[i] = mieni_rng_float(&seed, low, high);
    return data;
}

static int32_t random_channels(void)
{
    static const int32_t some[] = {1, 3, 6, 8, 15, 16, 17, 28, 33, 42, 64};
    return some[between(0, (int32_t)MIENI_COUNT_OF(some) - 1)];
}

static MieniTensor *add_tensor(Net *net, int32_t height, int32_t width, int32_t channels)
{
    int32_t i = net->plan.n_tensors++;
    net->tensors[i] = (MieniTensor){.name = "tensor",
                                    .height = height,
                                    .width = width,
                                    .channels = channels,
                                    .parent = -1,
                                    .border = 8,
                                    .first = i - 1,
                                    .last = MAX_OPS}; /* readers and residuals */
    return &net->tensors[i];
}

static void set_weights(Net *net, MieniOp *op)
{
    const MieniConvShape *shape = &op->shape;
    size_t n = (size_t)shape->out_channels, in = (size_t)shape->in_channels, k = in;
    size_t taps = (size_t)shape->kernel_height * (size_t)shape->kernel_width;
    bool depthwise = op->kind == MIENI_OP_DEPTHWISE || op->kind == MIENI_OP_DEPTHWISE_POINTWISE;
    if (op->kind == MIENI_OP_CONV || op->kind == MIENI_OP_FULLY_CONNECTED)
        k *= taps;
    float size = 1 / sqrtf((float)k);
    if (op->kind != MIENI_OP_DEPTHWISE)
        op->weights.weights = random_floats(net, n * k, -size, size);
    if (depthwise)
        op->weights.depthwise = random_floats(net, taps * in, -0.5f, 0.5f);
    if (op->kind == MIENI_OP_DEPTHWISE_POINTWISE)
        op->weights.depthwise_bias = random_floats(net, in, -0.5f, 0.5f);
    op->weights.bias = random_floats(net, n, -0.5f, 0.5f);
    if (shape->activation == MIENI_ACTIVATION_PRELU)
        op->weights.slope = random_floats(net, n, -1, 1);
}

/* Same size, or half of it behind a stride of two; some have a residual. Returns the tensor that it
 * makes from another. */
static int32_t add_op(Net *net, MieniOpKind kind, int32_t from)
{
    int32_t index = net->plan.n_ops++;
    const MieniTensor in = net->tensors[from];
    MieniOp *op = &net->ops[index];
    bool all = kind == MIENI_OP_FULLY_CONNECTED, alone = kind == MIENI_OP_POINTWISE;
    int32_t kernel = alone ? 1 : 1 + 2 * between(0, 2), stride = alone || all ? 1 : between(1, 2);
    if (net->channels && !alone) {
        kernel = 3;
        stride = index == N_OPS - 2 ? 2 : 1;
    }
    int32_t pad = stride == 1 ? kernel / 2 : between(0, kernel / 2);
    *op = (MieniOp){.kind = kind,
                    .name = "operation",
                    .n_inputs = 1,
                    .inputs = {from},
                    .residual = -1,
                    .output = index + 1};
    op->shape = (MieniConvShape){
        .in_height = in.height,
        .in_width = in.width,
        .in_channels = in.channels,
        .out_height = all ? 1 : (in.height + stride - 1) / stride,
        .out_width = all ? 1 : (in.width + stride - 1) / stride,
        .out_channels = kind == MIENI_OP_DEPTHWISE ? in.channels
                        : net->channels            ? net->channels
                                                   : random_channels(),
        .kernel_height = all ? in.height : kernel,
        .kernel_width = all ? in.width : kernel,
        .stride = stride,
        .pad_top = all ? 0 : pad,
        .pad_left = all ? 0 : pad,
        /* a sigmoid may round another way than the CPU's */
        .activation = (MieniActivation)between(MIENI_ACTIVATION_NONE, MIENI_ACTIVATION_PRELU)};
    if (!all && in.channels <= op->shape.out_channels && between(0, 2) > 0) {
        op->shape.residual = stride == 1 ? MIENI_RESIDUAL_ADD : MIENI_RESIDUAL_MAXPOOL;
        op->shape.residual_channels = in.channels;
        op->residual = from;
    }
    add_tensor(net, op->shape.out_height, op->shape.out_width, op->shape.out_channels);
    set_weights(net, op);
    return index + 1;
}

static void begin_net(Net *net, int32_t channels)
{
    memset(net, 0, sizeof(*net));
    net->plan.tensors = net->tensors;
    net->plan.ops = net->ops;
    net->channels = channels;
}

static void add_output(Net *net, int32_t tensor)
{
    net->tensors[tensor].tight = true;
    net->plan.outputs[net->plan.n_outputs++] = tensor;
}

/* Each operation reads what the one before it wrote. `height` 0: any size, any channels. */
static void make_net(Net *net, int32_t height, int32_t width, int32_t channels)
{
    static const MieniOpKind kinds[N_OPS] = {
        MIENI_OP_CONV,      MIENI_OP_DEPTHWISE_POINTWISE, MIENI_OP_POINTWISE,
        MIENI_OP_DEPTHWISE, MIENI_OP_DEPTHWISE_POINTWISE, MIENI_OP_FULLY_CONNECTED};
    begin_net(net, channels);
    if (height)
        add_tensor(net, height, width, 3);
    else
        add_tensor(net, between(3, 14), between(3, 14), random_channels());
    for (int i = 0; i < N_OPS; i++)
        add_op(net, kinds[i], i);
    add_output(net, N_OPS);
}

/* Three branches, of which the first has two ends, and the second smaller planes than the others.
 */
static void make_branches(Net *net)
{
    int32_t middle[3];
    begin_net(net, 24);
    add_tensor(net, 16, 16, 3);
    int32_t trunk = add_op(net, MIENI_OP_CONV, 0);
    for (int i = 0; i < 3; i++) {
        middle[i] = add_op(net, MIENI_OP_DEPTHWISE_POINTWISE, trunk);
        middle[i] = add_op(net, MIENI_OP_DEPTHWISE_POINTWISE, middle[i]);
    }
    for (int i = 0; i < 4; i++) {
        net->channels = 24;
        int32_t last = add_op(net, MIENI_OP_POINTWISE, middle[MIENI_MAX(i - 1, 0)]);
        net->channels = 1 + 3 * i;
        add_output(net, add_op(net, MIENI_OP_FULLY_CONNECTED, last));
    }
}

static size_t floats_of(const MieniTensor *tensor)
{
    return (size_t)tensor->height * (size_t)tensor->width * (size_t)tensor->channels;
}

static size_t floats_out(const Net *net)
{
    size_t n = 0;
    for (int32_t i = 0; i < net->plan.n_outputs; i++)
        n += floats_of(&net->tensors[net->plan.outputs[i]]);
    return n;
}

/* Runs n jobs on a device that is opened for it. */
static void run(const MieniBackend *backend, MienPrecision precision, const Net *net, size_t n,
                const float *inputs, float *outputs)
{
    MieniDeviceOptions options = {
        .threads = 1, .cpu_mask = UINT64_MAX, .precision = precision, .log = &silent};
    MieniDevice *device;
    MieniDevicePlan *plan;
    MienError error = {.reason = ""};
    static MieniJob jobs[MAX_JOBS];
    if (backend->open(0, &options, &device, &error) != MIEN_OK ||
        backend->plan_create(device, &net->plan, &plan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    memset(jobs, 0, sizeof(jobs));
    for (size_t i = 0; i < n; i++) {
        jobs[i].input = inputs + i * floats_of(&net->tensors[0]);
        for (int32_t k = 0; k < net->plan.n_outputs; k++) {
            jobs[i].outputs[k] = outputs;
            outputs += floats_of(&net->tensors[net->plan.outputs[k]]);
        }
    }
    for (size_t done = 0; done < n;) {
        size_t most = MIENI_MIN(n - done, backend == &mieni_backend_cpu ? 1 : n);
        if (backend->plan_run(plan, most, jobs + done, &error) != MIEN_OK)
            fail_msg("%s", error.text);
        done += most;
    }
    backend->plan_destroy(plan);
    backend->close(device);
}

static void compare(const char *what, const float *got, const float *want, size_t n, bool exact)
{
    /* Without fused multiply-adds the CPU is only near. */
    if (exact && (mieni_cpu_flags() & (MIENI_CPU_AVX2 | MIENI_CPU_NEON)))
        assert_memory_equal(got, want, n * sizeof(*got));
    else
        test_compare_floats(what, got, want, n, exact ? 1e-4 : 1e-2, exact ? 1e-5 : 5e-3);
}

/* On the CPU and on devices, from this one on, in both precisions, with matrix instructions and
 * without. */
static void check_net(Net *net, const char *name, size_t n, const char *first_device)
{
    char what[64];
    size_t n_in = n * floats_of(&net->tensors[0]), n_out = n * floats_out(net);
    float *inputs = random_floats(net, n_in, -1, 1);
    float *want = calloc(n_out, sizeof(*want)), *got = calloc(n_out, sizeof(*got));
    assert_true(want && got);
    run(&mieni_backend_cpu, MIEN_PRECISION_FP32, net, n, inputs, want);
    static const char *const devices[] = {"5.3", "8.6", "9.0"};
    for (size_t i = 0; i < MIENI_COUNT_OF(devices); i++) {
        if (strcmp(devices[i], first_device) < 0)
            continue;
        setenv("MIEN_SIM_CC", devices[i], 1);
        if (i > 0) {
            run(&mieni_backend_cuda, MIEN_PRECISION_FP32, net, n, inputs, got);
            snprintf(what, sizeof(what), "%s, %zu faces, fp32 on %s", name, n, devices[i]);
            compare(what, got, want, n_out, true);
        }
        run(&mieni_backend_cuda, MIEN_PRECISION_FP16, net, n, inputs, got);
        snprintf(what, sizeof(what), "%s, %zu faces, fp16 on %s", name, n, devices[i]);
        compare(what, got, want, n_out, false);
        n_different += memcmp(got, want, n_out * sizeof(*got)) != 0;
    }
    unsetenv("MIEN_SIM_CC");
    free(want);
    free(got);
    for (int i = 0; i < net->n_blocks; i++)
        free(net->blocks[i]);
}

static void random_networks_equal_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    for (int round = 0; round < ROUNDS; round++) {
        Net net;
        char name[32];
        snprintf(name, sizeof(name), "round %d", round);
        make_net(&net, 0, 0, 0);
        check_net(&net, name, round % 3 == 2 ? 20 : (size_t)between(1, 4), "5.3");
    }
    assert_true(n_different > ROUNDS);
}

/* What many faces are cut into: tiles of several rows a thread, several launches, graphs of a full
 * launch, and what is left. */
static void batches_equal_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    static const struct {
        size_t n;
        int32_t height, width, channels;
        const char *multiprocessors; /* of the device: how much is enough work for it */
        bool every_access;
        const char *first_device;
    } cases[] = {{9, 24, 24, 16, "1", true, "5.3"},
                 {64, 16, 12, 40, "2", false, "5.3"},
                 {257, 8, 8, 24, "28", false, "5.3"},
                 {513, 4, 4, 8, "28", false, "8.6"},
                 {4096, 4, 4, 8, "28", false, "9.0"}};
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        Net net;
        setenv("MIEN_SIM_CHECK", cases[i].every_access ? "1" : "0", 1);
        setenv("MIEN_SIM_SMS", cases[i].multiprocessors, 1);
        make_net(&net, cases[i].height, cases[i].width, cases[i].channels);
        check_net(&net, "batch", cases[i].n, cases[i].first_device);
    }
    unsetenv("MIEN_SIM_CHECK");
    unsetenv("MIEN_SIM_SMS");
}

/* Where there is little memory a launch has fewer faces; results are the same. */
static void little_memory_is_enough(void **state)
{
    (void)state;
    sim_need_cuda();
    if (!sim_counters())
        test_skip("the driver is a real one");
    Net net;
    setenv("MIEN_SIM_CHECK", "0", 1);
    setenv("MIEN_SIM_FREE", "2", 1);
    make_net(&net, 8, 8, 24);
    check_net(&net, "2 MB", 64, "5.3");
    unsetenv("MIEN_SIM_FREE");
    unsetenv("MIEN_SIM_CHECK");
}

/* Small layers are one launch for a few faces where blocks can wait for each other. */
static void chains_save_launches(void **state)
{
    (void)state;
    const SimCounts *counts = sim_need_stand_in();
    /* Input; convolution, block and pointwise; depthwise; block and last layer; output. Of these
     * only the last two are small enough for one block. */
    static const struct {
        const char *capability;
        size_t n;
        uint64_t launches;
    } cases[] = {{"8.6", 2, 7}, {"9.0", 2, 5}, {"9.0", 9, 2 + N_OPS}};
    Net net;
    setenv("MIEN_SIM_CHECK", "0", 1);
    make_net(&net, 32, 32, 16);
    float *inputs = random_floats(&net, 9 * floats_of(&net.tensors[0]), -1, 1);
    float *outputs = random_floats(&net, 9 * floats_of(&net.tensors[N_OPS]), 0, 0);
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        SimCounts before = *counts;
        setenv("MIEN_SIM_CC", cases[i].capability, 1);
        run(&mieni_backend_cuda, MIEN_PRECISION_FP32, &net, cases[i].n, inputs, outputs);
        assert_int_equal(counts->launches - before.launches, cases[i].launches);
        /* What is recorded may overlap, where that is known. */
        bool overlaps = cases[i].capability[0] == '9' && cases[i].n <= 8;
        assert_int_equal(counts->overlaps - before.overlaps, overlaps ? cases[i].launches : 0);
    }
    /* A driver that does not record overlapping launches. */
    float *again = random_floats(&net, 2 * floats_of(&net.tensors[N_OPS]), 0, 0);
    SimCounts before = *counts;
    setenv("MIEN_SIM_CC", "9.0", 1);
    setenv("MIEN_SIM_FAIL", "cuLaunchKernelEx:2:1", 1);
    run(&mieni_backend_cuda, MIEN_PRECISION_FP32, &net, 2, inputs, again);
    unsetenv("MIEN_SIM_FAIL");
    assert_int_equal(counts->launches - before.launches, 5);
    assert_int_equal(counts->overlaps - before.overlaps, 1);
    run(&mieni_backend_cuda, MIEN_PRECISION_FP32, &net, 2, inputs, outputs);
    assert_memory_equal(again, outputs, 2 * floats_of(&net.tensors[N_OPS]) * sizeof(float));
    unsetenv("MIEN_SIM_CC");
    unsetenv("MIEN_SIM_CHECK");
    for (int i = 0; i < net.n_blocks; i++)
        free(net.blocks[i]);
}

/* A step of a chain whose rows do not fit into shared memory at once: blocks take some, and then
 * the next ones. Every access is checked. */
static void chains_take_turns_in_shared_memory(void **state)
{
    (void)state;
    sim_need_cuda();
    const SimCounts *counts = sim_counters();
    static const struct {
        int32_t height, width, channels;
        const char *device;
        MienPrecision precision;
    } cases[] = {
        {14, 14, 6, "5.3", MIEN_PRECISION_FP16},
        {14, 14, 6, "8.6", MIEN_PRECISION_FP32},
        {18, 17, 1, "8.6", MIEN_PRECISION_FP16},
        {50, 50, 8, "9.0", MIEN_PRECISION_FP16},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        Net net;
        begin_net(&net, cases[i].channels);
        add_tensor(&net, cases[i].height, cases[i].width, 64);
        add_op(&net, MIENI_OP_DEPTHWISE_POINTWISE, 0);
        add_output(&net, add_op(&net, MIENI_OP_POINTWISE, 1));
        size_t n_out = floats_out(&net);
        float *input = random_floats(&net, floats_of(&net.tensors[0]), -1, 1);
        float *want = random_floats(&net, n_out, 0, 0), *got = random_floats(&net, n_out, 0, 0);
        run(&mieni_backend_cpu, MIEN_PRECISION_FP32, &net, 1, input, want);
        setenv("MIEN_SIM_CC", cases[i].device, 1);
        uint64_t before = counts ? counts->launches : 0;
        run(&mieni_backend_cuda, cases[i].precision, &net, 1, input, got);
        unsetenv("MIEN_SIM_CC");
        if (counts) /* input, chain, output */
            assert_int_equal(counts->launches - before, 3);
        compare("turns", got, want, n_out, cases[i].precision == MIEN_PRECISION_FP32);
        for (int k = 0; k < net.n_blocks; k++)
            free(net.blocks[k]);
    }
}

/* A last layer of many weights, whose input is longer than a block has threads. */
static void last_layers_equal_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    for (size_t n = 1; n <= 9; n += 4) {
        Net net;
        begin_net(&net, 133);
        add_tensor(&net, 5, 7, 40);
        add_output(&net, add_op(&net, MIENI_OP_FULLY_CONNECTED, 0));
        check_net(&net, "last layer", n, "5.3");
    }
}

/* Branches are one launch, step by step or all of their steps; results are those of the CPU. */
static void branches_save_launches(void **state)
{
    (void)state;
    sim_need_cuda();
    const SimCounts *counts = sim_counters();
    Net net;
    make_branches(&net);
    /* Input; convolution; both steps of the branches; the ends, which are small; outputs. */
    static const struct {
        const char *capability;
        size_t n;
        uint64_t launches;
    } cases[] = {{"8.6", 2, 6}, {"9.0", 2, 5}, {"9.0", 9, 1 + MAX_OPS + 4}};
    float *inputs = random_floats(&net, 9 * floats_of(&net.tensors[0]), -1, 1);
    float *outputs = random_floats(&net, 9 * floats_out(&net), 0, 0);
    setenv("MIEN_SIM_CHECK", "0", 1);
    for (size_t i = 0; counts && i < MIENI_COUNT_OF(cases); i++) {
        uint64_t before = counts->launches;
        setenv("MIEN_SIM_CC", cases[i].capability, 1);
        run(&mieni_backend_cuda, MIEN_PRECISION_FP32, &net, cases[i].n, inputs, outputs);
        assert_int_equal(counts->launches - before, cases[i].launches);
    }
    unsetenv("MIEN_SIM_CC");
    unsetenv("MIEN_SIM_CHECK");
    check_net(&net, "branches", 1, "5.3");
}

/* What `auto` takes goes with the device. */
static void auto_takes_what_is_faster(void **state)
{
    (void)state;
    sim_need_cuda();
    if (!sim_counters())
        test_skip("the driver is a real one");
    static const struct {
        const char *capability;
        MienPrecision precision;
    } cases[] = {{"5.3", MIEN_PRECISION_FP16}, {"6.0", MIEN_PRECISION_FP16},
                 {"6.1", MIEN_PRECISION_FP32}, {"6.2", MIEN_PRECISION_FP16},
                 {"7.0", MIEN_PRECISION_FP16}, {"9.0", MIEN_PRECISION_FP16}};
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        MieniDeviceOptions options = {.precision = MIEN_PRECISION_AUTO, .log = &silent};
        MieniDevice *device;
        MienError error = {.reason = ""};
        setenv("MIEN_SIM_CC", cases[i].capability, 1);
        if (mieni_backend_cuda.open(0, &options, &device, &error) != MIEN_OK)
            fail_msg("%s", error.text);
        assert_int_equal(mieni_device_precision(&mieni_backend_cuda, device), cases[i].precision);
        mieni_backend_cuda.close(device);
    }
    unsetenv("MIEN_SIM_CC");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_networks_equal_the_cpu),
        cmocka_unit_test(batches_equal_the_cpu),
        cmocka_unit_test(little_memory_is_enough),
        cmocka_unit_test(chains_save_launches),
        cmocka_unit_test(chains_take_turns_in_shared_memory),
        cmocka_unit_test(last_layers_equal_the_cpu),
        cmocka_unit_test(branches_save_launches),
        cmocka_unit_test(auto_takes_what_is_faster),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
