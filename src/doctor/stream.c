/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor/spawn.h"

#define MAX_OUTPUT (1u << 18) /* a record is a few KiB */
#define GRACE_MS 200 /* for a killed process to go; one that hangs in the kernel never does */

struct MieniStream {
    pid_t pid;         /* 0: gone */
    int input, output; /* the helper ends when `input` is closed; -1: closed */
    int32_t interval_ms, timeout_ms;
    int64_t heard_ms; /* of the last record, or of the start */
    bool has_spoken;
    MienWatchDriver state;
    char message[160];
    MieniFacts *facts; /* of the last record */
    char *text;
    size_t n;
};

static void close_ends(MieniStream *stream)
{
    if (stream->input >= 0)
        close(stream->input);
    if (stream->output >= 0)
        close(stream->output);
    stream->input = stream->output = -1;
}

static MienStatus start(MieniStream *stream, const MieniMachine *machine, const char *program)
{
    int to[2], from[2];
    char interval[16];
    const char *root = mieni_machine_root(machine);
    char **environment = mieni_spawn_environment(machine);
    if (!environment)
        return MIEN_E_NOMEM;
    snprintf(interval, sizeof(interval), "%d", (int)stream->interval_ms);
    char *arguments[] = {(char *)program, "watch", (char *)(root ? root : ""), interval, NULL};
    int error = mieni_spawn_pipe(to);
    if (!error) {
        fcntl(to[0], F_SETFL, 0); /* the helper's end may wait */
        error = mieni_spawn_pipe(from);
        if (!error) {
            error = mieni_spawn(arguments, environment, to[0], from[1], &stream->pid);
            close(from[1]);
            stream->output = from[0];
        }
        close(to[0]);
        stream->input = to[1];
    }
    mieni_free(environment);
    if (error) {
        close_ends(stream);
        stream->pid = 0;
        stream->state = MIEN_WATCH_DRIVER_REFUSED;
        snprintf(stream->message, sizeof(stream->message), "mien-probe cannot be started (%s)",
                 strerror(error));
    }
    return MIEN_OK;
}

MienStatus mieni_stream_create(const MieniMachine *machine, const char *program,
                               int32_t interval_ms, int32_t timeout_ms, MieniStream **stream)
{
    char own[MIENI_PATH_MAX], found[MIENI_PATH_MAX];
    MieniStream *made = mieni_alloc(1, sizeof(*made));
    *stream = NULL;
    if (!made)
        return MIEN_E_NOMEM;
    *made = (MieniStream){.input = -1,
                          .output = -1,
                          .interval_ms = interval_ms,
                          .timeout_ms = timeout_ms,
                          .heard_ms = mieni_now_ms(),
                          .state = MIEN_WATCH_DRIVER_STARTING,
                          .message = "waiting for NVIDIA's driver library",
                          .text = mieni_alloc(MAX_OUTPUT, 1)};
    MienStatus status = made->text ? MIEN_OK : MIEN_E_NOMEM;
    if (status == MIEN_OK && !program &&
        !(mieni_spawn_own_file(own) && mieni_spawn_find(own, found))) {
        made->state = MIEN_WATCH_DRIVER_REFUSED;
        snprintf(made->message, sizeof(made->message), "mien-probe is not beside the library");
    } else if (status == MIEN_OK) {
        status = start(made, machine, program ? program : found);
    }
    if (status != MIEN_OK) {
        mieni_stream_destroy(made);
        return status;
    }
    *stream = made;
    return MIEN_OK;
}

/* Stops the helper, if it is there. True if it ended by itself, and `status` tells how. */
static bool stop(MieniStream *stream, int *status)
{
    if (!stream->pid)
        return false;
    bool by_itself = mieni_reap(stream->pid, status, 0);
    if (!by_itself) {
        kill(-stream->pid, SIGKILL);
        mieni_reap(stream->pid, status, mieni_now_ms() + GRACE_MS);
    }
    close_ends(stream);
    stream->pid = 0;
    return by_itself;
}

static void give_up(MieniStream *stream, MienWatchDriver state)
{
    int status;
    stop(stream, &status);
    stream->state = state;
}

/* After the end of what the helper prints. It says itself if that is all. */
static void judge_end(MieniStream *stream)
{
    int status = 0;
    /* Its output ends a moment before it does. */
    bool reaped = mieni_reap(stream->pid, &status, mieni_now_ms() + GRACE_MS);
    if (reaped) {
        close_ends(stream);
        stream->pid = 0;
    } else {
        stop(stream, &status);
    }
    if (stream->facts && mieni_facts_has(stream->facts, "W.end"))
        return;
    stream->state = MIEN_WATCH_DRIVER_CRASHED;
    if (reaped && WIFSIGNALED(status))
        snprintf(stream->message, sizeof(stream->message),
                 "NVIDIA's driver library crashed (signal %d); its helper is gone",
                 WTERMSIG(status));
    else
        snprintf(stream->message, sizeof(stream->message),
                 "NVIDIA's driver library ended its helper (code %d)",
                 reaped && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* Position behind the last whole record in the text, and where that record begins; 0: there is
 * none. A record's last line is "done". */
static size_t find_record(const MieniStream *stream, size_t *begin)
{
    size_t end = 0, line = 0;
    *begin = 0;
    for (size_t i = 0; i < stream->n; i++) {
        if (stream->text[i] != '\n')
            continue;
        if (i - line == 4 && !memcmp(stream->text + line, "done", 4)) {
            *begin = end;
            end = i + 1;
        }
        line = i + 1;
    }
    return end;
}

/* Facts of the newest record replace those of the one before. */
static MienStatus take_record(MieniStream *stream, bool *taken)
{
    size_t begin, end = find_record(stream, &begin);
    *taken = false;
    if (!end)
        return MIEN_OK;
    MieniFacts *facts;
    MienStatus status = mieni_facts_create(&facts);
    if (status != MIEN_OK)
        return status;
    size_t n_bad = 0;
    for (size_t at = begin; at < end;) {
        const char *line = stream->text + at;
        size_t n = (size_t)((const char *)memchr(line, '\n', end - at) - line);
        at += n + 1;
        bool is_end = n == 4 && !memcmp(line, "done", 4);
        if (!is_end && mieni_facts_read_line(facts, line, n) == MIEN_E_FORMAT)
            n_bad++;
    }
    memmove(stream->text, stream->text + end, stream->n - end);
    stream->n -= end;
    mieni_facts_destroy(stream->facts);
    stream->facts = facts;
    stream->heard_ms = mieni_now_ms();
    stream->has_spoken = *taken = true;
    stream->state = MIEN_WATCH_DRIVER_OK;
    stream->message[0] = '\0';
    if (n_bad > 0) {
        snprintf(stream->message, sizeof(stream->message),
                 "NVIDIA's driver library prints nonsense (%zu lines)", n_bad);
        give_up(stream, MIEN_WATCH_DRIVER_CRASHED);
    }
    return MIEN_OK;
}

/* Reads all that is there. False at its end. */
static MienStatus drain(MieniStream *stream, bool *taken)
{
    *taken = false;
    while (stream->output >= 0) {
        bool one = false;
        MienStatus status;
        ssize_t n = read(stream->output, stream->text + stream->n, MAX_OUTPUT - stream->n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return MIEN_OK;
        if (n <= 0) {
            judge_end(stream);
            return MIEN_OK;
        }
        stream->n += (size_t)n;
        status = take_record(stream, &one);
        *taken |= one;
        if (status != MIEN_OK)
            return status;
        if (stream->n == MAX_OUTPUT) {
            snprintf(stream->message, sizeof(stream->message),
                     "NVIDIA's driver library prints nonsense");
            give_up(stream, MIEN_WATCH_DRIVER_CRASHED);
        }
    }
    return MIEN_OK;
}

/* Nothing new came. */
static void judge_silence(MieniStream *stream)
{
    int64_t silent_ms = mieni_now_ms() - stream->heard_ms;
    int64_t allowed_ms = stream->timeout_ms + (stream->has_spoken ? stream->interval_ms : 0);
    if (silent_ms > allowed_ms) {
        snprintf(stream->message, sizeof(stream->message),
                 "NVIDIA's driver has not answered for %.1f s; its helper was stopped",
                 (double)silent_ms / 1000);
        give_up(stream, MIEN_WATCH_DRIVER_HUNG);
    } else if (stream->has_spoken && silent_ms > stream->interval_ms + stream->timeout_ms / 4) {
        stream->state = MIEN_WATCH_DRIVER_LATE;
        snprintf(stream->message, sizeof(stream->message),
                 "NVIDIA's driver has not answered for %.1f s", (double)silent_ms / 1000);
    }
}

MienStatus mieni_stream_read(MieniStream *stream, int32_t patience_ms, MienWatchDriver *state,
                             const MieniFacts **facts, const char **text)
{
    bool taken = false;
    int64_t deadline = mieni_now_ms() + patience_ms;
    MienStatus status = drain(stream, &taken);
    while (status == MIEN_OK && !taken && stream->output >= 0) {
        int64_t left = deadline - mieni_now_ms();
        struct pollfd polled = {.fd = stream->output, .events = POLLIN};
        /* A signal is somebody's wish not to wait. */
        if (left <= 0 || poll(&polled, 1, (int)left) <= 0)
            break;
        status = drain(stream, &taken);
    }
    if (status != MIEN_OK)
        return status;
    if (!taken && stream->output >= 0)
        judge_silence(stream);
    *state = stream->state;
    *text = stream->message;
    *facts = stream->state == MIEN_WATCH_DRIVER_OK ? stream->facts : NULL;
    return MIEN_OK;
}

void mieni_stream_destroy(MieniStream *stream)
{
    int status;
    if (!stream)
        return;
    stop(stream, &status);
    close_ends(stream);
    mieni_facts_destroy(stream->facts);
    mieni_free(stream->text);
    mieni_free(stream);
}
