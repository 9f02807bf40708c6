# SPDX-License-Identifier: Apache-2.0
# For 64-bit ARM Linux with Debian's cross compiler (gcc-aarch64-linux-gnu, libc6-dev-arm64-cross); tests run in an
# emulator (qemu-user):
#
#     cmake -S . -B build/aarch64 -G Ninja -DCMAKE_TOOLCHAIN_FILE=cmake/aarch64-linux-gnu.cmake -DMIEN_MEDIA=OFF
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)

# Without a C++ compiler for ARM what is in C++ is left out: that of the building machine must not be found.
find_program(MIEN_CXX_AARCH64 aarch64-linux-gnu-g++)
set(CMAKE_CXX_COMPILER ${MIEN_CXX_AARCH64})

# The compiler finds the C library by itself; nothing of the building machine may stand in for what is missing.
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

find_program(MIEN_QEMU_AARCH64 qemu-aarch64)
if(MIEN_QEMU_AARCH64)
    set(CMAKE_CROSSCOMPILING_EMULATOR ${MIEN_QEMU_AARCH64} -L /usr/aarch64-linux-gnu)
endif()
