/* SPDX-License-Identifier: Apache-2.0 */
/* The shaders of this build: SPIR-V that CMake made of the files in shaders. */
#ifndef MIENI_BACKEND_VULKAN_SHADERS_H
#define MIENI_BACKEND_VULKAN_SHADERS_H

#include <stddef.h>
#include <stdint.h>

/* Every shader is listed here and in vulkan.cmake; _half: tensors may be halves; _subgroups: sums
 * go through subgroups; _imports: pictures may lie in the host's memory. */
#define VULKAN_SHADER_LIST(X)                                                                      \
    X(conv)                                                                                        \
    X(pointwise)                                                                                   \
    X(depthwise)                                                                                   \
    X(depthwise_pointwise)                                                                         \
    X(fully_connected)                                                                             \
    X(resize_add)                                                                                  \
    X(depth_to_space)                                                                              \
    X(landmarks_to_matrix)                                                                         \
    X(sample_bilinear)                                                                             \
    X(transform_landmarks)                                                                         \
    X(constant)                                                                                    \
    X(center_points)                                                                               \
    X(layer_norm)                                                                                  \
    X(transpose)                                                                                   \
    X(crop)                                                                                        \
    X(decode_boxes)                                                                                \
    X(decode_landmarks)                                                                            \
    X(refine_landmarks)                                                                            \
    X(multiply_adds)                                                                               \
    X(conv_half)                                                                                   \
    X(pointwise_half)                                                                              \
    X(depthwise_half)                                                                              \
    X(depthwise_pointwise_half)                                                                    \
    X(fully_connected_half)                                                                        \
    X(resize_add_half)                                                                             \
    X(depth_to_space_half)                                                                         \
    X(sample_bilinear_half)                                                                        \
    X(layer_norm_subgroups)                                                                        \
    X(center_points_subgroups)                                                                     \
    X(landmarks_to_matrix_subgroups)                                                               \
    X(crop_imports)

#define VULKAN_SHADER_NAME(name) VULKAN_SHADER_##name,
typedef enum VulkanShader { VULKAN_SHADER_LIST(VULKAN_SHADER_NAME) VULKAN_N_SHADERS } VulkanShader;
#undef VULKAN_SHADER_NAME

typedef struct VulkanShaderCode {
    const uint32_t *words;
    size_t size_bytes;
} VulkanShaderCode;

extern const VulkanShaderCode mieni_vulkan_shaders[VULKAN_N_SHADERS];

#endif
