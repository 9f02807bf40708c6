# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/bench.c
    ${CMAKE_CURRENT_LIST_DIR}/bench_device.c
    ${CMAKE_CURRENT_LIST_DIR}/drivers.c
    ${CMAKE_CURRENT_LIST_DIR}/engine.c
    ${CMAKE_CURRENT_LIST_DIR}/faces.c
    ${CMAKE_CURRENT_LIST_DIR}/import.c
    ${CMAKE_CURRENT_LIST_DIR}/live.c
    ${CMAKE_CURRENT_LIST_DIR}/model.c
    ${CMAKE_CURRENT_LIST_DIR}/process.c
    ${CMAKE_CURRENT_LIST_DIR}/reopen.c
    ${CMAKE_CURRENT_LIST_DIR}/result.c
    ${CMAKE_CURRENT_LIST_DIR}/stages.c
    ${CMAKE_CURRENT_LIST_DIR}/streams.c
)
