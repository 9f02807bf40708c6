/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures go to the device once, in their own format, rows without gaps, into slots of one buffer.
 */
#include "backend/vulkan/vulkan.h"

/* Where the planes of a picture lie in its slot. */
typedef struct Planes {
    int n;
    size_t offset[3], row_bytes[3], rows[3], total;
} Planes;

static Planes layout_planes(const MienImage *image)
{
    MieniPlaneSize sizes[3];
    Planes planes = {.n = mieni_plane_sizes(image, sizes)};
    for (int i = 0; i < planes.n; i++) {
        planes.offset[i] = planes.total;
        planes.row_bytes[i] = (size_t)sizes[i].row_bytes;
        planes.rows[i] = (size_t)sizes[i].rows;
        planes.total += planes.row_bytes[i] * planes.rows[i];
    }
    planes.total = mieni_round_up(planes.total, 4); /* whole words */
    return planes;
}

static void copy_planes(const MienImage *image, const Planes *planes, uint8_t *to)
{
    for (int i = 0; i < planes->n; i++) {
        const uint8_t *from = image->planes[i];
        size_t row_bytes = planes->row_bytes[i];
        uint8_t *row = to + planes->offset[i];
        if (image->strides_bytes[i] == (ptrdiff_t)row_bytes) {
            memcpy(row, from, row_bytes * planes->rows[i]);
            continue;
        }
        for (size_t y = 0; y < planes->rows[i]; y++, row += row_bytes)
            memcpy(row, from + (ptrdiff_t)y * image->strides_bytes[i], row_bytes);
    }
}

void mieni_vulkan_pictures_finish(MieniDevice *device)
{
    VulkanPictures *pictures = &device->pictures;
    for (int32_t i = 0; i < pictures->n_slots; i++)
        if (pictures->slots[i].copy)
            device->vk.FreeCommandBuffers(device->device, device->pool, 1,
                                          &pictures->slots[i].copy);
    memset(pictures->slots, 0, sizeof(pictures->slots));
    pictures->n_slots = 0;
    mieni_vulkan_buffer_destroy(device, &pictures->buffer);
    mieni_vulkan_buffer_destroy(device, &pictures->staging);
}

/* The command that takes a slot from the staging buffer to the device's own. */
static MienStatus record_copy(MieniDevice *device, int32_t index, MienError *error)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    VulkanPictures *pictures = &device->pictures;
    VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                        .commandPool = device->pool,
                                        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                        .commandBufferCount = 1};
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VkDeviceSize at = (VkDeviceSize)index * pictures->slot_bytes;
    VkBufferCopy region = {.srcOffset = at, .dstOffset = at, .size = pictures->slot_bytes};
    VkCommandBuffer *copy = &pictures->slots[index].copy;
    VkResult result = vk->AllocateCommandBuffers(device->device, &info, copy);
    if (result == VK_SUCCESS)
        result = vk->BeginCommandBuffer(*copy, &begin);
    if (result == VK_SUCCESS) {
        vk->CmdCopyBuffer(*copy, pictures->staging.handle, pictures->buffer.handle, 1, &region);
        mieni_vulkan_barrier(device, *copy, VK_PIPELINE_STAGE_TRANSFER_BIT,
                             VK_ACCESS_TRANSFER_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                             VK_ACCESS_SHADER_READ_BIT);
        result = vk->EndCommandBuffer(*copy);
    }
    return result == VK_SUCCESS ? MIEN_OK
                                : mieni_vulkan_fail(device, result, "a picture's copy", error);
}

static MienStatus create_buffers(MieniDevice *device, size_t size_bytes, MienError *error)
{
    VulkanPictures *pictures = &device->pictures;
    mieni_vulkan_pictures_finish(device);
    pictures->generation++;
    MienStatus status = mieni_vulkan_buffer_create(
        device, size_bytes, device->is_direct ? VULKAN_MEMORY_DIRECT : VULKAN_MEMORY_DEVICE,
        &pictures->buffer, error);
    if (status == MIEN_OK && !device->is_direct)
        status = mieni_vulkan_buffer_create(device, size_bytes, VULKAN_MEMORY_STAGING,
                                            &pictures->staging, error);
    return status;
}

/* Makes room for n pictures of up to slot_bytes, or for as many as the device can see at a time and
 * has memory for. */
static MienStatus reserve(MieniDevice *device, size_t slot_bytes, size_t n, MienError *error)
{
    VulkanPictures *pictures = &device->pictures;
    size_t limit = device->max_buffer_bytes;
    if (slot_bytes > limit)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "image-invalid",
                          "the picture has %zu bytes, more than the %zu that the Vulkan device can "
                          "see at a time: scale it first",
                          slot_bytes, limit);
    slot_bytes = MIENI_MAX(slot_bytes, pictures->slot_bytes);
    n = MIENI_MIN(n, MIENI_MIN(VULKAN_MAX_PICTURES, limit / slot_bytes));
    if (pictures->max_slots > 0)
        n = MIENI_MIN(n, (size_t)pictures->max_slots);
    if (slot_bytes == pictures->slot_bytes && n <= (size_t)pictures->n_slots)
        return MIEN_OK;
    n = MIENI_MAX(n, MIENI_MIN((size_t)pictures->n_slots, limit / slot_bytes));
    pictures->slot_bytes = 0;
    MienError local;
    MienStatus status = create_buffers(device, n * slot_bytes, &local);
    while (status == MIEN_E_DEVICE && n > 1 && strcmp(local.reason, "out-of-memory") == 0) {
        n /= 2;
        pictures->max_slots = (int32_t)n;
        status = create_buffers(device, n * slot_bytes, &local);
    }
    if (status != MIEN_OK) {
        if (error)
            *error = local;
        return status;
    }
    pictures->slot_bytes = slot_bytes;
    pictures->n_slots = (int32_t)n;
    for (int32_t i = 0; i < pictures->n_slots && status == MIEN_OK && !device->is_direct; i++)
        status = record_copy(device, i, error);
    if (status != MIEN_OK)
        pictures->slot_bytes = 0; /* so that the next call starts anew */
    return status;
}

/* The slot that holds a picture, after sending it if none does; -1 if all slots are taken by this
 * run. */
static int32_t find_slot(MieniDevice *device, const MieniView *view, const Planes *planes)
{
    VulkanPictures *pictures = &device->pictures;
    int32_t oldest = -1;
    for (int32_t i = 0; i < pictures->n_slots; i++) {
        VulkanSlot *slot = &pictures->slots[i];
        bool is_ours = slot->last_run == pictures->run;
        if ((view->serial && slot->serial == view->serial) || (is_ours && slot->view == view)) {
            slot->last_run = pictures->run;
            slot->view = view;
            return i;
        }
        if (!is_ours && (oldest < 0 || slot->last_run < pictures->slots[oldest].last_run))
            oldest = i;
    }
    if (oldest < 0)
        return -1;
    VulkanSlot *slot = &pictures->slots[oldest];
    VulkanBuffer *host = device->is_direct ? &pictures->buffer : &pictures->staging;
    copy_planes(&view->image, planes,
                (uint8_t *)host->mapped + (size_t)oldest * pictures->slot_bytes);
    slot->serial = view->serial;
    slot->view = view;
    slot->last_run = pictures->run;
    slot->is_new = true;
    return oldest;
}

/* Where the device finds a picture, after sending it if need be; false if all slots are taken by
 * this run. */
static bool place_picture(MieniDevice *device, const MieniView *view, VulkanPlace *place)
{
    if (mieni_vulkan_find_import(device, &view->image, place))
        return true;
    Planes planes = layout_planes(&view->image);
    int32_t slot = find_slot(device, view, &planes);
    if (slot < 0)
        return false;
    size_t at = (size_t)slot * device->pictures.slot_bytes;
    place->import = 0;
    for (int i = 0; i < planes.n; i++) {
        place->offset[i] = (uint32_t)(at + planes.offset[i]);
        place->row_bytes[i] = (uint32_t)planes.row_bytes[i];
    }
    return true;
}

static void write_picture(const MieniView *view, const VulkanPlace *place, uint32_t *parameters)
{
    memcpy(&parameters[VULKAN_PARAMETER_PLANES], place->offset, sizeof(place->offset));
    memcpy(&parameters[VULKAN_PARAMETER_ROW_BYTES], place->row_bytes, sizeof(place->row_bytes));
    parameters[VULKAN_PARAMETER_IMPORT] = place->import;
    parameters[VULKAN_PARAMETER_WIDTH] = (uint32_t)view->image.width;
    parameters[VULKAN_PARAMETER_HEIGHT] = (uint32_t)view->image.height;
    parameters[VULKAN_PARAMETER_FORMAT] = (uint32_t)view->image.format;
    const int32_t color[6] = {view->y_offset, view->y_gain, view->r_v,
                              view->g_u,      view->g_v,    view->b_u};
    memcpy(&parameters[VULKAN_PARAMETER_COLOR], color, sizeof(color));
}

MienStatus mieni_vulkan_pictures_send(MieniDevice *device, size_t n, const MieniJob *jobs,
                                      uint32_t *parameters, size_t *n_sent, MienError *error)
{
    size_t slot_bytes = 0, n_pictures = 0;
    VulkanPlace place = {0};
    for (size_t i = 0; i < n; i++) {
        const MienImage *image = &jobs[i].picture->image;
        if (mieni_vulkan_find_import(device, image, &place))
            continue;
        slot_bytes = MIENI_MAX(slot_bytes, layout_planes(image).total);
        n_pictures += i == 0 || jobs[i].picture != jobs[i - 1].picture;
    }
    *n_sent = 0;
    MienStatus status = n_pictures > 0 ? reserve(device, slot_bytes, n_pictures, error) : MIEN_OK;
    if (status != MIEN_OK)
        return status;
    device->pictures.run++;
    for (; *n_sent < n && place_picture(device, jobs[*n_sent].picture, &place); ++*n_sent)
        write_picture(jobs[*n_sent].picture, &place, parameters + *n_sent * VULKAN_PARAMETER_WORDS);
    return MIEN_OK;
}
