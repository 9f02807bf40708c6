/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring: what was done, the device's own time for it, and what the device can do at best. */
#include <math.h>

#include "backend/vulkan/vulkan.h"

#define LOOP_GROUPS 8192
#define LOOP_THREADS 64 /* of a group */
#define LOOP_CHAINS 8
#define LOOP_MS 1.0 /* a turn is at least so long, or of so many iterations */
#define LOOP_MAX_ITERATIONS (1 << 16)
#define LOOP_TURNS 4

/* Bits of a time stamp that mean something; 0: there are none. */
static uint32_t valid_bits(const MieniDevice *device)
{
    VkQueueFamilyProperties families[16];
    uint32_t n = MIENI_COUNT_OF(families);
    device->loader->GetPhysicalDeviceQueueFamilyProperties(device->physical, &n, families);
    return device->family < n ? families[device->family].timestampValidBits : 0;
}

static VkResult record_stamp(MieniDevice *device, uint32_t which)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VkCommandBuffer command = device->stamps[which];
    VkResult result = vk->BeginCommandBuffer(command, &begin);
    if (result != VK_SUCCESS)
        return result;
    if (which == 0)
        vk->CmdResetQueryPool(command, device->queries, 0, 2);
    vk->CmdWriteTimestamp(command, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, device->queries, which);
    return vk->EndCommandBuffer(command);
}

static VkResult create_stamps(MieniDevice *device)
{
    VkQueryPoolCreateInfo queries = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                     .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                     .queryCount = 2};
    VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                        .commandPool = device->pool,
                                        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                        .commandBufferCount = 2};
    VkResult result = device->vk.CreateQueryPool(device->device, &queries, NULL, &device->queries);
    if (result == VK_SUCCESS)
        result = device->vk.AllocateCommandBuffers(device->device, &info, device->stamps);
    for (uint32_t i = 0; i < 2 && result == VK_SUCCESS; i++)
        result = record_stamp(device, i);
    return result;
}

MienStatus mieni_vulkan_time(MieniDevice *device, int32_t repeats, MienError *error)
{
    device->is_timed = false;
    if (repeats == 0)
        return MIEN_OK;
    device->stamp_bits = valid_bits(device);
    if (device->stamp_bits == 0)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "unsupported",
                          "the Vulkan device does not tell the time");
    VkResult result = device->queries ? VK_SUCCESS : create_stamps(device);
    if (result != VK_SUCCESS) {
        mieni_vulkan_time_finish(device);
        return mieni_vulkan_fail(device, result, "time stamps", error);
    }
    device->is_timed = true;
    return MIEN_OK;
}

void mieni_vulkan_time_finish(MieniDevice *device)
{
    device->vk.DestroyQueryPool(device->device, device->queries, NULL);
    device->queries = VK_NULL_HANDLE; /* the command buffers go with their pool */
}

/* Milliseconds between the two stamps of the last submission. */
static double elapsed_ms(const MieniDevice *device)
{
    uint64_t stamps[2] = {0, 0};
    uint64_t mask = device->stamp_bits < 64 ? (UINT64_C(1) << device->stamp_bits) - 1 : UINT64_MAX;
    if (device->vk.GetQueryPoolResults(device->device, device->queries, 0, 2, sizeof(stamps),
                                       stamps, sizeof(stamps[0]),
                                       VK_QUERY_RESULT_64_BIT) != VK_SUCCESS)
        return 0;
    return (double)((stamps[1] - stamps[0]) & mask) * (double)device->limits.timestampPeriod * 1e-6;
}

void mieni_vulkan_note_run(MieniDevicePlan *plan, size_t n, uint32_t n_pictures)
{
    MieniDevice *device = plan->device;
    MieniDeviceCounts *counts = &device->counts;
    counts->launches += (uint64_t)plan->n_steps;
    counts->submissions++;
    if (device->is_timed)
        counts->busy_ms += elapsed_ms(device);
    if (device->is_direct)
        return;
    size_t n_inputs = plan->has_crop ? 0 : n;
    counts->copies_up += 1 + n_inputs + n_pictures;
    counts->bytes_up += (n * VULKAN_PARAMETER_WORDS + n_inputs * plan->input_floats) * 4 +
                        n_pictures * device->pictures.slot_bytes;
    counts->copies_down += plan->n_outputs ? n * (size_t)plan->n_outputs : 1;
    counts->bytes_down += n * plan->result_words * 4;
}

/* What the loop needs. */
typedef struct Loop {
    VulkanBuffer out;
    VkDescriptorPool descriptors;
    VkDescriptorSet set;
    VkPipeline pipeline;
} Loop;

static VkResult bind(MieniDevice *device, Loop *loop)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, VULKAN_SET_DESCRIPTORS};
    VkDescriptorPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                       .maxSets = 1,
                                       .poolSizeCount = 1,
                                       .pPoolSizes = &size};
    VkResult result = vk->CreateDescriptorPool(device->device, &pool, NULL, &loop->descriptors);
    if (result != VK_SUCCESS)
        return result;
    VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                        .descriptorPool = loop->descriptors,
                                        .descriptorSetCount = 1,
                                        .pSetLayouts = &device->set_layout};
    result = vk->AllocateDescriptorSets(device->device, &info, &loop->set);
    VkDescriptorBufferInfo buffer = {.buffer = loop->out.handle, .range = VK_WHOLE_SIZE};
    for (uint32_t i = 0; i < VULKAN_SET_BUFFERS && result == VK_SUCCESS; i++) {
        VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                      .dstSet = loop->set,
                                      .dstBinding = i,
                                      .descriptorCount = 1,
                                      .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                      .pBufferInfo = &buffer};
        vk->UpdateDescriptorSets(device->device, 1, &write, 0, NULL);
    }
    return result;
}

static VkResult record_loop(MieniDevice *device, const Loop *loop, uint32_t iterations,
                            VkCommandBuffer command)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    uint32_t push[VULKAN_PUSH_WORDS] = {0, 1, iterations};
    const float numbers[2] = {0.999f, 0.5f};
    memcpy(&push[3], numbers, sizeof(numbers));
    VkResult result = vk->BeginCommandBuffer(command, &begin);
    if (result != VK_SUCCESS)
        return result;
    vk->CmdBindPipeline(command, VK_PIPELINE_BIND_POINT_COMPUTE, loop->pipeline);
    vk->CmdBindDescriptorSets(command, VK_PIPELINE_BIND_POINT_COMPUTE, device->layout, 0, 1,
                              &loop->set, 0, NULL);
    vk->CmdPushConstants(command, device->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(push),
                         push);
    vk->CmdDispatch(command, LOOP_GROUPS, 1, 1);
    return vk->EndCommandBuffer(command);
}

/* One turn, recorded anew: buffers of this pool are recorded once. */
static MienStatus turn(MieniDevice *device, const Loop *loop, uint32_t iterations, double *ms,
                       MienError *error)
{
    VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                        .commandPool = device->pool,
                                        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                        .commandBufferCount = 1};
    VkCommandBuffer commands[] = {device->stamps[0], NULL, device->stamps[1]};
    VkResult result = device->vk.AllocateCommandBuffers(device->device, &info, &commands[1]);
    if (result != VK_SUCCESS)
        return mieni_vulkan_fail(device, result, "a command buffer", error);
    result = record_loop(device, loop, iterations, commands[1]);
    MienStatus status = result == VK_SUCCESS
                            ? mieni_vulkan_submit(device, 3, commands, error)
                            : mieni_vulkan_fail(device, result, "a command buffer", error);
    *ms = status == MIEN_OK ? elapsed_ms(device) : 0;
    if (!device->is_stuck)
        device->vk.FreeCommandBuffers(device->device, device->pool, 1, &commands[1]);
    return status;
}

static MienStatus find_peak(MieniDevice *device, const Loop *loop, double *macs_a_ms,
                            MienError *error)
{
    const double macs = (double)LOOP_GROUPS * LOOP_THREADS * LOOP_CHAINS;
    uint32_t iterations = 4;
    MienStatus status = MIEN_OK;
    *macs_a_ms = 0;
    for (int i = 0; i < LOOP_TURNS && status == MIEN_OK;) {
        double ms = 0;
        status = turn(device, loop, iterations, &ms, error);
        if (ms > 0)
            *macs_a_ms = fmax(*macs_a_ms, macs * iterations / ms);
        if (ms < LOOP_MS && iterations < LOOP_MAX_ITERATIONS)
            iterations *= 4;
        else
            i++;
    }
    return status;
}

MienStatus mieni_vulkan_peak(MieniDevice *device, double *macs_a_ms, MienError *error)
{
    static const uint32_t constants[VULKAN_CONSTANTS];
    Loop loop = {.set = VK_NULL_HANDLE};
    bool was_timed = device->is_timed;
    MienStatus status = mieni_vulkan_time(device, 1, error);
    if (status == MIEN_OK)
        status = mieni_vulkan_buffer_create(device, (size_t)LOOP_GROUPS * LOOP_THREADS * 4,
                                            VULKAN_MEMORY_DEVICE, &loop.out, error);
    if (status == MIEN_OK)
        status = mieni_vulkan_pipeline(device, VULKAN_SHADER_multiply_adds, constants,
                                       &loop.pipeline, error);
    if (status == MIEN_OK) {
        VkResult result = bind(device, &loop);
        status = result == VK_SUCCESS
                     ? find_peak(device, &loop, macs_a_ms, error)
                     : mieni_vulkan_fail(device, result, "measuring multiply-adds", error);
    }
    device->is_timed = was_timed;
    if (device->is_stuck)
        return status;
    device->vk.DestroyDescriptorPool(device->device, loop.descriptors, NULL);
    mieni_vulkan_buffer_destroy(device, &loop.out);
    return status;
}
