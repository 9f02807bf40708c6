/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

/* Temporary files that exist, so that a second Ctrl-C can remove them. A pointer is set after the
 * text is complete and cleared before it is freed. */
#define MAX_TEMPORARY 64
static char *volatile temporary_files[MAX_TEMPORARY];

static int take_slot(char *path)
{
    for (int i = 0; i < MAX_TEMPORARY; i++) {
        if (!temporary_files[i]) {
            temporary_files[i] = path;
            return i;
        }
    }
    return -1;
}

void cli_target_remove_all(void)
{
    for (int i = 0; i < MAX_TEMPORARY; i++) {
        char *path = temporary_files[i];
        if (path)
            unlink(path);
    }
}

CliExit cli_target_failed(const CliTarget *target, int error)
{
    const char *name = strcmp(target->name, "-") != 0 ? target->name : "standard output";
    const char *advice = error == ENOSPC   ? "; free some space or choose another place"
                         : error == EACCES ? "; choose another place"
                         : error == ENOENT ? "; create the folder first"
                                           : "";
    return cli_fail(CLI_OUTPUT, "cannot write %s: %s%s", name, strerror(error), advice);
}

/* Makes an empty file FOLDER/.NAME.XXXXXX with the rights that a plain open would give it. */
static int make_temporary(CliTarget *target)
{
    size_t size = strlen(target->final) + 16;
    target->path = malloc(size);
    if (!target->path)
        return ENOMEM;
    const char *slash = strrchr(target->final, '/');
    int folder_length = slash ? (int)(slash - target->final) + 1 : 0;
    snprintf(target->path, size, "%.*s.%.200s.XXXXXX", folder_length, target->final,
             target->final + folder_length);
    int fd = mkstemp(target->path);
    if (fd < 0) {
        int error = errno;
        free(target->path);
        target->path = NULL;
        return error;
    }
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, 0666 & ~mask);
    close(fd);
    target->slot = take_slot(target->path);
    return 0;
}

CliExit cli_target_open(CliTarget *target, const char *name)
{
    *target = (CliTarget){.slot = -1};
    target->name = strdup(name);
    if (!target->name)
        return cli_fail(CLI_INTERNAL, "out of memory");
    struct stat status;
    if (!strcmp(name, "-")) {
        target->is_regular = fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode);
        target->path = strdup("/dev/stdout");
        return target->path ? CLI_OK : cli_fail(CLI_INTERNAL, "out of memory");
    }
    bool exists = stat(name, &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        return cli_target_failed(target, EISDIR);
    if (exists && !S_ISREG(status.st_mode)) {
        target->path = strdup(name);
        return target->path ? CLI_OK : cli_fail(CLI_INTERNAL, "out of memory");
    }
    target->is_regular = true;
    /* A link stays a link: what it points to is replaced. */
    target->final = exists ? realpath(name, NULL) : strdup(name);
    if (!target->final)
        return cli_target_failed(target, errno);
    if (exists && access(target->final, W_OK) != 0)
        return cli_target_failed(target, errno);
    int error = make_temporary(target);
    return error ? cli_target_failed(target, error) : CLI_OK;
}

int cli_target_descriptor(const CliTarget *target)
{
    if (!strcmp(target->name, "-"))
        return dup(STDOUT_FILENO);
    return open(target->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
}

CliExit cli_target_commit(CliTarget *target)
{
    if (!target->final)
        return CLI_OK;
    if (rename(target->path, target->final) != 0)
        return cli_target_failed(target, errno);
    if (target->slot >= 0)
        temporary_files[target->slot] = NULL;
    target->slot = -1;
    free(target->final);
    target->final = NULL;
    return CLI_OK;
}

void cli_target_close(CliTarget *target)
{
    if (target->final && target->path)
        unlink(target->path);
    if (target->slot >= 0 && target->path)
        temporary_files[target->slot] = NULL;
    free(target->name);
    free(target->final);
    free(target->path);
    *target = (CliTarget){.slot = -1};
}
