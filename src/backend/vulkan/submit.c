/* SPDX-License-Identifier: Apache-2.0 */
/* Work is handed to the queue and waited for: with a timeline semaphore, which counts what is done,
 * or with a fence where the device has none. */
#include "backend/vulkan/vulkan.h"

MienStatus mieni_vulkan_submissions_init(MieniDevice *device, MienError *error)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    VkSemaphoreTypeCreateInfoKHR type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO_KHR,
                                         .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE_KHR};
    VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
                                       .pNext = &type};
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkResult result = device->features.timeline
                          ? vk->CreateSemaphore(device->device, &semaphore, NULL, &device->timeline)
                          : vk->CreateFence(device->device, &fence, NULL, &device->fence);
    return result == VK_SUCCESS ? MIEN_OK : mieni_vulkan_fail(device, result, "a semaphore", error);
}

void mieni_vulkan_submissions_finish(MieniDevice *device)
{
    device->vk.DestroySemaphore(device->device, device->timeline, NULL);
    device->vk.DestroyFence(device->device, device->fence, NULL);
}

static VkResult submit(MieniDevice *device, VkSubmitInfo *info)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    uint64_t number = device->n_submitted + 1;
    VkTimelineSemaphoreSubmitInfoKHR numbers = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO_KHR,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &number};
    VkResult result = VK_SUCCESS;
    if (device->timeline) {
        info->pNext = &numbers;
        info->signalSemaphoreCount = 1;
        info->pSignalSemaphores = &device->timeline;
    } else {
        result = vk->ResetFences(device->device, 1, &device->fence);
    }
    if (result == VK_SUCCESS)
        result = vk->QueueSubmit(device->queue, 1, info, device->fence);
    if (result == VK_SUCCESS)
        device->n_submitted = number;
    return result;
}

/* For all that was submitted. */
static VkResult wait(const MieniDevice *device)
{
    VkSemaphoreWaitInfoKHR info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO_KHR,
                                   .semaphoreCount = 1,
                                   .pSemaphores = &device->timeline,
                                   .pValues = &device->n_submitted};
    if (device->timeline)
        return device->vk.WaitSemaphoresKHR(device->device, &info, device->timeout_ns);
    return device->vk.WaitForFences(device->device, 1, &device->fence, VK_TRUE, device->timeout_ns);
}

MienStatus mieni_vulkan_submit(MieniDevice *device, uint32_t n, const VkCommandBuffer *commands,
                               MienError *error)
{
    VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                         .commandBufferCount = n,
                         .pCommandBuffers = commands};
    VkResult result = submit(device, &info);
    if (result == VK_SUCCESS) {
        result = wait(device);
        /* It was only the waiting that failed: what is at work must not be freed. */
        if (result < 0 && result != VK_ERROR_DEVICE_LOST)
            device->vk.DeviceWaitIdle(device->device);
    }
    return result == VK_SUCCESS ? MIEN_OK : mieni_vulkan_fail(device, result, "a run", error);
}
