/* SPDX-License-Identifier: Apache-2.0 */
/* libvulkan.so.1 of a fake machine: MIEN_SIM_VK_INSTANCE, MIEN_SIM_VK_ENUMERATE (a code),
 * MIEN_SIM_VK_API=1.3 and MIEN_SIM_VK_DEVICES=type:vendor:driverid:name,... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/mien-probe/vulkan.h"
#include "sim.h"

static uint32_t api(void)
{
    unsigned major = 1, minor = 3;
    sscanf(sim_text("MIEN_SIM_VK_API", "1.3"), "%u.%u", &major, &minor);
    return (uint32_t)major << 22 | (uint32_t)minor << 12;
}

static const char *device_list(void)
{
    return sim_text("MIEN_SIM_VK_DEVICES", "2:0x10de:4:NVIDIA Simulated GPU");
}

static VkStatus enumerate_version(uint32_t *version)
{
    *version = api();
    return 0;
}

static VkStatus create_instance(const VkInstanceInfo *info, const void *allocator,
                                VkInstanceHandle *instance)
{
    static int object;
    (void)info;
    (void)allocator;
    sim_fault("vulkan");
    *instance = (VkInstanceHandle)(void *)&object;
    return (VkStatus)sim_number("MIEN_SIM_VK_INSTANCE", 0);
}

static VkStatus enumerate_devices(VkInstanceHandle instance, uint32_t *n, VkDeviceHandle *devices)
{
    static char handles[16]; /* a device is the address of the byte with its number */
    char item[128];
    uint32_t i = 0;
    (void)instance;
    for (; i < *n && i < 16 && sim_item(device_list(), ',', (int)i, item, sizeof(item)); i++) {
        handles[i] = (char)i;
        devices[i] = (VkDeviceHandle)(void *)&handles[i];
    }
    *n = i;
    return (VkStatus)sim_number("MIEN_SIM_VK_ENUMERATE", 0);
}

/* Number i of what the list says of a device; 0 if it says nothing. */
static uint32_t number_of(VkDeviceHandle device, int i)
{
    char item[128], field[64];
    return sim_item(device_list(), ',', *(const char *)device, item, sizeof(item)) &&
                   sim_item(item, ':', i, field, sizeof(field))
               ? (uint32_t)strtoul(field, NULL, 0)
               : 0;
}

static void properties(VkDeviceHandle device, VkProperties *all)
{
    char item[128], field[64];
    all->api_version = api();
    all->device_type = number_of(device, 0);
    all->vendor_id = number_of(device, 1);
    if (sim_item(device_list(), ',', *(const char *)device, item, sizeof(item)) &&
        sim_item(item, ':', 3, field, sizeof(field)))
        snprintf(all->name, sizeof(all->name), "%s", field);
}

static void properties_2(VkDeviceHandle device, VkProperties2 *all)
{
    VkDriverProperties *driver = all->next;
    VkIdProperties *id = driver->next;
    if (api() < VK_VERSION_1_1)
        abort(); /* a driver has no such function then */
    properties(device, &all->properties);
    driver->driver_id = (int32_t)number_of(device, 2);
    memset(id->device_uuid, 0x11, sizeof(id->device_uuid));
}

static void queue_families(VkDeviceHandle device, uint32_t *n, VkQueueFamily *families)
{
    (void)device;
    *n = 1;
    families[0] =
        (VkQueueFamily){.flags = (uint32_t)sim_number("MIEN_SIM_VK_QUEUE", 7), .n_queues = 1};
}

SIM_EXPORT VkFunction vkGetInstanceProcAddr(VkInstanceHandle instance, const char *name)
{
    static const struct {
        const char *name;
        VkFunction function;
    } functions[] = {
        {"vkEnumerateInstanceVersion", (VkFunction)enumerate_version},
        {"vkCreateInstance", (VkFunction)create_instance},
        {"vkEnumeratePhysicalDevices", (VkFunction)enumerate_devices},
        {"vkGetPhysicalDeviceProperties", (VkFunction)properties},
        {"vkGetPhysicalDeviceProperties2", (VkFunction)properties_2},
        {"vkGetPhysicalDeviceQueueFamilyProperties", (VkFunction)queue_families},
    };
    (void)instance;
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (!strcmp(functions[i].name, name))
            return functions[i].function;
    return NULL;
}
