/* SPDX-License-Identifier: Apache-2.0 */
/* The command buffer of a plan: inputs in, one dispatch a step, a barrier before those that need
 * what came before, results out. */
#include "backend/vulkan/vulkan.h"

void mieni_vulkan_barrier(const MieniDevice *device, VkCommandBuffer command,
                          VkPipelineStageFlags from, VkAccessFlags written,
                          VkPipelineStageFlags until, VkAccessFlags read)
{
    VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = written, .dstAccessMask = read};
    device->vk.CmdPipelineBarrier(command, from, until, 0, 1, &barrier, 0, NULL, 0, NULL);
}

/* Copies of n_words from place to place. */
static void copy(const MieniDevice *device, VkCommandBuffer command, const VulkanBuffer *from,
                 size_t from_word, const VulkanBuffer *to, size_t to_word, size_t n_words)
{
    VkBufferCopy region = {.srcOffset = from_word * sizeof(uint32_t),
                           .dstOffset = to_word * sizeof(uint32_t),
                           .size = n_words * sizeof(uint32_t)};
    device->vk.CmdCopyBuffer(command, from->handle, to->handle, 1, &region);
}

static void record_inputs(const MieniDevicePlan *plan, VkCommandBuffer command, size_t n)
{
    const MieniDevice *device = plan->device;
    bool is_staged = !device->is_direct;
    const VulkanBuffer *host = is_staged ? &plan->staging : &plan->io;
    if (is_staged)
        copy(device, command, host, 0, &plan->io, 0, n * VULKAN_PARAMETER_WORDS);
    for (size_t i = 0; i < n && !plan->has_crop; i++)
        copy(device, command, host, plan->input_word + i * plan->input_floats, &plan->activations,
             i * plan->job_floats + plan->input_offset, plan->input_floats);
    mieni_vulkan_barrier(device, command, VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_ACCESS_TRANSFER_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                         VK_ACCESS_SHADER_READ_BIT);
}

static void record_step(const MieniDevicePlan *plan, VkCommandBuffer command,
                        const VulkanStep *step, uint32_t n)
{
    const VulkanDeviceFunctions *vk = &plan->device->vk;
    const VkDescriptorSet *set = step->reads_pictures ? &plan->crop_set : &plan->set;
    uint32_t push[VULKAN_PUSH_WORDS], x = step->groups_x, y = step->groups_y, z = 1;
    memcpy(push, step->push, sizeof(push));
    push[1] = n;
    if (step->results_word >= 0)
        push[step->results_word] = (uint32_t)plan->results_word;
    if (step->grid == VULKAN_GRID_JOBS)
        z = n;
    else if (step->grid == VULKAN_GRID_ROWS)
        x = MIENI_MIN((n * step->rows + step->tile - 1) / step->tile,
                      plan->device->limits.maxComputeWorkGroupCount[0]);
    else
        y = (n + 3) / 4;
    vk->CmdBindPipeline(command, VK_PIPELINE_BIND_POINT_COMPUTE, step->pipeline);
    vk->CmdBindDescriptorSets(command, VK_PIPELINE_BIND_POINT_COMPUTE, plan->device->layout, 0, 1,
                              set, 0, NULL);
    vk->CmdPushConstants(command, plan->device->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                         sizeof(push), push);
    vk->CmdDispatch(command, x, y, z);
}

static void record_outputs(const MieniDevicePlan *plan, VkCommandBuffer command, size_t n)
{
    const MieniDevice *device = plan->device;
    const VulkanBuffer *host = device->is_direct ? &plan->io : &plan->staging;
    mieni_vulkan_barrier(device, command, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                         VK_ACCESS_SHADER_WRITE_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_HOST_BIT,
                         VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_HOST_READ_BIT);
    if (plan->n_outputs == 0 && !device->is_direct)
        copy(device, command, &plan->io, plan->results_word, host, plan->results_word,
             n * plan->result_words);
    for (size_t i = 0; i < n; i++) {
        size_t at = plan->results_word + i * plan->result_words;
        for (int32_t k = 0; k < plan->n_outputs; k++) {
            const VulkanOutput *output = &plan->outputs[k];
            copy(device, command, &plan->activations, i * plan->job_floats + output->offset, host,
                 at, output->n_floats);
            at += output->n_floats;
        }
    }
    mieni_vulkan_barrier(device, command, VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_ACCESS_TRANSFER_WRITE_BIT, VK_PIPELINE_STAGE_HOST_BIT,
                         VK_ACCESS_HOST_READ_BIT);
}

MienStatus mieni_vulkan_record(MieniDevicePlan *plan, size_t n, MienError *error)
{
    MieniDevice *device = plan->device;
    const VulkanDeviceFunctions *vk = &device->vk;
    VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                        .commandPool = device->pool,
                                        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                        .commandBufferCount = 1};
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VkCommandBuffer command;
    VkResult result = vk->AllocateCommandBuffers(device->device, &info, &command);
    if (result != VK_SUCCESS)
        return mieni_vulkan_fail(device, result, "a command buffer", error);
    result = vk->BeginCommandBuffer(command, &begin);
    if (result == VK_SUCCESS) {
        record_inputs(plan, command, n);
        for (int32_t i = 0; i < plan->n_steps; i++) {
            if (plan->steps[i].waits)
                mieni_vulkan_barrier(device, command, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                     VK_ACCESS_SHADER_WRITE_BIT,
                                     VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                     VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
            record_step(plan, command, &plan->steps[i], (uint32_t)n);
        }
        record_outputs(plan, command, n);
        result = vk->EndCommandBuffer(command);
    }
    if (result != VK_SUCCESS) {
        vk->FreeCommandBuffers(device->device, device->pool, 1, &command);
        return mieni_vulkan_fail(device, result, "a command buffer", error);
    }
    plan->commands[n] = command;
    return MIEN_OK;
}
