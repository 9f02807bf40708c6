/* SPDX-License-Identifier: Apache-2.0 */
/* Shader modules and pipelines: each made when a plan first needs it, and shared by all plans. */
#include "backend/vulkan/vulkan.h"

#define N_BINDINGS (VULKAN_SET_BUFFERS + 1) /* the last one for imports alone */

MienStatus mieni_vulkan_pipelines_init(MieniDevice *device, MienError *error)
{
    VkDescriptorSetLayoutBinding bindings[N_BINDINGS];
    for (uint32_t i = 0; i < N_BINDINGS; i++)
        bindings[i] =
            (VkDescriptorSetLayoutBinding){.binding = i,
                                           .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                           .descriptorCount = 1,
                                           .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    bindings[N_BINDINGS - 1].descriptorCount = MIENI_MAX_IMPORTS;
    VkDescriptorSetLayoutCreateInfo set_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = device->features.import ? N_BINDINGS : N_BINDINGS - 1,
        .pBindings = bindings};
    VkResult result =
        device->vk.CreateDescriptorSetLayout(device->device, &set_info, NULL, &device->set_layout);
    if (result != VK_SUCCESS)
        return mieni_vulkan_fail(device, result, "descriptors", error);
    VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
                                .size = VULKAN_PUSH_WORDS * sizeof(uint32_t)};
    VkPipelineLayoutCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                       .setLayoutCount = 1,
                                       .pSetLayouts = &device->set_layout,
                                       .pushConstantRangeCount = 1,
                                       .pPushConstantRanges = &push};
    result = device->vk.CreatePipelineLayout(device->device, &info, NULL, &device->layout);
    return result == VK_SUCCESS ? MIEN_OK : mieni_vulkan_fail(device, result, "a layout", error);
}

void mieni_vulkan_pipelines_finish(MieniDevice *device)
{
    const VulkanDeviceFunctions *vk = &device->vk;
    for (int32_t i = 0; i < device->n_pipelines; i++)
        vk->DestroyPipeline(device->device, device->pipelines[i].handle, NULL);
    mieni_free(device->pipelines);
    for (int i = 0; i < VULKAN_N_SHADERS; i++)
        vk->DestroyShaderModule(device->device, device->modules[i], NULL);
    vk->DestroyPipelineLayout(device->device, device->layout, NULL);
    vk->DestroyDescriptorSetLayout(device->device, device->set_layout, NULL);
}

static VkResult need_module(MieniDevice *device, VulkanShader shader)
{
    if (device->modules[shader])
        return VK_SUCCESS;
    VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                     .codeSize = mieni_vulkan_shaders[shader].size_bytes,
                                     .pCode = mieni_vulkan_shaders[shader].words};
    return device->vk.CreateShaderModule(device->device, &info, NULL, &device->modules[shader]);
}

static VkResult create_pipeline(MieniDevice *device, VulkanPipeline *pipeline)
{
    VkSpecializationMapEntry entries[VULKAN_CONSTANTS];
    for (uint32_t i = 0; i < VULKAN_CONSTANTS; i++)
        entries[i] =
            (VkSpecializationMapEntry){i, i * (uint32_t)sizeof(uint32_t), sizeof(uint32_t)};
    VkSpecializationInfo constants = {.mapEntryCount = VULKAN_CONSTANTS,
                                      .pMapEntries = entries,
                                      .dataSize = sizeof(pipeline->constants),
                                      .pData = pipeline->constants};
    VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = device->modules[pipeline->shader],
                  .pName = "main",
                  .pSpecializationInfo = &constants},
        .layout = device->layout,
        .basePipelineIndex = -1};
    return device->vk.CreateComputePipelines(device->device, device->cache, 1, &info, NULL,
                                             &pipeline->handle);
}

static bool make_room(MieniDevice *device)
{
    if (device->n_pipelines < device->pipeline_capacity)
        return true;
    int32_t capacity = MIENI_MAX(16, 2 * device->pipeline_capacity);
    VulkanPipeline *pipelines = mieni_realloc(device->pipelines, (size_t)device->pipeline_capacity,
                                              (size_t)capacity, sizeof(*pipelines));
    if (!pipelines)
        return false;
    device->pipelines = pipelines;
    device->pipeline_capacity = capacity;
    return true;
}

MienStatus mieni_vulkan_pipeline(MieniDevice *device, VulkanShader shader,
                                 const uint32_t constants[VULKAN_CONSTANTS], VkPipeline *pipeline,
                                 MienError *error)
{
    VulkanPipeline made = {.shader = shader};
    memcpy(made.constants, constants, sizeof(made.constants));
    for (int32_t i = 0; i < device->n_pipelines; i++) {
        const VulkanPipeline *known = &device->pipelines[i];
        if (known->shader == shader &&
            memcmp(known->constants, constants, sizeof(known->constants)) == 0) {
            *pipeline = known->handle;
            return MIEN_OK;
        }
    }
    if (!make_room(device))
        return mieni_fail_nomem(error);
    VkResult result = need_module(device, shader);
    if (result == VK_SUCCESS)
        result = create_pipeline(device, &made);
    if (result != VK_SUCCESS)
        return mieni_vulkan_fail(device, result, "compiling a shader", error);
    device->pipelines[device->n_pipelines++] = made;
    *pipeline = made.handle;
    return MIEN_OK;
}
