/* SPDX-License-Identifier: Apache-2.0 */
/* V01 to V03 of the catalogue: an instance without layers, its devices, and what they lack. */
#include "vulkan.h"

#include <stdio.h>
#include <string.h>

#include "codes.h"
#include "fact.h"
#include "library.h"

#define MAX_DEVICES 16
#define MAX_FAMILIES 16

typedef VkFunction (*GetInstanceProcAddr)(VkInstanceHandle instance, const char *name);

typedef struct Vulkan {
    GetInstanceProcAddr get;
    VkStatus (*version)(uint32_t *version);
    VkStatus (*create)(const VkInstanceInfo *info, const void *allocator,
                       VkInstanceHandle *instance);
    VkStatus (*devices)(VkInstanceHandle instance, uint32_t *n, VkDeviceHandle *devices);
    void (*properties)(VkDeviceHandle device, VkProperties *properties);
    void (*properties_2)(VkDeviceHandle device, VkProperties2 *properties); /* Vulkan 1.1 */
    void (*families)(VkDeviceHandle device, uint32_t *n, VkQueueFamily *families);
} Vulkan;

static void look_up(const Vulkan *vulkan, VkInstanceHandle instance, const char *name,
                    void *function)
{
    VkFunction found = vulkan->get(instance, name);
    memcpy(function, &found, sizeof(found));
}

static int has_compute_queue(const Vulkan *vulkan, VkDeviceHandle device)
{
    VkQueueFamily families[MAX_FAMILIES];
    uint32_t n = MAX_FAMILIES;
    vulkan->families(device, &n, families);
    for (uint32_t i = 0; i < n && i < MAX_FAMILIES; i++)
        if ((families[i].flags & VK_QUEUE_COMPUTE) && families[i].n_queues > 0)
            return 1;
    return 0;
}

typedef struct Counts {
    int hardware, usable;
} Counts;

static void note_device(const Vulkan *vulkan, int i, VkDeviceHandle device, Counts *counts)
{
    VkIdProperties id = {.type = VK_TYPE_ID_PROPERTIES};
    VkDriverProperties driver = {.type = VK_TYPE_DRIVER_PROPERTIES, .next = &id};
    VkProperties2 all = {.type = VK_TYPE_PROPERTIES_2, .next = &driver};
    vulkan->properties(device, &all.properties);
    uint32_t version = all.properties.api_version;
    if (version >= VK_VERSION_1_1 && vulkan->properties_2)
        vulkan->properties_2(device, &all);
    fact("V02.%d.name", i, "%.255s", all.properties.name);
    fact("V02.%d.type", i, "%u", all.properties.device_type);
    fact("V02.%d.vendor", i, "0x%04x", all.properties.vendor_id);
    fact("V02.%d.driver_id", i, "%d", driver.driver_id);
    fact("V02.%d.driver", i, "%.255s %.255s", driver.name, driver.info);
    fact("V02.%d.api", i, "%u.%u.%u", version >> 22 & 0x7f, version >> 12 & 0x3ff, version & 0xfff);
    const uint8_t *u = id.device_uuid;
    fact("V02.%d.uuid", i, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
         u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
         u[14], u[15]);
    if (all.properties.device_type == VK_TYPE_CPU || driver.driver_id == VK_DRIVER_LLVMPIPE ||
        driver.driver_id == VK_DRIVER_SWIFTSHADER)
        return;
    counts->hardware++;
    if (version < VK_VERSION_1_1)
        fact("V03.%d.missing", i, "Vulkan 1.1");
    else if (!has_compute_queue(vulkan, device))
        fact("V03.%d.missing", i, "a queue for compute");
    else
        counts->usable++;
}

/* No layers and no extensions: the least that any driver can do. */
static VkStatus create_instance(const Vulkan *vulkan, VkInstanceHandle *instance)
{
    VkApplication application = {
        .type = VK_TYPE_APPLICATION_INFO, .name = "mien-probe", .api_version = VK_VERSION_1_1};
    VkInstanceInfo info = {.type = VK_TYPE_INSTANCE_CREATE_INFO, .application = &application};
    return vulkan->create(&info, NULL, instance);
}

static void note_devices(Vulkan *vulkan, VkInstanceHandle instance)
{
    VkDeviceHandle devices[MAX_DEVICES];
    uint32_t n = MAX_DEVICES;
    Counts counts = {0, 0};
    look_up(vulkan, instance, "vkEnumeratePhysicalDevices", &vulkan->devices);
    look_up(vulkan, instance, "vkGetPhysicalDeviceProperties", &vulkan->properties);
    look_up(vulkan, instance, "vkGetPhysicalDeviceProperties2", &vulkan->properties_2);
    look_up(vulkan, instance, "vkGetPhysicalDeviceQueueFamilyProperties", &vulkan->families);
    if (!vulkan->devices || !vulkan->properties || !vulkan->families)
        return;
    VkStatus status = vulkan->devices(instance, &n, devices);
    fact_vulkan_code("V02.status", 0, status);
    if (status < 0)
        n = 0;
    fact("V02.count", 0, "%u", n);
    for (uint32_t i = 0; i < n && i < MAX_DEVICES; i++)
        note_device(vulkan, (int)i, devices[i], &counts);
    fact("V02.hardware", 0, "%d", counts.hardware);
    fact("V02.usable", 0, "%d", counts.usable);
}

void probe_vulkan(const char *root)
{
    Vulkan vulkan = {.get = NULL};
    VkInstanceHandle instance = NULL;
    uint32_t version = VK_VERSION_1_1 & ~(uint32_t)0xfff;
    /* Alone, to hear which library it misses; the loader would keep that to itself. */
    library_open(root, "L04.libGLX_nvidia.so.0", "libGLX_nvidia.so.0");
    void *library = library_open(root, "L03", "libvulkan.so.1");
    if (!library)
        return;
    library_function(library, "vkGetInstanceProcAddr", &vulkan.get);
    if (!vulkan.get)
        return;
    look_up(&vulkan, NULL, "vkEnumerateInstanceVersion", &vulkan.version);
    look_up(&vulkan, NULL, "vkCreateInstance", &vulkan.create);
    if (!vulkan.create)
        return;
    if (vulkan.version && vulkan.version(&version) == 0)
        fact("V01.version", 0, "%u.%u.%u", version >> 22 & 0x7f, version >> 12 & 0x3ff,
             version & 0xfff);
    VkStatus status = create_instance(&vulkan, &instance);
    fact_vulkan_code("V01.instance", 0, status);
    if (status == 0)
        note_devices(&vulkan, instance);
}
