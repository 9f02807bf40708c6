/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/unbuilt.h"

#include <stdio.h>

int32_t mieni_unbuilt_count(void)
{
    return 0;
}

void mieni_unbuilt_describe(int32_t index, MienDeviceInfo *info)
{
    (void)index;
    info->built = false;
    info->usable = false;
    snprintf(info->reason, sizeof(info->reason), "backend-not-built");
    snprintf(info->reason_text, sizeof(info->reason_text),
             "this build of mien does not have the back end; use --device cpu");
}
