# SPDX-License-Identifier: Apache-2.0
# The Vulkan back end, where Vulkan's headers and glslang are there to build it; nothing is linked. Shaders become
# SPIR-V here, are checked by spirv-val if it is there, and go into one C file of tables.
option(MIEN_VULKAN "Build the Vulkan back end, if Vulkan's headers and glslangValidator are found" ON)
find_path(MIEN_VULKAN_INCLUDE_DIR vulkan/vulkan_core.h)
find_program(GLSLANG_PROGRAM glslangValidator)
find_program(SPIRV_VAL_PROGRAM spirv-val)

# The two folders alone: all of /usr/include would hide the headers of a cross compiler.
set(MIEN_VULKAN_HEADERS ${CMAKE_CURRENT_BINARY_DIR}/vulkan/include CACHE INTERNAL "Vulkan's headers and no others")
file(MAKE_DIRECTORY ${MIEN_VULKAN_HEADERS})
foreach(folder vulkan vk_video)
    if(EXISTS ${MIEN_VULKAN_INCLUDE_DIR}/${folder} AND NOT EXISTS ${MIEN_VULKAN_HEADERS}/${folder})
        file(CREATE_LINK ${MIEN_VULKAN_INCLUDE_DIR}/${folder} ${MIEN_VULKAN_HEADERS}/${folder} SYMBOLIC)
    endif()
endforeach()

# What is older than the extensions that may be used cannot build it. Older versions of glslang are never quiet.
set(MIEN_HAVE_VULKAN OFF CACHE INTERNAL "The Vulkan back end is built")
set(glslang_quiet --quiet)
set(glslang_probe ${GLSLANG_PROGRAM} -V --target-env vulkan1.1 -DHALF -o ${CMAKE_CURRENT_BINARY_DIR}/probe.spv
    ${CMAKE_CURRENT_LIST_DIR}/shaders/pointwise.comp)
if(MIEN_VULKAN AND MIEN_VULKAN_INCLUDE_DIR AND GLSLANG_PROGRAM)
    execute_process(COMMAND ${glslang_probe} RESULT_VARIABLE glslang_failed OUTPUT_QUIET ERROR_QUIET)
    execute_process(COMMAND ${glslang_probe} --quiet RESULT_VARIABLE quiet_failed OUTPUT_QUIET ERROR_QUIET)
    if(quiet_failed)
        set(glslang_quiet)
    endif()
    include(CheckCSourceCompiles)
    set(CMAKE_REQUIRED_INCLUDES ${MIEN_VULKAN_HEADERS})
    check_c_source_compiles("#define VK_NO_PROTOTYPES
        #include <vulkan/vulkan_core.h>
        VkPhysicalDeviceDriverPropertiesKHR driver;
        VkPhysicalDevicePCIBusInfoPropertiesEXT pci;
        VkPhysicalDeviceShaderFloat16Int8Features halves;
        VkPhysicalDeviceTimelineSemaphoreFeaturesKHR timeline;
        VkImportMemoryHostPointerInfoEXT import;
        int main(void) { return 0; }" MIEN_VULKAN_HEADERS_ARE_NEW)
    unset(CMAKE_REQUIRED_INCLUDES)
    if(glslang_failed)
        message(STATUS "Vulkan: ${GLSLANG_PROGRAM} is too old")
    elseif(MIEN_VULKAN_HEADERS_ARE_NEW)
        set(MIEN_HAVE_VULKAN ON CACHE INTERNAL "The Vulkan back end is built")
    else()
        message(STATUS "Vulkan: the headers in ${MIEN_VULKAN_INCLUDE_DIR} are too old")
    endif()
endif()
message(STATUS "Vulkan back end: ${MIEN_HAVE_VULKAN}")
if(NOT MIEN_HAVE_VULKAN)
    target_sources(mien_objects PRIVATE ${CMAKE_CURRENT_LIST_DIR}/stub.c)
    return()
endif()
target_compile_definitions(mien_objects PRIVATE MIENI_HAVE_VULKAN)

# The names of VULKAN_SHADER_LIST in shaders.h. NAME_half, NAME_subgroups and NAME_imports are NAME.comp with HALF,
# SUBGROUPS or IMPORTS defined.
set(shaders conv pointwise depthwise depthwise_pointwise fully_connected resize_add depth_to_space
    landmarks_to_matrix sample_bilinear transform_landmarks constant center_points layer_norm
    transpose crop decode_boxes decode_landmarks refine_landmarks multiply_adds
    conv_half pointwise_half depthwise_half depthwise_pointwise_half fully_connected_half
    resize_add_half depth_to_space_half sample_bilinear_half
    layer_norm_subgroups center_points_subgroups landmarks_to_matrix_subgroups crop_imports)

set(shader_out ${CMAKE_CURRENT_BINARY_DIR}/vulkan)
file(MAKE_DIRECTORY ${shader_out})
file(GLOB shader_includes ${CMAKE_CURRENT_LIST_DIR}/shaders/*.glsl)
set(shader_binaries)
foreach(shader ${shaders})
    set(define)
    set(name ${shader})
    if(shader MATCHES "^(.*)_(half|subgroups|imports)$")
        set(name ${CMAKE_MATCH_1})
        string(TOUPPER "-D${CMAKE_MATCH_2}" define)
    endif()
    if(MIEN_GPU_CODE)
        list(APPEND shader_binaries ${MIEN_GPU_CODE}/vulkan/${shader}.spv)
        continue()
    endif()
    set(source ${CMAKE_CURRENT_LIST_DIR}/shaders/${name}.comp)
    set(binary ${shader_out}/${shader}.spv)
    set(check)
    if(SPIRV_VAL_PROGRAM)
        set(check COMMAND ${SPIRV_VAL_PROGRAM} --target-env vulkan1.1 ${binary})
    endif()
    add_custom_command(OUTPUT ${binary}
        COMMAND ${GLSLANG_PROGRAM} -V ${glslang_quiet} --target-env vulkan1.1 ${define} -o ${binary} ${source}
        ${check}
        DEPENDS ${source} ${shader_includes}
        COMMENT "Compiling shader ${shader}" VERBATIM)
    list(APPEND shader_binaries ${binary})
endforeach()
add_custom_command(OUTPUT ${shader_out}/shaders.c
    COMMAND ${CMAKE_COMMAND} "-DBINARIES=${shader_binaries}" -DOUTPUT=${shader_out}/shaders.c
            -P ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
    DEPENDS ${shader_binaries} ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
    COMMENT "Embedding shaders" VERBATIM)

target_include_directories(mien_objects SYSTEM PRIVATE ${MIEN_VULKAN_HEADERS})
target_sources(mien_objects PRIVATE
    ${shader_out}/shaders.c
    ${CMAKE_CURRENT_LIST_DIR}/cache.c
    ${CMAKE_CURRENT_LIST_DIR}/describe.c
    ${CMAKE_CURRENT_LIST_DIR}/device.c
    ${CMAKE_CURRENT_LIST_DIR}/half.c
    ${CMAKE_CURRENT_LIST_DIR}/import.c
    ${CMAKE_CURRENT_LIST_DIR}/loader.c
    ${CMAKE_CURRENT_LIST_DIR}/memory.c
    ${CMAKE_CURRENT_LIST_DIR}/order.c
    ${CMAKE_CURRENT_LIST_DIR}/picture.c
    ${CMAKE_CURRENT_LIST_DIR}/pipeline.c
    ${CMAKE_CURRENT_LIST_DIR}/plan.c
    ${CMAKE_CURRENT_LIST_DIR}/record.c
    ${CMAKE_CURRENT_LIST_DIR}/run.c
    ${CMAKE_CURRENT_LIST_DIR}/step.c
    ${CMAKE_CURRENT_LIST_DIR}/submit.c
    ${CMAKE_CURRENT_LIST_DIR}/time.c
)
