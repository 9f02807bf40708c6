/* SPDX-License-Identifier: Apache-2.0 */
/* The crop is the CPU's, bit for bit: every pixel format, both borders, turned, from pictures of
 * odd sizes with gaps between rows, several of them in one batch; every access to memory is
 * checked. */
#include "backend/cuda/cuda.h"
#include "backend/cuda/sim.h"
#include "backend/validate.h"
#include "base/arena.h"
#include "base/rng.h"

enum { SIDE = 24, N_JOBS = 11, MAX_SIDE = 70, N_FLOATS = SIDE * SIDE * 3 };

static const MieniLog silent;

/* A plan of nothing but a crop. */
static MieniPlan *make_plan(void)
{
    MieniPlan *plan = mieni_alloc(1, sizeof(*plan));
    assert_non_null(plan);
    plan->arena = mieni_arena_create();
    plan->tensors = mieni_alloc(1, sizeof(*plan->tensors));
    plan->ops = mieni_alloc(1, sizeof(*plan->ops));
    assert_true(plan->arena && plan->tensors && plan->ops);
    plan->n_tensors = plan->n_ops = plan->n_outputs = 1;
    plan->tensors[0] = (MieniTensor){.name = "crop",
                                     .height = SIDE,
                                     .width = SIDE,
                                     .channels = 3,
                                     .parent = -1,
                                     .tight = true,
                                     .last = 1};
    plan->ops[0] = (MieniOp){.kind = MIENI_OP_CROP, .name = "crop", .residual = -1};
    return plan;
}

typedef struct Bed {
    const MieniBackend *backend;
    MieniDevice *device;
    MieniDevicePlan *plan;
} Bed;

static Bed open_bed(const MieniBackend *backend)
{
    Bed bed = {.backend = backend};
    MieniDeviceOptions options = {.threads = 1, .cpu_mask = 0, .log = &silent};
    MienError error = {.reason = ""};
    MieniPlan *plan = make_plan();
    if (backend->open(0, &options, &bed.device, &error) != MIEN_OK ||
        mieni_validate_plan_create(backend, bed.device, plan, &bed.plan, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    mieni_plan_destroy(plan);
    return bed;
}

static void close_bed(Bed *bed)
{
    bed->backend->plan_destroy(bed->plan);
    bed->backend->close(bed->device);
}

/* A picture of noise with rows that are longer than they need to be. */
static void make_picture(MieniView *view, uint8_t *pixels, MienPixelFormat format, uint64_t *state)
{
    int32_t width = 2 + (int32_t)(mieni_rng_next(state) % (MAX_SIDE - 1));
    int32_t height = 2 + (int32_t)(mieni_rng_next(state) % (MAX_SIDE - 1));
    ptrdiff_t stride = MAX_SIDE * 4 + 16;
    for (size_t i = 0; i < (size_t)stride * MAX_SIDE * 3; i++)
        pixels[i] = (uint8_t)mieni_rng_next(state);
    MienImage image = {.struct_size = sizeof(image)};
    mien_image_init(&image, format, width, height, pixels, stride);
    for (int plane = 1; plane < 3; plane++) {
        image.planes[plane] = pixels + (size_t)plane * (size_t)stride * MAX_SIDE;
        image.strides_bytes[plane] = stride;
    }
    MienError error = {.reason = ""};
    if (mieni_view_init(view, &image, &error) != MIEN_OK)
        fail_msg("%s", error.text);
}

/* A few jobs are a graph, many are not. */
static void check_format(const Bed *cuda, const Bed *cpu, MienPixelFormat format, int n,
                         uint64_t *state)
{
    static uint8_t pixels[N_JOBS][(MAX_SIDE * 4 + 16) * MAX_SIDE * 3];
    static float got[N_JOBS][N_FLOATS], want[N_JOBS][N_FLOATS];
    MieniView views[N_JOBS];
    MieniJob jobs[N_JOBS];
    memset(jobs, 0, sizeof(jobs));
    for (int i = 0; i < n; i++) {
        MieniCropSpec spec = {.width = SIDE,
                              .height = SIDE,
                              .border = i % 2 ? MIENI_BORDER_ZERO : MIENI_BORDER_REPLICATE,
                              .keep_aspect = i % 2,
                              .range_min = -1,
                              .range_max = 1};
        MieniRect rect = {.cx = mieni_rng_float(state, 0, 1),
                          .cy = mieni_rng_float(state, 0, 1),
                          .width = mieni_rng_float(state, 0.2, 1.5),
                          .height = mieni_rng_float(state, 0.2, 1.5),
                          .rotation = mieni_rng_float(state, -3, 3)};
        make_picture(&views[i], pixels[i], format, state);
        assert_int_equal(mieni_crop_init(&jobs[i].crop, &views[i], &rect, &spec), MIEN_OK);
        jobs[i].picture = &views[i];
        jobs[i].outputs[0] = got[i];
    }
    assert_int_equal(cuda->backend->plan_run(cuda->plan, (size_t)n, jobs, NULL), MIEN_OK);
    for (int i = 0; i < n; i++)
        jobs[i].outputs[0] = want[i];
    assert_int_equal(cpu->backend->plan_run(cpu->plan, (size_t)n, jobs, NULL), MIEN_OK);
    assert_memory_equal(got, want, (size_t)n * sizeof(got[0]));
    assert_memory_not_equal(got[0], got[1], sizeof(got[0]));
}

static void crops_equal_the_cpu(void **state)
{
    (void)state;
    sim_need_cuda();
    Bed cuda = open_bed(&mieni_backend_cuda), cpu = open_bed(&mieni_backend_cpu);
    uint64_t seed = 5;
    for (int format = MIEN_PIXEL_RGB24; format <= MIEN_PIXEL_I420; format++)
        for (int round = 0; round < 8; round++)
            check_format(&cuda, &cpu, (MienPixelFormat)format, round % 2 ? N_JOBS : 3, &seed);
    close_bed(&cuda);
    close_bed(&cpu);
}

enum { N_LARGE = 15, LARGE_WIDTH = 2048, LARGE_HEIGHT = 1536, LARGE_JUMP = 4099 };

/* Pictures of one noise, each from another byte on: all differ everywhere. */
static void make_large_pictures(MieniView *views, const uint8_t *noise)
{
    for (int i = 0; i < N_LARGE; i++) {
        MienImage image = {.struct_size = sizeof(image)};
        MienError error = {.reason = ""};
        mien_image_init(&image, MIEN_PIXEL_RGB24, LARGE_WIDTH, LARGE_HEIGHT, noise + i * LARGE_JUMP,
                        3 * LARGE_WIDTH);
        if (mieni_view_init(&views[i], &image, &error) != MIEN_OK)
            fail_msg("%s", error.text);
    }
}

/* Jobs that look at them, and what the CPU cuts out. */
typedef struct Large {
    uint8_t *noise;
    MieniView views[N_LARGE];
    MieniJob jobs[N_LARGE];
    float got[N_LARGE][N_FLOATS], want[N_LARGE][N_FLOATS];
} Large;

static Large *make_large(void)
{
    Large *large = calloc(1, sizeof(*large));
    size_t n_bytes = (size_t)3 * LARGE_WIDTH * LARGE_HEIGHT + (size_t)N_LARGE * LARGE_JUMP;
    uint64_t seed = 9;
    assert_non_null(large);
    large->noise = malloc(n_bytes);
    assert_non_null(large->noise);
    for (size_t i = 0; i < n_bytes; i++)
        large->noise[i] = (uint8_t)mieni_rng_next(&seed);
    make_large_pictures(large->views, large->noise);
    for (int i = 0; i < N_LARGE; i++) {
        MieniCropSpec spec = {.width = SIDE, .height = SIDE, .range_min = -1, .range_max = 1};
        MieniRect rect = {.cx = 0.5f, .cy = 0.5f, .width = 0.01f, .height = 0.01f};
        MieniJob *job = &large->jobs[i];
        assert_int_equal(mieni_crop_init(&job->crop, &large->views[i], &rect, &spec), MIEN_OK);
        job->picture = &large->views[i];
        job->outputs[0] = large->want[i];
    }
    Bed cpu = open_bed(&mieni_backend_cpu);
    assert_int_equal(cpu.backend->plan_run(cpu.plan, N_LARGE, large->jobs, NULL), MIEN_OK);
    close_bed(&cpu);
    for (int i = 0; i < N_LARGE; i++)
        large->jobs[i].outputs[0] = large->got[i];
    return large;
}

static void free_large(Large *large)
{
    free(large->noise);
    free(large);
}

static MienStatus run_large(const Bed *bed, Large *large, MienError *error)
{
    memset(large->got, 0, sizeof(large->got));
    MienStatus status = bed->backend->plan_run(bed->plan, N_LARGE, large->jobs, error);
    const SimCounts *counts = sim_counters();
    if (counts && !bed->device->is_lost)
        assert_int_equal(counts->queued, 0);
    if (status == MIEN_OK)
        assert_memory_equal(large->got, large->want, sizeof(large->got));
    return status;
}

/*
 * What is more than goes up at once is put together while the device has what was before it. The
 * stand-in does its work as late as it may: what is overwritten too early would show.
 */
static void large_pictures_take_turns(void **state)
{
    (void)state;
    sim_need_cuda();
    const SimCounts *counts = sim_counters();
    setenv("MIEN_SIM_CHECK", "0", 1);
    Large *large = make_large();
    Bed cuda = open_bed(&mieni_backend_cuda);
    for (int round = 0; round < 3; round++) {
        SimCounts before = counts ? *counts : (SimCounts){.calls = 0};
        assert_int_equal(run_large(&cuda, large, NULL), MIEN_OK);
        if (!counts)
            continue;
        uint64_t n_copies = counts->copies_up - before.copies_up;
        test_in_range(n_copies, 3, 8);
        assert_int_equal(counts->pageable_copies, before.pageable_copies);
        if (round > 0) { /* in the first the buffer still grows */
            assert_int_equal(counts->waits_ahead - before.waits_ahead, n_copies - 1);
            assert_int_equal(counts->synchronizations - before.synchronizations, 1);
            assert_int_equal(counts->allocations, before.allocations);
        }
    }
    close_bed(&cuda);
    unsetenv("MIEN_SIM_CHECK");
    free_large(large);
}

/* The second picture wants a larger buffer while the first is on its way out of the old one, and a
 * third fits again. */
static void buffer_grows_on_the_way(void **state)
{
    (void)state;
    sim_need_cuda();
    enum { N = 3, HUGE_SIDE = 7900 };
    static const int32_t sides[N] = {2500, HUGE_SIDE, 2400};
    static float got[N][N_FLOATS], want[N][N_FLOATS];
    uint8_t *noise = malloc((size_t)HUGE_SIDE * HUGE_SIDE);
    MieniView views[N];
    MieniJob jobs[N];
    assert_non_null(noise);
    for (size_t i = 0; i < (size_t)HUGE_SIDE * HUGE_SIDE; i++)
        noise[i] = (uint8_t)(i * i >> 7);
    memset(jobs, 0, sizeof(jobs));
    for (int i = 0; i < N; i++) {
        MienImage image = {.struct_size = sizeof(image)};
        MieniCropSpec spec = {.width = SIDE, .height = SIDE, .range_min = -1, .range_max = 1};
        MieniRect rect = {.cx = 0.9f, .cy = 0.9f, .width = 0.01f, .height = 0.01f};
        mien_image_init(&image, MIEN_PIXEL_GRAY8, sides[i], sides[i], noise, sides[i]);
        assert_int_equal(mieni_view_init(&views[i], &image, NULL), MIEN_OK);
        assert_int_equal(mieni_crop_init(&jobs[i].crop, &views[i], &rect, &spec), MIEN_OK);
        jobs[i].picture = &views[i];
        jobs[i].outputs[0] = want[i];
    }
    setenv("MIEN_SIM_CHECK", "0", 1);
    Bed cuda = open_bed(&mieni_backend_cuda), cpu = open_bed(&mieni_backend_cpu);
    assert_int_equal(cpu.backend->plan_run(cpu.plan, N, jobs, NULL), MIEN_OK);
    for (int i = 0; i < N; i++)
        jobs[i].outputs[0] = got[i];
    for (int round = 0; round < 2; round++) {
        memset(got, 0, sizeof(got));
        assert_int_equal(cuda.backend->plan_run(cuda.plan, N, jobs, NULL), MIEN_OK);
        assert_memory_equal(got, want, sizeof(got));
    }
    close_bed(&cuda);
    close_bed(&cpu);
    unsetenv("MIEN_SIM_CHECK");
    if (sim_counters())
        assert_int_equal(sim_counters()->pinned_blocks, 0);
    free(noise);
}

/* Where host and device share memory, each part waits for the one before it. */
static void shared_memory_has_no_turns(void **state)
{
    (void)state;
    const SimCounts *counts = sim_need_stand_in();
    setenv("MIEN_SIM_CHECK", "0", 1);
    setenv("MIEN_SIM_INTEGRATED", "1", 1);
    Large *large = make_large();
    Bed cuda = open_bed(&mieni_backend_cuda);
    SimCounts before = *counts;
    assert_int_equal(run_large(&cuda, large, NULL), MIEN_OK);
    assert_int_equal(counts->copies_up, before.copies_up);
    assert_int_equal(counts->waits_ahead, before.waits_ahead);
    close_bed(&cuda);
    unsetenv("MIEN_SIM_INTEGRATED");
    unsetenv("MIEN_SIM_CHECK");
    free_large(large);
}

/* A call fails when some parts are done, some are on their way and some are not handed in. Memory
 * that is short is short of speed at most; all is given back. */
static void parts_may_fail(void **state)
{
    (void)state;
    const SimCounts *counts = sim_need_stand_in();
    static const struct {
        const char *fail;
        MienStatus status, again;
    } cases[] = {
        {"cuMemHostAlloc:2:2", MIEN_OK, MIEN_OK},
        {"cuMemHostAlloc:3:2", MIEN_OK, MIEN_OK},
        {"cuMemHostAlloc:2:719", MIEN_E_DEVICE, MIEN_E_DEVICE},
        {"cuEventCreate:1:2", MIEN_OK, MIEN_OK},
        {"cuEventCreate:1:999", MIEN_E_DEVICE, MIEN_E_DEVICE},
        {"cuEventRecord:2:2", MIEN_E_DEVICE, MIEN_OK},
        {"cuEventSynchronize:1:2", MIEN_E_DEVICE, MIEN_OK},
        {"cuEventSynchronize:2:702", MIEN_E_DEVICE, MIEN_E_DEVICE},
        {"cuMemcpyHtoDAsync:3:2", MIEN_E_DEVICE, MIEN_OK},
        {"cuMemcpyDtoHAsync:2:2", MIEN_E_DEVICE, MIEN_OK},
        {"cuStreamSynchronize:1:214", MIEN_E_DEVICE, MIEN_E_DEVICE},
    };
    setenv("MIEN_SIM_CHECK", "0", 1);
    Large *large = make_large();
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        MienError error = {.reason = ""};
        Bed cuda = open_bed(&mieni_backend_cuda);
        setenv("MIEN_SIM_FAIL", cases[i].fail, 1);
        MienStatus status = run_large(&cuda, large, &error);
        if (status != cases[i].status || (status == MIEN_OK) != (*error.text == 0))
            fail_msg("%s: %d, \"%s\"", cases[i].fail, (int)status, error.text);
        assert_int_equal(run_large(&cuda, large, &error), cases[i].again);
        unsetenv("MIEN_SIM_FAIL");
        close_bed(&cuda);
        assert_int_equal(counts->contexts, 0);
        assert_int_equal(counts->pinned_blocks, 0);
        assert_int_equal(counts->device_blocks, 0);
        assert_int_equal(counts->events, 0);
    }
    unsetenv("MIEN_SIM_CHECK");
    free_large(large);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_equal_the_cpu), cmocka_unit_test(large_pictures_take_turns),
        cmocka_unit_test(buffer_grows_on_the_way), cmocka_unit_test(shared_memory_has_no_turns),
        cmocka_unit_test(parts_may_fail)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
