/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures that are read where they lie: what is written there is seen, nothing is made for a
 * picture, and all of it goes back. That their crops are the CPU's in every format is shown in
 * stages.c.
 */
#include "backend/vulkan/vulkan.h"

#include "backend/vulkan/bed.h"

enum { SIDE = 48, CROP = 4, BLOCK_BYTES = 1 << 16 };

static MieniTensor tensor = {.name = "crop",
                             .height = CROP,
                             .width = CROP,
                             .channels = 3,
                             .parent = -1,
                             .tight = true,
                             .last = 1};
static MieniOp op = {.kind = MIENI_OP_CROP, .name = "crop", .residual = -1};
static MieniPlan plan = {
    .n_tensors = 1, .tensors = &tensor, .n_ops = 1, .ops = &op, .n_outputs = 1};

static uint8_t *make_block(void)
{
    uint8_t *block = aligned_alloc(BLOCK_BYTES, BLOCK_BYTES); /* a page of any processor */
    assert_non_null(block);
    return block;
}

/* A grey picture at `pixels`, and what its crop is: its grey everywhere. */
static int run_grey(const Bed *bed, uint8_t *pixels, int grey)
{
    MieniView view;
    MienImage image;
    float got[CROP * CROP * 3];
    MieniJob job = {.outputs = {got}, .picture = &view};
    const MieniRect rect = {.cx = 0.5f, .cy = 0.5f, .width = 1, .height = 1};
    const MieniCropSpec spec = {.width = CROP, .height = CROP, .range_max = 255};
    MienError error = {0};
    memset(pixels, grey, SIDE * SIDE);
    mien_image_init(&image, MIEN_PIXEL_GRAY8, SIDE, SIDE, pixels, 0);
    assert_int_equal(mieni_view_init(&view, &image, NULL), MIEN_OK);
    assert_int_equal(mieni_crop_init(&job.crop, &view, &rect, &spec), MIEN_OK);
    if (mieni_backend_vulkan.plan_run(bed->vulkan, 1, &job, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    return (int)got[0];
}

/* False where the device copies everything, as it then says. */
static bool takes(uint8_t *block)
{
    MieniDevice *device = bed_device();
    MienError error = {0};
    MienStatus status = mieni_backend_vulkan.import_memory(device, block, BLOCK_BYTES, &error);
    assert_int_equal(status, device->features.import ? MIEN_OK : MIEN_E_UNSUPPORTED);
    if (status != MIEN_OK)
        assert_string_equal(error.reason, "unsupported");
    return status == MIEN_OK;
}

static void pictures_are_read_in_place(void **state)
{
    (void)state;
    bed_open();
    Bed bed = bed_put(&plan);
    uint8_t *block = make_block(), elsewhere[SIDE * SIDE];
    bool taken = takes(block);
    assert_int_equal(run_grey(&bed, block, 10), 10);
    assert_int_equal(run_grey(&bed, elsewhere, 20), 20);
    uint64_t before = mieni_alloc_count();
    bed_watch_begin(&bed_device()->vk);
    size_t slots_used = bed_device()->pictures.slots[0].last_run;
    for (int i = 0; i < 6; i++)
        assert_int_equal(run_grey(&bed, block + i * SIDE, 30 + i), 30 + i);
    assert_int_equal(run_grey(&bed, block + BLOCK_BYTES - SIDE * SIDE, 40), 40);
    assert_int_equal(bed_watch.n_made, 0);
    assert_int_equal(mieni_alloc_count(), before);
    if (taken)
        assert_int_equal(bed_device()->pictures.slots[0].last_run, slots_used);
    bed_watch_end(&bed_device()->vk);
    mieni_backend_vulkan.release_memory(bed_device(), block);
    assert_int_equal(run_grey(&bed, block, 50), 50);
    free(block);
    assert_int_equal(run_grey(&bed, elsewhere, 60), 60);
    bed_drop(&bed);
}

/* lavapipe does, unless it is masked. */
static void the_feature_is_found(void **state)
{
    (void)state;
    bed_open();
    bool masked = mieni_vulkan_debug.no_import || mieni_vulkan_debug.no_direct_memory;
    if (masked || bed_device()->is_software)
        assert_int_equal(bed_device()->features.import, !masked);
}

/* Before anything was ever copied, and for a plan that is made later. */
static void nothing_else_is_needed(void **state)
{
    (void)state;
    bed_open();
    uint8_t *block = make_block();
    const MieniDeviceOptions options = {.log = &(MieniLog){0}};
    MieniDevice *device;
    MieniDevicePlan *device_plan;
    assert_int_equal(mieni_backend_vulkan.open(bed_index(), &options, &device, NULL), MIEN_OK);
    mieni_backend_vulkan.import_memory(device, block, BLOCK_BYTES, NULL);
    assert_int_equal(mieni_backend_vulkan.plan_create(device, &plan, &device_plan, NULL), MIEN_OK);
    const Bed bed = {.vulkan = device_plan};
    assert_int_equal(run_grey(&bed, block, 70), 70);
    assert_true((device->pictures.buffer.handle == VK_NULL_HANDLE) == device->features.import);
    mieni_backend_vulkan.plan_destroy(device_plan);
    mieni_backend_vulkan.close(device); /* the block goes back as well */
    free(block);
}

/* Each call that may fail: the block is not taken, and pictures in it are copied. */
static void every_call_may_fail(void **state)
{
    (void)state;
    bed_open();
    if (!bed_device()->features.import)
        return;
    Bed bed = bed_put(&plan);
    uint8_t *block = make_block();
    static const struct {
        VkResult result;
        MienStatus status;
        const char *reason;
    } cases[] = {
        {VK_ERROR_OUT_OF_DEVICE_MEMORY, MIEN_E_DEVICE, "out-of-memory"},
        {VK_ERROR_INVALID_EXTERNAL_HANDLE, MIEN_E_UNSUPPORTED, "unsupported"},
        {VK_ERROR_INVALID_EXTERNAL_HANDLE, MIEN_E_UNSUPPORTED, "unsupported"},
        {VK_ERROR_OUT_OF_HOST_MEMORY, MIEN_E_NOMEM, "out-of-memory"},
        {VK_ERROR_OUT_OF_DEVICE_MEMORY, MIEN_E_DEVICE, "out-of-memory"},
    };
    /* CreateBuffer, GetMemoryHostPointerProperties, AllocateMemory twice, BindBufferMemory. */
    static const int calls[] = {0, 1, 2, 2, 3};
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++) {
        MienError error = {0};
        bed_watch_begin(&bed_device()->vk);
        bed_watch_fail(calls[i], cases[i].result);
        assert_int_equal(
            mieni_backend_vulkan.import_memory(bed_device(), block, BLOCK_BYTES, &error),
            cases[i].status);
        assert_string_equal(error.reason, cases[i].reason);
        bed_watch_end(&bed_device()->vk);
        assert_int_equal(run_grey(&bed, block, 80 + (int)i), 80 + (int)i);
    }
    MienError error = {0};
    bed_device()->is_lost = true;
    assert_int_equal(mieni_backend_vulkan.import_memory(bed_device(), block, BLOCK_BYTES, &error),
                     MIEN_E_DEVICE);
    assert_string_equal(error.reason, "gpu-lost");
    bed_device()->is_lost = false;
    assert_true(takes(block));
    assert_int_equal(run_grey(&bed, block, 90), 90);
    mieni_backend_vulkan.release_memory(bed_device(), block);
    free(block);
    bed_drop(&bed);
}

/* What the driver wants and what it can see are its own affair. */
static void limits_are_kept(void **state)
{
    (void)state;
    bed_open();
    MieniDevice *device = bed_device();
    uint8_t *blocks[MIENI_MAX_IMPORTS + 1];
    MienError error = {0};
    for (size_t i = 0; i < MIENI_COUNT_OF(blocks); i++)
        blocks[i] = make_block();
    if (device->features.import) {
        const VkDeviceSize step = device->import_step;
        const uint32_t range = device->limits.maxStorageBufferRange;
        device->import_step = 2 * BLOCK_BYTES;
        assert_int_equal(mieni_backend_vulkan.import_memory(device, blocks[0], BLOCK_BYTES, &error),
                         MIEN_E_UNSUPPORTED);
        device->import_step = step;
        device->limits.maxStorageBufferRange = BLOCK_BYTES - 1;
        assert_int_equal(mieni_backend_vulkan.import_memory(device, blocks[0], BLOCK_BYTES, &error),
                         MIEN_E_UNSUPPORTED);
        device->limits.maxStorageBufferRange = range;
        for (size_t i = 0; i < MIENI_MAX_IMPORTS; i++)
            assert_true(takes(blocks[i]));
        assert_int_equal(mieni_backend_vulkan.import_memory(device, blocks[MIENI_MAX_IMPORTS],
                                                            BLOCK_BYTES, &error),
                         MIEN_E_UNSUPPORTED);
    }
    Bed bed = bed_put(&plan);
    for (size_t i = 0; i < MIENI_COUNT_OF(blocks); i++)
        assert_int_equal(run_grey(&bed, blocks[i], (int)i), (int)i);
    for (size_t i = 0; i < MIENI_COUNT_OF(blocks); i++) {
        mieni_backend_vulkan.release_memory(device, blocks[i]);
        free(blocks[i]);
    }
    bed_drop(&bed);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_feature_is_found),   cmocka_unit_test(pictures_are_read_in_place),
        cmocka_unit_test(nothing_else_is_needed), cmocka_unit_test(every_call_may_fail),
        cmocka_unit_test(limits_are_kept),
    };
    bed_arguments(argc, argv);
    return test_exit_code(cmocka_run_group_tests(tests, NULL, bed_close));
}
