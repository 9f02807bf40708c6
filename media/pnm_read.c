/* SPDX-License-Identifier: Apache-2.0 */
/* Binary PGM and PPM with 8 bits a sample: the file's own bytes are the picture. Source: Netpbm's
 * ppm(5) and pgm(5). */
#include "media/still.h"

#include <stdlib.h>

typedef struct Header {
    bool is_gray;
    int64_t width, height, maximum;
    size_t size_bytes; /* where the pixels begin */
} Header;

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Takes a decimal number after white space and comments; false if there is none. */
static bool take_number(const uint8_t *data, size_t size, size_t *at, int64_t *value)
{
    while (*at < size && (is_space(data[*at]) || data[*at] == '#')) {
        if (data[*at] == '#')
            while (*at < size && data[*at] != '\n' && data[*at] != '\r')
                (*at)++;
        else
            (*at)++;
    }
    size_t first = *at;
    *value = 0;
    while (*at < size && data[*at] >= '0' && data[*at] <= '9' && *value < INT32_MAX)
        *value = *value * 10 + (data[(*at)++] - '0');
    return *at > first;
}

static bool take_header(const uint8_t *data, size_t size, Header *header)
{
    size_t at = 2;
    if (size < 3 || data[0] != 'P' || (data[1] != '5' && data[1] != '6') ||
        !(is_space(data[2]) || data[2] == '#'))
        return false;
    header->is_gray = data[1] == '5';
    if (!take_number(data, size, &at, &header->width) ||
        !take_number(data, size, &at, &header->height) ||
        !take_number(data, size, &at, &header->maximum) || at >= size || !is_space(data[at]))
        return false;
    header->size_bytes = at + 1;
    return true;
}

bool mieni_pnm_is_plain(const uint8_t *data, size_t size)
{
    Header header;
    return take_header(data, size, &header) && header.maximum == 255;
}

MienStatus mieni_pnm_read(uint8_t *data, size_t size, const char *name, MienMediaFrame **frame,
                          MienError *error)
{
    *frame = NULL;
    Header header;
    if (!take_header(data, size, &header) || header.maximum != 255)
        return mieni_media_fail(error, MIEN_E_FORMAT, "input-format",
                                "%s is not a PNM picture with 8 bits a sample", name);
    MienStatus status = mieni_media_check_size(header.width, header.height, name, error);
    if (status != MIEN_OK)
        return status;
    int64_t stride_bytes = header.width * (header.is_gray ? 1 : 3);
    uint64_t needed = (uint64_t)(stride_bytes * header.height);
    if (size - header.size_bytes < needed)
        return mieni_media_fail(error, MIEN_E_FORMAT, "input-truncated",
                                "%s is cut short: %llu bytes of its picture are missing; get the "
                                "file again",
                                name, (unsigned long long)(needed - (size - header.size_bytes)));
    MienPixelFormat format = header.is_gray ? MIEN_PIXEL_GRAY8 : MIEN_PIXEL_RGB24;
    *frame = calloc(1, sizeof(**frame));
    if (!*frame)
        return mieni_media_fail_nomem(error, name);
    (*frame)->image = (MienImage){.struct_size = sizeof(MienImage),
                                  .format = format,
                                  .width = (int32_t)header.width,
                                  .height = (int32_t)header.height,
                                  .planes = {data + header.size_bytes},
                                  .strides_bytes = {(ptrdiff_t)stride_bytes}};
    (*frame)->owner = data;
    (*frame)->release = free;
    return MIEN_OK;
}
