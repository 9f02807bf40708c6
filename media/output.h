/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes into a file, pipe or device, with the system's own reason when that fails. */
#ifndef MIENI_MEDIA_OUTPUT_H
#define MIENI_MEDIA_OUTPUT_H

#include "media/media.h"

typedef struct MieniOutput {
    int fd;
    bool close_fd;
    bool seekable; /* a regular file */
    char *path;
    const char *name; /* for messages */
    int write_errno;  /* of the first write that failed; 0 if none */
} MieniOutput;

/* Creates or empties a file; "-" is standard output. Close it in any case. */
MienStatus mieni_output_open(MieniOutput *output, const char *path, MienError *error);

/* Writes all of it; false: write_errno says why. After a failure nothing more is written. */
bool mieni_output_write(MieniOutput *output, const void *data, size_t size);

/* Fills `error` from write_errno. */
MienStatus mieni_output_fail(const MieniOutput *output, MienError *error);

/* Closes the file, which may be where a full disk shows up. */
MienStatus mieni_output_close(MieniOutput *output, MienError *error);

/* Writes a whole picture: height x width x 3, R, G, B, rows stride_bytes apart. */
MienStatus mieni_png_write(MieniOutput *output, int width, int height, const uint8_t *pixels,
                           ptrdiff_t stride_bytes, MienError *error);
MienStatus mieni_jpeg_write(MieniOutput *output, int width, int height, const uint8_t *pixels,
                            ptrdiff_t stride_bytes, MienError *error);

#endif
