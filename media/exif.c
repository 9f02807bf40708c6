/* SPDX-License-Identifier: Apache-2.0 */
/* The one thing we want of EXIF: the orientation. Source: CIPA DC-008 (EXIF 2.32), 4.5 and 4.6.4.
 */
#include "media/media.h"

#include <string.h>

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_BYTES = 12 };

static unsigned take(const uint8_t *at, int n_bytes, bool big_endian)
{
    unsigned value = 0;
    for (int i = 0; i < n_bytes; i++)
        value |= (unsigned)at[i] << 8 * (big_endian ? n_bytes - 1 - i : i);
    return value;
}

int mieni_exif_orientation(const uint8_t *tiff, size_t size)
{
    if (size < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
        return 1;
    bool big_endian = tiff[0] == 'M';
    size_t at = take(tiff + 4, 4, big_endian);
    if (at > size - 2)
        return 1;
    size_t n_entries = take(tiff + at, 2, big_endian);
    at += 2;
    for (size_t i = 0; i < n_entries && size - at >= ENTRY_BYTES; i++, at += ENTRY_BYTES) {
        const uint8_t *entry = tiff + at;
        if (take(entry, 2, big_endian) != TAG_ORIENTATION)
            continue;
        unsigned value = take(entry + 8, 2, big_endian);
        bool sound = take(entry + 2, 2, big_endian) == TYPE_SHORT && value >= 1 && value <= 8;
        return sound ? (int)value : 1;
    }
    return 1;
}
