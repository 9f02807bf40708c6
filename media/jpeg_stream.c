/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells a JPEG picture from a stream of JPEG frames, as cameras deliver it: in a stream the next
 * frame stands right behind the end of the first. Pictures with further ones behind them (depth,
 * gain maps) say so in an MPF segment. Sources: ITU-T T.81, B.1; CIPA DC-007.
 */
#include "media/still.h"

#include <string.h>

typedef struct Walk {
    const uint8_t *data;
    size_t size, at;
    bool has_further; /* an MPF segment was seen */
} Walk;

enum {
    MARKER_TEM = 0x01,
    MARKER_RST0 = 0xd0,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_APP2 = 0xe2
};

/* Goes to the next marker behind coded data, in which 0xff is followed by 0 or a restart. */
static void skip_coded(Walk *walk)
{
    for (; walk->at + 1 < walk->size; walk->at++) {
        if (walk->data[walk->at] != 0xff)
            continue;
        uint8_t next = walk->data[walk->at + 1];
        if (next != 0 && next != 0xff && !(next >= MARKER_RST0 && next < MARKER_SOI))
            return;
    }
}

/* Passes one marker segment, or coded data with it. Returns the marker, 0 if it is not here whole
 * and -1 if there is none. */
static int pass_marker(Walk *walk)
{
    const uint8_t *data = walk->data;
    while (walk->at + 1 < walk->size && data[walk->at] == 0xff && data[walk->at + 1] == 0xff)
        walk->at++;
    if (walk->size - walk->at < 4 &&
        !(walk->size - walk->at >= 2 && data[walk->at + 1] == MARKER_EOI))
        return 0;
    int marker = data[walk->at + 1];
    if (data[walk->at] != 0xff || marker == 0)
        return -1;
    walk->at += 2;
    if (marker == MARKER_TEM || (marker >= MARKER_RST0 && marker <= MARKER_EOI))
        return marker;
    size_t length = (size_t)data[walk->at] << 8 | data[walk->at + 1];
    if (length < 2)
        return -1;
    if (walk->size - walk->at < length)
        return 0;
    if (marker == MARKER_APP2 && length >= 6 && memcmp(data + walk->at + 2, "MPF", 4) == 0)
        walk->has_further = true;
    walk->at += length;
    if (marker == MARKER_SOS)
        skip_coded(walk);
    return marker;
}

MieniJpegLook mieni_jpeg_look(const uint8_t *data, size_t size)
{
    Walk walk = {.data = data, .size = size, .at = 2};
    for (;;) {
        int marker = pass_marker(&walk);
        if (marker == 0)
            return MIENI_JPEG_NEEDS_MORE;
        if (marker < 0 || walk.has_further)
            return MIENI_JPEG_PICTURE;
        if (marker == MARKER_EOI)
            break;
    }
    if (size - walk.at < 3)
        return MIENI_JPEG_NEEDS_MORE;
    return memcmp(data + walk.at, "\xff\xd8\xff", 3) == 0 ? MIENI_JPEG_STREAM : MIENI_JPEG_PICTURE;
}
