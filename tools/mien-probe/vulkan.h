/* SPDX-License-Identifier: Apache-2.0 */
/* The few types of Vulkan that are needed to list devices, so that building needs no SDK.
 * Source: Khronos Group, Vulkan 1.3 specification and its vulkan_core.h (Apache-2.0). */
#ifndef MIEN_PROBE_VULKAN_H
#define MIEN_PROBE_VULKAN_H

#include <stddef.h>
#include <stdint.h>

typedef int32_t VkStatus; /* VkResult: 0 is success, below 0 a failure */
typedef struct VkInstanceObject *VkInstanceHandle;
typedef struct VkPhysicalDeviceObject *VkDeviceHandle;
typedef void (*VkFunction)(void);

/* VkStructureType */
enum {
    VK_TYPE_APPLICATION_INFO = 0,
    VK_TYPE_INSTANCE_CREATE_INFO = 1,
    VK_TYPE_PROPERTIES_2 = 1000059001,
    VK_TYPE_ID_PROPERTIES = 1000071004,
    VK_TYPE_DRIVER_PROPERTIES = 1000196000
};

/* VkPhysicalDeviceType, VkDriverId, VkQueueFlagBits */
enum { VK_TYPE_CPU = 4, VK_DRIVER_SWIFTSHADER = 10, VK_DRIVER_LLVMPIPE = 13, VK_QUEUE_COMPUTE = 2 };

#define VK_VERSION_1_1 ((uint32_t)1 << 22 | (uint32_t)1 << 12)

typedef struct VkApplication {
    int32_t type;
    const void *next;
    const char *name;
    uint32_t version;
    const char *engine_name;
    uint32_t engine_version, api_version;
} VkApplication;

typedef struct VkInstanceInfo {
    int32_t type;
    const void *next;
    uint32_t flags;
    const VkApplication *application;
    uint32_t n_layers;
    const char *const *layers;
    uint32_t n_extensions;
    const char *const *extensions;
} VkInstanceInfo;

typedef struct VkProperties {
    uint32_t api_version, driver_version, vendor_id, device_id, device_type;
    char name[256];
    uint8_t pipeline_cache_uuid[16];
    uint64_t limits[63]; /* VkPhysicalDeviceLimits: 504 bytes, nothing of it is used */
    uint32_t sparse[5];
} VkProperties;

typedef struct VkProperties2 {
    int32_t type;
    void *next;
    VkProperties properties;
} VkProperties2;

typedef struct VkDriverProperties {
    int32_t type;
    void *next;
    int32_t driver_id;
    char name[256], info[256];
    uint8_t conformance[4];
} VkDriverProperties;

typedef struct VkIdProperties {
    int32_t type;
    void *next;
    uint8_t device_uuid[16], driver_uuid[16], luid[8];
    uint32_t node_mask, luid_valid;
} VkIdProperties;

typedef struct VkQueueFamily {
    uint32_t flags, n_queues, timestamp_bits, granularity[3];
} VkQueueFamily;

#endif
