/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a file says that it is. FFmpeg takes the end of a cut Matroska, AVI or MP4 file for the
 * end of the film. Sources: RFC 8794 (EBML), sections 4 to 6; RFC 9559 (Matroska), 5.1; Microsoft's
 * RIFF; ISO/IEC 14496-12, 4.2.
 */
#include "media/input.h"

#include <string.h>
#include <unistd.h>

#define EBML_HEADER 0x1a45dfa3
#define MATROSKA_SEGMENT 0x18538067

/* Takes an EBML variable-size number; its marker bit is cut off for lengths, kept for ids. Returns
 * its bytes, 0 if it is not there whole. */
static int take_vint(const uint8_t *data, size_t size, bool is_length, uint64_t *value)
{
    int n_bytes = 1;
    if (size < 1)
        return 0;
    while (n_bytes <= 8 && !(data[0] & 0x100 >> n_bytes))
        n_bytes++;
    if (n_bytes > 8 || size < (size_t)n_bytes)
        return 0;
    *value = is_length ? data[0] & ((0x100u >> n_bytes) - 1) : data[0];
    for (int i = 1; i < n_bytes; i++)
        *value = *value << 8 | data[i];
    return n_bytes;
}

/* Takes the id and length of an element. An unknown length (all ones) becomes UINT64_MAX. */
static size_t take_element(const uint8_t *data, size_t size, uint64_t *id, uint64_t *length)
{
    int id_bytes = take_vint(data, size, false, id);
    if (!id_bytes)
        return 0;
    int length_bytes = take_vint(data + id_bytes, size - (size_t)id_bytes, true, length);
    if (!length_bytes)
        return 0;
    if (*length == (UINT64_C(1) << 7 * length_bytes) - 1)
        *length = UINT64_MAX;
    return (size_t)id_bytes + (size_t)length_bytes;
}

static int64_t matroska_length(const uint8_t *data, size_t size)
{
    uint64_t id, length;
    size_t at = take_element(data, size, &id, &length);
    if (!at || id != EBML_HEADER || length >= size - at)
        return -1;
    at += (size_t)length;
    size_t n_bytes = take_element(data + at, size - at, &id, &length);
    if (!n_bytes || id != MATROSKA_SEGMENT || length > INT64_MAX / 2)
        return -1;
    return (int64_t)(at + n_bytes + length);
}

static int64_t riff_length(const uint8_t *data, size_t size)
{
    if (size < 12 || memcmp(data, "RIFF", 4) != 0)
        return -1;
    uint32_t length =
        data[4] | (uint32_t)data[5] << 8 | (uint32_t)data[6] << 16 | (uint32_t)data[7] << 24;
    /* Recorders that were switched off leave 0 or all ones. */
    return length == 0 || length == UINT32_MAX ? -1 : (int64_t)length + 8;
}

int64_t mieni_declared_length(const uint8_t *data, size_t size)
{
    int64_t length = matroska_length(data, size);
    return length >= 0 ? length : riff_length(data, size);
}

static uint64_t big_endian(const uint8_t *data, int n_bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < n_bytes; i++)
        value = value << 8 | data[i];
    return value;
}

/* Boxes whose content a film cannot do without; what else stands behind the end of a file may be
 * anything. */
static bool is_vital_box(const uint8_t *type)
{
    return memcmp(type, "mdat", 4) == 0 || memcmp(type, "moov", 4) == 0 ||
           memcmp(type, "moof", 4) == 0;
}

bool mieni_boxes_are_cut(int fd, int64_t file_size)
{
    int64_t at = 0;
    uint8_t head[16];
    while (at <= file_size - 8) {
        ssize_t n = pread(fd, head, sizeof(head), (off_t)at);
        if (n < 8 || (at == 0 && memcmp(head + 4, "ftyp", 4) != 0))
            return false;
        uint64_t size = big_endian(head, 4);
        if (size == 1) /* the size follows in 64 bits */
            size = n == 16 ? big_endian(head + 8, 8) : 0;
        if (size < 8) /* 0: up to the end of the file */
            return false;
        if (size > (uint64_t)(file_size - at))
            return is_vital_box(head + 4);
        at += (int64_t)size;
    }
    return false;
}
