/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/contract.h"

#include <math.h>

#include "backend/registry.h"
#include "backend/selftest.h"
#include "backend/validate.h"
#include "base/rng.h"
#include "support/test.h"

enum { N_INPUT = 8 * 8 * 3, N_OUTPUT = 10 }; /* of the self-test's network */

static const MieniLog silent;
static const MieniDeviceOptions options = {.threads = 2, .cpu_mask = UINT64_MAX, .log = &silent};

static const MieniBackend *const *all;
static size_t n_all;

/* Calls `check` for each device of each back end. */
static void for_each_device(void (*check)(const MieniBackend *backend, MieniDevice *device))
{
    for (size_t i = 0; i < n_all; i++)
        for (int32_t k = 0; k < all[i]->count(); k++) {
            MieniDevice *device;
            MienError error = {0};
            if (all[i]->open(k, &options, &device, &error) != MIEN_OK)
                fail_msg("%s: %s", all[i]->name, error.text);
            check(all[i], device);
            all[i]->close(device);
        }
}

static void describes_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_all; i++) {
        MienDeviceInfo info;
        memset(&info, 0, sizeof(info));
        int32_t count = all[i]->count();
        assert_true(count >= 0 && count == all[i]->count());
        all[i]->describe(0, &info);
        assert_true(info.usable == (*info.reason == 0));
        assert_true((*info.reason == 0) == (*info.reason_text == 0));
        if (count == 0)
            assert_false(info.usable);
        else
            assert_true(info.built);
    }
}

static void fill(float *input, uint64_t seed)
{
    for (int i = 0; i < N_INPUT; i++)
        input[i] = mieni_rng_float(&seed, 0, 1);
}

static MieniDevicePlan *make_plan(const MieniBackend *backend, MieniDevice *device)
{
    MieniPlan *plan = mieni_selftest_plan();
    assert_non_null(plan);
    MieniDevicePlan *device_plan;
    MienError error = {0};
    if (mieni_validate_plan_create(backend, device, plan, &device_plan, &error) != MIEN_OK)
        fail_msg("%s: %s", backend->name, error.text);
    mieni_plan_destroy(plan); /* the device's plan must not need it */
    return device_plan;
}

/* A batch gives what single runs give, in order, and the same every time. */
static void check_batch(const MieniBackend *backend, MieniDevice *device)
{
    enum { N = 5 };
    static float inputs[N][N_INPUT], batch[N][N_OUTPUT], single[N][N_OUTPUT];
    MieniDevicePlan *plan = make_plan(backend, device);
    MieniJob jobs[N] = {0};
    for (int i = 0; i < N; i++) {
        fill(inputs[i], (uint64_t)i);
        jobs[i].input = inputs[i];
        jobs[i].outputs[0] = batch[i];
    }
    assert_int_equal(backend->plan_run(plan, N, jobs, NULL), MIEN_OK);
    for (int i = N - 1; i >= 0; i--) {
        MieniJob job = {.input = inputs[i], .outputs = {single[i]}};
        assert_int_equal(backend->plan_run(plan, 1, &job, NULL), MIEN_OK);
    }
    assert_memory_equal(batch, single, sizeof(batch));
    for (int i = 0; i < N * N_OUTPUT; i++)
        assert_true(isfinite(batch[i / N_OUTPUT][i % N_OUTPUT]));
    assert_int_equal(backend->plan_run(plan, 0, jobs, NULL), MIEN_OK);
    backend->plan_destroy(plan);
}

static void batches_equal_single_runs(void **state)
{
    (void)state;
    for_each_device(check_batch);
}

/* Outputs that nobody wants are left alone, and no run allocates. */
static void check_runs(const MieniBackend *backend, MieniDevice *device)
{
    float input[N_INPUT], output[N_OUTPUT];
    fill(input, 1);
    MieniDevicePlan *plan = make_plan(backend, device);
    MieniJob unwanted = {.input = input}, wanted = {.input = input, .outputs = {output}};
    assert_int_equal(backend->plan_run(plan, 1, &unwanted, NULL), MIEN_OK);
    uint64_t before = mieni_alloc_count();
    for (int i = 0; i < 3; i++)
        assert_int_equal(backend->plan_run(plan, 1, &wanted, NULL), MIEN_OK);
    assert_int_equal(mieni_alloc_count(), before);
    backend->plan_destroy(plan);
}

static void runs_allocate_nothing(void **state)
{
    (void)state;
    for_each_device(check_runs);
}

/* Several plans live on one device, and go in any order. */
static void check_several_plans(const MieniBackend *backend, MieniDevice *device)
{
    float input[N_INPUT], first[N_OUTPUT], second[N_OUTPUT];
    fill(input, 3);
    MieniDevicePlan *a = make_plan(backend, device), *b = make_plan(backend, device);
    MieniJob job_a = {.input = input, .outputs = {first}};
    MieniJob job_b = {.input = input, .outputs = {second}};
    assert_int_equal(backend->plan_run(a, 1, &job_a, NULL), MIEN_OK);
    backend->plan_destroy(a);
    assert_int_equal(backend->plan_run(b, 1, &job_b, NULL), MIEN_OK);
    assert_memory_equal(first, second, sizeof(first));
    backend->plan_destroy(b);
    backend->plan_destroy(NULL);
    backend->close(NULL);
}

static void plans_are_independent(void **state)
{
    (void)state;
    for_each_device(check_several_plans);
}

/* The null back end computes nothing, and that must be noticed. */
static void check_selftest(const MieniBackend *backend, MieniDevice *device)
{
    MienError error = {0};
    MieniSelftest result;
    MienStatus status = mieni_selftest(backend, device, backend->name, 3, &result, &error);
    if (backend == &mieni_backend_null) {
        assert_int_equal(status, MIEN_E_DEVICE);
        assert_string_equal(error.reason, "device-computes-garbage");
    } else if (status != MIEN_OK) {
        fail_msg("%s", error.text);
    } else {
        assert_true(result.difference <= MIENI_SELFTEST_TOLERANCE && result.run_ms > 0);
    }
}

static void devices_prove_themselves(void **state)
{
    (void)state;
    for_each_device(check_selftest);
}

/* Breaks a sound plan in one of several ways. */
static void break_plan(MieniPlan *plan, int way)
{
    switch (way) {
    case 0:
        plan->ops[1].inputs[0] = 99;
        break;
    case 1:
        plan->ops[1].residual = plan->n_tensors;
        break;
    case 2:
        plan->ops[2].output = -1;
        break;
    case 3:
        plan->ops[1].kind = MIENI_OP_CROP;
        break;
    default:
        plan->outputs[0] = -1;
        break;
    }
}

static void broken_plans_are_refused(void **state)
{
    (void)state;
    MieniDevice *device;
    assert_int_equal(mieni_backend_null.open(0, &options, &device, NULL), MIEN_OK);
    for (int way = 0; way < 5; way++) {
        MieniPlan *plan = mieni_selftest_plan();
        assert_non_null(plan);
        break_plan(plan, way);
        MieniDevicePlan *made;
        MienError error = {0};
        MienStatus status =
            mieni_validate_plan_create(&mieni_backend_null, device, plan, &made, &error);
        assert_int_equal(status, MIEN_E_INTERNAL);
        assert_null(made);
        assert_true(*error.text);
        mieni_plan_destroy(plan);
    }
    mieni_backend_null.close(device);
}

int contract_check(const MieniBackend *const *backends, size_t n, CMFixtureFunction teardown)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(describes_itself),         cmocka_unit_test(batches_equal_single_runs),
        cmocka_unit_test(runs_allocate_nothing),    cmocka_unit_test(plans_are_independent),
        cmocka_unit_test(devices_prove_themselves), cmocka_unit_test(broken_plans_are_refused),
    };
    all = backends;
    n_all = n;
    return test_exit_code(cmocka_run_group_tests(tests, NULL, teardown));
}
