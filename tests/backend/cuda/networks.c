/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every network gives on the device what it gives on the CPU: within 1e-3 + 1e-4 relative of the
 * reference kernels, and, in all that adds in MediaPipe's order, bit for bit what the CPU's fused
 * kernels give. Alone and in batches, in any order.
 */
#include <math.h>

#include "backend/cuda/sim.h"
#include "backend/selftest.h"
#include "base/rng.h"
#include "cpu/flags.h"
#include "engine/engine_private.h"
#include "engine/fixture.h"

#define N_JOBS 2

static const MieniLog silent = {0};

typedef struct Bed {
    const MieniBackend *backend;
    MieniDevice *device;
    MieniDevicePlan *plan;
    size_t n_in, n_out; /* floats of the input, of all outputs together */
    int32_t n_outputs;
    size_t output_floats[MIENI_OP_MAX_INPUTS];
} Bed;

static size_t floats_of(const MieniPlan *plan, int32_t tensor)
{
    const MieniTensor *of = &plan->tensors[tensor];
    return (size_t)of->height * (size_t)of->width * (size_t)of->channels;
}

static Bed open_bed(const MieniBackend *backend, const char *file, size_t network,
                    uint64_t cpu_mask)
{
    Bed bed = {.backend = backend};
    MieniPlan *plan;
    MienError error = {0};
    MieniDeviceOptions options = {.threads = 1, .cpu_mask = cpu_mask, .log = &silent};
    if (mieni_plan_create(fixture_model(file)->networks[network].graph, &plan, &error) != MIEN_OK ||
        backend->open(0, &options, &bed.device, &error) != MIEN_OK ||
        backend->plan_create(bed.device, plan, &bed.plan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    bed.n_in = floats_of(plan, plan->input);
    bed.n_outputs = plan->n_outputs;
    for (int32_t i = 0; i < plan->n_outputs; i++)
        bed.n_out += bed.output_floats[i] = floats_of(plan, plan->outputs[i]);
    mieni_plan_destroy(plan);
    return bed;
}

static void close_bed(Bed *bed)
{
    bed->backend->plan_destroy(bed->plan);
    bed->backend->close(bed->device);
}

static void run(const Bed *bed, size_t n, const float *inputs, float *outputs)
{
    MieniJob jobs[N_JOBS];
    MienError error = {0};
    memset(jobs, 0, sizeof(jobs));
    for (size_t k = 0; k < n; k++) {
        float *to = outputs + k * bed->n_out;
        jobs[k].input = inputs + k * bed->n_in;
        for (int32_t i = 0; i < bed->n_outputs; i++) {
            jobs[k].outputs[i] = to;
            to += bed->output_floats[i];
        }
    }
    if (bed->backend->plan_run(bed->plan, n, jobs, &error) != MIEN_OK)
        fail_msg("%s", error.text);
}

/* The largest difference, or NaN. */
static double difference(const float *a, const float *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double off = fabs((double)a[i] - (double)b[i]);
        if (!(off <= worst))
            worst = off;
    }
    return worst;
}

/* `exact`: all operations are those that have one order of sums. `every_access`: the stand-in
 * driver checks each access to memory, which takes it four times as long. */
static void check_network(const char *file, size_t network, float low, float high, bool exact,
                          bool every_access)
{
    setenv("MIEN_SIM_CHECK", every_access ? "1" : "0", 1);
    Bed cuda = open_bed(&mieni_backend_cuda, file, network, 0);
    Bed fused = open_bed(&mieni_backend_cpu, file, network, MIEN_CPU_ALL);
    Bed ref = open_bed(&mieni_backend_cpu, file, network, 0);
    size_t n_out = N_JOBS * cuda.n_out;
    float *inputs = calloc(N_JOBS * cuda.n_in, sizeof(float)), *got = calloc(n_out, sizeof(float));
    float *want = calloc(n_out, sizeof(float)), *again = calloc(n_out, sizeof(float));
    assert_true(inputs && got && want && again);
    uint64_t state = 11;
    for (size_t i = 0; i < N_JOBS * cuda.n_in; i++)
        inputs[i] = mieni_rng_float(&state, low, high);
    run(&cuda, N_JOBS, inputs, got);
    run(&ref, N_JOBS, inputs, want);
    test_compare_floats(file, got, want, n_out, 1e-3, 1e-4);
    run(&fused, N_JOBS, inputs, want);
    double off = difference(got, want, n_out);
    printf("%s, network %zu: off by at most %.2g from the CPU's kernels\n", file, network, off);
    if (exact && (mieni_cpu_flags() & (MIENI_CPU_AVX2 | MIENI_CPU_NEON)))
        assert_true(off == 0);
    const SimCounts *counts = sim_counters();
    uint64_t launches = counts ? counts->launches : 0;
    run(&cuda, 1, inputs + cuda.n_in, again);
    if (counts)
        printf("%s, network %zu: %d launches for a face\n", file, network,
               (int)(counts->launches - launches));
    assert_memory_equal(again, got + cuda.n_out, cuda.n_out * sizeof(float));
    free(inputs);
    free(got);
    free(want);
    free(again);
    close_bed(&cuda);
    close_bed(&fused);
    close_bed(&ref);
}

static void detectors_equal_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    check_network(SHORT_RANGE, 0, -1, 1, true, true);
    check_network(FULL_RANGE, 0, -1, 1, false, false);
}

static void meshes_equal_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    check_network(MESH, 0, 0, 1, true, false); /* attention begins with its layers */
    /* With clusters of blocks, which have most of its layers. */
    setenv("MIEN_SIM_CC", "9.0", 1);
    check_network(ATTENTION, 0, 0, 1, true, true);
    unsetenv("MIEN_SIM_CC");
}

static void bundle_equals_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    check_network(BUNDLE, 0, -1, 1, true, false);
    check_network(BUNDLE, 1, 0, 1, true, false);
    check_network(BUNDLE, 2, 0, 256, false, true);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(detectors_equal_the_cpu),
        cmocka_unit_test(meshes_equal_the_cpu),
        cmocka_unit_test(bundle_equals_the_cpu),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, fixture_finish));
}
