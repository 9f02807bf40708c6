/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_PROBES 5
#define DEVICES 4             /* which of them runs a network, and has twice the time */
#define MAX_OUTPUT (1u << 20) /* more is no list of facts */
#define GRACE_MS 200 /* for a killed process to go; one that hangs in the kernel never does */

static const struct {
    const char *name, *fact;
} probes[N_PROBES] = {{"cuda", "C01.probe"},
                      {"nvml", "N01.probe"},
                      {"vulkan", "V01.probe"},
                      {"egl", "G01.probe"},
                      {"devices", "S01.probe"}};

/* The drivers' own caches must not be written by a question. */
static const char *const overrides[] = {
    "CUDA_CACHE_DISABLE=1",     "MESA_SHADER_CACHE_DISABLE=true",
    "__GL_SHADER_DISK_CACHE=0", "MESA_GLSL_CACHE_DISABLE=true",
    "RADV_DEBUG=nocache",       "LC_ALL=C",
};

typedef struct Run {
    pid_t pid; /* 0: not running */
    int fd;    /* of what it prints; -1: closed */
    int64_t deadline;
    char *text;
    size_t n;
    bool late, flood;
    int spawn_error;
} Run;

static int64_t now_ms(void)
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

/* The machine's environment with our overrides; free the array alone. */
static char **make_environment(const MieniMachine *machine)
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

static int make_pipe(int fds[2])
{
    if (pipe(fds) != 0)
        return errno;
    for (int i = 0; i < 2; i++)
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    return 0;
}

/* A group of its own, so that what the helper starts goes with it; signals as they are at birth. */
static int spawn(char *const *arguments, char **environment, int output, pid_t *pid)
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
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int error = posix_spawn(pid, arguments[0], &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static void start(Run *run, char *const *arguments, char **environment)
{
    int fds[2];
    run->fd = -1;
    run->text = mieni_alloc(MAX_OUTPUT, 1);
    run->spawn_error = run->text ? make_pipe(fds) : ENOMEM;
    if (run->spawn_error)
        return;
    run->spawn_error = spawn(arguments, environment, fds[1], &run->pid);
    close(fds[1]);
    if (run->spawn_error) {
        run->pid = 0;
        close(fds[0]);
    } else {
        run->fd = fds[0];
    }
}

/* Reads what is there; closes at the end of it, and when it is too much. */
static void drain(Run *run)
{
    ssize_t n = read(run->fd, run->text + run->n, MAX_OUTPUT - run->n);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0)
        run->n += (size_t)n;
    run->flood = run->n == MAX_OUTPUT;
    if (n <= 0 || run->flood) {
        close(run->fd);
        run->fd = -1;
    }
}

static void give_up(Run *run)
{
    run->late = true;
    close(run->fd);
    run->fd = -1;
}

static void collect(Run runs[N_PROBES])
{
    for (;;) {
        struct pollfd polled[N_PROBES];
        Run *of[N_PROBES];
        nfds_t n = 0;
        int64_t now = now_ms(), left = INT32_MAX;
        for (int i = 0; i < N_PROBES; i++) {
            if (runs[i].fd >= 0 && now >= runs[i].deadline)
                give_up(&runs[i]);
            if (runs[i].fd < 0)
                continue;
            of[n] = &runs[i];
            polled[n++] = (struct pollfd){.fd = runs[i].fd, .events = POLLIN};
            left = MIENI_MIN(left, runs[i].deadline - now);
        }
        if (n == 0)
            return;
        if (poll(polled, n, (int)left) < 0)
            continue; /* a signal, or no memory for a moment: until the deadline */
        for (nfds_t i = 0; i < n; i++)
            if (polled[i].revents)
                drain(of[i]);
    }
}

/* Waits for a process until `deadline`; false if it is still there, or somebody else waited. */
static bool reap(pid_t pid, int *status, int64_t deadline)
{
    for (;;) {
        pid_t got = waitpid(pid, status, WNOHANG);
        if (got == pid)
            return true;
        if ((got < 0 && errno != EINTR) || now_ms() >= deadline)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

/* Adds the lines; returns how many were no facts. `done` is the last line of a probe that came to
 * its end. */
static size_t take_lines(const Run *run, MieniFacts *facts, bool *done)
{
    size_t n_bad = 0;
    *done = false;
    for (size_t at = 0; at < run->n;) {
        const char *line = run->text + at;
        const char *newline = memchr(line, '\n', run->n - at);
        size_t length = newline ? (size_t)(newline - line) : run->n - at;
        at += length + 1;
        *done = newline && length == 4 && !memcmp(line, "done", 4);
        if (!*done && mieni_facts_read_line(facts, line, length) == MIEN_E_FORMAT)
            n_bad++;
    }
    return n_bad;
}

static MienStatus finish(Run *run, const char *fact, int32_t timeout_ms, MieniFacts *facts)
{
    if (run->spawn_error)
        return mieni_facts_set_format(facts, fact, "failed (cannot start mien-probe: %s)",
                                      strerror(run->spawn_error));
    bool done;
    int status = 0;
    size_t n_bad = take_lines(run, facts, &done);
    if (run->late || run->flood)
        kill(-run->pid, SIGKILL);
    bool reaped = reap(run->pid, &status, now_ms() + GRACE_MS);
    if (!reaped) {
        kill(-run->pid, SIGKILL);
        reap(run->pid, &status, now_ms() + GRACE_MS);
    }
    if (run->late)
        return mieni_facts_set_format(facts, fact, "hung (no answer within %d ms)", timeout_ms);
    if (reaped && WIFSIGNALED(status) && !run->flood)
        return mieni_facts_set_format(facts, fact, "crashed (signal %d)", WTERMSIG(status));
    if (n_bad > 0 || run->flood)
        return mieni_facts_set_format(facts, fact, "failed (%zu lines that are no facts)", n_bad);
    if (!done)
        return mieni_facts_set_format(facts, fact, "failed (ended early, with code %d)",
                                      reaped && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    return mieni_facts_set(facts, fact, "done");
}

/* The file that this code was loaded from, by the kernel's own list. */
static bool own_file(char *path)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        return false;
    /* Data of this library, so that its address is in one of its mappings. */
    uintptr_t here = (uintptr_t)&probes;
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
static bool find_program(const char *own, char *program)
{
    static const char *const places[] = {"mien-probe", "mien/mien-probe", "../libexec/mien-probe"};
    int folder = (int)(strrchr(own, '/') - own);
    for (size_t i = 0; i < MIENI_COUNT_OF(places); i++)
        if (snprintf(program, MIENI_PATH_MAX, "%.*s/%s", folder, own, places[i]) < MIENI_PATH_MAX &&
            access(program, X_OK) == 0)
            return true;
    return false;
}

MienStatus mieni_run_helper(const MieniMachine *machine, const MieniHelperOptions *options,
                            MieniFacts *facts)
{
    char own[MIENI_PATH_MAX] = "/", found[MIENI_PATH_MAX];
    bool known = own_file(own);
    if (!options->program && (!known || !find_program(own, found)))
        return mieni_facts_set_absent(facts, "probe.program");
    const char *program = options->program ? options->program : found;
    const char *root = mieni_machine_root(machine), *named = options->device;
    char **environment = make_environment(machine);
    if (!environment)
        return MIEN_E_NOMEM;
    Run runs[N_PROBES] = {{0}};
    int64_t begin = now_ms();
    for (int i = 0; i < N_PROBES; i++) {
        bool devices = i == DEVICES;
        char *const arguments[] = {(char *)program,
                                   (char *)probes[i].name,
                                   (char *)(root ? root : ""),
                                   (char *)(devices ? known ? own : "" : NULL),
                                   (char *)(named ? named : ""),
                                   NULL};
        runs[i].deadline = begin + (devices ? 2 : 1) * (int64_t)options->timeout_ms;
        start(&runs[i], arguments, environment);
    }
    collect(runs);
    MienStatus status = MIEN_OK;
    for (int i = 0; i < N_PROBES; i++) {
        int64_t limit = runs[i].deadline - begin;
        MienStatus finished = finish(&runs[i], probes[i].fact, (int32_t)limit, facts);
        status = status == MIEN_OK ? finished : status;
        mieni_free(runs[i].text);
    }
    mieni_free(environment);
    return status;
}
