/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The drivers' own caches must not be written by a question. */
static const char *const overrides[] = {
    "CUDA_CACHE_DISABLE=1",     "MESA_SHADER_CACHE_DISABLE=true",
    "__GL_SHADER_DISK_CACHE=0", "MESA_GLSL_CACHE_DISABLE=true",
    "RADV_DEBUG=nocache",       "LC_ALL=C",
};

int64_t mieni_now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool overridden(const char *item)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(overrides); i++)
        if (!strncmp(item, overrides[i], strcspn(overrides[i], "=") + 1))
            return true;
    return false;
}

char **mieni_spawn_environment(const MieniMachine *machine)
{
    char *const *all = mieni_machine_environment(machine);
    size_t n = 0, used = 0;
    while (all && all[n])
        n++;
    char **made = mieni_alloc(n + MIENI_COUNT_OF(overrides) + 1, sizeof(*made));
    if (!made)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (!overridden(all[i]))
            made[used++] = all[i];
    for (size_t i = 0; i < MIENI_COUNT_OF(overrides); i++)
        made[used++] = (char *)overrides[i];
    return made;
}

int mieni_spawn_pipe(int fds[2])
{
    if (pipe(fds) != 0)
        return errno;
    for (int i = 0; i < 2; i++)
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    return 0;
}

/* A group of its own, so that what the helper starts goes with it; signals as they are at birth. */
int mieni_spawn(char *const *arguments, char **environment, int input, int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGCHLD);
    sigaddset(&defaults, SIGSEGV);
    sigaddset(&defaults, SIGABRT);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    if (input >= 0)
        posix_spawn_file_actions_adddup2(&actions, input, 0);
    else
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int error = posix_spawn(pid, arguments[0], &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

bool mieni_reap(pid_t pid, int *status, int64_t deadline)
{
    for (;;) {
        pid_t got = waitpid(pid, status, WNOHANG);
        if (got == pid)
            return true;
        if ((got < 0 && errno != EINTR) || mieni_now_ms() >= deadline)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

/* The file that this code was loaded from, by the kernel's own list. */
bool mieni_spawn_own_file(char *path)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        return false;
    /* Data of this library, so that its address is in one of its mappings. */
    uintptr_t here = (uintptr_t)&overrides;
    char line[MIENI_PATH_MAX + 128];
    bool found = false;
    while (!found && fgets(line, sizeof(line), maps)) {
        unsigned long long low, high;
        char *slash = strchr(line, '/');
        if (sscanf(line, "%llx-%llx", &low, &high) != 2 || here < low || here >= high || !slash)
            continue;
        slash[strcspn(slash, "\n")] = '\0';
        found = snprintf(path, MIENI_PATH_MAX, "%s", slash) < MIENI_PATH_MAX;
    }
    fclose(maps);
    return found;
}

/* Beside the library, where the build and a wheel put it, or in the folder that it is installed
 * to. */
bool mieni_spawn_find(const char *own, char *program)
{
    static const char *const places[] = {"mien-probe", "mien/mien-probe", "../libexec/mien-probe"};
    int folder = (int)(strrchr(own, '/') - own);
    for (size_t i = 0; i < MIENI_COUNT_OF(places); i++)
        if (snprintf(program, MIENI_PATH_MAX, "%.*s/%s", folder, own, places[i]) < MIENI_PATH_MAX &&
            access(program, X_OK) == 0)
            return true;
    return false;
}
