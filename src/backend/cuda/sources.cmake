# SPDX-License-Identifier: Apache-2.0
# The CUDA back end. Its kernels become PTX with a clang that knows CUDA (19 or newer; older ones compute halves with
# integers), which needs nothing of NVIDIA's. Without one the back end says that it was built without kernels.
set(cuda ${CMAKE_CURRENT_LIST_DIR})
target_sources(mien_objects PRIVATE
    ${cuda}/device.c
    ${cuda}/driver.c
    ${cuda}/frames.c
    ${cuda}/groups.c
    ${cuda}/images.c
    ${cuda}/layout.c
    ${cuda}/order.c
    ${cuda}/pack.c
    ${cuda}/pack_half.c
    ${cuda}/plan.c
    ${cuda}/run.c
    ${cuda}/steps.c
    ${cuda}/time.c
)

set(MIEN_CUDA_KERNELS center_points chain chain_half conv conv_half copy crop decode_boxes decode_landmarks
    depth_to_space depthwise depthwise_half depthwise_pointwise depthwise_pointwise_half fully_connected landmarks_to_matrix
    layer_norm multiply_adds resize_add sample_bilinear transform_landmarks transpose CACHE INTERNAL
    "Names of the CUDA kernels, which are those of their files")
set(MIEN_CUDA_PRODUCT_KERNELS chain_half conv_half depthwise_pointwise_half CACHE INTERNAL
    "Those whose code differs between devices with and without matrix instructions")
# Feature levels: capability and PTX version. A driver reads PTX up to its own version, so no level asks for more than
# it needs: 5.3 runs from CUDA 7 on, 7.5 from 10.2 (matrix instructions), 8.0 from 11 and 9.0 from 11.8 on.
set(MIEN_CUDA_LEVELS "53:42;75:65;80:70;90:78" CACHE INTERNAL "Feature levels of the CUDA kernels")
set(MIEN_CUDA_CLANG_FLAGS -x cuda --cuda-device-only -nocudainc -nocudalib --cuda-path=/nonexistent -O3
    -ffp-contract=off -Wall -Wextra -Werror CACHE INTERNAL "How clang compiles CUDA kernels")

set(MIEN_CUDA_FOUND "" CACHE INTERNAL "The compiler of CUDA kernels")
option(MIEN_CUDA "Build CUDA kernels where a compiler for them is found" ON)
if(MIEN_CUDA)
    find_program(MIEN_CUDA_CLANG NAMES clang-21 clang-20 clang-19 clang DOC "Clang 19 or newer, for CUDA kernels")
    if(MIEN_CUDA_CLANG)
        execute_process(COMMAND ${MIEN_CUDA_CLANG} --version OUTPUT_VARIABLE version ERROR_QUIET)
        execute_process(COMMAND ${MIEN_CUDA_CLANG} --print-targets OUTPUT_VARIABLE targets ERROR_QUIET)
        string(REGEX MATCH "version ([0-9]+)" ignored "${version}")
        if(CMAKE_MATCH_1 GREATER_EQUAL 19 AND targets MATCHES "nvptx64")
            set(MIEN_CUDA_FOUND ${MIEN_CUDA_CLANG} CACHE INTERNAL "The compiler of CUDA kernels")
        endif()
    endif()
endif()
if(NOT MIEN_CUDA_FOUND)
    message(STATUS "CUDA kernels: not built (no clang 19 or newer that makes PTX)")
    return()
endif()
message(STATUS "CUDA kernels: ${MIEN_CUDA_FOUND}")
target_compile_definitions(mien_objects PRIVATE MIENI_HAVE_CUDA)

file(GLOB cuda_headers ${cuda}/kernels/*.h)
set(MIEN_CUDA_ONLY "" CACHE STRING "Capabilities of the feature levels to build, such as 53;80; empty: all")
set(built)
foreach(level ${MIEN_CUDA_LEVELS})
    string(REGEX MATCH "^[0-9]+" capability ${level})
    if(NOT MIEN_CUDA_ONLY OR capability IN_LIST MIEN_CUDA_ONLY)
        list(APPEND built ${level})
    endif()
endforeach()
set(made ${CMAKE_CURRENT_BINARY_DIR})
if(MIEN_GPU_CODE)
    set(made ${MIEN_GPU_CODE})
endif()
set(MIEN_CUDA_PTX ${made}/cuda CACHE INTERNAL "Where this build's PTX is")
set(levels)
foreach(level ${built})
    string(REPLACE ":" ";" level ${level})
    list(GET level 0 capability)
    list(GET level 1 ptx_version)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/cuda/sm_${capability})
    file(MAKE_DIRECTORY ${folder})
    set(outputs)
    foreach(kernel ${MIEN_CUDA_KERNELS})
        list(APPEND outputs ${MIEN_CUDA_PTX}/sm_${capability}/${kernel}.ptx)
        if(MIEN_GPU_CODE)
            continue()
        endif()
        add_custom_command(OUTPUT ${folder}/${kernel}.ptx
            COMMAND ${MIEN_CUDA_FOUND} ${MIEN_CUDA_CLANG_FLAGS} --cuda-feature=+ptx${ptx_version}
                    --cuda-gpu-arch=sm_${capability} -I${PROJECT_SOURCE_DIR}/src -S ${cuda}/kernels/${kernel}.cu
                    -o ${folder}/${kernel}.ptx
            DEPENDS ${cuda}/kernels/${kernel}.cu ${cuda_headers} ${PROJECT_SOURCE_DIR}/src/base/trigf_series.inc VERBATIM)
    endforeach()
    add_custom_command(OUTPUT ${folder}.c
        COMMAND ${CMAKE_COMMAND} "-DFILES=${outputs}" -DNAME=mieni_cuda_ptx_${capability} -DOUTPUT=${folder}.c
                -P ${cuda}/embed.cmake
        DEPENDS ${outputs} ${cuda}/embed.cmake VERBATIM)
    target_sources(mien_objects PRIVATE ${folder}.c)
    string(APPEND levels "LEVEL(${capability},${ptx_version})")
endforeach()
# Native code beside it, where nvcc's ptxas is found: what the driver would make of the same PTX, so that nothing has to be
# translated on the machine that runs it.
set(MIEN_CUDA_NATIVE "auto" CACHE STRING
    "Compute capabilities that get native code: a list such as 80;90, ON (those that are common), auto (ON in optimised builds without tests) or OFF")
find_program(MIEN_CUDA_PTXAS ptxas PATHS /usr/local/cuda/bin DOC "NVIDIA's assembler, for native code")
set(native ${MIEN_CUDA_NATIVE})
if(native STREQUAL "auto") # it takes a minute or more, which is not for every build of a developer
    set(native OFF)
    if(CMAKE_BUILD_TYPE MATCHES "Rel" AND NOT MIEN_TESTS)
        set(native ON)
    endif()
endif()
if(native STREQUAL "ON")
    set(native 75 80 86 87 89 90 100 120)
endif()
set(known)
if(MIEN_CUDA_PTXAS AND native)
    execute_process(COMMAND ${MIEN_CUDA_PTXAS} --help OUTPUT_VARIABLE help ERROR_QUIET)
    foreach(capability ${native})
        if(help MATCHES "'sm_${capability}'")
            list(APPEND known ${capability})
        endif()
    endforeach()
endif()
message(STATUS "CUDA kernels as native code: ${known}")
set(natives)
foreach(capability ${known})
    # From the PTX of the highest level that it has.
    foreach(level ${built})
        string(REGEX MATCH "^[0-9]+" lowest ${level})
        if(NOT lowest GREATER capability)
            set(from ${MIEN_CUDA_PTX}/sm_${lowest})
        endif()
    endforeach()
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/cuda/native_${capability})
    file(MAKE_DIRECTORY ${folder})
    set(outputs)
    foreach(kernel ${MIEN_CUDA_KERNELS})
        add_custom_command(OUTPUT ${folder}/${kernel}.cubin
            COMMAND ${MIEN_CUDA_PTXAS} -arch=sm_${capability} ${from}/${kernel}.ptx -o ${folder}/${kernel}.cubin
            DEPENDS ${from}/${kernel}.ptx VERBATIM)
        list(APPEND outputs ${folder}/${kernel}.cubin)
    endforeach()
    add_custom_command(OUTPUT ${folder}.c
        COMMAND ${CMAKE_COMMAND} "-DFILES=${outputs}" -DNAME=mieni_cuda_native_${capability} -DOUTPUT=${folder}.c
                -P ${cuda}/embed.cmake
        DEPENDS ${outputs} ${cuda}/embed.cmake VERBATIM)
    target_sources(mien_objects PRIVATE ${folder}.c)
    string(APPEND natives "NATIVE(${capability})")
endforeach()
set(definitions "MIENI_CUDA_LEVELS=${levels}")
if(natives)
    list(APPEND definitions "MIENI_CUDA_NATIVE=${natives}")
endif()
set_source_files_properties(${cuda}/images.c PROPERTIES COMPILE_DEFINITIONS "${definitions}")
