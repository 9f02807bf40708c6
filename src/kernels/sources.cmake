# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/select.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/conv.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/convlike.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/depth_to_space.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/depthwise.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/depthwise_pointwise.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/fma_loop.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/fully_connected.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/init_ref.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/pointwise.c
    ${CMAKE_CURRENT_LIST_DIR}/ref/resize_add.c
)
