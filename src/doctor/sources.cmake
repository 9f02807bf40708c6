# SPDX-License-Identifier: Apache-2.0
target_sources(mien_objects PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/catalogue.c
    ${CMAKE_CURRENT_LIST_DIR}/elf.c
    ${CMAKE_CURRENT_LIST_DIR}/explain.c
    ${CMAKE_CURRENT_LIST_DIR}/explain_lines.c
    ${CMAKE_CURRENT_LIST_DIR}/facts.c
    ${CMAKE_CURRENT_LIST_DIR}/install.c
    ${CMAKE_CURRENT_LIST_DIR}/install_files.c
    ${CMAKE_CURRENT_LIST_DIR}/install_find.c
    ${CMAKE_CURRENT_LIST_DIR}/install_frameworks.c
    ${CMAKE_CURRENT_LIST_DIR}/install_judge.c
    ${CMAKE_CURRENT_LIST_DIR}/install_packages.c
    ${CMAKE_CURRENT_LIST_DIR}/install_public.c
    ${CMAKE_CURRENT_LIST_DIR}/fake.c
    ${CMAKE_CURRENT_LIST_DIR}/machine.c
    ${CMAKE_CURRENT_LIST_DIR}/probe.c
    ${CMAKE_CURRENT_LIST_DIR}/probe_hardware.c
    ${CMAKE_CURRENT_LIST_DIR}/probe_libraries.c
    ${CMAKE_CURRENT_LIST_DIR}/probe_modules.c
    ${CMAKE_CURRENT_LIST_DIR}/probe_nodes.c
    ${CMAKE_CURRENT_LIST_DIR}/probe_platform.c
)
