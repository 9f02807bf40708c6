/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/selftest.h"

#include <math.h>
#include <time.h>

#include "base/arena.h"
#include "base/rng.h"

enum { SIDE = 8, CHANNELS = 8, OUTPUTS = 10, N_TIMED = 10 };

/* Seeded numbers of a size at which sums neither vanish nor grow. */
static const float *random_floats(MieniPlan *plan, uint64_t *seed, size_t n)
{
    float *data = mieni_arena_alloc(plan->arena, n, sizeof(*data));
    for (size_t i = 0; i < n && data; i++)
        data[i] = mieni_rng_float(seed, -0.5, 0.5);
    return data;
}

static MieniOp make_op(MieniOpKind kind, const char *name, int32_t input, int32_t output,
                       MieniConvShape shape)
{
    return (MieniOp){.kind = kind,
                     .name = name,
                     .n_inputs = 1,
                     .inputs = {input},
                     .residual = -1,
                     .output = output,
                     .shape = shape};
}

/* A stride-2 convolution, a block with depthwise, residual and PReLU, and a fully connected layer.
 */
static bool fill_plan(MieniPlan *plan)
{
    static const MieniTensor tensors[] = {{.name = "input",
                                           .height = SIDE,
                                           .width = SIDE,
                                           .channels = 3,
                                           .border = 1,
                                           .first = -1,
                                           .last = 0},
                                          {.name = "stem",
                                           .height = SIDE / 2,
                                           .width = SIDE / 2,
                                           .channels = CHANNELS,
                                           .border = 1,
                                           .first = 0,
                                           .last = 1},
                                          {.name = "block",
                                           .height = SIDE / 2,
                                           .width = SIDE / 2,
                                           .channels = CHANNELS,
                                           .first = 1,
                                           .last = 2},
                                          {.name = "output",
                                           .height = 1,
                                           .width = 1,
                                           .channels = OUTPUTS,
                                           .tight = true,
                                           .first = 2,
                                           .last = 3}};
    plan->n_tensors = MIENI_COUNT_OF(tensors);
    plan->tensors = mieni_alloc(MIENI_COUNT_OF(tensors), sizeof(*tensors));
    plan->ops = mieni_alloc(3, sizeof(*plan->ops));
    plan->arena = mieni_arena_create();
    if (!plan->tensors || !plan->ops || !plan->arena)
        return false;
    memcpy(plan->tensors, tensors, sizeof(tensors));
    for (int32_t i = 0; i < plan->n_tensors; i++)
        plan->tensors[i].parent = -1;
    plan->n_outputs = 1;
    plan->outputs[0] = 3;
    plan->n_ops = 3;
    plan->ops[0] = make_op(MIENI_OP_CONV, "stem", 0, 1,
                           (MieniConvShape){.in_height = SIDE,
                                            .in_width = SIDE,
                                            .in_channels = 3,
                                            .out_height = SIDE / 2,
                                            .out_width = SIDE / 2,
                                            .out_channels = CHANNELS,
                                            .kernel_height = 3,
                                            .kernel_width = 3,
                                            .stride = 2,
                                            .activation = MIENI_ACTIVATION_RELU});
    plan->ops[1] = make_op(MIENI_OP_DEPTHWISE_POINTWISE, "block", 1, 2,
                           (MieniConvShape){.in_height = SIDE / 2,
                                            .in_width = SIDE / 2,
                                            .in_channels = CHANNELS,
                                            .out_height = SIDE / 2,
                                            .out_width = SIDE / 2,
                                            .out_channels = CHANNELS,
                                            .kernel_height = 3,
                                            .kernel_width = 3,
                                            .stride = 1,
                                            .pad_top = 1,
                                            .pad_left = 1,
                                            .activation = MIENI_ACTIVATION_PRELU,
                                            .residual = MIENI_RESIDUAL_ADD,
                                            .residual_channels = CHANNELS});
    plan->ops[1].residual = 1;
    plan->ops[2] = make_op(MIENI_OP_FULLY_CONNECTED, "output", 2, 3,
                           (MieniConvShape){.in_height = SIDE / 2,
                                            .in_width = SIDE / 2,
                                            .in_channels = CHANNELS,
                                            .out_height = 1,
                                            .out_width = 1,
                                            .out_channels = OUTPUTS,
                                            .kernel_height = SIDE / 2,
                                            .kernel_width = SIDE / 2,
                                            .stride = SIDE / 2});
    uint64_t seed = 7;
    plan->ops[0].weights = (MieniConvWeights){.weights = random_floats(plan, &seed, CHANNELS * 27),
                                              .bias = random_floats(plan, &seed, CHANNELS)};
    plan->ops[1].weights =
        (MieniConvWeights){.depthwise = random_floats(plan, &seed, 9 * CHANNELS),
                           .depthwise_bias = random_floats(plan, &seed, CHANNELS),
                           .weights = random_floats(plan, &seed, CHANNELS * CHANNELS),
                           .bias = random_floats(plan, &seed, CHANNELS),
                           .slope = random_floats(plan, &seed, CHANNELS)};
    plan->ops[2].weights =
        (MieniConvWeights){.weights = random_floats(plan, &seed, OUTPUTS * 16 * CHANNELS),
                           .bias = random_floats(plan, &seed, OUTPUTS)};
    for (int i = 0; i < 3; i++)
        if (!plan->ops[i].weights.weights || !plan->ops[i].weights.bias)
            return false;
    return plan->ops[1].weights.depthwise && plan->ops[1].weights.depthwise_bias &&
           plan->ops[1].weights.slope;
}

MieniPlan *mieni_selftest_plan(void)
{
    MieniPlan *plan = mieni_alloc(1, sizeof(*plan));
    if (plan && !fill_plan(plan)) {
        mieni_plan_destroy(plan);
        return NULL;
    }
    return plan;
}

static MienStatus run_plan(const MieniBackend *backend, MieniDevicePlan *plan, float out[OUTPUTS],
                           MienError *error)
{
    float input[SIDE * SIDE * 3];
    uint64_t seed = 8;
    for (size_t i = 0; i < MIENI_COUNT_OF(input); i++)
        input[i] = mieni_rng_float(&seed, 0, 1);
    MieniJob job = {.input = input, .outputs = {out}};
    return backend->plan_run(plan, 1, &job, error);
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

/* Runs once for the numbers, and n_timed more times for the shortest time. */
static MienStatus run(const MieniBackend *backend, MieniDevice *device, const MieniPlan *plan,
                      int n_timed, float out[OUTPUTS], double *run_ms, MienError *error)
{
    MieniDevicePlan *device_plan;
    MienStatus status = backend->plan_create(device, plan, &device_plan, error);
    if (status != MIEN_OK)
        return status;
    status = run_plan(backend, device_plan, out, error);
    for (int i = 0; i < n_timed && status == MIEN_OK; i++) {
        float ignored[OUTPUTS];
        double begin = now_ms();
        status = run_plan(backend, device_plan, ignored, error);
        double took = now_ms() - begin;
        *run_ms = i == 0 ? took : MIENI_MIN(*run_ms, took);
    }
    backend->plan_destroy(device_plan);
    return status;
}

static MienStatus run_reference(const MieniPlan *plan, float out[OUTPUTS], MienError *error)
{
    static const MieniLog silent = {0};
    const MieniDeviceOptions options = {.threads = 1, .cpu_mask = 0, .log = &silent};
    MieniDevice *device;
    MienStatus status = mieni_backend_cpu.open(0, &options, &device, error);
    if (status == MIEN_OK)
        status = run(&mieni_backend_cpu, device, plan, 0, out, NULL, error);
    mieni_backend_cpu.close(device);
    return status;
}

MienStatus mieni_selftest(const MieniBackend *backend, MieniDevice *device, const char *id,
                          int n_timed, MieniSelftest *result, MienError *error)
{
    float got[OUTPUTS] = {0}, want[OUTPUTS] = {0};
    *result = (MieniSelftest){.run_ms = 0};
    MieniPlan *plan = mieni_selftest_plan();
    if (!plan)
        return mieni_fail_nomem(error);
    MienStatus status = run_reference(plan, want, error);
    if (status == MIEN_OK)
        status = run(backend, device, plan, n_timed, got, &result->run_ms, error);
    mieni_plan_destroy(plan);
    int worst = 0;
    for (int i = 0; i < OUTPUTS && status == MIEN_OK; i++) {
        double off = fabs((double)got[i] - (double)want[i]);
        if (!(off <= result->difference)) { /* NaN too, and then it stays */
            result->difference = off;
            worst = i;
        }
        if (isnan(off))
            break;
    }
    bool half = mieni_device_precision(backend, device) == MIEN_PRECISION_FP16;
    double tolerance = half ? MIENI_SELFTEST_TOLERANCE_FP16 : MIENI_SELFTEST_TOLERANCE;
    if (status == MIEN_OK && !(result->difference <= tolerance))
        return mieni_fail(error, MIEN_E_DEVICE, "device-computes-garbage",
                          "device %s: its self-test gave %g where %g is right; the driver or "
                          "the device is faulty",
                          id, (double)got[worst], (double)want[worst]);
    return status;
}

MienStatus mieni_selftest_device(const MieniBackend *backend, int32_t index, const char *id,
                                 MienDeviceTest *test, MienError *error)
{
    static const MieniLog silent = {0};
    const MieniDeviceOptions options = {.threads = 1, .cpu_mask = UINT64_MAX, .log = &silent};
    MieniSelftest result = {.run_ms = 0};
    double begin = now_ms();
    MieniDevice *device;
    MienStatus status = backend->open(index, &options, &device, error);
    if (status != MIEN_OK) {
        backend->close(device);
        return status;
    }
    status = mieni_selftest(backend, device, id, 0, &result, error);
    test->first_ms = now_ms() - begin;
    if (status == MIEN_OK)
        status = mieni_selftest(backend, device, id, N_TIMED, &result, error);
    test->difference = result.difference;
    test->run_ms = result.run_ms;
    backend->close(device);
    return status;
}
