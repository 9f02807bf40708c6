/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drivers that fail: each call that may, one after the other, gives a status and a cause, frees
 * what was there (the validation layers would tell), and hangs nowhere. And the file of compiled
 * pipelines, also damaged.
 */
#include "backend/vulkan/vulkan.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/selftest.h"
#include "backend/vulkan/bed.h"
#include "cpu/sha256.h"

enum { N_INPUT = 8 * 8 * 3, N_OUTPUT = 10 }; /* of the self-test's network */

static const MieniLog silent;
static const MieniDeviceOptions options = {.threads = 1, .log = &silent};

static MieniDevice *open_failing(void)
{
    MieniDevice *device;
    MienError error = {0};
    if (mieni_backend_vulkan.open(bed_index(), &options, &device, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    bed_watch_begin(&device->vk);
    return device;
}

/* Plans and runs the self-test's network. */
static MienStatus plan_and_run(MieniDevice *device, float output[N_OUTPUT], MienError *error)
{
    static const float input[N_INPUT];
    MieniPlan *plan = mieni_selftest_plan();
    assert_non_null(plan);
    MieniDevicePlan *device_plan;
    MienStatus status = mieni_backend_vulkan.plan_create(device, plan, &device_plan, error);
    mieni_plan_destroy(plan);
    if (status != MIEN_OK) {
        assert_null(device_plan);
        return status;
    }
    MieniJob job = {.input = input, .outputs = {output}};
    status = mieni_backend_vulkan.plan_run(device_plan, 1, &job, error);
    mieni_backend_vulkan.plan_destroy(device_plan);
    return status;
}

static void every_call_may_fail(void **state)
{
    (void)state;
    bed_open();
    static const struct {
        VkResult result;
        MienStatus status;
        const char *reason;
    } cases[] = {{VK_ERROR_OUT_OF_DEVICE_MEMORY, MIEN_E_DEVICE, "out-of-memory"},
                 {VK_ERROR_OUT_OF_HOST_MEMORY, MIEN_E_NOMEM, "out-of-memory"},
                 {VK_ERROR_FEATURE_NOT_PRESENT, MIEN_E_DEVICE, "vulkan-feature-missing"},
                 {VK_ERROR_INITIALIZATION_FAILED, MIEN_E_DEVICE, "device-refused"}};
    float want[N_OUTPUT], got[N_OUTPUT];
    int n = 0;
    for (bool done = false; !done; n++) {
        size_t i = (size_t)n % MIENI_COUNT_OF(cases);
        MieniDevice *device = open_failing();
        MienError error = {0};
        bed_watch_fail(n, cases[i].result);
        MienStatus status = plan_and_run(device, want, &error);
        done = bed_watch.calls_until_failure >= 0;
        bed_watch.calls_until_failure = -1;
        if (!done) {
            assert_int_equal(status, cases[i].status);
            assert_string_equal(error.reason, cases[i].reason);
            assert_true(*error.text);
            /* The device is as good as before. */
            if (plan_and_run(device, got, &error) != MIEN_OK)
                fail_msg("%s", error.text);
        }
        mieni_backend_vulkan.close(device);
    }
    test_in_range(n, 12, 60);
}

/* With what the device has; lavapipe has timelines, unless they are masked. */
static void runs_are_waited_for(void **state)
{
    (void)state;
    bed_open();
    MieniDevice *device = open_failing();
    bool masked = mieni_vulkan_debug.no_timeline;
    float output[N_OUTPUT];
    MienError error = {0};
    if (masked || device->is_software)
        assert_int_equal(device->features.timeline, !masked);
    assert_true((device->timeline != VK_NULL_HANDLE) == device->features.timeline);
    assert_true((device->fence != VK_NULL_HANDLE) == !device->features.timeline);
    uint64_t before = device->n_submitted;
    assert_int_equal(plan_and_run(device, output, &error), MIEN_OK);
    assert_true(device->n_submitted > before);
    /* The other one is never asked. */
    if (device->timeline)
        device->vk.WaitForFences = NULL;
    else
        device->vk.WaitSemaphoresKHR = NULL;
    assert_int_equal(plan_and_run(device, output, &error), MIEN_OK);
    mieni_backend_vulkan.close(device);
}

/* Lost: nothing more is sent, and closing does not wait. */
static void check_loss(VkResult result, const char *reason, int call)
{
    MieniDevice *device = open_failing();
    MieniPlan *plan = mieni_selftest_plan();
    MieniDevicePlan *device_plan;
    float input[N_INPUT] = {0}, output[N_OUTPUT];
    MieniJob job = {.input = input, .outputs = {output}};
    MienError error = {0};
    assert_int_equal(mieni_backend_vulkan.plan_create(device, plan, &device_plan, &error), MIEN_OK);
    mieni_plan_destroy(plan);
    assert_int_equal(mieni_backend_vulkan.plan_run(device_plan, 1, &job, &error), MIEN_OK);
    bed_watch_fail(call, result);
    assert_int_equal(mieni_backend_vulkan.plan_run(device_plan, 1, &job, &error), MIEN_E_DEVICE);
    assert_string_equal(error.reason, reason);
    assert_int_equal(bed_watch.calls_until_failure, -1);
    assert_int_equal(mieni_backend_vulkan.plan_run(device_plan, 1, &job, &error), MIEN_E_DEVICE);
    assert_string_equal(error.reason, "gpu-lost");
    bed_watch.real.DeviceWaitIdle(device->device); /* it was not really lost */
#ifdef __SANITIZE_ADDRESS__
    device->is_stuck = false; /* what is given up on purpose is a leak to the sanitizer */
#endif
    mieni_backend_vulkan.plan_destroy(device_plan);
    mieni_backend_vulkan.close(device);
}

static void a_lost_device_is_given_up(void **state)
{
    (void)state;
    bed_open();
    check_loss(VK_ERROR_DEVICE_LOST, "gpu-lost", 0);
    check_loss(VK_TIMEOUT, "watchdog-timeout", 1);
}

/* A real run, and no time at all for it. */
static void a_late_device_is_given_up(void **state)
{
    (void)state;
    enum { N = 512 };
    bed_open();
    MieniPlan *plan = mieni_selftest_plan();
    static const float input[N_INPUT];
    static float outputs[N][N_OUTPUT];
    static MieniJob jobs[N];
    for (int i = 0; i < N; i++)
        jobs[i] = (MieniJob){.input = input, .outputs = {outputs[i]}};
    MieniDevice *device = open_failing();
    MieniDevicePlan *device_plan;
    MienError error = {0};
    assert_int_equal(mieni_backend_vulkan.plan_create(device, plan, &device_plan, &error), MIEN_OK);
    mieni_plan_destroy(plan);
    device->timeout_ns = 1;
    assert_int_equal(mieni_backend_vulkan.plan_run(device_plan, N, jobs, &error), MIEN_E_DEVICE);
    assert_string_equal(error.reason, "watchdog-timeout");
    assert_int_equal(mieni_backend_vulkan.plan_run(device_plan, 1, jobs, &error), MIEN_E_DEVICE);
    assert_string_equal(error.reason, "gpu-lost");
    bed_watch.real.DeviceWaitIdle(device->device);
#ifdef __SANITIZE_ADDRESS__
    device->is_stuck = false;
#endif
    mieni_backend_vulkan.plan_destroy(device_plan);
    mieni_backend_vulkan.close(device);
}

static VkResult open_result;

static VKAPI_ATTR VkResult VKAPI_CALL refuse_to_open(VkPhysicalDevice physical,
                                                     const VkDeviceCreateInfo *info,
                                                     const VkAllocationCallbacks *allocator,
                                                     VkDevice *device)
{
    (void)physical;
    (void)info;
    (void)allocator;
    *device = NULL;
    return open_result;
}

/* A driver that does not open its device says why. */
static void opening_may_fail(void **state)
{
    (void)state;
    static const struct {
        VkResult result;
        MienStatus status;
        const char *reason;
    } cases[] = {{VK_ERROR_OUT_OF_DEVICE_MEMORY, MIEN_E_DEVICE, "out-of-memory"},
                 {VK_ERROR_OUT_OF_HOST_MEMORY, MIEN_E_NOMEM, "out-of-memory"},
                 {VK_ERROR_FEATURE_NOT_PRESENT, MIEN_E_DEVICE, "vulkan-feature-missing"},
                 {VK_ERROR_EXTENSION_NOT_PRESENT, MIEN_E_DEVICE, "vulkan-feature-missing"},
                 {VK_ERROR_DEVICE_LOST, MIEN_E_DEVICE, "gpu-lost"},
                 {VK_ERROR_INITIALIZATION_FAILED, MIEN_E_DEVICE, "device-refused"}};
    bed_open();
    VulkanLoader *loader = (VulkanLoader *)mieni_vulkan_loader();
    PFN_vkCreateDevice create = loader->CreateDevice;
    loader->CreateDevice = refuse_to_open;
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        MieniDevice *device;
        MienError error = {0};
        open_result = cases[i].result;
        assert_int_equal(mieni_backend_vulkan.open(bed_index(), &options, &device, &error),
                         cases[i].status);
        assert_null(device);
        assert_string_equal(error.reason, cases[i].reason);
    }
    loader->CreateDevice = create;
}

/* A loader's table in which one function of the device is missing, or fails. */
static PFN_vkGetDeviceProcAddr real_address;
static const char *odd_function;
static PFN_vkVoidFunction odd_address;

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL find_address(VkDevice device, const char *name)
{
    return strcmp(name, odd_function) == 0 ? odd_address : real_address(device, name);
}

static void check_odd_function(const char *name, PFN_vkVoidFunction address, const char *reason)
{
    VulkanLoader *loader = (VulkanLoader *)mieni_vulkan_loader();
    MieniDevice *device;
    MienError error = {0};
    real_address = loader->GetDeviceProcAddr;
    odd_function = name;
    odd_address = address;
    loader->GetDeviceProcAddr = find_address;
    MienStatus status = mieni_backend_vulkan.open(bed_index(), &options, &device, &error);
    loader->GetDeviceProcAddr = real_address;
    if (status != MIEN_E_DEVICE || strcmp(error.reason, reason) != 0)
        fail_msg("%s: %s, %s", name, mien_status_name(status), error.reason);
    assert_null(device);
}

static void a_driver_may_lack_a_function(void **state)
{
    (void)state;
    static const char *const names[] = {
#define NAME(name) "vk" #name,
        VULKAN_DEVICE_FUNCTIONS(NAME)
#undef NAME
    };
    bed_open();
    assert_string_equal(names[0], "vkDestroyDevice"); /* without it nothing could be closed */
    for (size_t i = 1; i < MIENI_COUNT_OF(names); i++)
        check_odd_function(names[i], NULL, "vulkan-feature-missing");
}

/* All that opening makes has these parameters, but for the types of the pointers. */
static VKAPI_ATTR VkResult VKAPI_CALL make_nothing(VkDevice device, const void *info,
                                                   const VkAllocationCallbacks *allocator,
                                                   void *made)
{
    (void)device;
    (void)info;
    (void)allocator;
    (void)made;
    return VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

static void what_opening_makes_may_fail(void **state)
{
    (void)state;
    bed_open();
    const char *const names[] = {
        "vkCreateCommandPool",
        bed_device()->features.timeline ? "vkCreateSemaphore" : "vkCreateFence",
        "vkCreatePipelineCache", "vkCreateDescriptorSetLayout", "vkCreatePipelineLayout"};
    for (size_t i = 0; i < MIENI_COUNT_OF(names); i++)
        check_odd_function(names[i], (PFN_vkVoidFunction)make_nothing, "out-of-memory");
}

static void a_lack_of_memory_is_survived(void **state)
{
    (void)state;
    bed_open();
    float output[N_OUTPUT];
    int64_t n = 0;
    /* One allocation fails, or that one and all behind it. Some are for what is not needed. */
    for (bool done = false; !done; n++) {
        MieniDevice *device = NULL;
        MieniPlan *plan = mieni_selftest_plan();
        MieniDevicePlan *device_plan = NULL;
        MienError error = {0};
        mieni_alloc_fail_at(n / 2, n % 2);
        MienStatus status = mieni_backend_vulkan.open(bed_index(), &options, &device, &error);
        if (status == MIEN_OK)
            status = mieni_backend_vulkan.plan_create(device, plan, &device_plan, &error);
        mieni_alloc_fail_at(-1, false);
        assert_true(status == MIEN_OK || status == MIEN_E_NOMEM);
        assert_true((status == MIEN_OK) == (device_plan != NULL));
        mieni_backend_vulkan.plan_destroy(device_plan);
        if (device)
            assert_int_equal(plan_and_run(device, output, &error), MIEN_OK);
        mieni_backend_vulkan.close(device);
        mieni_plan_destroy(plan);
        done = status == MIEN_OK && n % 2;
    }
    test_in_range(n, 12, 80);
}

/* The one file of the folder, or false. */
static bool find_file(const char *folder, char path[600])
{
    int n = 0;
    DIR *open = opendir(folder);
    for (struct dirent *entry; open && (entry = readdir(open));)
        if (*entry->d_name != '.') {
            snprintf(path, 600, "%.300s/%.255s", folder, entry->d_name);
            n++;
        }
    if (open)
        closedir(open);
    assert_true(n <= 1);
    return n == 1;
}

static void run_once(void)
{
    float output[N_OUTPUT];
    MienError error = {0};
    MieniDevice *device;
    assert_int_equal(mieni_backend_vulkan.open(bed_index(), &options, &device, &error), MIEN_OK);
    assert_int_equal(plan_and_run(device, output, &error), MIEN_OK);
    mieni_backend_vulkan.close(device);
}

#define CACHE_HEADER_BYTES (16 + VK_UUID_SIZE) /* VkPipelineCacheHeaderVersionOne */

/* The test is skipped where the driver has nothing for us to keep, not even a whole header: it
 * keeps pipelines by itself. */
static void need_cache_data(void)
{
    char data[4096];
    size_t n = sizeof(data);
    MieniDevice *device = bed_device();
    VkResult result = device->vk.GetPipelineCacheData(device->device, device->cache, &n, data);
    if (result == VK_SUCCESS && n < CACHE_HEADER_BYTES)
        test_skip("the driver returns no pipeline cache");
}

/* Written once, read again, thrown away and written anew if it is not what it was. */
static void the_cache_is_kept_and_checked(void **state)
{
    (void)state;
    bed_open();
    need_cache_data();
    char base[512], folder[560], path[600];
    snprintf(base, sizeof(base), "%s", test_temporary("cache"));
    snprintf(folder, sizeof(folder), "%s/mien", base);
    setenv("XDG_CACHE_HOME", base, 1);
    run_once();
    if (!find_file(folder, path))
        fail_msg("no file in %s", folder);
    size_t size, again;
    char *first = test_read_file(path, &size);
    assert_true(size > 64);
    run_once();
    char *second = test_read_file(path, &again);
    assert_int_equal(again, size);
    free(second);
    /* Its last byte is another one, or the first one of its hash; it is half, empty, or has one
     * byte more. */
    for (int damage = 0; damage < 5; damage++) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        char *changed = damage == 0 ? &first[size - 1] : first;
        *changed ^= damage < 2;
        fwrite(first, 1, damage == 2 ? size / 2 : damage == 3 ? 0 : size, file);
        if (damage == 4)
            fputc(0, file);
        fclose(file);
        *changed ^= damage < 2;
        run_once();
        assert_true(find_file(folder, path));
        second = test_read_file(path, &again);
        assert_int_equal(again, size);
        assert_memory_equal(second, first, size);
        free(second);
    }
    free(first);
    unlink(path);
    rmdir(folder);
    rmdir(base);
    unsetenv("XDG_CACHE_HOME");
}

/* Whole, with its hash, but made by another driver: thrown away and written anew. */
static void a_foreign_cache_does_no_harm(void **state)
{
    (void)state;
    bed_open();
    need_cache_data();
    char base[512], folder[560], path[600], hash[65];
    snprintf(base, sizeof(base), "%s", test_temporary("foreign"));
    snprintf(folder, sizeof(folder), "%s/mien", base);
    setenv("XDG_CACHE_HOME", base, 1);
    run_once();
    assert_true(find_file(folder, path));
    size_t size;
    char *data = test_read_file(path, &size);
    enum { HASH = 64, VENDOR = 8, UUID = 16 }; /* in the header */
    assert_true(size >= HASH + CACHE_HEADER_BYTES);
    for (int i = 0; i < 2; i++) {
        size_t at = HASH + (i ? UUID : VENDOR), again;
        data[at] ^= 0x55;
        mieni_sha256_hex(data + HASH, size - HASH, hash);
        memcpy(data, hash, HASH);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, size, file), size);
        fclose(file);
        run_once();
        data[at] ^= 0x55;
        char *second = test_read_file(path, &again);
        assert_int_equal(again, size);
        assert_memory_equal(second + HASH, data + HASH, size - HASH);
        free(second);
    }
    free(data);
    unlink(path);
    rmdir(folder);
    rmdir(base);
    unsetenv("XDG_CACHE_HOME");
}

/* Where nothing can be kept, nothing is kept: no such place, or a folder that is a file. */
static void a_cache_is_not_needed(void **state)
{
    (void)state;
    bed_open();
    setenv("XDG_CACHE_HOME", "/dev/null/nowhere", 1);
    run_once();
    char base[512], file[560];
    snprintf(base, sizeof(base), "%s", test_temporary("unwritable"));
    snprintf(file, sizeof(file), "%s/mien", base);
    assert_int_equal(mkdir(base, 0700), 0);
    fclose(fopen(file, "wb"));
    setenv("XDG_CACHE_HOME", base, 1);
    run_once();
    unlink(file);
    rmdir(base);
    unsetenv("XDG_CACHE_HOME");
}

/* Under the validation layers: what is counted, the device's own time, and its best rate. */
static void device_is_measured(void **state)
{
    (void)state;
    bed_open();
    MieniDevice *device;
    MienError error = {0};
    float output[N_OUTPUT];
    double macs_a_ms = 0;
    assert_int_equal(mieni_backend_vulkan.open(bed_index(), &options, &device, &error), MIEN_OK);
    const MieniDeviceCounts *counts = mieni_backend_vulkan.counts(device);
    assert_int_equal(plan_and_run(device, output, &error), MIEN_OK);
    assert_int_equal(counts->submissions, 1);
    assert_true(counts->launches > 1);
    assert_true(counts->busy_ms == 0);
    assert_int_equal(counts->copies_down, device->is_direct ? 0 : 1);
    if (mieni_backend_vulkan.time(device, 1, &error) == MIEN_OK) {
        assert_int_equal(plan_and_run(device, output, &error), MIEN_OK);
        assert_true(counts->busy_ms > 0);
        assert_int_equal(mieni_backend_vulkan.time(device, 0, &error), MIEN_OK);
        double busy_ms = counts->busy_ms;
        assert_int_equal(plan_and_run(device, output, &error), MIEN_OK);
        assert_true(counts->busy_ms == busy_ms);
        assert_int_equal(mieni_backend_vulkan.peak(device, &macs_a_ms, &error), MIEN_OK);
        assert_true(macs_a_ms > 0);
        assert_int_equal(counts->submissions, 3);
    } else {
        assert_int_equal(error.status, MIEN_E_UNSUPPORTED);
    }
    mieni_backend_vulkan.close(device);
}

int main(int argc, char **argv)
{
    /* The first ones alone wait for the device. */
    enum { N_WAITING = 4 };
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_may_fail),
        cmocka_unit_test(runs_are_waited_for),
        cmocka_unit_test(a_lost_device_is_given_up),
        cmocka_unit_test(a_late_device_is_given_up),
        cmocka_unit_test(a_lack_of_memory_is_survived),
        cmocka_unit_test(the_cache_is_kept_and_checked),
        cmocka_unit_test(a_foreign_cache_does_no_harm),
        cmocka_unit_test(a_cache_is_not_needed),
        cmocka_unit_test(opening_may_fail),
        cmocka_unit_test(a_driver_may_lack_a_function),
        cmocka_unit_test(what_opening_makes_may_fail),
        cmocka_unit_test(device_is_measured),
    };
    bed_arguments(argc, argv);
    size_t n = mieni_vulkan_debug.no_timeline ? N_WAITING : MIENI_COUNT_OF(tests);
    int failed = _cmocka_run_group_tests("faults", tests, n, NULL, bed_close);
    return test_exit_code(failed);
}
