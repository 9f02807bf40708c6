# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/attention.c
    ${CMAKE_CURRENT_LIST_DIR}/catalog.c
    ${CMAKE_CURRENT_LIST_DIR}/constant.c
    ${CMAKE_CURRENT_LIST_DIR}/flatbuffer.c
    ${CMAKE_CURRENT_LIST_DIR}/flexbuffer.c
    ${CMAKE_CURRENT_LIST_DIR}/onnx.c
    ${CMAKE_CURRENT_LIST_DIR}/onnx_attention.c
    ${CMAKE_CURRENT_LIST_DIR}/onnx_emit.c
    ${CMAKE_CURRENT_LIST_DIR}/onnx_layers.c
    ${CMAKE_CURRENT_LIST_DIR}/onnx_shapes.c
    ${CMAKE_CURRENT_LIST_DIR}/op_names.c
    ${CMAKE_CURRENT_LIST_DIR}/protobuf.c
    ${CMAKE_CURRENT_LIST_DIR}/task.c
    ${CMAKE_CURRENT_LIST_DIR}/tflite.c
)
