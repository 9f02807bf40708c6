# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/crop.c
    ${CMAKE_CURRENT_LIST_DIR}/image.c
    ${CMAKE_CURRENT_LIST_DIR}/view.c
    ${CMAKE_CURRENT_LIST_DIR}/warp.c
)
