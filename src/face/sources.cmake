# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/anchors.c
    ${CMAKE_CURRENT_LIST_DIR}/blendshapes.c
    ${CMAKE_CURRENT_LIST_DIR}/geometry.c
    ${CMAKE_CURRENT_LIST_DIR}/nms.c
    ${CMAKE_CURRENT_LIST_DIR}/rect.c
    ${CMAKE_CURRENT_LIST_DIR}/refine.c
    ${CMAKE_CURRENT_LIST_DIR}/smooth.c
    ${CMAKE_CURRENT_LIST_DIR}/topology.c
    ${CMAKE_CURRENT_LIST_DIR}/track.c
)
