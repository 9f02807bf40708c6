/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mien-dump-rgb24 INPUT: writes every frame as upright RGB24 rows without padding to standard
 * output, and "WIDTH HEIGHT" to standard error before the first. The scripts here feed MediaPipe
 * with it, so that both sides see the same pixels.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mien/media.h"

static MienStatus dump(MienMediaReader *reader, MienError *error)
{
    MienMediaInfo info;
    mien_media_reader_info(reader, &info);
    fprintf(stderr, "%d %d\n", (int)info.width, (int)info.height);
    size_t row_bytes = 3 * (size_t)info.width;
    uint8_t *pixels = malloc(row_bytes * (size_t)info.height);
    if (!pixels) {
        snprintf(error->text, sizeof(error->text), "out of memory");
        return MIEN_E_NOMEM;
    }
    MienStatus status;
    MienMediaFrame *frame;
    while ((status = mien_media_reader_read(reader, &frame, error)) == MIEN_OK && frame) {
        status = mien_media_frame_to_rgb24(frame, pixels, (ptrdiff_t)row_bytes);
        mien_media_frame_destroy(frame);
        if (status == MIEN_OK &&
            fwrite(pixels, row_bytes, (size_t)info.height, stdout) != (size_t)info.height)
            status = MIEN_E_IO;
        if (status != MIEN_OK) {
            snprintf(error->text, sizeof(error->text), "a frame cannot be converted or written");
            break;
        }
    }
    free(pixels);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: mien-dump-rgb24 INPUT\n", stderr);
        return 2;
    }
    MienError error;
    MienMediaReader *reader;
    MienStatus status = mien_media_reader_open(argv[1], NULL, &reader, &error);
    if (status == MIEN_OK)
        status = dump(reader, &error);
    mien_media_reader_destroy(reader);
    if (status == MIEN_OK && fflush(stdout) == 0)
        return 0;
    fprintf(stderr, "mien-dump-rgb24: %s\n",
            status != MIEN_OK ? error.text : "standard output cannot be written");
    return 1;
}
