/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of 1 to 1024 jobs: each gives what the CPU gives, and the same bits whatever goes with
 * it, however little the device can dispatch, see, or hold at a time.
 */
#include "backend/vulkan/vulkan.h"

#include "backend/selftest.h"
#include "backend/vulkan/bed.h"
#include "base/rng.h"
#include "engine/engine_private.h"
#include "engine/fixture.h"

enum { N_MOST = 1024, N_INPUT = 8 * 8 * 3, N_OUTPUT = 10 }; /* of the self-test's network */

static float inputs[N_MOST * N_INPUT], want[N_MOST * N_OUTPUT], got[N_MOST * N_OUTPUT];

static void fill(float *values, size_t n)
{
    uint64_t seed = 3;
    for (size_t i = 0; i < n; i++)
        values[i] = mieni_rng_float(&seed, -1, 1);
}

/* A plan on the test bed, with these bounds for what comes out. */
static void check_numbers(const Bed *bed, double absolute, double relative)
{
    static const size_t numbers[] = {1024, 1, 2, 9, 33, 257};
    fill(inputs, N_MOST * N_INPUT);
    bed_run(bed, false, N_MOST, inputs, got);
    for (size_t i = 0; i < MIENI_COUNT_OF(numbers); i++) {
        size_t n = numbers[i];
        bed_run(bed, true, n, inputs, i == 0 ? want : got);
        if (i == 0)
            test_compare_floats("1024 jobs", want, got, N_MOST * N_OUTPUT, absolute, relative);
        else
            assert_memory_equal(got, want, n * N_OUTPUT * sizeof(float));
    }
    assert_int_equal(bed->vulkan->max_batch, 1024);
}

static void every_number_of_jobs(void **state)
{
    (void)state;
    bed_open();
    MieniPlan *plan = mieni_selftest_plan();
    Bed bed = bed_put(plan);
    check_numbers(&bed, PARITY_ABSOLUTE, PARITY_RELATIVE);
    bed_drop(&bed);
    mieni_plan_destroy(plan);
}

static void every_number_of_jobs_in_halves(void **state)
{
    (void)state;
    static const MieniLog silent;
    const MieniDeviceOptions options = {.precision = MIEN_PRECISION_FP16, .log = &silent};
    MieniDevice *half;
    bed_open();
    assert_int_equal(mieni_backend_vulkan.open(bed_index(), &options, &half, NULL), MIEN_OK);
    if (half->precision == MIEN_PRECISION_FP16) {
        MieniPlan *plan = mieni_selftest_plan();
        Bed bed = bed_put(plan);
        mieni_backend_vulkan.plan_destroy(bed.vulkan);
        assert_int_equal(mieni_backend_vulkan.plan_create(half, plan, &bed.vulkan, NULL), MIEN_OK);
        check_numbers(&bed, 0.02, 4e-3);
        bed_drop(&bed);
        bed = bed_put(plan);
        bed_run(&bed, true, 1, inputs, got);
        assert_memory_not_equal(got, want, N_OUTPUT * sizeof(float));
        bed_drop(&bed);
        mieni_plan_destroy(plan);
    }
    mieni_backend_vulkan.close(half);
}

/* As above, on a device that claims to be smaller. The bits are those of the device as it is. */
static void check_limits(VkDeviceSize max_buffer_bytes, uint32_t max_groups, size_t n)
{
    bed_open();
    MieniDevice *device = bed_device();
    MieniPlan *plan = mieni_selftest_plan();
    Bed bed = bed_put(plan);
    fill(inputs, N_MOST * N_INPUT);
    bed_run(&bed, true, n, inputs, want);
    bed_drop(&bed);
    const VkPhysicalDeviceLimits limits = device->limits;
    VkDeviceSize bytes = device->max_buffer_bytes;
    device->max_buffer_bytes = max_buffer_bytes;
    for (int i = 0; i < 3; i++)
        device->limits.maxComputeWorkGroupCount[i] = max_groups;
    bed = bed_put(plan);
    assert_true((size_t)bed.vulkan->max_batch < n);
    memset(got, 0, sizeof(got));
    bed_run(&bed, true, n, inputs, got);
    assert_memory_equal(got, want, n * N_OUTPUT * sizeof(float));
    assert_true(bed.vulkan->activations.size_bytes <= max_buffer_bytes);
    assert_true(bed.vulkan->io.size_bytes <= max_buffer_bytes);
    bed_drop(&bed);
    mieni_plan_destroy(plan);
    device->limits = limits;
    device->max_buffer_bytes = bytes;
}

static void what_does_not_go_at_once_goes_in_turns(void **state)
{
    (void)state;
    check_limits(40000, 65535, 77);
    check_limits(UINT32_MAX, 3, 33);
    check_limits(20000, 1, 33);
}

/* A network whose dispatches are larger than what goes at once, and its batches than a buffer. */
static void a_network_in_turns(void **state)
{
    (void)state;
    MienModel *model = fixture_model(SHORT_RANGE);
    MieniPlan *plan;
    bed_open();
    assert_int_equal(mieni_plan_create(model->networks[0].graph, &plan, NULL), MIEN_OK);
    MieniDevice *device = bed_device();
    const VkPhysicalDeviceLimits limits = device->limits;
    VkDeviceSize bytes = device->max_buffer_bytes;
    device->limits.maxComputeWorkGroupCount[0] = 7;
    Bed bed = bed_put(plan);
    device->max_buffer_bytes = 3 * (VkDeviceSize)bed.vulkan->job_floats * sizeof(float);
    bed_drop(&bed);
    bed = bed_put(plan);
    assert_int_equal(bed.vulkan->max_batch, 3);
    bed_compare("turns", &bed, 8, -1, 1);
    bed_drop(&bed);
    device->limits = limits;
    device->max_buffer_bytes = bytes;
    mieni_plan_destroy(plan);
}

/* Memory that is lacking for a batch is enough for a smaller one. */
static PFN_vkAllocateMemory real_allocate;
static VkDeviceSize most_bytes;

static VKAPI_ATTR VkResult VKAPI_CALL allocate_little(VkDevice device,
                                                      const VkMemoryAllocateInfo *info,
                                                      const VkAllocationCallbacks *allocator,
                                                      VkDeviceMemory *memory)
{
    return info->allocationSize > most_bytes ? VK_ERROR_OUT_OF_DEVICE_MEMORY
                                             : real_allocate(device, info, allocator, memory);
}

static void less_memory_than_wanted(void **state)
{
    (void)state;
    enum { N = 65 };
    bed_open();
    MieniDevice *device = bed_device();
    MieniPlan *plan = mieni_selftest_plan();
    Bed bed = bed_put(plan);
    fill(inputs, N_MOST * N_INPUT);
    bed_run(&bed, true, N, inputs, want);
    bed_drop(&bed);
    bed = bed_put(plan);
    real_allocate = device->vk.AllocateMemory;
    device->vk.AllocateMemory = allocate_little;
    most_bytes = 10 * (VkDeviceSize)bed.vulkan->job_floats * sizeof(float);
    memset(got, 0, sizeof(got));
    bed_run(&bed, true, N, inputs, got);
    assert_memory_equal(got, want, N * N_OUTPUT * sizeof(float));
    assert_int_equal(bed.vulkan->max_batch, 8);
    uint64_t before = mieni_alloc_count();
    most_bytes = 0; /* nothing is tried again */
    bed_run(&bed, true, N, inputs, got);
    assert_memory_equal(got, want, N * N_OUTPUT * sizeof(float));
    assert_int_equal(mieni_alloc_count(), before);
    device->vk.AllocateMemory = real_allocate;
    bed_drop(&bed);
    mieni_plan_destroy(plan);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_of_jobs),
        cmocka_unit_test(every_number_of_jobs_in_halves),
        cmocka_unit_test(what_does_not_go_at_once_goes_in_turns),
        cmocka_unit_test(a_network_in_turns),
        cmocka_unit_test(less_memory_than_wanted),
    };
    bed_arguments(argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, bed_close);
    fixture_finish(NULL);
    return test_exit_code(failed);
}
