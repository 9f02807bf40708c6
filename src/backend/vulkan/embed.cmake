# SPDX-License-Identifier: Apache-2.0
# Turns SPIR-V files into one C file: cmake -DBINARIES=a.spv;b.spv -DOUTPUT=shaders.c -P embed.cmake
set(text "/* Made by embed.cmake. */\n#include \"backend/vulkan/shaders.h\"\n")
set(rows "")
foreach(binary ${BINARIES})
    get_filename_component(name ${binary} NAME_WE)
    file(READ ${binary} hex HEX)
    # SPIR-V is a sequence of words, here in little-endian order.
    string(REGEX REPLACE "(..)(..)(..)(..)" "0x\\4\\3\\2\\1,\n" words "${hex}")
    string(APPEND text "\nstatic const uint32_t ${name}_words[] = {\n${words}};\n")
    string(APPEND rows "    [VULKAN_SHADER_${name}] = {${name}_words, sizeof(${name}_words)},\n")
endforeach()
string(APPEND text "\nconst VulkanShaderCode mieni_vulkan_shaders[VULKAN_N_SHADERS] = {\n${rows}};\n")
file(WRITE ${OUTPUT} "${text}")
