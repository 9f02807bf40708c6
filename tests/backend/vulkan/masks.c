/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a feature that is masked off changes of a model's plans, and that it changes nothing else:
 * variants of shaders. Steps that are the same need not run twice, so that what tests of single
 * stages show of a device as it is holds without the feature as well.
 */
#include "backend/vulkan/bed.h"
#include "backend/vulkan/vulkan.h"
#include "engine/engine_private.h"
#include "engine/fixture.h"

static const MieniLog silent;

/* A feature, and the variants that are not used without it. */
typedef struct Mask {
    const char *name;
    bool *flag;
    VulkanShader variants[3][2]; /* with it, without it */
    int n_variants;
} Mask;

#define WITHOUT(name, feature)                                                                     \
    {                                                                                              \
        VULKAN_SHADER_##name##_##feature, VULKAN_SHADER_##name                                     \
    }
static const Mask masks[] = {
    {"direct-memory", &mieni_vulkan_debug.no_direct_memory, {WITHOUT(crop, imports)}, 1},
    {"import", &mieni_vulkan_debug.no_import, {WITHOUT(crop, imports)}, 1},
    {"subgroups",
     &mieni_vulkan_debug.no_subgroups,
     {WITHOUT(layer_norm, subgroups), WITHOUT(center_points, subgroups),
      WITHOUT(landmarks_to_matrix, subgroups)},
     3},
    {.name = "half", .flag = &mieni_vulkan_debug.no_half},
    {.name = "timeline", .flag = &mieni_vulkan_debug.no_timeline},
};

/* Plans that never run need no shaders that are compiled. */
static uintptr_t n_pipelines;

static VKAPI_ATTR VkResult VKAPI_CALL make_no_pipelines(VkDevice device, VkPipelineCache cache,
                                                        uint32_t n,
                                                        const VkComputePipelineCreateInfo *infos,
                                                        const VkAllocationCallbacks *allocator,
                                                        VkPipeline *pipelines)
{
    (void)device;
    (void)cache;
    (void)infos;
    (void)allocator;
    assert_int_equal(n, 1);
    *pipelines = (VkPipeline)++n_pipelines;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_no_pipeline(VkDevice device, VkPipeline pipeline,
                                                      const VkAllocationCallbacks *allocator)
{
    (void)device;
    (void)pipeline;
    (void)allocator;
}

/* `mask`: NULL for the device as it is. */
static MieniDevice *open_masked(const Mask *mask, MienPrecision precision)
{
    const MieniDeviceOptions options = {.precision = precision, .log = &silent};
    MieniDevice *device;
    MienError error = {0};
    bool before = mask && *mask->flag;
    if (mask)
        *mask->flag = true;
    MienStatus status = mieni_backend_vulkan.open(bed_index(), &options, &device, &error);
    if (mask)
        *mask->flag = before;
    if (status != MIEN_OK)
        fail_msg("%s", error.text);
    device->vk.CreateComputePipelines = make_no_pipelines;
    device->vk.DestroyPipeline = destroy_no_pipeline;
    return device;
}

static MieniDevicePlan *put(MieniDevice *device, const MieniPlan *plan)
{
    MieniDevicePlan *made;
    MienError error = {0};
    if (mieni_backend_vulkan.plan_create(device, plan, &made, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    return made;
}

static const VulkanPipeline *find(const MieniDevice *device, VkPipeline handle)
{
    const VulkanPipeline *found = device->pipelines;
    while (found < device->pipelines + device->n_pipelines && found->handle != handle)
        found++;
    assert_true(found < device->pipelines + device->n_pipelines);
    return found;
}

static VulkanShader without(const Mask *mask, VulkanShader shader)
{
    for (int i = 0; i < mask->n_variants; i++)
        if (mask->variants[i][0] == shader)
            return mask->variants[i][1];
    return shader;
}

static bool same_span(VulkanSpan a, VulkanSpan b)
{
    return a.begin == b.begin && a.end == b.end;
}

/* But for the pipelines. */
static bool same_step(const VulkanStep *a, const VulkanStep *b)
{
    bool same = a->n_reads == b->n_reads && same_span(a->written, b->written) &&
                a->waits == b->waits && a->grid == b->grid && a->groups_x == b->groups_x &&
                a->groups_y == b->groups_y && a->rows == b->rows && a->tile == b->tile &&
                a->reads_pictures == b->reads_pictures && a->results_word == b->results_word &&
                memcmp(a->push, b->push, sizeof(a->push)) == 0;
    for (int32_t i = 0; same && i < a->n_reads; i++)
        same = same_span(a->reads[i], b->reads[i]);
    return same;
}

/* Returns how many shaders are others. */
static int compare(const Mask *mask, const MieniDevicePlan *got, const MieniDevicePlan *want)
{
    int n = 0;
    assert_int_equal(got->n_steps, want->n_steps);
    assert_int_equal(got->job_floats, want->job_floats);
    assert_int_equal(got->tables.size_bytes, want->tables.size_bytes);
    for (int32_t i = 0; i < got->n_steps; i++) {
        const VulkanStep *a = &got->steps[i], *b = &want->steps[i];
        const VulkanPipeline *with = find(want->device, b->pipeline);
        const VulkanPipeline *masked = find(got->device, a->pipeline);
        if (masked->shader != without(mask, with->shader))
            fail_msg("no %s: step %d has shader %d, not %d", mask->name, (int)i,
                     (int)masked->shader, (int)without(mask, with->shader));
        assert_memory_equal(masked->constants, with->constants, sizeof(with->constants));
        n += masked->shader != with->shader;
        assert_true(same_step(a, b));
    }
    return n;
}

/* Operations that a mask is about. */
static int count_masked(const Mask *mask, const MieniPlan *plan)
{
    int n_subgroups = 0, n_crops = 0;
    for (int32_t i = 0; i < plan->n_ops; i++) {
        MieniOpKind kind = plan->ops[i].kind;
        n_crops += kind == MIENI_OP_CROP;
        n_subgroups += kind == MIENI_OP_LAYER_NORM || kind == MIENI_OP_CENTER_POINTS ||
                       kind == MIENI_OP_LANDMARKS_TO_MATRIX;
    }
    const VulkanFeatures *has = &bed_device()->features;
    if (mask->flag == &mieni_vulkan_debug.no_subgroups)
        return has->subgroups ? n_subgroups : 0;
    return mask->n_variants > 0 && has->import ? n_crops : 0;
}

static void check_precision(const char *file, size_t network, bool has_picture, int n_subgroups,
                            MienPrecision precision)
{
    MienModel *model = fixture_model(file);
    MieniPlan *plan;
    assert_int_equal(mieni_plan_create(model->networks[network].graph, &plan, NULL), MIEN_OK);
    if (has_picture)
        assert_int_equal(mieni_plan_add_crop(plan, NULL), MIEN_OK);
    MieniDevice *plain = open_masked(NULL, precision);
    MieniDevicePlan *want = put(plain, plan);
    for (size_t i = 0; i < MIENI_COUNT_OF(masks); i++) {
        if (masks[i].flag == &mieni_vulkan_debug.no_half && precision != MIEN_PRECISION_FP32)
            continue;
        MieniDevice *device = open_masked(&masks[i], precision);
        MieniDevicePlan *got = put(device, plan);
        int n = compare(&masks[i], got, want);
        printf("%s, network %zu, %s, no %s: %d of %d shaders are others\n", file, network,
               mieni_backend_vulkan.isa(device), masks[i].name, n, (int)got->n_steps);
        assert_int_equal(n, count_masked(&masks[i], plan));
        if (masks[i].flag == &mieni_vulkan_debug.no_subgroups && bed_device()->features.subgroups)
            assert_int_equal(n, n_subgroups);
        mieni_backend_vulkan.plan_destroy(got);
        mieni_backend_vulkan.close(device);
    }
    mieni_backend_vulkan.plan_destroy(want);
    mieni_backend_vulkan.close(plain);
    mieni_plan_destroy(plan);
}

static void check(const char *file, size_t network, bool has_picture, int n_subgroups)
{
    check_precision(file, network, has_picture, n_subgroups, MIEN_PRECISION_FP32);
    if (bed_device()->features.half)
        check_precision(file, network, has_picture, n_subgroups, MIEN_PRECISION_FP16);
}

static void masks_change_variants_alone(void **state)
{
    (void)state;
    bed_open();
    check(SHORT_RANGE, 0, true, 0);
    check(FULL_RANGE, 0, true, 0);
    check(MESH, 0, true, 0);
    check(ATTENTION, 0, true, 3);
    check(BUNDLE, 1, true, 0);
    check(BUNDLE, 2, false, 9);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(masks_change_variants_alone)};
    bed_arguments(argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, bed_close);
    fixture_finish(NULL);
    return test_exit_code(failed);
}
