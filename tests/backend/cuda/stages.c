/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders that stand at the end of a plan. The stand-in driver checks every access to memory.
 */
#include "backend/cuda/sim.h"
#include "backend/decoders.h"

/* On a device that is opened for it. */
static void run(const MieniBackend *backend, const MieniPlan *plan, size_t n, MieniJob *jobs)
{
    static const MieniLog silent;
    const MieniDeviceOptions options = {.threads = 1, .cpu_mask = UINT64_MAX, .log = &silent};
    MieniDevice *device = NULL;
    MieniDevicePlan *device_plan = NULL;
    MienError error = {.reason = ""};
    if (backend->open(0, &options, &device, &error) != MIEN_OK ||
        backend->plan_create(device, plan, &device_plan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    assert_int_equal(backend->plan_run(device_plan, n, jobs, NULL), MIEN_OK);
    backend->plan_destroy(device_plan);
    backend->close(device);
}

static void run_cpu(const MieniPlan *plan, size_t n, MieniJob *jobs)
{
    run(&mieni_backend_cpu, plan, n, jobs);
}

static void run_cuda(const MieniPlan *plan, size_t n, MieniJob *jobs)
{
    run(&mieni_backend_cuda, plan, n, jobs);
}

static void boxes_equal_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    decoders_check_boxes(run_cpu, run_cuda);
}

static void landmarks_equal_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    decoders_check_landmarks(run_cpu, run_cuda);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(boxes_equal_the_cpu),
                                              cmocka_unit_test(landmarks_equal_the_cpu)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
