/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "backend/vulkan/vulkan.h"

/* Longer than any sound run, shorter than a person waits. A CPU that plays GPU gets more. */
#define TIMEOUT_NS UINT64_C(20000000000)
#define SOFTWARE_TIMEOUT_NS UINT64_C(300000000000)

MienStatus mieni_vulkan_fail(MieniDevice *device, VkResult result, const char *what,
                             MienError *error)
{
    switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
        return mieni_fail_nomem(error);
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
        return mieni_fail(error, MIEN_E_DEVICE, "out-of-memory",
                          "the Vulkan device has not enough memory for %s; close other programs or "
                          "use smaller batches",
                          what);
    case VK_ERROR_DEVICE_LOST:
        device->is_lost = true;
        return mieni_fail(error, MIEN_E_DEVICE, "gpu-lost",
                          "the Vulkan device was lost in %s; the kernel's log may say why", what);
    case VK_TIMEOUT:
        device->is_lost = device->is_stuck = true;
        return mieni_fail(error, MIEN_E_DEVICE, "watchdog-timeout",
                          "the Vulkan device has not finished %s in %u seconds; it is given up",
                          what, (unsigned)(device->timeout_ns / 1000000000));
    case VK_ERROR_FEATURE_NOT_PRESENT:
    case VK_ERROR_EXTENSION_NOT_PRESENT:
    case VK_ERROR_INCOMPATIBLE_DRIVER:
        return mieni_fail(error, MIEN_E_DEVICE, "vulkan-feature-missing",
                          "the Vulkan driver lacks what %s needs (error %d); install a newer one",
                          what, (int)result);
    default:
        return mieni_fail(error, MIEN_E_DEVICE, "device-refused",
                          "the Vulkan driver failed in %s (error %d); see mien doctor", what,
                          (int)result);
    }
}

static void device_close(MieniDevice *device)
{
    if (!device)
        return;
    const VulkanDeviceFunctions *vk = &device->vk;
    /* What is still at work may not be freed, and waiting for it would be forever. */
    if (device->device && vk->DestroyDevice && !device->is_stuck) {
        vk->DeviceWaitIdle(device->device);
        mieni_vulkan_pictures_finish(device);
        for (int32_t i = 0; i < MIENI_MAX_IMPORTS; i++)
            mieni_vulkan_buffer_destroy(device, &device->pictures.imports[i].buffer);
        mieni_vulkan_time_finish(device);
        mieni_vulkan_cache_close(device);
        mieni_vulkan_pipelines_finish(device);
        mieni_vulkan_submissions_finish(device);
        vk->DestroyCommandPool(device->device, device->pool, NULL);
        vk->DestroyDevice(device->device, NULL);
    } else {
        mieni_free(device->pipelines);
    }
    mieni_free(device);
}

static MienStatus create_device(MieniDevice *device, MienError *error)
{
    int32_t family = mieni_vulkan_compute_family(device->loader, device->physical);
    if (family < 0)
        return mieni_vulkan_fail(device, VK_ERROR_FEATURE_NOT_PRESENT, "computing", error);
    device->family = (uint32_t)family;
    const float priority = 1;
    VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                     .queueFamilyIndex = device->family,
                                     .queueCount = 1,
                                     .pQueuePriorities = &priority};
    VkPhysicalDevice16BitStorageFeatures halves = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
        .storageBuffer16BitAccess = VK_TRUE};
    VkPhysicalDeviceTimelineSemaphoreFeaturesKHR timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES_KHR,
        .pNext = device->precision == MIEN_PRECISION_FP16 ? &halves : NULL,
        .timelineSemaphore = VK_TRUE};
    const char *extensions[2];
    uint32_t n_extensions = 0;
    if (device->features.timeline)
        extensions[n_extensions++] = VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME;
    if (device->features.import)
        extensions[n_extensions++] = VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME;
    VkPhysicalDeviceFeatures features = {.shaderStorageBufferArrayDynamicIndexing =
                                             device->features.import};
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = device->features.timeline ? &timeline : timeline.pNext,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .enabledExtensionCount = n_extensions,
                               .ppEnabledExtensionNames = extensions,
                               .pEnabledFeatures = &features};
    VkResult result = device->loader->CreateDevice(device->physical, &info, NULL, &device->device);
    if (result != VK_SUCCESS) {
        device->device = NULL;
        return mieni_vulkan_fail(device, result, "opening the device", error);
    }
    if (!mieni_vulkan_device_functions(device->loader, device->device, &device->vk)) {
        /* Closing would call what is missing. */
        if (device->vk.DestroyDevice)
            device->vk.DestroyDevice(device->device, NULL);
        device->device = NULL;
        return mieni_vulkan_fail(device, VK_ERROR_FEATURE_NOT_PRESENT, "opening the device", error);
    }
    device->features.timeline = device->features.timeline && device->vk.WaitSemaphoresKHR;
    device->features.import =
        device->features.import && device->vk.GetMemoryHostPointerPropertiesEXT;
    device->vk.GetDeviceQueue(device->device, device->family, 0, &device->queue);
    return MIEN_OK;
}

static MienStatus create_queue_objects(MieniDevice *device, MienError *error)
{
    VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .queueFamilyIndex = device->family};
    VkResult result = device->vk.CreateCommandPool(device->device, &pool, NULL, &device->pool);
    return result == VK_SUCCESS ? mieni_vulkan_submissions_init(device, error)
                                : mieni_vulkan_fail(device, result, "a command pool", error);
}

/* The largest buffer: what a shader sees at a time, what a driver gives at a time, and no more than
 * a quarter of the device's memory, as there are several. */
static VkDeviceSize largest_buffer(const MieniDevice *device, VkDeviceSize max_allocation)
{
    VkDeviceSize heap = 0;
    for (uint32_t i = 0; i < device->memory.memoryHeapCount; i++)
        if (device->memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
            heap = MIENI_MAX(heap, device->memory.memoryHeaps[i].size);
    VkDeviceSize most = MIENI_MIN(device->limits.maxStorageBufferRange, max_allocation);
    return MIENI_MIN(most, heap / 4) / VULKAN_BUFFER_STEP * VULKAN_BUFFER_STEP;
}

/* Halves where they are wanted and possible; by itself only where a GPU computes with them. */
static MienPrecision choose_precision(const MieniDevice *device, MienPrecision wanted,
                                      VkPhysicalDeviceType type)
{
    bool half = wanted == MIEN_PRECISION_AUTO
                    ? device->features.half_is_fast && type != VK_PHYSICAL_DEVICE_TYPE_CPU
                    : wanted == MIEN_PRECISION_FP16 && device->features.half;
    return half ? MIEN_PRECISION_FP16 : MIEN_PRECISION_FP32;
}

static MienStatus set_up(MieniDevice *device, MienPrecision wanted, MienError *error)
{
    device->features = mieni_vulkan_features(device->loader, device->physical);
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT};
    VkPhysicalDeviceMaintenance3Properties sizes = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES,
        .pNext = device->features.import ? &host : NULL};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                       .pNext = &sizes};
    device->loader->GetPhysicalDeviceProperties2(device->physical, &all);
    device->loader->GetPhysicalDeviceMemoryProperties(device->physical, &device->memory);
    const VkPhysicalDeviceProperties *properties = &all.properties;
    device->limits = properties->limits;
    device->max_buffer_bytes = largest_buffer(device, sizes.maxMemoryAllocationSize);
    device->precision = choose_precision(device, wanted, properties->deviceType);
    device->is_direct = mieni_vulkan_memory_is_direct(device, properties->deviceType);
    device->features.import = device->features.import && device->is_direct;
    device->import_step = host.minImportedHostPointerAlignment;
    device->is_software = properties->deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    device->timeout_ns = device->is_software ? SOFTWARE_TIMEOUT_NS : TIMEOUT_NS;
    if (mieni_vulkan_debug.timeout_ns > 0)
        device->timeout_ns = (uint64_t)mieni_vulkan_debug.timeout_ns;
    MienStatus status = create_device(device, error);
    if (status == MIEN_OK)
        status = create_queue_objects(device, error);
    if (status == MIEN_OK)
        status = mieni_vulkan_cache_open(device, properties, error);
    if (status == MIEN_OK)
        status = mieni_vulkan_pipelines_init(device, error);
    snprintf(device->isa, sizeof(device->isa), "%s",
             device->precision == MIEN_PRECISION_FP16 ? "f16" : "f32");
    if (status == MIEN_OK)
        mieni_log(&device->log, MIEN_LOG_INFO, "vulkan", "%s, %s, %s memory, %s subgroups",
                  properties->deviceName, device->isa, device->is_direct ? "shared" : "its own",
                  device->features.subgroups ? "with" : "without");
    return status;
}

static MienStatus device_open(int32_t index, const MieniDeviceOptions *options, MieniDevice **out,
                              MienError *error)
{
    *out = NULL;
    MieniDevice *device = mieni_alloc(1, sizeof(*device));
    if (!device)
        return mieni_fail_nomem(error);
    device->loader = mieni_vulkan_loader();
    device->physical = device->loader->devices[index];
    device->log = *options->log;
    MienStatus status = set_up(device, options->precision, error);
    if (status != MIEN_OK) {
        device_close(device);
        return status;
    }
    *out = device;
    return MIEN_OK;
}

static const char *device_isa(const MieniDevice *device)
{
    return device->isa;
}

static MienPrecision device_precision(const MieniDevice *device)
{
    return device->precision;
}

static const MieniDeviceCounts *device_counts(const MieniDevice *device)
{
    return &device->counts;
}

const MieniBackend mieni_backend_vulkan = {
    .name = "vulkan",
    .numbered = true,
    .discrete_first = true,
    .batch = 32,
    .count = mieni_vulkan_count,
    .describe = mieni_vulkan_describe,
    .open = device_open,
    .isa = device_isa,
    .precision = device_precision,
    .plan_create = mieni_vulkan_plan_create,
    .plan_run = mieni_vulkan_plan_run,
    .plan_destroy = mieni_vulkan_plan_destroy,
    .import_memory = mieni_vulkan_import,
    .release_memory = mieni_vulkan_release,
    .close = device_close,
    .counts = device_counts,
    .time = mieni_vulkan_time,
    .peak = mieni_vulkan_peak,
};
