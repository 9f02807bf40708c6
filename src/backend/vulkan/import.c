/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of the caller's memory in which the crop reads pictures where they lie: what the caller
 * promised to keep is imported once (VK_EXT_external_memory_host), not a picture at a time.
 */
#include "backend/vulkan/vulkan.h"

static MienStatus refuse(MienError *error, const char *why)
{
    return mieni_fail(error, MIEN_E_UNSUPPORTED, "unsupported",
                      "the Vulkan device cannot read the block of memory in place: %s; pictures in "
                      "it are copied",
                      why);
}

/* The type of memory that this block can be; -1: none that needs no flushing. */
static int32_t find_type(MieniDevice *device, VkBuffer buffer, const void *memory)
{
    VkMemoryRequirements needs;
    VkMemoryHostPointerPropertiesEXT can = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
    device->vk.GetBufferMemoryRequirements(device->device, buffer, &needs);
    if (device->vk.GetMemoryHostPointerPropertiesEXT(
            device->device, VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, memory, &can) !=
        VK_SUCCESS)
        return -1;
    for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++)
        if ((needs.memoryTypeBits & can.memoryTypeBits & UINT32_C(1) << i) &&
            (device->memory.memoryTypes[i].propertyFlags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT))
            return (int32_t)i;
    return -1;
}

/* A buffer over the block. MIEN_E_UNSUPPORTED: the driver takes no such memory. */
static MienStatus create_buffer(MieniDevice *device, void *memory, size_t size_bytes,
                                VulkanBuffer *buffer, MienError *error)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    VkExternalMemoryBufferCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT};
    VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                               .pNext = &external,
                               .size = size_bytes,
                               .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
                               .sharingMode = VK_SHARING_MODE_EXCLUSIVE};
    VkResult result = vk->CreateBuffer(device->device, &info, NULL, &buffer->handle);
    if (result != VK_SUCCESS)
        return mieni_vulkan_fail(device, result, "memory", error);
    int32_t type = find_type(device, buffer->handle, memory);
    if (type < 0)
        return refuse(error, "the driver takes no such memory");
    VkImportMemoryHostPointerInfoEXT import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
        .pHostPointer = memory};
    VkMemoryAllocateInfo allocation = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                       .pNext = &import,
                                       .allocationSize = size_bytes,
                                       .memoryTypeIndex = (uint32_t)type};
    result = vk->AllocateMemory(device->device, &allocation, NULL, &buffer->memory);
    if (result == VK_ERROR_INVALID_EXTERNAL_HANDLE)
        return refuse(error, "the driver takes no such memory");
    if (result == VK_SUCCESS)
        result = vk->BindBufferMemory(device->device, buffer->handle, buffer->memory, 0);
    return result == VK_SUCCESS ? MIEN_OK : mieni_vulkan_fail(device, result, "memory", error);
}

MienStatus mieni_vulkan_import(MieniDevice *device, void *memory, size_t size_bytes,
                               MienError *error)
{
    VulkanPictures *pictures = &device->pictures;
    if (device->is_lost)
        return mieni_fail(error, MIEN_E_DEVICE, "gpu-lost",
                          "the Vulkan device was lost earlier; open it again");
    if (!device->features.import)
        return refuse(error, "it copies what it reads, or its driver does not take the host's");
    if ((uintptr_t)memory % device->import_step || size_bytes % device->import_step)
        return refuse(error, "it does not begin and end where the driver wants it");
    if (size_bytes > device->limits.maxStorageBufferRange)
        return refuse(error, "it is larger than what the device can see at a time");
    VulkanImport *import = pictures->imports, *end = import + MIENI_MAX_IMPORTS;
    while (import < end && import->memory)
        import++;
    if (import == end)
        return refuse(error, "there are too many such blocks already");
    VulkanBuffer buffer = {.size_bytes = size_bytes};
    MienStatus status = create_buffer(device, memory, size_bytes, &buffer, error);
    if (status != MIEN_OK) {
        mieni_vulkan_buffer_destroy(device, &buffer);
        return status;
    }
    *import = (VulkanImport){.memory = memory, .buffer = buffer};
    pictures->generation++;
    return MIEN_OK;
}

void mieni_vulkan_release(MieniDevice *device, const void *memory)
{
    VulkanPictures *pictures = &device->pictures;
    for (int32_t i = 0; i < MIENI_MAX_IMPORTS; i++) {
        VulkanImport *import = &pictures->imports[i];
        if (import->memory != memory)
            continue;
        mieni_vulkan_buffer_destroy(device, &import->buffer);
        import->memory = NULL;
        pictures->generation++;
    }
}

/* True if plane i of a picture lies in the block; sets where, and the step to its next row. Both
 * wrap around at 2^32, as the shader's sums do: rows may go upwards. */
static bool place_plane(const VulkanImport *import, const MienImage *image, int i,
                        MieniPlaneSize size, VulkanPlace *place)
{
    ptrdiff_t stride = image->strides_bytes[i];
    ptrdiff_t first = (ptrdiff_t)((uintptr_t)image->planes[i] - (uintptr_t)import->memory);
    ptrdiff_t last = first + stride * (ptrdiff_t)(size.rows - 1);
    place->offset[i] = (uint32_t)first;
    place->row_bytes[i] = (uint32_t)stride;
    return MIENI_MIN(first, last) >= 0 && MIENI_MAX(first, last) + (ptrdiff_t)size.row_bytes <=
                                              (ptrdiff_t)import->buffer.size_bytes;
}

bool mieni_vulkan_find_import(const MieniDevice *device, const MienImage *image, VulkanPlace *place)
{
    MieniPlaneSize sizes[3];
    int n = mieni_plane_sizes(image, sizes);
    for (uint32_t k = 0; k < MIENI_MAX_IMPORTS; k++) {
        const VulkanImport *import = &device->pictures.imports[k];
        bool inside = import->memory != NULL;
        for (int i = 0; i < n && inside; i++)
            inside = place_plane(import, image, i, sizes[i], place);
        place->import = k + 1;
        if (inside)
            return true;
    }
    return false;
}
