/* SPDX-License-Identifier: Apache-2.0 */
/* What stands at the ends of a plan: the crop, which is the CPU's bit for bit in every pixel
 * format, of pictures that are sent and of those that are read in place, and the decoders. */
#include "backend/decoders.h"
#include "backend/vulkan/bed.h"
#include "backend/vulkan/vulkan.h"
#include "base/rng.h"

enum { N_JOBS = 5, MAX_WIDTH = 300, MAX_HEIGHT = 200, GAP = 5 };

/* Room for three planes, in pages of any processor. */
#define PAGE_BYTES ((size_t)1 << 16)
#define N_PIXELS (12 * PAGE_BYTES)

static uint64_t seed = 21;

static int32_t between(int32_t low, int32_t high)
{
    return low + (int32_t)mieni_rng_below(&seed, (uint32_t)(high - low + 1));
}

/* A picture of noise whose rows lie apart, upside down every other time. */
static void make_picture(MieniView *view, MienPixelFormat format, uint8_t *pixels)
{
    static const size_t plane_bytes = (size_t)(4 * MAX_WIDTH + GAP) * MAX_HEIGHT;
    MienImage image;
    mien_image_init(&image, format, between(1, MAX_WIDTH), between(1, MAX_HEIGHT), pixels, 0);
    MieniPlaneSize sizes[3];
    int n = mieni_plane_sizes(&image, sizes);
    for (int i = 0; i < n; i++) {
        ptrdiff_t stride = sizes[i].row_bytes + between(0, 1) * GAP;
        bool is_turned = between(0, 1);
        image.planes[i] =
            pixels + (size_t)i * plane_bytes + (is_turned ? stride * (sizes[i].rows - 1) : 0);
        image.strides_bytes[i] = is_turned ? -stride : stride;
    }
    image.color_matrix = (MienColorMatrix)between(0, 2);
    image.color_range = (MienColorRange)between(0, 1);
    image.rotation_degrees = 90 * between(0, 3);
    MienError error;
    if (mieni_view_init(view, &image, &error) != MIEN_OK)
        fail_msg("%s", error.text);
}

static void make_crop(MieniJob *job, const MieniView *view, int32_t side)
{
    MieniRect rect = {.cx = mieni_rng_float(&seed, -0.3, 1.3),
                      .cy = mieni_rng_float(&seed, -0.3, 1.3),
                      .width = mieni_rng_float(&seed, 0.01, 1.7),
                      .height = mieni_rng_float(&seed, 0.01, 1.7),
                      .rotation = mieni_rng_float(&seed, -4, 4)};
    MieniCropSpec spec = {.width = side,
                          .height = side,
                          .border = between(0, 1) ? MIENI_BORDER_ZERO : MIENI_BORDER_REPLICATE,
                          .keep_aspect = between(0, 1),
                          .range_min = -1,
                          .range_max = 1};
    assert_int_equal(mieni_crop_init(&job->crop, view, &rect, &spec), MIEN_OK);
    job->picture = view;
}

/* Jobs whose picture lies in imported memory. */
static int count_imported(const MieniJob *jobs, int n)
{
    int n_imported = 0;
    VulkanPlace place;
    for (int i = 0; i < n; i++)
        n_imported += mieni_vulkan_find_import(bed_device(), &jobs[i].picture->image, &place);
    return n_imported;
}

/* The first `imported_bytes` are read in place, where the device does that; returns how many jobs
 * found their pictures there. */
static int check_crops(MienPixelFormat format, int32_t side, size_t imported_bytes)
{
    MieniTensor tensor = {.name = "crop",
                          .height = side,
                          .width = side,
                          .channels = 3,
                          .parent = -1,
                          .tight = true,
                          .last = 1};
    MieniOp op = {.kind = MIENI_OP_CROP, .name = "crop", .residual = -1};
    MieniPlan plan = {.n_tensors = 1, .tensors = &tensor, .n_ops = 1, .ops = &op, .n_outputs = 1};
    size_t n = (size_t)side * (size_t)side * 3, n_pixels = N_PIXELS;
    uint8_t *pixels = aligned_alloc(PAGE_BYTES, n_pixels);
    float *want = calloc(N_JOBS * n, sizeof(*want)), *got = calloc(N_JOBS * n, sizeof(*got));
    assert_true(pixels && want && got);
    for (size_t i = 0; i < n_pixels; i++)
        pixels[i] = (uint8_t)mieni_rng_next(&seed);

    if (imported_bytes > 0)
        mieni_backend_vulkan.import_memory(bed_device(), pixels, imported_bytes, NULL);
    Bed bed = bed_put(&plan);
    MieniView views[N_JOBS];
    MieniJob jobs[N_JOBS] = {0};
    for (int i = 0; i < N_JOBS; i++) {
        /* The last ones look at the same picture. */
        make_picture(&views[i], format, pixels + i);
        make_crop(&jobs[i], &views[i < 3 ? i : 3], side);
        jobs[i].outputs[0] = want + (size_t)i * n;
    }
    MienError error = {0};
    for (int i = 3; i < N_JOBS; i++)
        make_crop(&jobs[i], &views[3], side);
    assert_int_equal(mieni_backend_cpu.plan_run(bed.cpu, N_JOBS, jobs, &error), MIEN_OK);
    for (int i = 0; i < N_JOBS; i++)
        jobs[i].outputs[0] = got + (size_t)i * n;
    if (mieni_backend_vulkan.plan_run(bed.vulkan, N_JOBS, jobs, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < N_JOBS * n; i++)
        if (memcmp(&got[i], &want[i], sizeof(*got)) != 0)
            fail_msg("format %d, job %zu, value %zu is %.9g, not %.9g", (int)format, i / n, i % n,
                     (double)got[i], (double)want[i]);
    int n_imported = count_imported(jobs, N_JOBS);
    bed_drop(&bed);
    mieni_backend_vulkan.release_memory(bed_device(), pixels);
    free(pixels);
    free(want);
    free(got);
    return n_imported;
}

static void crops_are_the_same_bits(void **state)
{
    (void)state;
    bed_open();
    for (MienPixelFormat format = MIEN_PIXEL_RGB24; format <= MIEN_PIXEL_I420; format++) {
        check_crops(format, between(1, 70), 0);
        /* Some pictures reach beyond the block, some rounds have all of them in it. */
        int n_imported = check_crops(format, between(1, 70), PAGE_BYTES);
        n_imported += check_crops(format, between(1, 70), N_PIXELS);
        n_imported += check_crops(format, between(1, 70), N_PIXELS);
        test_in_range(n_imported, bed_device()->features.import ? 2 * N_JOBS : 0,
                      bed_device()->features.import ? 3 * N_JOBS : 0);
    }
}

/* Pictures that follow each other: the same one is not sent again, another one in its place is. */
static void pictures_are_told_apart(void **state)
{
    (void)state;
    enum { SIDE = 4 };
    bed_open();
    MieniTensor tensor = {.name = "crop",
                          .height = SIDE,
                          .width = SIDE,
                          .channels = 3,
                          .parent = -1,
                          .tight = true,
                          .last = 1};
    MieniOp op = {.kind = MIENI_OP_CROP, .name = "crop", .residual = -1};
    MieniPlan plan = {.n_tensors = 1, .tensors = &tensor, .n_ops = 1, .ops = &op, .n_outputs = 1};
    Bed bed = bed_put(&plan);
    uint8_t pixels[SIDE * SIDE];
    float got[SIDE * SIDE * 3];
    MienImage image;
    mien_image_init(&image, MIEN_PIXEL_GRAY8, SIDE, SIDE, pixels, 0);
    static const struct {
        uint64_t serial;
        int value, want;
    } cases[] = {{7, 10, 10}, {7, 20, 10}, {8, 30, 30}, {0, 40, 40}, {0, 50, 50}, {9, 60, 60}};
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        MieniView view;
        MieniJob job = {.outputs = {got}, .picture = &view};
        MieniRect rect = {.cx = 0.5f, .cy = 0.5f, .width = 1, .height = 1};
        MieniCropSpec spec = {.width = SIDE, .height = SIDE, .range_max = 255};
        memset(pixels, cases[i].value, sizeof(pixels));
        assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
        view.serial = cases[i].serial;
        assert_int_equal(mieni_crop_init(&job.crop, &view, &rect, &spec), MIEN_OK);
        assert_int_equal(mieni_backend_vulkan.plan_run(bed.vulkan, 1, &job, NULL), MIEN_OK);
        assert_int_equal((int)got[0], cases[i].want);
    }
    bed_drop(&bed);
}

static PFN_vkAllocateMemory real_allocate;

static VKAPI_ATTR VkResult VKAPI_CALL allocate_little(VkDevice device,
                                                      const VkMemoryAllocateInfo *info,
                                                      const VkAllocationCallbacks *allocator,
                                                      VkDeviceMemory *memory)
{
    return info->allocationSize > 10000 ? VK_ERROR_OUT_OF_DEVICE_MEMORY
                                        : real_allocate(device, info, allocator, memory);
}

/* Pictures for which there is no room all at once go in turns. */
static void pictures_may_lack_memory(void **state)
{
    (void)state;
    enum { N = 5, SIDE = 64, CROP = 2 };
    bed_open();
    MieniDevice *device = bed_device();
    MieniTensor tensor = {.name = "crop",
                          .height = CROP,
                          .width = CROP,
                          .channels = 3,
                          .parent = -1,
                          .tight = true,
                          .last = 1};
    MieniOp op = {.kind = MIENI_OP_CROP, .name = "crop", .residual = -1};
    MieniPlan plan = {.n_tensors = 1, .tensors = &tensor, .n_ops = 1, .ops = &op, .n_outputs = 1};
    Bed bed = bed_put(&plan);
    static uint8_t pixels[N][SIDE * SIDE];
    float got[N][CROP * CROP * 3];
    MieniView views[N];
    MieniJob jobs[N] = {0};
    for (int i = 0; i < N; i++) {
        MienImage image;
        memset(pixels[i], 10 * i + 1, sizeof(pixels[i]));
        mien_image_init(&image, MIEN_PIXEL_GRAY8, SIDE, SIDE, pixels[i], 0);
        assert_int_equal(mieni_view_init(&views[i], &image, NULL), MIEN_OK);
        MieniRect rect = {.cx = 0.5f, .cy = 0.5f, .width = 1, .height = 1};
        MieniCropSpec spec = {.width = CROP, .height = CROP, .range_max = 255};
        assert_int_equal(mieni_crop_init(&jobs[i].crop, &views[i], &rect, &spec), MIEN_OK);
        jobs[i].picture = &views[i];
        jobs[i].outputs[0] = got[i];
    }
    mieni_vulkan_pictures_finish(device); /* what earlier tests left */
    device->pictures.slot_bytes = 0;
    real_allocate = device->vk.AllocateMemory;
    device->vk.AllocateMemory = allocate_little;
    for (int round = 0; round < 2; round++) {
        memset(got, 0, sizeof(got));
        assert_int_equal(mieni_backend_vulkan.plan_run(bed.vulkan, N, jobs, NULL), MIEN_OK);
        assert_int_equal(device->pictures.n_slots, 2);
        for (int i = 0; i < N; i++)
            assert_int_equal((int)got[i][0], 10 * i + 1);
    }
    device->vk.AllocateMemory = real_allocate;
    device->pictures.max_slots = 0;
    bed_drop(&bed);
}

static void run_cpu(const MieniPlan *plan, size_t n, MieniJob *jobs)
{
    Bed bed = bed_put(plan);
    assert_int_equal(mieni_backend_cpu.plan_run(bed.cpu, n, jobs, NULL), MIEN_OK);
    bed_drop(&bed);
}

static void run_vulkan(const MieniPlan *plan, size_t n, MieniJob *jobs)
{
    Bed bed = bed_put(plan);
    assert_int_equal(mieni_backend_vulkan.plan_run(bed.vulkan, n, jobs, NULL), MIEN_OK);
    bed_drop(&bed);
}

static void boxes_are_the_same(void **state)
{
    (void)state;
    bed_open();
    decoders_check_boxes(run_cpu, run_vulkan);
}

static void landmarks_are_the_same(void **state)
{
    (void)state;
    bed_open();
    decoders_check_landmarks(run_cpu, run_vulkan);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_are_the_same_bits),  cmocka_unit_test(pictures_are_told_apart),
        cmocka_unit_test(pictures_may_lack_memory), cmocka_unit_test(boxes_are_the_same),
        cmocka_unit_test(landmarks_are_the_same),
    };
    bed_arguments(argc, argv);
    return test_exit_code(cmocka_run_group_tests(tests, NULL, bed_close));
}
