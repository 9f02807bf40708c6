# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/cpu/device.c
    ${CMAKE_CURRENT_LIST_DIR}/cpu/layout.c
    ${CMAKE_CURRENT_LIST_DIR}/cpu/plan.c
    ${CMAKE_CURRENT_LIST_DIR}/cpu/run.c
)
