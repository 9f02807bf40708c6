/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a .task bundle: a zip archive whose members are stored, not compressed.
 * Source: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
 */
#ifndef MIENI_MODEL_TASK_H
#define MIENI_MODEL_TASK_H

#include "base/base.h"

#define MIENI_TASK_MAX_MEMBERS 16

typedef struct MieniTaskMember {
    char name[64];
    const uint8_t *data; /* inside the file */
    size_t size_bytes;
} MieniTaskMember;

typedef struct MieniTask {
    size_t n_members;
    MieniTaskMember members[MIENI_TASK_MAX_MEMBERS];
} MieniTask;

/* Tells whether a file looks like a zip archive. */
bool mieni_task_probe(const uint8_t *data, size_t size);

/* Lists the members. Returns MIEN_E_FORMAT or MIEN_E_UNSUPPORTED with the place. */
MienStatus mieni_task_read(MieniTask *task, const uint8_t *data, size_t size, MienError *error);

#endif
