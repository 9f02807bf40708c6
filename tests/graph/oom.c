/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out at the n-th allocation, for every n: reading, planning and preparing then
 * fail with MIEN_E_NOMEM and leave nothing behind (the leak sanitizer looks on).
 */
#include "backend/backend.h"
#include "graph/plan.h"
#include "support/flatbuilder.h"
#include "support/test.h"

/* One of nearly everything that has memory of its own. */
static FbFile make_file(void)
{
    FbModel *model = fb_create();
    int32_t x = fb_input(model, 8, 8, 3);
    int32_t y = fb_prelu(model, fb_conv(model, x, 9, 3, 2, FB_SAME, false));
    int32_t body = fb_depthwise(model, fb_pad(model, y, 1, 1, 1, 1, 0), 3, 1, FB_VALID);
    body = fb_conv(model, body, 12, 1, 1, FB_SAME, false);
    y = fb_add(model, fb_pad(model, y, 0, 0, 0, 0, 3), body, true);
    fb_make_sparse(model, model->ops[0].inputs[1], 2);
    int32_t a = fb_reshape(model, fb_conv(model, y, 6, 1, 1, FB_SAME, false), 3, 1, 32, 3);
    int32_t b = fb_reshape(model, fb_conv(model, y, 3, 3, 2, FB_SAME, true), 3, 1, 4, 3);
    fb_output(model, fb_concat(model, 1, a, b));
    int32_t points = fb_reshape(model, fb_conv(model, y, 3, 4, 4, FB_VALID, false), 3, 1, 1, 3);
    int32_t matrix = fb_tensor(model, FB_F32, 3, 1, 4, 4);
    FbOp *op = fb_op(model, FB_CUSTOM, matrix, 1, points);
    op->custom = "Landmarks2TransformMatrix";
    FxMap *map = fx_create();
    static const int32_t subset[] = {0};
    fx_i32(map, "left_rotation_idx", 0);
    fx_i32(map, "output_height", 2);
    fx_i32(map, "output_width", 2);
    fx_i32(map, "right_rotation_idx", 0);
    fx_f32(map, "scale_x", 1);
    fx_f32(map, "scale_y", 1);
    fx_vector(map, "subset_idxs", 1, subset);
    fx_f32(map, "target_rotation_radians", 0);
    op->custom_options = fx_finish(map, &op->custom_options_bytes);
    fb_output(model, matrix);
    FbFile file = fb_write(model);
    fb_destroy(model);
    return file;
}

static MienStatus read_and_prepare(const FbFile *file, MienError *error)
{
    const MieniLog silent = {0};
    const MieniDeviceOptions options = {.threads = 2, .cpu_mask = UINT64_MAX, .log = &silent};
    MieniGraph *graph = NULL;
    MieniPlan *plan = NULL;
    MieniDevice *device = NULL;
    MieniDevicePlan *device_plan = NULL;
    MienStatus status = mieni_graph_read(file->data, file->size, &graph, error);
    if (status == MIEN_OK)
        status = mieni_plan_create(graph, &plan, error);
    if (status == MIEN_OK)
        status = mieni_plan_add_crop(plan, error);
    if (status == MIEN_OK)
        status = mieni_backend_cpu.open(0, &options, &device, error);
    if (status == MIEN_OK)
        status = mieni_backend_cpu.plan_create(device, plan, &device_plan, error);
    assert_true((status == MIEN_OK) == (device_plan != NULL));
    mieni_backend_cpu.plan_destroy(device_plan);
    mieni_backend_cpu.close(device);
    mieni_plan_destroy(plan);
    mieni_graph_destroy(graph);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    FbFile file = make_file();
    MienError error = {0};
    if (read_and_prepare(&file, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    uint64_t before = mieni_alloc_count();
    read_and_prepare(&file, &error);
    int64_t n_allocations = (int64_t)(mieni_alloc_count() - before);
    assert_true(n_allocations > 20);
    for (int persistent = 0; persistent < 2; persistent++)
        for (int64_t n = 0; n <= n_allocations; n++) {
            memset(&error, 0, sizeof(error));
            mieni_alloc_fail_at(n, persistent);
            MienStatus status = read_and_prepare(&file, &error);
            mieni_alloc_fail_at(-1, false);
            MienStatus want = n < n_allocations ? MIEN_E_NOMEM : MIEN_OK;
            if (status != want)
                fail_msg("allocation %lld of %lld: %s %s", (long long)n, (long long)n_allocations,
                         mien_status_name(status), error.text);
            assert_int_equal(error.status, want);
            assert_string_equal(error.reason, want ? "out-of-memory" : "");
        }
    print_message("%lld allocations\n", (long long)n_allocations);
    fb_file_free(&file);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_allocation_may_fail),
};

TEST_MAIN(tests)
