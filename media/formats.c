/* SPDX-License-Identifier: Apache-2.0 */
#include "media/media.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *ending;
    MienMediaFormat format;
} endings[] = {
    {"png", MIEN_MEDIA_PNG},
    {"jpg", MIEN_MEDIA_JPEG},
    {"jpeg", MIEN_MEDIA_JPEG},
    {"mp4", MIEN_MEDIA_MP4},
};

MienMediaFormat mien_media_format_of(const char *path)
{
    if (!path)
        return MIEN_MEDIA_NONE;
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    const char *dot = strrchr(file, '.');
    if (!dot || dot == file) /* ".png" is a hidden file without an ending */
        return MIEN_MEDIA_NONE;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (strcasecmp(dot + 1, endings[i].ending) == 0)
            return endings[i].format;
    return MIEN_MEDIA_NONE;
}
