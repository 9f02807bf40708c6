/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/registry.h"

#include "support/test.h"

static const MieniLog silent;
static const MieniDeviceOptions options = {.threads = 1, .cpu_mask = UINT64_MAX, .log = &silent};

static void lists_every_back_end(void **state)
{
    (void)state;
    MienDeviceInfo devices[16];
    size_t n = 0;
    assert_int_equal(mien_device_list(devices, 16, sizeof(*devices), &n), MIEN_OK);
    assert_true(n >= 3 && n <= 16);
    bool cpu = false, cuda = false, vulkan = false;
    for (size_t i = 0; i < n; i++) {
        cpu |= strcmp(devices[i].id, "cpu") == 0 && devices[i].usable && *devices[i].kernels;
        cuda |= strncmp(devices[i].id, "cuda", 4) == 0;
        vulkan |= strncmp(devices[i].id, "vulkan", 6) == 0;
        assert_true(devices[i].usable || (*devices[i].reason && *devices[i].reason_text));
    }
    assert_true(cpu && cuda && vulkan);
    size_t again = 0;
    assert_int_equal(mien_device_list(NULL, 0, sizeof(*devices), &again), MIEN_OK);
    assert_int_equal(again, n);
    assert_int_equal(mien_device_list(NULL, 1, sizeof(*devices), &n), MIEN_E_ARGUMENT);
    assert_int_equal(mien_device_list(devices, 16, sizeof(*devices) - 1, &n), MIEN_E_ARGUMENT);
    assert_int_equal(mien_device_list(devices, 16, sizeof(*devices), NULL), MIEN_E_ARGUMENT);
}

static void opens_the_cpu(void **state)
{
    (void)state;
    MieniChoice choice;
    assert_int_equal(mieni_registry_open("cpu", false, &options, &choice, NULL), MIEN_OK);
    assert_string_equal(choice.id, "cpu");
    assert_string_equal(choice.why, "");
    choice.backend->close(choice.device);
}

static void refuses_names_that_are_none(void **state)
{
    (void)state;
    static const char *const names[] = {"",       "CPU",      "cpu:0", "gpu:0", "cudaa",    "cuda0",
                                        "opencl", "auto:cpu", "null",  ":",     "vulkan :0"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        MieniChoice choice;
        MienError error = {0};
        MienStatus status = mieni_registry_open(names[i], false, &options, &choice, &error);
        if (status != MIEN_E_ARGUMENT)
            fail_msg("'%s' gave %s", names[i], mien_status_name(status));
        assert_string_equal(error.reason, "device-name");
        assert_null(choice.device);
    }
}

/* No request for a GPU ends on the CPU. */
static void never_falls_back(void **state)
{
    (void)state;
    static const char *const names[] = {"cuda",   "cuda:0",   "cuda:GPU-12345678",
                                        "vulkan", "vulkan:0", "gpu"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        MieniChoice choice;
        MienError error = {0};
        MienStatus status = mieni_registry_open(names[i], false, &options, &choice, &error);
        if (status == MIEN_OK) {
            assert_true(choice.backend->numbered);
            choice.backend->close(choice.device);
            continue;
        }
        assert_int_equal(status, MIEN_E_DEVICE);
        assert_true(*error.reason && *error.text);
        assert_null(choice.device);
    }
}

/* Every better device that was passed over stands in the record. */
static void auto_says_why(void **state)
{
    (void)state;
    MieniChoice choice;
    MienError error = {0};
    if (mieni_registry_open("auto", false, &options, &choice, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    assert_non_null(strstr(choice.why, choice.id));
    if (!choice.backend->numbered)
        assert_true(strstr(choice.why, "cuda") && strstr(choice.why, "vulkan"));
    choice.backend->close(choice.device);
}

/* A CPU without kernels for halves is not used in single precision instead; auto takes it as it is.
 */
static void refuses_precision_that_is_not_there(void **state)
{
    (void)state;
    MieniDeviceOptions half = options;
    half.cpu_mask = 0; /* the reference kernels have none */
    half.precision = MIEN_PRECISION_FP16;
    MieniChoice choice;
    MienError error = {0};
    assert_int_equal(mieni_registry_open("cpu", false, &half, &choice, &error), MIEN_E_DEVICE);
    assert_string_equal(error.reason, "half-precision-missing");
    assert_null(choice.device);
    half.precision = MIEN_PRECISION_AUTO;
    assert_int_equal(mieni_registry_open("cpu", false, &half, &choice, NULL), MIEN_OK);
    assert_int_equal(mieni_device_precision(choice.backend, choice.device), MIEN_PRECISION_FP32);
    choice.backend->close(choice.device);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_every_back_end),
        cmocka_unit_test(opens_the_cpu),
        cmocka_unit_test(refuses_names_that_are_none),
        cmocka_unit_test(never_falls_back),
        cmocka_unit_test(auto_says_why),
        cmocka_unit_test(refuses_precision_that_is_not_there)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
