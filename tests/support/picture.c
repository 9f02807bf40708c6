/* SPDX-License-Identifier: Apache-2.0 */
#include "support/picture.h"

#include "mien/media.h"
#include "support/test.h"

uint8_t *test_read_rgb24(const char *path, int *width, int *height)
{
    MienMediaReader *reader = NULL;
    MienMediaFrame *frame = NULL;
    MienError error;
    if (mien_media_reader_open(path, NULL, &reader, &error) != MIEN_OK ||
        mien_media_reader_read(reader, &frame, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    MienMediaInfo info;
    mien_media_reader_info(reader, &info);
    mien_media_reader_destroy(reader);
    uint8_t *pixels = malloc((size_t)info.width * (size_t)info.height * 3);
    assert_non_null(pixels);
    assert_int_equal(mien_media_frame_to_rgb24(frame, pixels, 3 * (ptrdiff_t)info.width), MIEN_OK);
    mien_media_frame_destroy(frame);
    *width = info.width;
    *height = info.height;
    return pixels;
}
