/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"

/* Alternate screen and no cursor, and back. Source: XTerm control sequences, DECSET. */
static const char enter_codes[] = "\033[?1049h\033[?25l";
static const char leave_codes[] = "\033[?25h\033[?1049l";

static volatile sig_atomic_t is_drawing, resized, suspended;

static void write_all(const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, text, n);
        if (done <= 0)
            return;
        text += done;
        n -= (size_t)done;
    }
}

void cli_terminal_restore(void)
{
    if (!is_drawing)
        return;
    is_drawing = 0;
    write_all(leave_codes, sizeof(leave_codes) - 1);
}

static void enter(void)
{
    is_drawing = 1;
    write_all(enter_codes, sizeof(enter_codes) - 1);
}

static void note(int number)
{
    if (number == SIGWINCH)
        resized = 1;
    else
        suspended = 1;
}

/* What ends the process leaves no alternate screen behind. */
static void end(int number)
{
    cli_terminal_restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void handle(int number, void (*handler)(int number))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction before;
    sigemptyset(&action.sa_mask);
    /* What whoever started us has switched off stays off, as under nohup. */
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

bool cli_terminal_can_draw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

void cli_terminal_enter(bool draws)
{
    if (!draws)
        return;
    handle(SIGWINCH, note);
    handle(SIGTSTP, note);
    handle(SIGHUP, end);
    handle(SIGQUIT, end);
    enter();
}

void cli_terminal_size(int *columns, int *rows)
{
    struct winsize size = {.ws_col = 0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    *columns = known ? size.ws_col : 80;
    *rows = known ? size.ws_row : 24;
}

int64_t cli_terminal_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Ctrl-Z: the shell gets its screen. In the background we go on sleeping. */
static void suspend(void)
{
    suspended = 0;
    cli_terminal_restore();
    do
        raise(SIGSTOP);
    while (tcgetpgrp(STDOUT_FILENO) != getpgrp() && !cli_interrupted(NULL));
    enter();
}

static CliWake look(void)
{
    if (cli_interrupted(NULL))
        return CLI_WAKE_INTERRUPT;
    if (suspended) {
        suspend();
        return cli_interrupted(NULL) ? CLI_WAKE_INTERRUPT : CLI_WAKE_REDRAW;
    }
    if (resized) {
        resized = 0;
        return CLI_WAKE_REDRAW;
    }
    return CLI_WAKE_TIME;
}

CliWake cli_terminal_wait(int64_t deadline_ms)
{
    sigset_t ours, before;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGWINCH);
    sigaddset(&ours, SIGTSTP);
    for (;;) {
        /* Between the question and the sleep no signal may get lost. */
        sigprocmask(SIG_BLOCK, &ours, &before);
        bool news = cli_interrupted(NULL) || suspended || resized;
        int64_t left = deadline_ms - cli_terminal_now_ms();
        struct timespec time = {left > 0 ? (time_t)(left / 1000) : 0,
                                left > 0 ? (long)(left % 1000) * 1000000 : 0};
        if (!news && left > 0)
            pselect(0, NULL, NULL, NULL, &time, &before);
        sigprocmask(SIG_SETMASK, &before, NULL);
        CliWake wake = look();
        if (wake != CLI_WAKE_TIME || deadline_ms <= cli_terminal_now_ms())
            return wake;
    }
}
