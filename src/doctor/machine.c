/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/fake.h"

#define MAX_LINKS 40
#define MAX_NAMES 4096
#define MAX_LINE 4096

extern char **environ;

struct MieniMachine {
    char *root; /* NULL: this machine */
    MieniFakeNodes nodes;
    MieniFakeEnvironment environment;
};

MienStatus mieni_machine_create(const char *root, MieniMachine **machine)
{
    *machine = NULL;
    MieniMachine *made = mieni_alloc(1, sizeof(*made));
    if (!made)
        return MIEN_E_NOMEM;
    MienStatus status = MIEN_OK;
    if (root && *root) {
        made->root = mieni_alloc(strlen(root) + 1, 1);
        if (made->root)
            memcpy(made->root, root, strlen(root) + 1);
        status =
            made->root ? mieni_fake_read(root, &made->nodes, &made->environment) : MIEN_E_NOMEM;
    }
    if (status != MIEN_OK) {
        mieni_machine_destroy(made);
        return status;
    }
    *machine = made;
    return MIEN_OK;
}

void mieni_machine_destroy(MieniMachine *machine)
{
    if (!machine)
        return;
    mieni_fake_free(&machine->nodes, &machine->environment);
    mieni_free(machine->root);
    mieni_free(machine);
}

const char *mieni_machine_root(const MieniMachine *machine)
{
    return machine->root;
}

/* A path being walked inside a root. Both texts have MIENI_PATH_MAX bytes. */
typedef struct Walk {
    const char *root;
    char *done;  /* resolved so far, "" or "/a/b" */
    char *ahead; /* what is still to come */
    char *scratch;
    int n_links;
} Walk;

static int join(char *out, const char *a, const char *b, const char *c)
{
    int n = snprintf(out, MIENI_PATH_MAX, "%s%s%s", a, b, c);
    return n < 0 || n >= MIENI_PATH_MAX ? ENAMETOOLONG : 0;
}

static void drop_last(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
}

/* Moves the first component of `ahead` to `name`; false at the end. */
static bool next_component(char *ahead, char *name, size_t size)
{
    char *begin = ahead;
    while (*begin == '/')
        begin++;
    size_t n = strcspn(begin, "/");
    if (n == 0)
        return false;
    snprintf(name, size, "%.*s", (int)MIENI_MIN(n, size - 1), begin);
    memmove(ahead, begin + n, strlen(begin + n) + 1);
    return true;
}

/* Puts the target of the link at `done` in front of what is ahead. */
static int follow(Walk *walk)
{
    char target[MIENI_PATH_MAX];
    if (++walk->n_links > MAX_LINKS)
        return ELOOP;
    int error = join(walk->scratch, walk->root, walk->done, "");
    if (error)
        return error;
    ssize_t n = readlink(walk->scratch, target, sizeof(target) - 1);
    if (n < 0)
        return errno;
    target[n] = '\0';
    error = join(walk->scratch, target, "/", walk->ahead);
    if (error)
        return error;
    memcpy(walk->ahead, walk->scratch, strlen(walk->scratch) + 1);
    if (target[0] == '/')
        walk->done[0] = '\0';
    else
        drop_last(walk->done);
    return 0;
}

static int walk_path(Walk *walk, bool follow_last)
{
    char name[256];
    while (next_component(walk->ahead, name, sizeof(name))) {
        if (!strcmp(name, "."))
            continue;
        if (!strcmp(name, "..")) {
            drop_last(walk->done);
            continue;
        }
        int error = join(walk->scratch, walk->done, "/", name);
        if (error)
            return error;
        memcpy(walk->done, walk->scratch, strlen(walk->scratch) + 1);
        error = join(walk->scratch, walk->root, walk->done, "");
        if (error)
            return error;
        struct stat info;
        if (lstat(walk->scratch, &info) != 0)
            return errno;
        bool is_last = walk->ahead[strspn(walk->ahead, "/")] == '\0';
        if (S_ISLNK(info.st_mode) && (!is_last || follow_last)) {
            error = follow(walk);
            if (error)
                return error;
        }
    }
    return 0;
}

/* Finds the file of this machine that stands for `path`. A fake root's links are walked by hand:
 * the kernel would take absolute ones from its own root. */
static int locate(const MieniMachine *machine, const char *path, bool follow_last, char *real)
{
    if (!machine->root)
        return join(real, path, "", "");
    char done[MIENI_PATH_MAX] = "", ahead[MIENI_PATH_MAX], scratch[MIENI_PATH_MAX];
    int error = join(ahead, path, "", "");
    Walk walk = {machine->root, done, ahead, scratch, 0};
    if (!error)
        error = walk_path(&walk, follow_last);
    return error ? error : join(real, machine->root, done, "");
}

static int open_regular(const MieniMachine *machine, const char *path, int *fd)
{
    char real[MIENI_PATH_MAX];
    int error = locate(machine, path, true, real);
    if (error)
        return error;
    /* O_NONBLOCK: a pipe lying about must not stop us. */
    *fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0)
        return errno;
    struct stat info;
    error = fstat(*fd, &info) != 0 ? errno : !S_ISREG(info.st_mode) ? EINVAL : 0;
    if (error)
        close(*fd);
    return error;
}

static int read_all(int fd, char *text, size_t capacity, size_t *n)
{
    *n = 0;
    while (*n < capacity) {
        ssize_t got = read(fd, text + *n, capacity - *n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            break;
        *n += (size_t)got;
    }
    text[*n] = '\0';
    return 0;
}

static int read_file(const MieniMachine *machine, const char *path, bool from_end, char *text,
                     size_t *n)
{
    int fd;
    *n = 0;
    *text = '\0';
    int error = open_regular(machine, path, &fd);
    if (error)
        return error;
    if (from_end && lseek(fd, 0, SEEK_END) > MIENI_FILE_MAX)
        lseek(fd, -(off_t)MIENI_FILE_MAX, SEEK_END);
    else
        lseek(fd, 0, SEEK_SET);
    error = read_all(fd, text, MIENI_FILE_MAX, n);
    close(fd);
    return error;
}

int mieni_machine_read(const MieniMachine *machine, const char *path, char *text, size_t *n)
{
    return read_file(machine, path, false, text, n);
}

int mieni_machine_read_end(const MieniMachine *machine, const char *path, char *text, size_t *n)
{
    return read_file(machine, path, true, text, n);
}

int mieni_machine_lines(const MieniMachine *machine, const char *path, size_t max_bytes,
                        bool (*line)(void *user, char *text, size_t n), void *user)
{
    int fd;
    int error = open_regular(machine, path, &fd);
    if (error)
        return error;
    FILE *file = fdopen(fd, "r");
    if (!file) {
        error = errno;
        close(fd);
        return error;
    }
    char text[MAX_LINE + 1];
    size_t n = 0;
    bool wanted = true;
    int c;
    for (size_t i = 0; wanted && i < max_bytes && (c = getc(file)) != EOF; i++) {
        if (c != '\n') {
            if (n < MAX_LINE)
                text[n++] = (char)c;
            continue;
        }
        text[n] = '\0';
        wanted = line(user, text, n);
        n = 0;
    }
    text[n] = '\0';
    if (wanted && n > 0)
        line(user, text, n);
    fclose(file);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(char ***names, size_t *n, const char *name)
{
    char **grown = mieni_realloc(*names, *n, *n + 1, sizeof(**names));
    if (!grown)
        return ENOMEM;
    *names = grown;
    grown[*n] = mieni_alloc(strlen(name) + 1, 1);
    if (!grown[*n])
        return ENOMEM;
    memcpy(grown[(*n)++], name, strlen(name) + 1);
    return 0;
}

int mieni_machine_list(const MieniMachine *machine, const char *path, char ***names, size_t *n)
{
    *names = NULL;
    *n = 0;
    char real[MIENI_PATH_MAX];
    int error = locate(machine, path, true, real);
    if (error)
        return error;
    DIR *folder = opendir(real);
    if (!folder)
        return errno;
    for (struct dirent *entry; !error && *n < MAX_NAMES && (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            error = add_name(names, n, entry->d_name);
    closedir(folder);
    if (*n > 0)
        qsort(*names, *n, sizeof(**names), compare_names);
    return error;
}

void mieni_machine_free_list(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mieni_free(names[i]);
    mieni_free(names);
}

int mieni_machine_link(const MieniMachine *machine, const char *path, char *target)
{
    char real[MIENI_PATH_MAX];
    int error = locate(machine, path, false, real);
    if (error)
        return error;
    ssize_t n = readlink(real, target, MIENI_PATH_MAX - 1);
    if (n < 0)
        return errno;
    target[n] = '\0';
    return 0;
}

int mieni_machine_real_path(const MieniMachine *machine, const char *path, char *real)
{
    char located[MIENI_PATH_MAX];
    int error = locate(machine, path, true, located);
    if (error)
        return error;
    if (machine->root) {
        memmove(real, located + strlen(machine->root), strlen(located + strlen(machine->root)) + 1);
        return 0;
    }
    char *resolved = realpath(located, NULL);
    if (!resolved)
        return errno;
    error = join(real, resolved, "", "");
    free(resolved);
    return error;
}

int mieni_machine_size(const MieniMachine *machine, const char *path, int64_t *bytes, bool *is_dir)
{
    char real[MIENI_PATH_MAX];
    int error = locate(machine, path, true, real);
    if (error)
        return error;
    struct stat info;
    if (stat(real, &info) != 0)
        return errno;
    *bytes = (int64_t)info.st_size;
    *is_dir = S_ISDIR(info.st_mode);
    return 0;
}

/* Of a fake machine the mode bits count: whoever runs the tests may be root. */
bool mieni_machine_may_write(const MieniMachine *machine, const char *path)
{
    char folder[MIENI_PATH_MAX], real[MIENI_PATH_MAX];
    int error = *path == '/' ? join(folder, path, "", "") : ENOENT;
    if (error)
        return false;
    while ((error = locate(machine, *folder ? folder : "/", true, real)) == ENOENT && *folder)
        drop_last(folder);
    struct stat info;
    while (!error && stat(real, &info) != 0 && (error = errno) == ENOENT && *folder) {
        drop_last(folder);
        error = locate(machine, *folder ? folder : "/", true, real);
    }
    if (error)
        return false;
    return machine->root ? (info.st_mode & 0222) != 0 : access(real, W_OK) == 0;
}

/* Linux's encoding of device numbers. Source: Linux, include/linux/kdev_t.h, new_encode_dev. */
static void split_device(uint64_t device, MieniNode *node)
{
    node->major = (uint32_t)((device >> 8 & 0xfff) | (device >> 32 & ~(uint64_t)0xfff));
    node->minor = (uint32_t)((device & 0xff) | (device >> 12 & ~(uint64_t)0xff));
}

int mieni_machine_node(const MieniMachine *machine, const char *path, MieniNode *node)
{
    if (machine->root)
        return mieni_fake_node(&machine->nodes, path, node);
    struct stat info;
    if (stat(path, &info) != 0)
        return errno;
    *node = (MieniNode){.mode = info.st_mode & 07777, .uid = info.st_uid, .gid = info.st_gid};
    node->type = S_ISCHR(info.st_mode) ? 'c' : S_ISBLK(info.st_mode) ? 'b' : '-';
    split_device((uint64_t)info.st_rdev, node);
    if (node->type != 'c')
        return 0;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    node->open_errno = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return 0;
}

char *const *mieni_machine_environment(const MieniMachine *machine)
{
    return machine->root ? machine->environment.items : environ;
}

const char *mieni_machine_variable(const MieniMachine *machine, const char *name)
{
    size_t n = strlen(name);
    for (char *const *item = mieni_machine_environment(machine); item && *item; item++)
        if (!strncmp(*item, name, n) && (*item)[n] == '=')
            return *item + n + 1;
    return NULL;
}
