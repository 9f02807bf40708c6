# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/lower.c
    ${CMAKE_CURRENT_LIST_DIR}/lower_attention.c
    ${CMAKE_CURRENT_LIST_DIR}/lower_conv.c
    ${CMAKE_CURRENT_LIST_DIR}/lower_mixer.c
    ${CMAKE_CURRENT_LIST_DIR}/memory.c
    ${CMAKE_CURRENT_LIST_DIR}/narrow.c
    ${CMAKE_CURRENT_LIST_DIR}/plan.c
    ${CMAKE_CURRENT_LIST_DIR}/print.c
)
