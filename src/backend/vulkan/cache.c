/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled pipelines of earlier runs, one file for each device and driver in the user's cache
 * folder. The driver's data stands behind its SHA-256: drivers trust what they are given, so that
 * only what is whole is given to them. Nothing here is an error: without the file everything is
 * compiled anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/vulkan/vulkan.h"
#include "cpu/sha256.h"

#define MAX_CACHE_BYTES ((size_t)64 << 20)
#define HASH_CHARACTERS 64

/* Sets cache_path, and makes its folders; leaves it empty where there is no place. */
static void find_path(MieniDevice *device, const VkPhysicalDeviceProperties *properties)
{
    char folder[400] = "", uuid[2 * VK_UUID_SIZE + 1];
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = 0;
    if (base && *base == '/')
        length = snprintf(folder, sizeof(folder), "%s", base);
    else if (home && *home == '/')
        length = snprintf(folder, sizeof(folder), "%s/.cache", home);
    if (length <= 0 || length >= (int)sizeof(folder) - 8)
        return;
    mkdir(folder, 0700);
    strcat(folder, "/mien");
    mkdir(folder, 0700);
    for (size_t i = 0; i < VK_UUID_SIZE; i++)
        snprintf(uuid + 2 * i, 3, "%02x", (unsigned)properties->pipelineCacheUUID[i]);
    snprintf(device->cache_path, sizeof(device->cache_path), "%s/vulkan-%04x-%04x-%08x-%s.cache",
             folder, (unsigned)properties->vendorID & 0xffff,
             (unsigned)properties->deviceID & 0xffff, (unsigned)properties->driverVersion, uuid);
}

/* The file's data behind the hash, or NULL if there is no such file, or it is damaged. */
static char *read_cache(const char *path, size_t *size_bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *data = mieni_alloc(1, MAX_CACHE_BYTES / 16), hash[HASH_CHARACTERS + 1];
    size_t capacity = MAX_CACHE_BYTES / 16, n = 0;
    while (data && !feof(file) && !ferror(file)) {
        if (n == capacity) {
            char *more =
                capacity < MAX_CACHE_BYTES ? mieni_realloc(data, capacity, 2 * capacity, 1) : NULL;
            if (!more)
                break;
            data = more;
            capacity *= 2;
        }
        n += fread(data + n, 1, capacity - n, file);
    }
    bool whole = data && feof(file) && n > HASH_CHARACTERS;
    fclose(file);
    if (whole) {
        mieni_sha256_hex(data + HASH_CHARACTERS, n - HASH_CHARACTERS, hash);
        whole = memcmp(hash, data, HASH_CHARACTERS) == 0;
    }
    if (!whole) {
        mieni_free(data);
        unlink(path);
        return NULL;
    }
    *size_bytes = n - HASH_CHARACTERS;
    return data;
}

/* VkPipelineCacheHeaderVersionOne, which older headers lack. */
typedef struct CacheHeader {
    uint32_t size_bytes, version, vendor, device;
    uint8_t uuid[VK_UUID_SIZE];
} CacheHeader;

/* Made by this driver for this device, as Vulkan's own header of such data says. */
static bool is_ours(const char *data, size_t n, const VkPhysicalDeviceProperties *properties)
{
    CacheHeader header;
    if (n < sizeof(header))
        return false;
    memcpy(&header, data, sizeof(header));
    return header.version == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
           header.vendor == properties->vendorID && header.device == properties->deviceID &&
           memcmp(header.uuid, properties->pipelineCacheUUID, VK_UUID_SIZE) == 0;
}

MienStatus mieni_vulkan_cache_open(MieniDevice *device,
                                   const VkPhysicalDeviceProperties *properties, MienError *error)
{
    size_t n = 0;
    find_path(device, properties);
    char *data = *device->cache_path ? read_cache(device->cache_path, &n) : NULL;
    if (data && !is_ours(data + HASH_CHARACTERS, n, properties)) {
        unlink(device->cache_path);
        mieni_free(data);
        data = NULL;
        n = 0;
    }
    VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                      .initialDataSize = n,
                                      .pInitialData = data ? data + HASH_CHARACTERS : NULL};
    VkResult result = device->vk.CreatePipelineCache(device->device, &info, NULL, &device->cache);
    if (result != VK_SUCCESS && data) {
        info.initialDataSize = n = 0;
        info.pInitialData = NULL;
        result = device->vk.CreatePipelineCache(device->device, &info, NULL, &device->cache);
    }
    mieni_free(data);
    device->cache_bytes = n;
    return result == VK_SUCCESS ? MIEN_OK
                                : mieni_vulkan_fail(device, result, "the pipeline cache", error);
}

/* Under its final name only when complete. */
static void write_cache(const char *path, const char *data, size_t n)
{
    char hash[HASH_CHARACTERS + 1], temporary[560];
    mieni_sha256_hex(data, n, hash);
    snprintf(temporary, sizeof(temporary), "%s.%ld", path, (long)getpid());
    FILE *file = fopen(temporary, "wb");
    if (!file)
        return;
    bool written =
        fwrite(hash, 1, HASH_CHARACTERS, file) == HASH_CHARACTERS && fwrite(data, 1, n, file) == n;
    written = fclose(file) == 0 && written;
    if (!written || rename(temporary, path) != 0)
        unlink(temporary);
}

void mieni_vulkan_cache_close(MieniDevice *device)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    size_t n = 0;
    if (*device->cache_path && device->cache && !device->is_lost &&
        vk->GetPipelineCacheData(device->device, device->cache, &n, NULL) == VK_SUCCESS && n > 0 &&
        n != device->cache_bytes && n <= MAX_CACHE_BYTES - HASH_CHARACTERS) {
        char *data = mieni_alloc(1, n);
        /* Drivers that keep pipelines by themselves may return less than a header. */
        if (data &&
            vk->GetPipelineCacheData(device->device, device->cache, &n, data) == VK_SUCCESS &&
            n >= sizeof(CacheHeader))
            write_cache(device->cache_path, data, n);
        mieni_free(data);
    }
    vk->DestroyPipelineCache(device->device, device->cache, NULL);
}
