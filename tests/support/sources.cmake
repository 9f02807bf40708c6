# SPDX-License-Identifier: Apache-2.0
target_sources(mien_test_support PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/test.c
    ${CMAKE_CURRENT_LIST_DIR}/flatbuilder.c
    ${CMAKE_CURRENT_LIST_DIR}/flatmixer.c
    ${CMAKE_CURRENT_LIST_DIR}/flatmodel.c
    ${CMAKE_CURRENT_LIST_DIR}/golden.c
    ${CMAKE_CURRENT_LIST_DIR}/interpreter.c
    ${CMAKE_CURRENT_LIST_DIR}/interpreter_mixer.c
    ${CMAKE_CURRENT_LIST_DIR}/network.c
    ${CMAKE_CURRENT_LIST_DIR}/onnx.c
)
