/* SPDX-License-Identifier: Apache-2.0 */
#include "media/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long a wait may last before the caller is asked whether to go on. */
#define POLL_MS 100

/* No picture file is larger; a pipe that delivers more is not a picture. */
#define MAX_LOAD_BYTES ((uint64_t)8 << 30)

static bool is_interrupted(MieniInput *input)
{
    if (!input->was_interrupted && input->interrupted && input->interrupted(input->user))
        input->was_interrupted = true;
    return input->was_interrupted;
}

MienStatus mieni_input_fail(const MieniInput *input, MienError *error)
{
    if (input->was_interrupted)
        return mieni_media_fail(error, MIEN_E_BUSY, "interrupted",
                                "reading %s was interrupted before it was complete", input->name);
    return mieni_media_fail(error, MIEN_E_IO, "input-read", "cannot read %s: %s", input->name,
                            strerror(input->read_errno));
}

static MienStatus open_path(MieniInput *input, MienError *error)
{
    do
        input->fd = open(input->path, O_RDONLY | O_CLOEXEC);
    while (input->fd < 0 && errno == EINTR && !is_interrupted(input));
    if (input->fd >= 0) {
        input->close_fd = true;
        return MIEN_OK;
    }
    if (input->was_interrupted)
        return mieni_input_fail(input, error);
    return mieni_media_fail(error, MIEN_E_IO, "input-open", "cannot open %s: %s", input->name,
                            strerror(errno));
}

MienStatus mieni_input_open(MieniInput *input, const char *path,
                            const MienMediaReaderOptions *options, MienError *error)
{
    *input = (MieniInput){.fd = -1, .interrupted = options->interrupted, .user = options->user};
    input->declared_length = -1;
    input->name = path;
    size_t path_bytes = strlen(path) + 1;
    input->path = malloc(path_bytes);
    if (!input->path)
        return mieni_media_fail_nomem(error, path);
    memcpy(input->path, path, path_bytes);
    input->name = strcmp(path, "-") == 0 ? "standard input" : input->path;
    if (strcmp(path, "-") == 0) {
        input->fd = STDIN_FILENO;
    } else {
        MienStatus status = open_path(input, error);
        if (status != MIEN_OK)
            return status;
    }
    struct stat facts;
    if (fstat(input->fd, &facts) != 0)
        return mieni_media_fail(error, MIEN_E_IO, "input-open", "cannot open %s: %s", input->name,
                                strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return mieni_media_fail(error, MIEN_E_IO, "input-folder",
                                "cannot read %s: it is a folder; name the files in it",
                                input->name);
    /* Standard input may be a file that someone has already read from: take it from there. */
    input->seekable = S_ISREG(facts.st_mode) && lseek(input->fd, 0, SEEK_CUR) == 0;
    return MIEN_OK;
}

void mieni_input_close(MieniInput *input)
{
    if (input->close_fd)
        close(input->fd);
    free(input->path);
    free(input->ahead);
    *input = (MieniInput){.fd = -1};
}

/* Waits for data, so that the caller can end the wait. Regular files are always ready. */
static bool wait_for_data(MieniInput *input)
{
    if (input->seekable)
        return true;
    for (;;) {
        if (is_interrupted(input))
            return false;
        struct pollfd waiting = {.fd = input->fd, .events = POLLIN};
        int n_ready = poll(&waiting, 1, POLL_MS);
        if (n_ready > 0)
            return true;
        if (n_ready < 0 && errno != EINTR) {
            input->read_errno = errno;
            return false;
        }
    }
}

static ptrdiff_t read_fd(MieniInput *input, uint8_t *to, size_t size)
{
    for (;;) {
        if (!wait_for_data(input))
            return -1;
        ptrdiff_t n = read(input->fd, to, size);
        if (n >= 0) {
            input->n_read += n;
            return n;
        }
        if (errno == EINTR && is_interrupted(input))
            return -1;
        if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
            input->read_errno = errno;
            return -1;
        }
    }
}

ptrdiff_t mieni_input_read(MieniInput *input, uint8_t *to, size_t size)
{
    size_t n_ahead = input->ahead_size - input->ahead_at;
    if (n_ahead == 0)
        return read_fd(input, to, size);
    size_t n = n_ahead < size ? n_ahead : size;
    memcpy(to, input->ahead + input->ahead_at, n);
    input->ahead_at += n;
    return (ptrdiff_t)n;
}

/* Makes room for `size` bytes ahead in all. */
static bool reserve_ahead(MieniInput *input, size_t size)
{
    if (size <= input->ahead_capacity)
        return true;
    size_t capacity = input->ahead_capacity + input->ahead_capacity / 2;
    if (capacity < size)
        capacity = size;
    uint8_t *grown = realloc(input->ahead, capacity);
    if (!grown)
        return false;
    input->ahead = grown;
    input->ahead_capacity = capacity;
    return true;
}

ptrdiff_t mieni_input_peek(MieniInput *input, size_t size)
{
    if (!reserve_ahead(input, input->ahead_at + size)) {
        input->read_errno = ENOMEM;
        return -1;
    }
    while (input->ahead_size - input->ahead_at < size) {
        size_t missing = size - (input->ahead_size - input->ahead_at);
        ptrdiff_t n = read_fd(input, input->ahead + input->ahead_size, missing);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        input->ahead_size += (size_t)n;
    }
    return (ptrdiff_t)(input->ahead_size - input->ahead_at);
}

int64_t mieni_input_size(const MieniInput *input)
{
    struct stat facts;
    if (!input->seekable || fstat(input->fd, &facts) != 0)
        return -1;
    return facts.st_size;
}

bool mieni_input_is_cut(const MieniInput *input)
{
    int64_t length = input->seekable ? mieni_input_size(input) : input->n_read;
    if (length >= 0 && input->declared_length > length)
        return true;
    return length >= 0 && input->seekable && mieni_boxes_are_cut(input->fd, length);
}

int64_t mieni_input_seek(MieniInput *input, int64_t offset, int whence)
{
    if (!input->seekable)
        return -1;
    if (whence == SEEK_CUR) /* the file's own position is ahead of ours */
        offset -= (int64_t)(input->ahead_size - input->ahead_at);
    int64_t at = lseek(input->fd, (off_t)offset, whence);
    if (at >= 0)
        input->ahead_at = input->ahead_size = 0;
    return at;
}

MienStatus mieni_input_load(MieniInput *input, uint8_t **data, size_t *size, MienError *error)
{
    *data = NULL;
    *size = 0;
    int64_t known = mieni_input_size(input);
    uint64_t step = known > 0 ? (uint64_t)known + 1 : (uint64_t)1 << 20;
    for (;;) {
        size_t n_ahead = input->ahead_size - input->ahead_at;
        if (n_ahead + step > MAX_LOAD_BYTES || n_ahead + step > PTRDIFF_MAX)
            return mieni_media_fail(error, MIEN_E_UNSUPPORTED, "input-too-large",
                                    "%s: the file is too large for a picture", input->name);
        ptrdiff_t n = mieni_input_peek(input, n_ahead + (size_t)step);
        if (n < 0 && input->read_errno == ENOMEM)
            return mieni_media_fail_nomem(error, input->name);
        if (n < 0)
            return mieni_input_fail(input, error);
        if ((size_t)n < n_ahead + (size_t)step)
            break;
        step = (uint64_t)n / 2 + 1;
    }
    /* The block itself changes hands: no copy. */
    size_t left = input->ahead_size - input->ahead_at;
    if (input->ahead_at > 0)
        memmove(input->ahead, input->ahead + input->ahead_at, left);
    *data = input->ahead;
    *size = left;
    input->ahead = NULL;
    input->ahead_at = input->ahead_size = input->ahead_capacity = 0;
    return MIEN_OK;
}

static MienStatus copy_to_file(MieniInput *input, FILE *file, MienError *error)
{
    uint8_t buffer[16384];
    ptrdiff_t n;
    while ((n = mieni_input_read(input, buffer, sizeof(buffer))) > 0)
        if (fwrite(buffer, 1, (size_t)n, file) != (size_t)n)
            break;
    if (n < 0)
        return mieni_input_fail(input, error);
    if (n > 0 || fflush(file) != 0)
        return mieni_media_fail(error, MIEN_E_IO, "temporary-file",
                                "%s: cannot write a temporary copy: %s; pass the file by name",
                                input->name, strerror(errno));
    return MIEN_OK;
}

MienStatus mieni_input_spool(MieniInput *input, MienError *error)
{
    FILE *file = tmpfile();
    if (!file)
        return mieni_media_fail(error, MIEN_E_IO, "temporary-file",
                                "%s: cannot make a temporary file: %s; pass the file by name",
                                input->name, strerror(errno));
    MienStatus status = copy_to_file(input, file, error);
    int fd = status == MIEN_OK ? dup(fileno(file)) : -1;
    if (status == MIEN_OK && (fd < 0 || lseek(fd, 0, SEEK_SET) != 0))
        status = mieni_media_fail(error, MIEN_E_IO, "temporary-file",
                                  "%s: cannot reopen a temporary file: %s", input->name,
                                  strerror(errno));
    fclose(file);
    if (status != MIEN_OK) {
        if (fd >= 0)
            close(fd);
        return status;
    }
    if (input->close_fd)
        close(input->fd);
    input->fd = fd;
    input->close_fd = true;
    input->seekable = true;
    return MIEN_OK;
}
