/* SPDX-License-Identifier: Apache-2.0 */
/* A plan on the device: weights and tables sent once, one layout of activations, buffers that grow
 * with the largest batch so far. */
#include "backend/vulkan/vulkan.h"
#include "graph/memory.h"

/* More than any network needs; what asks for it is not to be trusted. */
#define MAX_ACTIVATION_BYTES ((size_t)64 << 20)

static size_t elements(const MieniTensor *tensor)
{
    return (size_t)tensor->height * (size_t)tensor->width * (size_t)tensor->channels;
}

/* Gives every tensor its place: all without gaps, parts inside of their wholes. */
static MienStatus lay_out(MieniDevicePlan *plan, const MieniPlan *from, const bool *is_half,
                          size_t *offsets, size_t *refined_offset, MienError *error)
{
    size_t n = (size_t)from->n_tensors;
    MieniBuffer *buffers = mieni_alloc(n + 1, sizeof(*buffers));
    int32_t *ends = mieni_alloc((size_t)from->n_ops, sizeof(*ends));
    if (!buffers || !ends) {
        mieni_free(buffers);
        mieni_free(ends);
        return mieni_fail_nomem(error);
    }
    mieni_vulkan_group_ends(from, ends);
    for (size_t i = 0; i < n; i++) {
        const MieniTensor *tensor = &from->tensors[i];
        buffers[i].first = tensor->first;
        /* What operations side by side read is kept until all of them are done. */
        bool is_within = tensor->last >= 0 && tensor->last < from->n_ops;
        buffers[i].last = is_within ? ends[tensor->last] : tensor->last;
        if (tensor->parent < 0)
            buffers[i].size_bytes =
                mieni_round_up(elements(tensor) * (is_half[i] ? sizeof(uint16_t) : sizeof(float)),
                               MIENI_ALIGNMENT);
    }
    buffers[n].first = buffers[n].last = from->n_ops - 1;
    const MieniOp *last = &from->ops[from->n_ops - 1];
    if (last->kind == MIENI_OP_DECODE_LANDMARKS && last->landmarks.n_refinements > 0)
        buffers[n].size_bytes =
            mieni_round_up(VULKAN_REFINED_FLOATS * sizeof(float), MIENI_ALIGNMENT);
    size_t total = mieni_memory_plan(buffers, n + 1, MIENI_ALIGNMENT);
    for (size_t i = 0; i < n; i++) {
        const MieniTensor *tensor = &from->tensors[i];
        offsets[i] = tensor->parent < 0 ? buffers[i].offset / sizeof(float)
                                        : offsets[tensor->parent] + (size_t)tensor->parent_offset;
    }
    *refined_offset = buffers[n].offset / sizeof(float);
    mieni_free(buffers);
    mieni_free(ends);
    if (total > MIENI_MIN(MAX_ACTIVATION_BYTES, plan->device->max_buffer_bytes))
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network needs %zu bytes of activations, more than any known one",
                          total);
    plan->job_floats = mieni_round_up(total, MIENI_ALIGNMENT) / sizeof(float);
    return MIEN_OK;
}

/* What comes out, and how much of it. */
static void set_results(MieniDevicePlan *plan, const MieniPlan *from, const size_t *offsets)
{
    const MieniOp *last = &from->ops[from->n_ops - 1];
    plan->last = last->kind;
    plan->has_crop = from->ops[0].kind == MIENI_OP_CROP;
    plan->input_offset = offsets[from->input];
    plan->input_floats = plan->has_crop ? 0 : elements(&from->tensors[from->input]);
    if (last->kind == MIENI_OP_DECODE_BOXES) {
        plan->result_words =
            1 + (size_t)last->boxes.n_anchors * sizeof(MieniDetection) / sizeof(uint32_t);
    } else if (last->kind == MIENI_OP_DECODE_LANDMARKS) {
        plan->n_landmarks = last->landmarks.n_landmarks;
        plan->result_words = 1 + 3 * (size_t)plan->n_landmarks;
    } else {
        plan->n_outputs = from->n_outputs;
        for (int32_t i = 0; i < from->n_outputs; i++) {
            plan->outputs[i] =
                (VulkanOutput){.offset = offsets[from->outputs[i]],
                               .n_floats = elements(&from->tensors[from->outputs[i]])};
            plan->result_words += plan->outputs[i].n_floats;
        }
    }
}

/* Two rounds over the operations: one counts the tables, one writes them and makes the steps. */
static MienStatus build_steps(MieniDevicePlan *plan, const MieniPlan *from, const bool *is_half,
                              const size_t *offsets, size_t refined_offset, MienError *error)
{
    VulkanBuild build = {.plan = plan,
                         .from = from,
                         .offsets = offsets,
                         .is_half = is_half,
                         .refined_offset = refined_offset};
    MienStatus status = MIEN_OK;
    for (int32_t i = 0; i < from->n_ops && status == MIEN_OK; i++)
        status = mieni_vulkan_add_steps(&build, &from->ops[i], error);
    if (status != MIEN_OK)
        return status;
    size_t n_words = MIENI_MAX(build.tables.n, 1);
    if (n_words > plan->device->max_buffer_bytes / sizeof(uint32_t))
        return mieni_fail(
            error, MIEN_E_UNSUPPORTED, "model-unsupported",
            "the network's weights are more than the Vulkan device can see at a time");
    build.tables = (VulkanTables){.words = mieni_alloc(n_words, sizeof(uint32_t))};
    /* The refinement is a step of its own. */
    plan->steps = mieni_alloc((size_t)from->n_ops + 1, sizeof(*plan->steps));
    if (!build.tables.words || !plan->steps)
        status = mieni_fail_nomem(error);
    for (int32_t i = 0; i < from->n_ops && status == MIEN_OK; i++)
        status = mieni_vulkan_add_steps(&build, &from->ops[i], error);
    if (status == MIEN_OK)
        status = mieni_vulkan_buffer_create(plan->device, n_words * sizeof(uint32_t),
                                            plan->device->is_direct ? VULKAN_MEMORY_DIRECT
                                                                    : VULKAN_MEMORY_DEVICE,
                                            &plan->tables, error);
    if (status == MIEN_OK)
        status = mieni_vulkan_buffer_fill(plan->device, &plan->tables, build.tables.words,
                                          n_words * sizeof(uint32_t), error);
    mieni_free(build.tables.words);
    return status;
}

/* How many jobs may go at once: what the device can see, and dispatch. */
static MienStatus limit_batch(MieniDevicePlan *plan, MienError *error)
{
    const VkPhysicalDeviceLimits *limits = &plan->device->limits;
    size_t io_words = VULKAN_PARAMETER_WORDS + plan->input_floats + plan->result_words;
    size_t words = MIENI_MAX(plan->job_floats, io_words);
    size_t n =
        MIENI_MIN(VULKAN_MAX_BATCH, plan->device->max_buffer_bytes / (words * sizeof(uint32_t)));
    n = MIENI_MIN(n, limits->maxComputeWorkGroupCount[2]);
    n = MIENI_MIN(n, 4 * (size_t)limits->maxComputeWorkGroupCount[1]); /* VULKAN_GRID_QUARTER */
    for (int32_t i = 0; i < plan->n_steps; i++) {
        const VulkanStep *step = &plan->steps[i];
        if (step->groups_x > limits->maxComputeWorkGroupCount[0] ||
            step->groups_y > limits->maxComputeWorkGroupCount[1])
            n = 0;
    }
    if (n == 0)
        return mieni_fail(error, MIEN_E_UNSUPPORTED, "model-unsupported",
                          "the network has a larger operation than the Vulkan device can run");
    plan->max_batch = (int32_t)n;
    return MIEN_OK;
}

static MienStatus create_sets(MieniDevicePlan *plan, MienError *error)
{
    MieniDevice *device = plan->device;
    enum { N_SETS = 2 };
    VkDescriptorPoolSize size = {.type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                 .descriptorCount = VULKAN_SET_DESCRIPTORS * N_SETS};
    VkDescriptorPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                       .maxSets = N_SETS,
                                       .poolSizeCount = 1,
                                       .pPoolSizes = &size};
    VkResult result =
        device->vk.CreateDescriptorPool(device->device, &pool, NULL, &plan->descriptors);
    VkDescriptorSetLayout layouts[N_SETS] = {device->set_layout, device->set_layout};
    VkDescriptorSet sets[N_SETS] = {VK_NULL_HANDLE, VK_NULL_HANDLE};
    VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                        .descriptorPool = plan->descriptors,
                                        .descriptorSetCount = N_SETS,
                                        .pSetLayouts = layouts};
    if (result == VK_SUCCESS)
        result = device->vk.AllocateDescriptorSets(device->device, &info, sets);
    if (result != VK_SUCCESS)
        return mieni_vulkan_fail(device, result, "descriptors", error);
    plan->set = sets[0];
    plan->crop_set = sets[1];
    return MIEN_OK;
}

static void write_set(MieniDevicePlan *plan, VkDescriptorSet set, const VulkanBuffer *tables)
{
    const VulkanBuffer *buffers[VULKAN_SET_BUFFERS] = {&plan->activations, &plan->activations,
                                                       tables, &plan->io};
    VkDescriptorBufferInfo infos[VULKAN_SET_BUFFERS];
    VkWriteDescriptorSet writes[VULKAN_SET_BUFFERS];
    for (uint32_t i = 0; i < VULKAN_SET_BUFFERS; i++) {
        infos[i] = (VkDescriptorBufferInfo){.buffer = buffers[i]->handle, .range = VK_WHOLE_SIZE};
        writes[i] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                           .dstSet = set,
                                           .dstBinding = i,
                                           .descriptorCount = 1,
                                           .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                           .pBufferInfo = &infos[i]};
    }
    plan->device->vk.UpdateDescriptorSets(plan->device->device, VULKAN_SET_BUFFERS, writes, 0,
                                          NULL);
}

/* What the crop reads. All bindings of a shader want a buffer, used or not. */
static void write_crop_set(MieniDevicePlan *plan)
{
    const VulkanPictures *pictures = &plan->device->pictures;
    const VulkanBuffer *sent = pictures->buffer.handle ? &pictures->buffer : &plan->tables;
    VkDescriptorBufferInfo infos[MIENI_MAX_IMPORTS];
    for (int i = 0; i < MIENI_MAX_IMPORTS; i++) {
        const VulkanImport *import = &pictures->imports[i];
        infos[i] = (VkDescriptorBufferInfo){.buffer = import->memory ? import->buffer.handle
                                                                     : sent->handle,
                                            .range = VK_WHOLE_SIZE};
    }
    VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                  .dstSet = plan->crop_set,
                                  .dstBinding = VULKAN_SET_BUFFERS,
                                  .descriptorCount = MIENI_MAX_IMPORTS,
                                  .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                  .pBufferInfo = infos};
    write_set(plan, plan->crop_set, sent);
    if (plan->device->features.import)
        plan->device->vk.UpdateDescriptorSets(plan->device->device, 1, &write, 0, NULL);
}

/* Commands name buffers: when those change, they are worth nothing. */
static void forget_commands(MieniDevicePlan *plan)
{
    MieniDevice *device = plan->device;
    for (size_t i = 0; i < MIENI_COUNT_OF(plan->commands); i++) {
        if (plan->commands[i])
            device->vk.FreeCommandBuffers(device->device, device->pool, 1, &plan->commands[i]);
        plan->commands[i] = NULL;
    }
}

static void destroy_buffers(MieniDevicePlan *plan)
{
    plan->capacity = 0;
    mieni_vulkan_buffer_destroy(plan->device, &plan->activations);
    mieni_vulkan_buffer_destroy(plan->device, &plan->io);
    mieni_vulkan_buffer_destroy(plan->device, &plan->staging);
}

static MienStatus grow(MieniDevicePlan *plan, size_t n, MienError *error)
{
    MieniDevice *device = plan->device;
    size_t capacity = 1;
    while (capacity < n)
        capacity *= 2;
    capacity = MIENI_MIN(capacity, (size_t)plan->max_batch);
    plan->input_word = capacity * VULKAN_PARAMETER_WORDS;
    plan->results_word = plan->input_word + capacity * plan->input_floats;
    size_t io_bytes = (plan->results_word + capacity * plan->result_words) * sizeof(uint32_t);
    forget_commands(plan);
    destroy_buffers(plan);
    MienStatus status =
        mieni_vulkan_buffer_create(device, capacity * plan->job_floats * sizeof(float),
                                   VULKAN_MEMORY_DEVICE, &plan->activations, error);
    if (status == MIEN_OK)
        status = mieni_vulkan_buffer_create(
            device, io_bytes, device->is_direct ? VULKAN_MEMORY_DIRECT : VULKAN_MEMORY_DEVICE,
            &plan->io, error);
    if (status == MIEN_OK && !device->is_direct)
        status = mieni_vulkan_buffer_create(device, io_bytes, VULKAN_MEMORY_STAGING, &plan->staging,
                                            error);
    if (status != MIEN_OK) {
        destroy_buffers(plan);
        return status;
    }
    plan->capacity = (int32_t)capacity;
    write_set(plan, plan->set, &plan->tables);
    plan->picture_generation = 0;
    return MIEN_OK;
}

MienStatus mieni_vulkan_plan_reserve(MieniDevicePlan *plan, size_t n, MienError *error)
{
    MieniDevice *device = plan->device;
    MienStatus status = MIEN_OK;
    if (n > (size_t)plan->capacity)
        status = grow(plan, n, error);
    if (status == MIEN_OK && plan->has_crop &&
        plan->picture_generation != device->pictures.generation) {
        forget_commands(plan);
        write_crop_set(plan);
        plan->picture_generation = device->pictures.generation;
    }
    return status;
}

MienStatus mieni_vulkan_plan_create(MieniDevice *device, const MieniPlan *from,
                                    MieniDevicePlan **out, MienError *error)
{
    *out = NULL;
    MieniDevicePlan *plan = mieni_alloc(1, sizeof(*plan));
    size_t *offsets = mieni_alloc((size_t)from->n_tensors, sizeof(*offsets)), refined_offset = 0;
    bool *is_half = mieni_alloc((size_t)from->n_tensors, sizeof(*is_half)); /* all false */
    if (!plan || !offsets || !is_half) {
        mieni_free(plan);
        mieni_free(offsets);
        mieni_free(is_half);
        return mieni_fail_nomem(error);
    }
    plan->device = device;
    if (device->precision == MIEN_PRECISION_FP16)
        mieni_vulkan_choose_halves(from, is_half);
    MienStatus status = lay_out(plan, from, is_half, offsets, &refined_offset, error);
    if (status == MIEN_OK) {
        set_results(plan, from, offsets);
        status = build_steps(plan, from, is_half, offsets, refined_offset, error);
    }
    mieni_free(offsets);
    mieni_free(is_half);
    if (status == MIEN_OK)
        status = limit_batch(plan, error);
    if (status == MIEN_OK)
        status = create_sets(plan, error);
    if (status == MIEN_OK)
        status = mieni_vulkan_plan_reserve(plan, 1, error);
    if (status != MIEN_OK) {
        mieni_vulkan_plan_destroy(plan);
        return status;
    }
    *out = plan;
    return MIEN_OK;
}

void mieni_vulkan_plan_destroy(MieniDevicePlan *plan)
{
    if (!plan)
        return;
    if (!plan->device->is_stuck) {
        forget_commands(plan);
        destroy_buffers(plan);
        mieni_vulkan_buffer_destroy(plan->device, &plan->tables);
        plan->device->vk.DestroyDescriptorPool(plan->device->device, plan->descriptors, NULL);
    }
    mieni_free(plan->steps);
    mieni_free(plan);
}
