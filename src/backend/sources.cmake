# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/registry.c
    ${CMAKE_CURRENT_LIST_DIR}/selftest.c
    ${CMAKE_CURRENT_LIST_DIR}/unbuilt.c
    ${CMAKE_CURRENT_LIST_DIR}/validate.c
    ${CMAKE_CURRENT_LIST_DIR}/cpu/device.c
    ${CMAKE_CURRENT_LIST_DIR}/cpu/layout.c
    ${CMAKE_CURRENT_LIST_DIR}/cpu/plan.c
    ${CMAKE_CURRENT_LIST_DIR}/cpu/run.c
    ${CMAKE_CURRENT_LIST_DIR}/null/null.c
)
# Both are the same for every processor and compiler of C: one build may take what another has made.
set(MIEN_GPU_CODE "" CACHE PATH
    "Folder src of another build of the same sources, whose PTX and SPIR-V are taken; empty: made here")
include(${CMAKE_CURRENT_LIST_DIR}/vulkan/vulkan.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/cuda/sources.cmake)
