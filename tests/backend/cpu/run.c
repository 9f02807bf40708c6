/* SPDX-License-Identifier: Apache-2.0 */
/* Running plans: any number of threads and of jobs gives the same bits, and no run leaves a trace.
 */
#include <math.h>

#include "backend/selftest.h"
#include "base/rng.h"
#include "cpu/flags.h"
#include "engine/engine_private.h"
#include "engine/fixture.h"

#define N_JOBS 5

/* A network on the CPU, with inputs and room for outputs. */
typedef struct Bed {
    MieniPlan *plan;
    MieniDevice *device;
    MieniDevicePlan *device_plan;
    size_t n_in, n_out; /* floats of the input, of all outputs together */
} Bed;

static const MieniLog silent = {0};

static MieniDevice *open_device(int32_t threads, uint64_t cpu_mask)
{
    MieniDevice *device;
    MieniDeviceOptions options = {.threads = threads, .cpu_mask = cpu_mask, .log = &silent};
    assert_int_equal(mieni_backend_cpu.open(0, &options, &device, NULL), MIEN_OK);
    return device;
}

static Bed make_bed(const char *file, MieniDevice *device)
{
    Bed bed = {.device = device};
    MienError error;
    if (mieni_plan_create(fixture_model(file)->networks[0].graph, &bed.plan, &error) != MIEN_OK ||
        mieni_backend_cpu.plan_create(device, bed.plan, &bed.device_plan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    const MieniTensor *in = &bed.plan->tensors[bed.plan->input];
    bed.n_in = (size_t)in->height * (size_t)in->width * (size_t)in->channels;
    for (int32_t i = 0; i < bed.plan->n_outputs; i++) {
        const MieniTensor *out = &bed.plan->tensors[bed.plan->outputs[i]];
        bed.n_out += (size_t)out->height * (size_t)out->width * (size_t)out->channels;
    }
    return bed;
}

static Bed open_bed(const char *file, int32_t threads, uint64_t cpu_mask)
{
    return make_bed(file, open_device(threads, cpu_mask));
}

static void free_bed(Bed *bed)
{
    mieni_backend_cpu.plan_destroy(bed->device_plan);
    mieni_plan_destroy(bed->plan);
}

static void close_bed(Bed *bed)
{
    free_bed(bed);
    mieni_backend_cpu.close(bed->device);
}

static float *make_floats(size_t n)
{
    float *floats = calloc(n, sizeof(*floats));
    assert_non_null(floats);
    return floats;
}

/* Inputs one after the other, each from its own seed. */
static float *make_inputs(const Bed *bed)
{
    float *inputs = make_floats(N_JOBS * bed->n_in);
    uint64_t state = 4;
    for (size_t i = 0; i < N_JOBS * bed->n_in; i++)
        inputs[i] = mieni_rng_float(&state, 0, 1);
    return inputs;
}

/* Runs `n` jobs as one batch; job k reads input k and writes output k. */
static void run(const Bed *bed, size_t n, const float *inputs, float *outputs)
{
    MieniJob jobs[N_JOBS];
    memset(jobs, 0, sizeof(jobs));
    for (size_t k = 0; k < n; k++) {
        jobs[k].input = inputs + k * bed->n_in;
        float *to = outputs + k * bed->n_out;
        for (int32_t i = 0; i < bed->plan->n_outputs; i++) {
            const MieniTensor *out = &bed->plan->tensors[bed->plan->outputs[i]];
            jobs[k].outputs[i] = to;
            to += (size_t)out->height * (size_t)out->width * (size_t)out->channels;
        }
    }
    assert_int_equal(mieni_backend_cpu.plan_run(bed->device_plan, n, jobs, NULL), MIEN_OK);
}

static void assert_same_floats(const char *what, const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&got[i], &want[i], sizeof(*got)) != 0)
            fail_msg("%s: float %zu of %zu is %.9g, not %.9g", what, i, n, (double)got[i],
                     (double)want[i]);
}

static void check_network(const char *file, uint64_t cpu_mask)
{
    Bed alone = open_bed(file, 1, cpu_mask);
    float *inputs = make_inputs(&alone), *want = make_floats(N_JOBS * alone.n_out);
    float *got = make_floats(N_JOBS * alone.n_out), *bad = make_floats(N_JOBS * alone.n_in);
    for (size_t k = 0; k < N_JOBS; k++)
        run(&alone, 1, inputs + k * alone.n_in, want + k * alone.n_out);
    for (size_t i = 0; i < N_JOBS * alone.n_out; i++)
        assert_true(isfinite(want[i]));
    close_bed(&alone);
    for (int32_t threads = 1; threads <= 3; threads++) {
        Bed bed = open_bed(file, threads, cpu_mask);
        for (size_t n = 1; n <= N_JOBS; n += 2) {
            run(&bed, n, inputs, got);
            assert_same_floats(file, got, want, n * bed.n_out);
            /* What is no number leaves nothing behind in the memory that the next run uses. */
            for (size_t i = 0; i < N_JOBS * bed.n_in; i++)
                bad[i] = n == 3 ? INFINITY : NAN;
            run(&bed, N_JOBS, bad, got);
        }
        run(&bed, N_JOBS, inputs, got);
        assert_same_floats(file, got, want, N_JOBS * bed.n_out);
        close_bed(&bed);
    }
    free(inputs);
    free(want);
    free(got);
    free(bad);
}

static void detectors_do_not_depend_on_threads(void **state)
{
    (void)state;
    check_network(SHORT_RANGE, MIEN_CPU_ALL);
    check_network(FULL_RANGE, MIEN_CPU_ALL);
    check_network(SHORT_RANGE, 0);
}

static void meshes_do_not_depend_on_threads(void **state)
{
    (void)state;
    check_network(MESH, MIEN_CPU_ALL);
    check_network(ATTENTION, MIEN_CPU_ALL);
}

/* Networks of one device compute in the same memory, one after the other. */
static void networks_leave_each_other_alone(void **state)
{
    (void)state;
    static const char *const files[] = {SHORT_RANGE, ATTENTION, MESH, FULL_RANGE};
    enum { N_BEDS = MIENI_COUNT_OF(files) };
    MieniDevice *device = open_device(2, MIEN_CPU_ALL);
    Bed beds[N_BEDS];
    for (size_t i = 0; i < N_BEDS; i++)
        beds[i] = make_bed(files[i], device);
    for (size_t i = 0; i < N_BEDS; i++) {
        Bed alone = open_bed(files[i], 1, MIEN_CPU_ALL);
        float *inputs = make_inputs(&alone);
        float *want = make_floats(alone.n_out), *got = make_floats(alone.n_out);
        run(&alone, 1, inputs, want);
        for (size_t k = 0; k < N_BEDS; k++) {
            float *bad = make_floats(beds[k].n_in), *of_bad = make_floats(beds[k].n_out);
            for (size_t j = 0; j < beds[k].n_in; j++)
                bad[j] = NAN;
            run(&beds[k], 1, bad, of_bad);
            run(&beds[i], 1, inputs, got);
            assert_same_floats(files[i], got, want, alone.n_out);
            free(of_bad);
            free(bad);
        }
        free(inputs);
        free(want);
        free(got);
        close_bed(&alone);
    }
    for (size_t i = 0; i < N_BEDS; i++)
        free_bed(&beds[i]);
    mieni_backend_cpu.close(device);
}

/* Bytes that are asked for to make a plan on a device. */
static uint64_t bytes_for(const char *file, MieniDevice *device)
{
    uint64_t before = mieni_alloc_bytes();
    Bed bed = make_bed(file, device);
    uint64_t bytes = mieni_alloc_bytes() - before;
    free_bed(&bed);
    return bytes;
}

static void networks_share_memory(void **state)
{
    (void)state;
    MieniDevice *device = open_device(1, MIEN_CPU_ALL);
    fixture_model(MESH);
    uint64_t first = bytes_for(MESH, device), second = bytes_for(MESH, device);
    const uint64_t activations = 1500000;
    assert_true(second + activations < first);
    mieni_backend_cpu.close(device);
}

/* Outputs that nobody wants are not written. */
static void outputs_may_be_left_out(void **state)
{
    (void)state;
    Bed bed = open_bed(SHORT_RANGE, 1, MIEN_CPU_ALL);
    float *inputs = make_inputs(&bed), *all = make_floats(bed.n_out);
    run(&bed, 1, inputs, all);
    const MieniTensor *first = &bed.plan->tensors[bed.plan->outputs[0]];
    size_t n_first = (size_t)first->height * (size_t)first->width * (size_t)first->channels;
    float *second = make_floats(bed.n_out - n_first);
    MieniJob job = {.input = inputs, .outputs = {NULL, second}};
    assert_int_equal(mieni_backend_cpu.plan_run(bed.device_plan, 1, &job, NULL), MIEN_OK);
    assert_same_floats("second output", second, all + n_first, bed.n_out - n_first);
    free(second);
    free(inputs);
    free(all);
    close_bed(&bed);
}

static void isa_follows_the_mask(void **state)
{
    (void)state;
    for (int all = 0; all <= 1; all++) {
        MieniDeviceOptions options = {
            .threads = 1, .cpu_mask = all ? MIEN_CPU_ALL : 0, .log = &silent};
        MieniDevice *device;
        assert_int_equal(mieni_backend_cpu.open(0, &options, &device, NULL), MIEN_OK);
        uint64_t flags = all ? mieni_cpu_flags() : 0;
        assert_string_equal(mieni_backend_cpu.isa(device), flags & MIENI_CPU_AVX512 ? "avx512"
                                                           : flags & MIENI_CPU_AVX2 ? "avx2"
                                                           : flags & MIENI_CPU_NEON ? "neon"
                                                                                    : "ref");
        mieni_backend_cpu.close(device);
    }
    mieni_backend_cpu.close(NULL);
    mieni_backend_cpu.plan_destroy(NULL);
}

/* A few bytes of a file can ask for any size: 60 MiB of activations are had, 70 are refused. */
static void activations_have_a_limit(void **state)
{
    (void)state;
    static const struct {
        int32_t mebibytes;
        MienStatus want;
    } cases[] = {{60, MIEN_OK}, {70, MIEN_E_UNSUPPORTED}, {4000, MIEN_E_UNSUPPORTED}};
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        MieniPlan *plan = mieni_selftest_plan();
        assert_non_null(plan);
        MieniTensor *between = &plan->tensors[1];
        between->width = 1024 / (int32_t)sizeof(float);
        between->height = cases[i].mebibytes * 1024 / between->channels;
        MieniDeviceOptions options = {.threads = 1, .cpu_mask = MIEN_CPU_ALL, .log = &silent};
        MieniDevice *device;
        MieniDevicePlan *device_plan = NULL;
        MienError error;
        assert_int_equal(mieni_backend_cpu.open(0, &options, &device, &error), MIEN_OK);
        assert_int_equal(mieni_backend_cpu.plan_create(device, plan, &device_plan, &error),
                         cases[i].want);
        if (cases[i].want != MIEN_OK)
            assert_error(&error, cases[i].want, "bytes of activations");
        mieni_backend_cpu.plan_destroy(device_plan);
        mieni_backend_cpu.close(device);
        mieni_plan_destroy(plan);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_have_a_limit),
        cmocka_unit_test(detectors_do_not_depend_on_threads),
        cmocka_unit_test(meshes_do_not_depend_on_threads),
        cmocka_unit_test(networks_leave_each_other_alone),
        cmocka_unit_test(networks_share_memory),
        cmocka_unit_test(outputs_may_be_left_out),
        cmocka_unit_test(isa_follows_the_mask),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, fixture_finish));
}
