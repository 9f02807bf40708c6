# SPDX-License-Identifier: Apache-2.0
target_sources(mien_test_support PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/test.c
    ${CMAKE_CURRENT_LIST_DIR}/golden.c
)
