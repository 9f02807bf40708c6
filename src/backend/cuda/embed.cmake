# SPDX-License-Identifier: Apache-2.0
# cmake -DFILES=... -DNAME=... -DOUTPUT=... -P embed.cmake: files as a table of C, each with a zero behind it.
set(text "/* Made by embed.cmake. */\n#include \"backend/cuda/images.h\"\n")
set(table)
foreach(file ${FILES})
    get_filename_component(kernel ${file} NAME_WE)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)" "\\1\n"
           bytes "${bytes}")
    string(APPEND text "_Alignas(16) static const unsigned char ${kernel}[] = {\n${bytes}0};\n")
    string(APPEND table "    {\"${kernel}\", ${kernel}},\n")
endforeach()
string(APPEND text "const MieniCudaModule ${NAME}[] = {\n${table}    {0, 0}};\n")
file(WRITE ${OUTPUT} "${text}")
