/* SPDX-License-Identifier: Apache-2.0 */
/* The crop is the CPU's, bit for bit: every pixel format, both borders, turned, from pictures of
 * odd sizes with gaps between rows, several of them in one batch; every access to memory is
 * checked. */
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

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(crops_equal_the_cpu)};
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
