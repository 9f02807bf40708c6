/* SPDX-License-Identifier: Apache-2.0 */
/* libvulkan.so.1, opened at run time: its functions, one instance for the process, and the devices.
 */
#ifndef MIENI_BACKEND_VULKAN_LOADER_H
#define MIENI_BACKEND_VULKAN_LOADER_H

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan_core.h>

#include "backend/backend.h"

#define VULKAN_INSTANCE_FUNCTIONS(X)                                                               \
    X(DestroyInstance)                                                                             \
    X(EnumeratePhysicalDevices)                                                                    \
    X(EnumerateDeviceExtensionProperties)                                                          \
    X(GetPhysicalDeviceProperties)                                                                 \
    X(GetPhysicalDeviceProperties2)                                                                \
    X(GetPhysicalDeviceFeatures2)                                                                  \
    X(GetPhysicalDeviceMemoryProperties)                                                           \
    X(GetPhysicalDeviceQueueFamilyProperties)                                                      \
    X(CreateDevice)                                                                                \
    X(GetDeviceProcAddr)

#define VULKAN_DEVICE_FUNCTIONS(X)                                                                 \
    X(DestroyDevice)                                                                               \
    X(GetDeviceQueue)                                                                              \
    X(DeviceWaitIdle)                                                                              \
    X(AllocateMemory)                                                                              \
    X(FreeMemory)                                                                                  \
    X(MapMemory)                                                                                   \
    X(CreateBuffer)                                                                                \
    X(DestroyBuffer)                                                                               \
    X(GetBufferMemoryRequirements)                                                                 \
    X(BindBufferMemory)                                                                            \
    X(CreateShaderModule)                                                                          \
    X(DestroyShaderModule)                                                                         \
    X(CreateDescriptorSetLayout)                                                                   \
    X(DestroyDescriptorSetLayout)                                                                  \
    X(CreatePipelineLayout)                                                                        \
    X(DestroyPipelineLayout)                                                                       \
    X(CreatePipelineCache)                                                                         \
    X(GetPipelineCacheData)                                                                        \
    X(DestroyPipelineCache)                                                                        \
    X(CreateComputePipelines)                                                                      \
    X(DestroyPipeline)                                                                             \
    X(CreateDescriptorPool)                                                                        \
    X(DestroyDescriptorPool)                                                                       \
    X(AllocateDescriptorSets)                                                                      \
    X(UpdateDescriptorSets)                                                                        \
    X(CreateCommandPool)                                                                           \
    X(DestroyCommandPool)                                                                          \
    X(AllocateCommandBuffers)                                                                      \
    X(FreeCommandBuffers)                                                                          \
    X(BeginCommandBuffer)                                                                          \
    X(EndCommandBuffer)                                                                            \
    X(CmdBindPipeline)                                                                             \
    X(CmdBindDescriptorSets)                                                                       \
    X(CmdPushConstants)                                                                            \
    X(CmdDispatch)                                                                                 \
    X(CmdPipelineBarrier)                                                                          \
    X(CmdCopyBuffer)                                                                               \
    X(CreateFence)                                                                                 \
    X(DestroyFence)                                                                                \
    X(ResetFences)                                                                                 \
    X(WaitForFences)                                                                               \
    X(QueueSubmit)                                                                                 \
    X(CreateQueryPool)                                                                             \
    X(DestroyQueryPool)                                                                            \
    X(CmdResetQueryPool)                                                                           \
    X(CmdWriteTimestamp)                                                                           \
    X(GetQueryPoolResults)                                                                         \
    X(CreateSemaphore)                                                                             \
    X(DestroySemaphore)

/* NULL on a device without the extension. */
#define VULKAN_OPTIONAL_FUNCTIONS(X)                                                               \
    X(WaitSemaphoresKHR)                                                                           \
    X(GetMemoryHostPointerPropertiesEXT)

#define VULKAN_FIELD(name) PFN_vk##name name;
typedef struct VulkanDeviceFunctions {
    VULKAN_DEVICE_FUNCTIONS(VULKAN_FIELD)
    VULKAN_OPTIONAL_FUNCTIONS(VULKAN_FIELD)
} VulkanDeviceFunctions;

typedef struct VulkanLoader {
    PFN_vkGetInstanceProcAddr GetInstanceProcAddr;
    VULKAN_INSTANCE_FUNCTIONS(VULKAN_FIELD)
    VkInstance instance;
    int32_t n_devices;
    VkPhysicalDevice devices[16];
    char reason[48]; /* why there is no device; empty if there is one */
    char text[256];
} VulkanLoader;
#undef VULKAN_FIELD

/* The loader, opened by the first call and kept: drivers do not like to be unloaded. */
const VulkanLoader *mieni_vulkan_loader(void);

/* Fills a device's table; false if a function is missing. */
bool mieni_vulkan_device_functions(const VulkanLoader *loader, VkDevice device,
                                   VulkanDeviceFunctions *functions);

/* For tests, set before the first call of anything here. */
typedef struct VulkanDebug {
    bool validate;         /* load the validation layers */
    bool no_direct_memory; /* as on a card with its own memory: everything is copied */
    bool no_subgroups;     /* as on a device without them */
    bool no_half;
    bool no_timeline;   /* a fence instead */
    bool no_import;     /* pictures are copied */
    bool gpu_tiles;     /* a driver that computes on the CPU works in the steps of a GPU */
    int64_t timeout_ns; /* 0: the usual one */
} VulkanDebug;
extern VulkanDebug mieni_vulkan_debug;

/* What the validation layers said so far: how many messages, and the first of them. -1: there are
 * no such layers. */
int32_t mieni_vulkan_messages(const char **first);

#endif
