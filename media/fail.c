/* SPDX-License-Identifier: Apache-2.0 */
#include "media/media.h"

#include <stdarg.h>
#include <stdio.h>

MienStatus mieni_media_fail(MienError *error, MienStatus status, const char *reason,
                            const char *format, ...)
{
    if (!error)
        return status;
    error->status = status;
    snprintf(error->reason, sizeof(error->reason), "%s", reason);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    for (char *at = error->text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    return status;
}

MienStatus mieni_media_fail_nomem(MienError *error, const char *name)
{
    return mieni_media_fail(error, MIEN_E_NOMEM, "out-of-memory", "%s: out of memory", name);
}

MienStatus mieni_media_check_size(int64_t width, int64_t height, const char *name, MienError *error)
{
    if (width < 1 || height < 1)
        return mieni_media_fail(error, MIEN_E_FORMAT, "input-damaged",
                                "%s is damaged: its picture has no size", name);
    if (width > MIEN_IMAGE_MAX_SIDE || height > MIEN_IMAGE_MAX_SIDE)
        return mieni_media_fail(error, MIEN_E_UNSUPPORTED, "picture-too-large",
                                "%s: %lld x %lld pixels are too many; scale it down to at most %d "
                                "pixels a side",
                                name, (long long)width, (long long)height, MIEN_IMAGE_MAX_SIDE);
    return MIEN_OK;
}
