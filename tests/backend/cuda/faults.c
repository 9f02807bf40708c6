/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every code that a driver may give, at every call of a run, in the first frame and in a later one:
 * MIEN_E_DEVICE with the code's name and the doctor's cause, nothing hangs, and all is given back.
 */
#include <stdio.h>
#include <stdlib.h>

#include "backend/cuda/sim.h"
#include "backend/selftest.h"
#include "engine/fixture.h"

enum { N_INPUT = 8 * 8 * 3, N_OUTPUT = 10 }; /* of the self-test's network */

/* Codes, their names, and the doctor's first suspicion. */
static const struct {
    int code;
    const char *name, *reason;
} codes[] = {
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out-of-memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "cuda-after-fork"},
    {34, "CUDA_ERROR_STUB_LIBRARY", "stub-libcuda-loaded"},
    {36, "CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER", "driver-too-old-for-toolkit"},
    {46, "CUDA_ERROR_DEVICE_UNAVAILABLE", "exclusive-compute-mode"},
    {100, "CUDA_ERROR_NO_DEVICE", "no-gpu-hardware"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "no-such-device"},
    {102, "CUDA_ERROR_DEVICE_NOT_LICENSED", "vgpu-unlicensed"},
    {200, "CUDA_ERROR_INVALID_IMAGE", "device-refused"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no-kernel-image"},
    {214, "CUDA_ERROR_ECC_UNCORRECTABLE", "ecc-or-reset-required"},
    {220, "CUDA_ERROR_NVLINK_UNCORRECTABLE", "ecc-or-reset-required"},
    {226, "CUDA_ERROR_CONTAINED", "ecc-or-reset-required"},
    {218, "CUDA_ERROR_INVALID_PTX", "device-refused"},
    {221, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND", "jit-compiler-missing"},
    {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "ptx-newer-than-driver"},
    {223, "CUDA_ERROR_JIT_COMPILATION_DISABLED", "ptx-jit-disabled"},
    {303, "CUDA_ERROR_SHARED_OBJECT_INIT_FAILED", "device-refused"},
    {304, "CUDA_ERROR_OPERATING_SYSTEM", "device-node-permission"},
    {400, "CUDA_ERROR_INVALID_HANDLE", "device-refused"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "gpu-lost"},
    {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "device-refused"},
    {702, "CUDA_ERROR_LAUNCH_TIMEOUT", "watchdog-timeout"},
    {709, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "gpu-lost"},
    {710, "CUDA_ERROR_ASSERT", "gpu-lost"},
    {714, "CUDA_ERROR_HARDWARE_STACK_ERROR", "gpu-lost"},
    {715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "gpu-lost"},
    {716, "CUDA_ERROR_MISALIGNED_ADDRESS", "gpu-lost"},
    {717, "CUDA_ERROR_INVALID_ADDRESS_SPACE", "gpu-lost"},
    {718, "CUDA_ERROR_INVALID_PC", "gpu-lost"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "gpu-lost"},
    {800, "CUDA_ERROR_NOT_PERMITTED", "device-refused"},
    {801, "CUDA_ERROR_NOT_SUPPORTED", "device-refused"},
    {802, "CUDA_ERROR_SYSTEM_NOT_READY", "fabric-manager-not-running"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "driver-library-version-mismatch"},
    {804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE", "forward-compat-on-consumer-gpu"},
    {805, "CUDA_ERROR_MPS_CONNECTION_FAILED", "mps-daemon-problem"},
    {806, "CUDA_ERROR_MPS_RPC_FAILURE", "mps-daemon-problem"},
    {807, "CUDA_ERROR_MPS_SERVER_NOT_READY", "mps-daemon-problem"},
    {808, "CUDA_ERROR_MPS_MAX_CLIENTS_REACHED", "mps-daemon-problem"},
    {809, "CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED", "mps-daemon-problem"},
    {810, "CUDA_ERROR_MPS_CLIENT_TERMINATED", "mps-daemon-problem"},
    {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "device-refused"},
    {909, "CUDA_ERROR_TIMEOUT", "watchdog-timeout"},
    {912, "CUDA_ERROR_INVALID_CLUSTER_SIZE", "device-refused"},
    {998, "CUDA error", "device-refused"}, /* one that nobody knows */
    {999, "CUDA_ERROR_UNKNOWN", "broken-after-suspend"},
};

static const char *const calls[] = {"cuMemcpyHtoDAsync", "cuGraphLaunch", "cuMemcpyDtoHAsync",
                                    "cuStreamSynchronize"};

/* What is open, and a good answer. */
typedef struct Bench {
    MieniPlan *plan;
    MieniDevice *device;
    MieniDevicePlan *device_plan;
    float want[N_OUTPUT];
} Bench;

static MienStatus run(const Bench *bench, float output[N_OUTPUT], MienError *error)
{
    static const float input[N_INPUT] = {0.5f, -1, 0.25f};
    MieniJob job = {.input = input, .outputs = {output}};
    return mieni_backend_cuda.plan_run(bench->device_plan, 1, &job, error);
}

static void open_bench(Bench *bench)
{
    static const MieniLog silent = {0};
    static const MieniDeviceOptions options = {.log = &silent};
    MienError error = {.reason = ""};
    if (mieni_backend_cuda.open(0, &options, &bench->device, &error) != MIEN_OK ||
        mieni_backend_cuda.plan_create(bench->device, bench->plan, &bench->device_plan, &error) !=
            MIEN_OK)
        fail_msg("%s", error.text);
}

static void close_bench(Bench *bench)
{
    mieni_backend_cuda.plan_destroy(bench->device_plan);
    mieni_backend_cuda.close(bench->device);
}

/* The n-th run from now fails with a code at a call. */
static void check(Bench *bench, const char *call, int n, size_t which, const SimCounts *counts)
{
    char fail[64], name[80];
    float output[N_OUTPUT];
    MienError error = {.reason = ""};
    snprintf(fail, sizeof(fail), "%s:%d:%d", call, n, codes[which].code);
    snprintf(name, sizeof(name), "%s (%d)", codes[which].name, codes[which].code);
    open_bench(bench);
    setenv("MIEN_SIM_FAIL", fail, 1);
    for (int i = 1; i < n; i++) {
        assert_int_equal(run(bench, output, &error), MIEN_OK);
        assert_memory_equal(output, bench->want, sizeof(output));
    }
    assert_int_equal(run(bench, output, &error), MIEN_E_DEVICE);
    assert_error(&error, MIEN_E_DEVICE, name);
    assert_string_equal(error.reason, codes[which].reason);
    /* Short of memory it may be tried again; of any other the driver is asked no more. */
    uint64_t n_calls = counts->calls;
    MienStatus again = run(bench, output, &error);
    if (codes[which].code == 2)
        assert_int_equal(again, MIEN_OK);
    else
        assert_int_equal(again, MIEN_E_DEVICE);
    if (codes[which].code != 2)
        assert_int_equal(counts->calls, n_calls);
    unsetenv("MIEN_SIM_FAIL");
    close_bench(bench);
    assert_int_equal(counts->contexts, 0);
}

static void every_code_at_every_call(void **state)
{
    (void)state;
    const SimCounts *counts = sim_need_stand_in();
    Bench bench = {.plan = mieni_selftest_plan()};
    MienError error = {.reason = ""};
    assert_non_null(bench.plan);
    open_bench(&bench);
    assert_int_equal(run(&bench, bench.want, &error), MIEN_OK);
    close_bench(&bench);
    for (size_t i = 0; i < MIENI_COUNT_OF(codes); i++)
        for (size_t k = 0; k < MIENI_COUNT_OF(calls); k++) {
            check(&bench, calls[k], 1, i, counts);
            check(&bench, calls[k], 3, i, counts);
        }
    /* The stand-in is well again. */
    float output[N_OUTPUT];
    open_bench(&bench);
    assert_int_equal(run(&bench, output, &error), MIEN_OK);
    assert_memory_equal(output, bench.want, sizeof(output));
    close_bench(&bench);
    mieni_plan_destroy(bench.plan);
    assert_int_equal(counts->device_blocks, 0);
    assert_int_equal(counts->modules, 0);
}

/* Native code is taken where there is some for the very device and its driver reads it. */
static void native_code_is_preferred(void **state)
{
    (void)state;
    sim_need_cuda();
    if (!sim_counters())
        test_skip("the driver is a real one");
    Bench bench = {.plan = mieni_selftest_plan()};
    MienError error = {.reason = ""};
    float output[N_OUTPUT];
    setenv("MIEN_SIM_CC", "8.6", 1);
    bool has_native = mieni_cuda_native_for(86) != NULL;
    for (int reads_it = 0; reads_it < 2; reads_it++) {
        setenv("MIEN_SIM_NATIVE", reads_it ? "1" : "0", 1);
        open_bench(&bench);
        assert_string_equal(mieni_backend_cuda.isa(bench.device),
                            has_native && reads_it ? "sm_86" : "ptx_80");
        assert_int_equal(run(&bench, output, &error), MIEN_OK);
        close_bench(&bench);
        assert_int_equal(sim_counters()->modules, 0);
    }
    unsetenv("MIEN_SIM_NATIVE");
    unsetenv("MIEN_SIM_CC");
    mieni_plan_destroy(bench.plan);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(every_code_at_every_call),
                                              cmocka_unit_test(native_code_is_preferred)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, fixture_finish));
}
