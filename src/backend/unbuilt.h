/* SPDX-License-Identifier: Apache-2.0 */
/* A back end that this build does not have: it stays in the list, with the reason. */
#ifndef MIENI_BACKEND_UNBUILT_H
#define MIENI_BACKEND_UNBUILT_H

#include "backend/backend.h"

/* For the table's entries. */
int32_t mieni_unbuilt_count(void);
void mieni_unbuilt_describe(int32_t index, MienDeviceInfo *info);

#define MIENI_UNBUILT_BACKEND(backend_name)                                                        \
    {                                                                                              \
        .name = (backend_name), .numbered = true, .count = mieni_unbuilt_count,                    \
        .describe = mieni_unbuilt_describe                                                         \
    }

#endif
