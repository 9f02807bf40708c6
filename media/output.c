/* SPDX-License-Identifier: Apache-2.0 */
#include "media/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

MienStatus mieni_output_fail(const MieniOutput *output, MienError *error)
{
    return mieni_media_fail(error, MIEN_E_IO, "output-write", "cannot write %s: %s", output->name,
                            strerror(output->write_errno));
}

MienStatus mieni_output_open(MieniOutput *output, const char *path, MienError *error)
{
    *output = (MieniOutput){.fd = -1, .name = path};
    size_t path_bytes = strlen(path) + 1;
    output->path = malloc(path_bytes);
    if (!output->path)
        return mieni_media_fail_nomem(error, path);
    memcpy(output->path, path, path_bytes);
    output->name = output->path;
    if (strcmp(path, "-") == 0) {
        output->name = "standard output";
        output->fd = STDOUT_FILENO;
    } else {
        output->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        output->close_fd = output->fd >= 0;
    }
    struct stat facts;
    if (output->fd < 0 || fstat(output->fd, &facts) != 0) {
        output->write_errno = errno;
        return mieni_output_fail(output, error);
    }
    /* Standard output may be a file that something stands in already, or that only grows. */
    output->seekable = S_ISREG(facts.st_mode) && lseek(output->fd, 0, SEEK_CUR) == 0 &&
                       !(fcntl(output->fd, F_GETFL) & O_APPEND);
    return MIEN_OK;
}

bool mieni_output_write(MieniOutput *output, const void *data, size_t size)
{
    const uint8_t *at = data;
    while (size > 0 && !output->write_errno) {
        ptrdiff_t n = write(output->fd, at, size);
        if (n > 0) {
            at += n;
            size -= (size_t)n;
        } else if (n == 0) {
            output->write_errno = EIO;
        } else if (errno != EINTR) {
            output->write_errno = errno;
        }
    }
    return !output->write_errno;
}

MienStatus mieni_output_close(MieniOutput *output, MienError *error)
{
    if (output->close_fd && close(output->fd) != 0 && errno != EINTR && !output->write_errno)
        output->write_errno = errno;
    output->close_fd = false;
    output->fd = -1;
    MienStatus status = output->write_errno ? mieni_output_fail(output, error) : MIEN_OK;
    free(output->path);
    output->path = NULL;
    output->name = "the output";
    return status;
}
