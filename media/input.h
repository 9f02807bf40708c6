/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a file, pipe or standard input. Bytes that were looked at are given out again. */
#ifndef MIENI_MEDIA_INPUT_H
#define MIENI_MEDIA_INPUT_H

#include "media/media.h"

typedef struct MieniInput {
    int fd;
    bool close_fd;
    bool seekable;    /* a regular file */
    const char *name; /* for messages; points into path */
    char *path;
    uint8_t *ahead; /* read, not yet given out: [ahead_at, ahead_size) */
    size_t ahead_at, ahead_size, ahead_capacity;
    int64_t n_read;          /* bytes that came out of fd so far */
    int64_t declared_length; /* what the file says of its own size; -1: nothing */
    int read_errno;          /* of the first read that failed; 0 if none */
    bool was_interrupted;    /* the caller asked to stop waiting */
    int (*interrupted)(void *user);
    void *user;
} MieniInput;

/* Opens a path, or standard input for "-". Fails for folders. Close it in any case. */
MienStatus mieni_input_open(MieniInput *input, const char *path,
                            const MienMediaReaderOptions *options, MienError *error);

void mieni_input_close(MieniInput *input);

/* Returns the number of bytes read, at least 1 unless at the end (0); -1: read_errno or
 * was_interrupted says why. */
ptrdiff_t mieni_input_read(MieniInput *input, uint8_t *to, size_t size);

/* Has at least `size` bytes in ahead, or all that there are. Returns their number, or -1. */
ptrdiff_t mieni_input_peek(MieniInput *input, size_t size);

/* Moves to a byte of a seekable input; returns where it is, or -1. */
int64_t mieni_input_seek(MieniInput *input, int64_t offset, int whence);

/* Size of a seekable input in bytes; -1 if unknown. */
int64_t mieni_input_size(const MieniInput *input);

/* Returns how long a file says it is, from its first bytes; -1 if it does not say. */
int64_t mieni_declared_length(const uint8_t *data, size_t size);

/* Tells whether an MP4 file ends inside its pictures or its index; false for other files. Leaves
 * the position alone. */
bool mieni_boxes_are_cut(int fd, int64_t file_size);

/* Tells, at the end of the data, whether there should have been more. */
bool mieni_input_is_cut(const MieniInput *input);

/* Reads all that is left. Free `data` with free(). */
MienStatus mieni_input_load(MieniInput *input, uint8_t **data, size_t *size, MienError *error);

/* Copies all that is left to a temporary file and goes on as that: a seekable input. */
MienStatus mieni_input_spool(MieniInput *input, MienError *error);

/* Fills `error` for a read that returned -1. */
MienStatus mieni_input_fail(const MieniInput *input, MienError *error);

#endif
