/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps without a barrier between them may run in any order: here they are recorded the other way
 * round, and results are the same. How many dispatches and barriers a network takes is what
 * docs/backends.md says.
 */
#include "backend/vulkan/vulkan.h"

#include "backend/vulkan/bed.h"
#include "engine/engine_private.h"
#include "engine/fixture.h"

/* A dispatch that waits to be recorded. */
typedef struct Dispatch {
    VkPipeline pipeline;
    VkDescriptorSet set;
    VkPipelineLayout layout;
    uint32_t push[VULKAN_PUSH_WORDS], x, y, z;
} Dispatch;

static VulkanDeviceFunctions real;
static Dispatch current, waiting[128];
static int n_waiting, n_dispatches, n_barriers;

static VKAPI_ATTR void VKAPI_CALL bind_pipeline(VkCommandBuffer command, VkPipelineBindPoint point,
                                                VkPipeline pipeline)
{
    (void)command;
    (void)point;
    current.pipeline = pipeline;
}

static VKAPI_ATTR void VKAPI_CALL bind_sets(VkCommandBuffer command, VkPipelineBindPoint point,
                                            VkPipelineLayout layout, uint32_t first, uint32_t n,
                                            const VkDescriptorSet *sets, uint32_t n_offsets,
                                            const uint32_t *offsets)
{
    (void)command;
    (void)point;
    (void)offsets;
    assert_true(first == 0 && n == 1 && n_offsets == 0);
    current.layout = layout;
    current.set = *sets;
}

static VKAPI_ATTR void VKAPI_CALL push_constants(VkCommandBuffer command, VkPipelineLayout layout,
                                                 VkShaderStageFlags stages, uint32_t at,
                                                 uint32_t size, const void *values)
{
    (void)command;
    (void)layout;
    (void)stages;
    assert_true(at == 0 && size == sizeof(current.push));
    memcpy(current.push, values, size);
}

static VKAPI_ATTR void VKAPI_CALL dispatch(VkCommandBuffer command, uint32_t x, uint32_t y,
                                           uint32_t z)
{
    (void)command;
    assert_true(n_waiting < (int)MIENI_COUNT_OF(waiting));
    current.x = x;
    current.y = y;
    current.z = z;
    waiting[n_waiting++] = current;
    n_dispatches++;
}

static VKAPI_ATTR void VKAPI_CALL barrier(VkCommandBuffer command, VkPipelineStageFlags from,
                                          VkPipelineStageFlags until, VkDependencyFlags flags,
                                          uint32_t n, const VkMemoryBarrier *memory,
                                          uint32_t n_buffers, const VkBufferMemoryBarrier *buffers,
                                          uint32_t n_images, const VkImageMemoryBarrier *images)
{
    for (; n_waiting > 0; n_waiting--) {
        const Dispatch *d = &waiting[n_waiting - 1];
        real.CmdBindPipeline(command, VK_PIPELINE_BIND_POINT_COMPUTE, d->pipeline);
        real.CmdBindDescriptorSets(command, VK_PIPELINE_BIND_POINT_COMPUTE, d->layout, 0, 1,
                                   &d->set, 0, NULL);
        real.CmdPushConstants(command, d->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(d->push),
                              d->push);
        real.CmdDispatch(command, d->x, d->y, d->z);
    }
    n_barriers += from == VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT &&
                  until == VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    real.CmdPipelineBarrier(command, from, until, flags, n, memory, n_buffers, buffers, n_images,
                            images);
}

static void check(const char *file, size_t network, float high, int dispatches, int barriers)
{
    MienModel *model = fixture_model(file);
    MieniPlan *plan;
    bed_open();
    VulkanDeviceFunctions *vk = &bed_device()->vk;
    real = *vk;
    vk->CmdBindPipeline = bind_pipeline;
    vk->CmdBindDescriptorSets = bind_sets;
    vk->CmdPushConstants = push_constants;
    vk->CmdDispatch = dispatch;
    vk->CmdPipelineBarrier = barrier;
    assert_int_equal(mieni_plan_create(model->networks[network].graph, &plan, NULL), MIEN_OK);
    Bed bed = bed_put(plan);
    n_dispatches = n_barriers = 0;
    bed_compare(file, &bed, 1, 0, high);
    printf("%s: %d dispatches, %d barriers between them\n", file, n_dispatches, n_barriers);
    assert_int_equal(n_waiting, 0);
    assert_int_equal(n_dispatches, dispatches);
    assert_int_equal(n_barriers, barriers);
    bed_drop(&bed);
    mieni_plan_destroy(plan);
    *vk = real;
}

static void steps_between_barriers_have_no_order(void **state)
{
    (void)state;
    check(ATTENTION, 0, 1, 91, 37);
    check(BUNDLE, 2, 192, 35, 33);
    check(MESH, 0, 1, 25, 20);
    check(SHORT_RANGE, 0, 1, 21, 17);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_between_barriers_have_no_order),
    };
    bed_arguments(argc, argv);
    int failed = cmocka_run_group_tests(tests, NULL, bed_close);
    fixture_finish(NULL);
    return test_exit_code(failed);
}
