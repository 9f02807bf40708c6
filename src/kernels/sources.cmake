# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/select.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/center_points.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/conv.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/convlike.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/crop.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/decode_boxes.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/decode_landmarks.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/depth_to_space.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/depthwise.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/depthwise_pointwise.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/fma_loop.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/fully_connected.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/init_ref.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/landmarks_to_matrix.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/layer_norm.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/pointwise.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/refine_landmarks.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/resize_add.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/sample_bilinear.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/transform_landmarks.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/transpose.c
)

# Kernels of one instruction set: only these files are compiled for it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64|i[3-6]86)$")
    add_library(mien_kernels_avx2 OBJECT
        ${CMAKE_CURRENT_LIST_DIR}/x86/conv_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/crop_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/crop_inside_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/crop_inside_yuv_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/depthwise_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/depthwise_pointwise_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/fma_loop_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/fully_connected_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/gemm_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/gemm_pack_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/gemm_thin_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/init_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/mixer_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/resize_add_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/sample_bilinear_avx2.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/sparse_avx2.c
    )
    target_include_directories(mien_kernels_avx2 PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    target_compile_options(mien_kernels_avx2 PRIVATE -mavx2 -mfma -mf16c)
    target_compile_definitions(mien_objects PRIVATE MIENI_HAVE_AVX2)
    list(APPEND MIEN_ISA_OBJECTS mien_kernels_avx2)

    add_library(mien_kernels_avx512 OBJECT
        ${CMAKE_CURRENT_LIST_DIR}/x86/conv_avx512.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/crop_avx512.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/depthwise_avx512.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/depthwise_pointwise_avx512.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/fma_loop_avx512.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/gemm_avx512.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/gemm_thin_avx512.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/init_avx512.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/sparse_avx512.c
    )
    target_include_directories(mien_kernels_avx512 PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    target_compile_options(mien_kernels_avx512 PRIVATE
        -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl)
    target_compile_definitions(mien_objects PRIVATE MIENI_HAVE_AVX512)
    list(APPEND MIEN_ISA_OBJECTS mien_kernels_avx512)
    # No fuzz target gets here, and Clang takes minutes for these files with sanitizers.
    if(MIEN_FUZZ)
        target_compile_options(mien_kernels_avx2 PRIVATE -fno-sanitize=all)
        target_compile_options(mien_kernels_avx512 PRIVATE -fno-sanitize=all)
    endif()

    # Taps are copied by plain loads and stores: made into vectors they are inserted one by one, which takes longer.
    set_source_files_properties(
        ${CMAKE_CURRENT_LIST_DIR}/x86/crop_avx512.c
        ${CMAKE_CURRENT_LIST_DIR}/x86/crop_inside_yuv_avx2.c
        PROPERTIES COMPILE_OPTIONS "-fno-tree-vectorize;-fno-tree-slp-vectorize")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    add_library(mien_kernels_neon OBJECT
        ${CMAKE_CURRENT_LIST_DIR}/arm/conv_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/crop_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/depthwise_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/depthwise_pointwise_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/fma_loop_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/fully_connected_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/gemm_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/gemm_pack_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/init_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/mixer_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/resize_add_neon.c
        ${CMAKE_CURRENT_LIST_DIR}/arm/sparse_neon.c
    )
    target_include_directories(mien_kernels_neon PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    # Every 64-bit ARM processor has NEON with fused multiply-adds: no flags. GCC's first scheduling pass lengthens
    # lives of registers until it has to spill some.
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        target_compile_options(mien_kernels_neon PRIVATE -fno-schedule-insns)
    endif()
    target_compile_definitions(mien_objects PRIVATE MIENI_HAVE_NEON)
    list(APPEND MIEN_ISA_OBJECTS mien_kernels_neon)

    # Half precision, where the compiler has a name for it: zig takes processors alone.
    include(CheckCSourceCompiles)
    foreach(flag -march=armv8.2-a+fp16 -mcpu=generic+fullfp16)
        string(MAKE_C_IDENTIFIER "MIEN_FP16${flag}" has_flag)
        set(CMAKE_REQUIRED_FLAGS ${flag})
        check_c_source_compiles("#include <arm_neon.h>
            int main(void) { float16x8_t x = vdupq_n_f16(1); return (int)vgetq_lane_f16(vfmaq_f16(x, x, x), 0) - 2; }"
            ${has_flag})
        unset(CMAKE_REQUIRED_FLAGS)
        if(${has_flag})
            add_library(mien_kernels_neon_fp16 OBJECT
                ${CMAKE_CURRENT_LIST_DIR}/arm/conv_neon_fp16.c
                ${CMAKE_CURRENT_LIST_DIR}/arm/gemm_neon_fp16.c
                ${CMAKE_CURRENT_LIST_DIR}/arm/init_neon_fp16.c
            )
            target_include_directories(mien_kernels_neon_fp16 PRIVATE
                ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
            target_compile_options(mien_kernels_neon_fp16 PRIVATE ${flag})
            if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
                target_compile_options(mien_kernels_neon_fp16 PRIVATE -fno-schedule-insns)
            endif()
            target_compile_definitions(mien_objects PRIVATE MIENI_HAVE_NEON_FP16)
            list(APPEND MIEN_ISA_OBJECTS mien_kernels_neon_fp16)
            break()
        endif()
    endforeach()
endif()
