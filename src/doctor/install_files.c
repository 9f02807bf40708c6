/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L

#include "doctor/install_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ENTRIES 65536 /* of a folder that are looked at */

bool mieni_install_path(char path[MIENI_INSTALL_PATH], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(path, MIENI_INSTALL_PATH, format, arguments);
    va_end(arguments);
    return n >= 0 && n < MIENI_INSTALL_PATH;
}

bool mieni_install_is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

bool mieni_install_is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* The length, or -1 with errno. */
static ptrdiff_t read_start(int fd, char *text, size_t size)
{
    size_t n = 0;
    while (n < size) {
        ssize_t got = read(fd, text + n, size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    return (ptrdiff_t)n;
}

int mieni_install_text(MieniInstall *install, const char *path)
{
    /* A pipe or a device would block. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    install->text[0] = '\0';
    if (fd < 0)
        return errno;
    struct stat about;
    int error = fstat(fd, &about) != 0 ? errno : S_ISREG(about.st_mode) ? 0 : EINVAL;
    ptrdiff_t n = error ? 0 : read_start(fd, install->text, MIENI_INSTALL_TEXT);
    if (n < 0) {
        error = errno;
        n = 0;
    }
    close(fd);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (install->text[i] == '\0')
            install->text[i] = ' ';
    }
    install->text[n] = '\0';
    return error;
}

int mieni_install_list(const char *folder, bool (*entry)(void *user, const char *name), void *user)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return errno;
    for (int i = 0; i < MAX_ENTRIES; i++) {
        const struct dirent *item = readdir(stream);
        if (!item)
            break;
        if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0 &&
            !entry(user, item->d_name))
            break;
    }
    closedir(stream);
    return 0;
}

bool mieni_begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool mieni_ends(const char *text, const char *with)
{
    size_t length = strlen(text), end = strlen(with);
    return length >= end && strcmp(text + length - end, with) == 0;
}

typedef struct FindUser {
    const char *begin, *end;
    char *name; /* the first in order so far, or empty: folders are not sorted, answers are */
} FindUser;

static bool take_first(void *user, const char *name)
{
    const FindUser *find = user;
    if (mieni_begins(name, find->begin) && mieni_ends(name, find->end) &&
        strlen(name) >= strlen(find->begin) + strlen(find->end) && strlen(name) < 256 &&
        (!find->name[0] || strcmp(name, find->name) < 0))
        memcpy(find->name, name, strlen(name) + 1);
    return true;
}

bool mieni_install_find(const char *folder, const char *begin, const char *end, char name[256])
{
    FindUser find = {begin, end, name};
    name[0] = '\0';
    mieni_install_list(folder, take_first, &find);
    return name[0] != '\0';
}

static void keep(MieniInstall *install, MienStatus status)
{
    if (install->status == MIEN_OK)
        install->status = status;
}

void mieni_install_note(MieniInstall *install, const char *text, const char *format, ...)
{
    char name[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    keep(install, mieni_facts_set(install->facts, name, text));
}

void mieni_install_note_answer(MieniInstall *install, bool yes, const char *name)
{
    keep(install, mieni_facts_set(install->facts, name, yes ? "yes" : "no"));
}

void mieni_install_note_absent(MieniInstall *install, const char *name)
{
    keep(install, mieni_facts_set_absent(install->facts, name));
}

void mieni_install_note_error(MieniInstall *install, int error, const char *name)
{
    if (error == ENOENT || error == ENOTDIR)
        mieni_install_note_absent(install, name);
    else
        keep(install, mieni_facts_set_unreadable(install->facts, name, error));
}
