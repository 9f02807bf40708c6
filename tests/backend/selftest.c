/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that compute right, wrong, slowly, or not at all: each is told apart. */
#include "backend/selftest.h"

#include <math.h>
#include <time.h>

#include "support/test.h"

enum { N_RUNS = 12 }; /* one alone, then one and ten for the time */

/* The CPU, but what a run gives is then changed by `spoil`. */
static void (*spoil)(float *output, int run);
static int n_runs, n_open;
static MienStatus opened;

static MienStatus test_open(int32_t index, const MieniDeviceOptions *options, MieniDevice **device,
                            MienError *error)
{
    *device = NULL;
    if (opened != MIEN_OK)
        return mieni_fail(error, opened, "out-of-memory", "device test: no memory on it");
    n_open++;
    return mieni_backend_cpu.open(index, options, device, error);
}

static void test_close(MieniDevice *device)
{
    n_open -= device != NULL;
    mieni_backend_cpu.close(device);
}

static MienStatus test_run(MieniDevicePlan *plan, size_t n, MieniJob *jobs, MienError *error)
{
    MienStatus status = mieni_backend_cpu.plan_run(plan, n, jobs, error);
    if (status == MIEN_OK && spoil)
        spoil(jobs[0].outputs[0], n_runs);
    n_runs++;
    return status;
}

static MienStatus examine(void (*how)(float *output, int run), MienDeviceTest *test,
                          MienError *error)
{
    MieniBackend backend = mieni_backend_cpu;
    backend.open = test_open;
    backend.close = test_close;
    backend.plan_run = test_run;
    spoil = how;
    n_runs = 0;
    *test = (MienDeviceTest){.run_ms = 0};
    MienStatus status = mieni_selftest_device(&backend, 0, "test:0", test, error);
    assert_int_equal(n_open, 0);
    return status;
}

static void a_right_one_passes(void **state)
{
    (void)state;
    MienDeviceTest test;
    MienError error = {0};
    if (examine(NULL, &test, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    assert_int_equal(n_runs, N_RUNS);
    assert_true(test.difference >= 0 && test.difference <= MIENI_SELFTEST_TOLERANCE);
    assert_true(test.run_ms > 0 && test.run_ms <= test.first_ms);
}

static void last_is_off(float *output, int run)
{
    (void)run;
    output[9] += 0.25F;
}

static void a_wrong_one_is_refused(void **state)
{
    (void)state;
    MienDeviceTest test;
    MienError error = {0};
    assert_int_equal(examine(last_is_off, &test, &error), MIEN_E_DEVICE);
    assert_string_equal(error.reason, "device-computes-garbage");
    assert_non_null(strstr(error.text, "test:0"));
    assert_true(fabs(test.difference - 0.25) < 0.01);
    assert_true(test.run_ms == 0); /* it is not worth the time */
}

static void one_is_no_number(float *output, int run)
{
    (void)run;
    output[3] = NAN;
    output[4] += 1;
}

static void one_without_numbers_is_refused(void **state)
{
    (void)state;
    MienDeviceTest test;
    MienError error = {0};
    assert_int_equal(examine(one_is_no_number, &test, &error), MIEN_E_DEVICE);
    assert_string_equal(error.reason, "device-computes-garbage");
    assert_true(isnan(test.difference));
}

static void later_is_off(float *output, int run)
{
    if (run > 0)
        output[0] -= 1;
}

/* A device that is right once only must not pass either. */
static void one_that_is_right_once_is_refused(void **state)
{
    (void)state;
    MienDeviceTest test;
    MienError error = {0};
    assert_int_equal(examine(later_is_off, &test, &error), MIEN_E_DEVICE);
    assert_true(test.difference > 0.9);
}

static void first_is_slow(float *output, int run)
{
    (void)output;
    nanosleep(&(struct timespec){.tv_nsec = run == 0 ? 60000000 : 3000000}, NULL);
}

static void a_slow_one_is_measured(void **state)
{
    (void)state;
    MienDeviceTest test;
    MienError error = {0};
    assert_int_equal(examine(first_is_slow, &test, &error), MIEN_OK);
    assert_true(test.first_ms >= 60);
    assert_true(test.run_ms >= 3 && test.run_ms < test.first_ms);
}

static void one_that_does_not_open_says_why(void **state)
{
    (void)state;
    MienDeviceTest test;
    MienError error = {0};
    opened = MIEN_E_DEVICE;
    assert_int_equal(examine(NULL, &test, &error), MIEN_E_DEVICE);
    opened = MIEN_OK;
    assert_string_equal(error.reason, "out-of-memory");
    assert_int_equal(n_runs, 0);
}

/* The public call, on what every machine has. */
static void the_cpu_passes(void **state)
{
    (void)state;
    MienDeviceTest test;
    MienError error = {0};
    assert_int_equal(mien_device_test("cpu", sizeof(test), &test, &error), MIEN_OK);
    assert_true(test.first_ms > 0 && test.run_ms > 0);
    assert_int_equal(mien_device_test("gpu", sizeof(test), &test, &error), MIEN_E_ARGUMENT);
    assert_string_equal(error.reason, "no-such-device");
    assert_int_equal(mien_device_test(NULL, sizeof(test), &test, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_device_test("cpu", 1, &test, &error), MIEN_E_ARGUMENT);
    assert_int_equal(mien_device_test("cpu", sizeof(test), NULL, NULL), MIEN_E_ARGUMENT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_one_passes),
        cmocka_unit_test(a_wrong_one_is_refused),
        cmocka_unit_test(one_without_numbers_is_refused),
        cmocka_unit_test(one_that_is_right_once_is_refused),
        cmocka_unit_test(a_slow_one_is_measured),
        cmocka_unit_test(one_that_does_not_open_says_why),
        cmocka_unit_test(the_cpu_passes),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
