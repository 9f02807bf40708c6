/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a device before it is opened. */
#include <stdio.h>

#include "backend/vulkan/vulkan.h"

#define MAX_EXTENSIONS 512
#define MAX_FAMILIES 32
#define DRIVER_ID_LLVMPIPE 13 /* VK_DRIVER_ID_MESA_LLVMPIPE, which older headers lack */

int32_t mieni_vulkan_count(void)
{
    return mieni_vulkan_loader()->n_devices;
}

int32_t mieni_vulkan_compute_family(const VulkanLoader *loader, VkPhysicalDevice device)
{
    VkQueueFamilyProperties families[MAX_FAMILIES];
    uint32_t n = MAX_FAMILIES;
    loader->GetPhysicalDeviceQueueFamilyProperties(device, &n, families);
    for (uint32_t i = 0; i < n; i++)
        if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) && families[i].queueCount > 0)
            return (int32_t)i;
    return -1;
}

static void refuse(MienDeviceInfo *info, const char *reason, const char *text)
{
    info->usable = false;
    snprintf(info->reason, sizeof(info->reason), "%s", reason);
    snprintf(info->reason_text, sizeof(info->reason_text), "%s", text);
}

/* What the driver may be asked for. */
typedef struct Extensions {
    bool driver, pci, float16, timeline, host_memory;
} Extensions;

static Extensions find_extensions(const VulkanLoader *loader, VkPhysicalDevice device)
{
    Extensions found = {0};
    uint32_t n = MAX_EXTENSIONS;
    VkExtensionProperties *list = mieni_alloc(n, sizeof(*list));
    if (!list || loader->EnumerateDeviceExtensionProperties(device, NULL, &n, list) < 0)
        n = 0;
    for (uint32_t i = 0; i < n; i++) {
        found.driver |= strcmp(list[i].extensionName, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME) == 0;
        found.pci |= strcmp(list[i].extensionName, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME) == 0;
        found.float16 |=
            strcmp(list[i].extensionName, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME) == 0;
        found.timeline |=
            strcmp(list[i].extensionName, VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME) == 0;
        found.host_memory |=
            strcmp(list[i].extensionName, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME) == 0;
    }
    mieni_free(list);
    return found;
}

/* The buffers of a plan, and those of imports. */
static bool sees_imports(const VkPhysicalDeviceLimits *limits)
{
    const uint32_t n = VULKAN_SET_DESCRIPTORS;
    return limits->maxPerStageDescriptorStorageBuffers >= n &&
           limits->maxDescriptorSetStorageBuffers >= n && limits->maxPerStageResources >= n;
}

VulkanFeatures mieni_vulkan_features(const VulkanLoader *loader, VkPhysicalDevice device)
{
    const VkSubgroupFeatureFlags operations =
        VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
    VkPhysicalDeviceSubgroupProperties subgroups = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &subgroups};
    Extensions has = find_extensions(loader, device);
    VkPhysicalDeviceTimelineSemaphoreFeaturesKHR timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES_KHR};
    VkPhysicalDeviceShaderFloat16Int8Features arithmetic = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
        .pNext = has.timeline ? &timeline : NULL};
    VkPhysicalDevice16BitStorageFeatures storage = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
        .pNext = has.float16 ? &arithmetic : arithmetic.pNext};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                          .pNext = &storage};
    loader->GetPhysicalDeviceProperties2(device, &properties);
    loader->GetPhysicalDeviceFeatures2(device, &features);
    bool half = storage.storageBuffer16BitAccess && !mieni_vulkan_debug.no_half;
    return (VulkanFeatures){
        .subgroups = (subgroups.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
                     (subgroups.supportedOperations & operations) == operations &&
                     !mieni_vulkan_debug.no_subgroups,
        .half = half,
        .half_is_fast = half && arithmetic.shaderFloat16,
        .timeline = timeline.timelineSemaphore && !mieni_vulkan_debug.no_timeline,
        .import = has.host_memory && features.features.shaderStorageBufferArrayDynamicIndexing &&
                  sees_imports(&properties.properties.limits) && !mieni_vulkan_debug.no_import};
}

static void write_uuid(MienDeviceInfo *info, const uint8_t uuid[VK_UUID_SIZE])
{
    size_t length = (size_t)snprintf(info->uuid, sizeof(info->uuid), "GPU-");
    for (size_t i = 0; i < VK_UUID_SIZE; i++)
        length +=
            (size_t)snprintf(info->uuid + length, sizeof(info->uuid) - length, "%s%02x",
                             i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (unsigned)uuid[i]);
}

static void write_memory(const VulkanLoader *loader, VkPhysicalDevice device, MienDeviceInfo *info)
{
    VkPhysicalDeviceMemoryProperties memory;
    loader->GetPhysicalDeviceMemoryProperties(device, &memory);
    for (uint32_t i = 0; i < memory.memoryHeapCount; i++)
        if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
            info->memory_total_bytes += memory.memoryHeaps[i].size;
}

/* What every device tells. */
static void describe_plain(const VulkanLoader *loader, VkPhysicalDevice device,
                           const VkPhysicalDeviceProperties *p, MienDeviceInfo *info)
{
    snprintf(info->name, sizeof(info->name), "%.127s", p->deviceName);
    snprintf(info->api, sizeof(info->api), "%u.%u.%u", (unsigned)VK_VERSION_MAJOR(p->apiVersion),
             (unsigned)VK_VERSION_MINOR(p->apiVersion), (unsigned)VK_VERSION_PATCH(p->apiVersion));
    write_memory(loader, device, info);
    info->software = p->deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

/* What those with Vulkan 1.1 tell too. */
static void describe_more(const VulkanLoader *loader, VkPhysicalDevice device, MienDeviceInfo *info)
{
    Extensions has = find_extensions(loader, device);
    VkPhysicalDevicePCIBusInfoPropertiesEXT pci = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT};
    VkPhysicalDeviceDriverPropertiesKHR driver = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES_KHR,
        .pNext = has.pci ? &pci : NULL};
    VkPhysicalDeviceIDProperties id = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
                                       .pNext = has.driver ? (void *)&driver : driver.pNext};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                       .pNext = &id};
    loader->GetPhysicalDeviceProperties2(device, &all);
    snprintf(info->driver, sizeof(info->driver), "%.40s %.50s", driver.driverName,
             driver.driverInfo);
    if (has.pci)
        snprintf(info->pci, sizeof(info->pci), "%04x:%02x:%02x.%x",
                 (unsigned)pci.pciDomain & 0xffff, (unsigned)pci.pciBus & 0xff,
                 (unsigned)pci.pciDevice & 0xff, (unsigned)pci.pciFunction & 0xf);
    write_uuid(info, id.deviceUUID);
    info->software = info->software || (int)driver.driverID == DRIVER_ID_LLVMPIPE ||
                     driver.driverID == VK_DRIVER_ID_GOOGLE_SWIFTSHADER;
}

static void describe_device(const VulkanLoader *loader, VkPhysicalDevice device,
                            MienDeviceInfo *info)
{
    VkPhysicalDeviceProperties properties;
    loader->GetPhysicalDeviceProperties(device, &properties);
    bool is_old = properties.apiVersion < VK_API_VERSION_1_1;
    describe_plain(loader, device, &properties, info);
    if (!is_old)
        describe_more(loader, device, info);
    info->integrated =
        info->software || properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
    info->usable = true;
    if (is_old)
        refuse(info, "vulkan-feature-missing",
               "its driver offers less than Vulkan 1.1; install a newer one");
    else if (mieni_vulkan_compute_family(loader, device) < 0)
        refuse(info, "vulkan-feature-missing", "its driver has no queue for compute");
    else if (mieni_vulkan_features(loader, device).half)
        snprintf(info->kernels, sizeof(info->kernels), "f32 f16");
}

void mieni_vulkan_describe(int32_t index, MienDeviceInfo *info)
{
    const VulkanLoader *loader = mieni_vulkan_loader();
    info->built = true;
    snprintf(info->kernels, sizeof(info->kernels), "f32");
    if (loader->n_devices == 0)
        refuse(info, loader->reason, loader->text);
    else
        describe_device(loader, loader->devices[index], info);
}
