/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers. Mapped memory stays mapped and is coherent, so that nothing is flushed. */
#include "backend/vulkan/vulkan.h"

#define HOST_MEMORY (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)

static int count_bits(VkFlags flags)
{
    int n = 0;
    for (; flags; flags &= flags - 1)
        n++;
    return n;
}

/* The memory type that has all of `need` and most of `want`; -1 if there is none. */
static int32_t find_type(const MieniDevice *device, uint32_t allowed, VkMemoryPropertyFlags need,
                         VkMemoryPropertyFlags want)
{
    int32_t best = -1;
    int best_score = -1;
    for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++) {
        VkMemoryPropertyFlags flags = device->memory.memoryTypes[i].propertyFlags;
        int score = count_bits(flags & want);
        if ((allowed >> i & 1) && (flags & need) == need && score > best_score) {
            best = (int32_t)i;
            best_score = score;
        }
    }
    return best;
}

bool mieni_vulkan_memory_is_direct(const MieniDevice *device, VkPhysicalDeviceType type)
{
    bool shared =
        type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU || type == VK_PHYSICAL_DEVICE_TYPE_CPU;
    return shared && !mieni_vulkan_debug.no_direct_memory &&
           find_type(device, UINT32_MAX, HOST_MEMORY | VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0) >= 0;
}

static int32_t choose_type(const MieniDevice *device, uint32_t allowed, VulkanMemory memory)
{
    switch (memory) {
    case VULKAN_MEMORY_DEVICE:
        return find_type(device, allowed, 0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    case VULKAN_MEMORY_DIRECT:
        return find_type(device, allowed, HOST_MEMORY,
                         VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    case VULKAN_MEMORY_STAGING:
        break;
    }
    return find_type(device, allowed, HOST_MEMORY, VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
}

static VkResult allocate(MieniDevice *device, VulkanMemory memory, VulkanBuffer *buffer)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    VkMemoryRequirements needs;
    vk->GetBufferMemoryRequirements(device->device, buffer->handle, &needs);
    int32_t type = choose_type(device, needs.memoryTypeBits, memory);
    if (type < 0)
        return VK_ERROR_FEATURE_NOT_PRESENT;
    VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                 .allocationSize = needs.size,
                                 .memoryTypeIndex = (uint32_t)type};
    VkResult result = vk->AllocateMemory(device->device, &info, NULL, &buffer->memory);
    if (result == VK_SUCCESS)
        result = vk->BindBufferMemory(device->device, buffer->handle, buffer->memory, 0);
    if (result == VK_SUCCESS && memory != VULKAN_MEMORY_DEVICE)
        result =
            vk->MapMemory(device->device, buffer->memory, 0, VK_WHOLE_SIZE, 0, &buffer->mapped);
    return result;
}

MienStatus mieni_vulkan_buffer_create(MieniDevice *device, size_t size_bytes, VulkanMemory memory,
                                      VulkanBuffer *buffer, MienError *error)
{
    memset(buffer, 0, sizeof(*buffer));
    buffer->size_bytes = mieni_round_up(MIENI_MAX(size_bytes, 1), VULKAN_BUFFER_STEP);
    VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                               .size = buffer->size_bytes,
                               .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                        VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                        VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                               .sharingMode = VK_SHARING_MODE_EXCLUSIVE};
    VkResult result = device->vk.CreateBuffer(device->device, &info, NULL, &buffer->handle);
    if (result == VK_SUCCESS)
        result = allocate(device, memory, buffer);
    if (result == VK_SUCCESS)
        return MIEN_OK;
    mieni_vulkan_buffer_destroy(device, buffer);
    return mieni_vulkan_fail(device, result, "memory", error);
}

void mieni_vulkan_buffer_destroy(MieniDevice *device, VulkanBuffer *buffer)
{
    if (device->is_stuck)
        return;
    device->vk.DestroyBuffer(device->device, buffer->handle, NULL);
    device->vk.FreeMemory(device->device, buffer->memory, NULL); /* unmaps it */
    memset(buffer, 0, sizeof(*buffer));
}

/* One copy, done when this returns. */
static MienStatus copy_now(MieniDevice *device, const VulkanBuffer *from, const VulkanBuffer *to,
                           size_t size_bytes, MienError *error)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                        .commandPool = device->pool,
                                        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                        .commandBufferCount = 1};
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                      .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    VkBufferCopy region = {.size = size_bytes};
    VkCommandBuffer command = NULL;
    VkResult result = vk->AllocateCommandBuffers(device->device, &info, &command);
    if (result == VK_SUCCESS)
        result = vk->BeginCommandBuffer(command, &begin);
    if (result == VK_SUCCESS) {
        vk->CmdCopyBuffer(command, from->handle, to->handle, 1, &region);
        mieni_vulkan_barrier(device, command, VK_PIPELINE_STAGE_TRANSFER_BIT,
                             VK_ACCESS_TRANSFER_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                             VK_ACCESS_SHADER_READ_BIT);
        result = vk->EndCommandBuffer(command);
    }
    MienStatus status = result == VK_SUCCESS ? mieni_vulkan_submit(device, 1, &command, error)
                                             : mieni_vulkan_fail(device, result, "a copy", error);
    if (command && !device->is_stuck)
        vk->FreeCommandBuffers(device->device, device->pool, 1, &command);
    return status;
}

MienStatus mieni_vulkan_buffer_fill(MieniDevice *device, VulkanBuffer *buffer, const void *data,
                                    size_t size_bytes, MienError *error)
{
    if (buffer->mapped) {
        memcpy(buffer->mapped, data, size_bytes);
        return MIEN_OK;
    }
    VulkanBuffer staging;
    MienStatus status =
        mieni_vulkan_buffer_create(device, size_bytes, VULKAN_MEMORY_STAGING, &staging, error);
    if (status != MIEN_OK)
        return status;
    memcpy(staging.mapped, data, size_bytes);
    status = copy_now(device, &staging, buffer, size_bytes, error);
    mieni_vulkan_buffer_destroy(device, &staging);
    return status;
}
