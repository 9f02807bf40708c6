/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor/spawn.h"

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

typedef struct Run {
    pid_t pid; /* 0: not running */
    int fd;    /* of what it prints; -1: closed */
    int64_t deadline;
    char *text;
    size_t n;
    bool late, flood, skipped;
    int spawn_error;
} Run;

static void start(Run *run, char *const *arguments, char **environment)
{
    int fds[2];
    run->fd = -1;
    run->text = mieni_alloc(MAX_OUTPUT, 1);
    run->spawn_error = run->text ? mieni_spawn_pipe(fds) : ENOMEM;
    if (run->spawn_error)
        return;
    run->spawn_error = mieni_spawn(arguments, environment, -1, fds[1], &run->pid);
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
        int64_t now = mieni_now_ms(), left = INT32_MAX;
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
    bool reaped = mieni_reap(run->pid, &status, mieni_now_ms() + GRACE_MS);
    if (!reaped) {
        kill(-run->pid, SIGKILL);
        mieni_reap(run->pid, &status, mieni_now_ms() + GRACE_MS);
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

MienStatus mieni_run_helper(const MieniMachine *machine, const MieniHelperOptions *options,
                            MieniFacts *facts)
{
    char own[MIENI_PATH_MAX] = "/", found[MIENI_PATH_MAX];
    bool known = mieni_spawn_own_file(own);
    if (!options->program && (!known || !mieni_spawn_find(own, found)))
        return mieni_facts_set_absent(facts, "probe.program");
    const char *program = options->program ? options->program : found;
    const char *root = mieni_machine_root(machine), *named = options->device;
    char **environment = mieni_spawn_environment(machine);
    if (!environment)
        return MIEN_E_NOMEM;
    Run runs[N_PROBES] = {{0}};
    int64_t begin = mieni_now_ms();
    for (int i = 0; i < N_PROBES; i++) {
        bool devices = i == DEVICES;
        runs[i].skipped = options->only && strcmp(options->only, probes[i].name) != 0;
        runs[i].fd = -1;
        if (runs[i].skipped)
            continue;
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
        if (runs[i].skipped)
            continue;
        int64_t limit = runs[i].deadline - begin;
        MienStatus finished = finish(&runs[i], probes[i].fact, (int32_t)limit, facts);
        status = status == MIEN_OK ? finished : status;
        mieni_free(runs[i].text);
    }
    mieni_free(environment);
    return status;
}
