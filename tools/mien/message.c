/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CliColor color_choice = CLI_COLOR_AUTO;
static bool is_quiet, is_verbose;
static bool status_shown;

/* Lines come from all threads of a run. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void show_status(const char *text)
{
    if (!text && !status_shown)
        return;
    /* Carriage return and "erase to the end of the line". */
    fprintf(stderr, "\r%s\033[K", text ? text : "");
    if (!text)
        fputc('\r', stderr);
    fflush(stderr);
    status_shown = text != NULL;
}

void cli_message_init(CliColor color, bool quiet, bool verbose)
{
    color_choice = color;
    is_quiet = quiet;
    is_verbose = verbose;
}

/* Source: https://no-color.org: NO_COLOR counts when it is set and not empty. */
bool cli_colored(int fd)
{
    if (color_choice != CLI_COLOR_AUTO)
        return color_choice == CLI_COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0 && isatty(fd);
}

/* One write a line, so that lines of several processes do not mix. Line breaks inside, as file
 * names may have them, become spaces. */
static void print_line(const char *label, const char *color, const char *format, va_list arguments)
{
    char text[2048];
    vsnprintf(text, sizeof(text), format, arguments);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = ' ';
    pthread_mutex_lock(&mutex);
    show_status(NULL);
    bool colored = *label && cli_colored(STDERR_FILENO);
    fprintf(stderr, "%s%s%s%s%s\n", *label ? "mien: " : "", colored ? color : "", label,
            colored ? "\033[0m" : "", text);
    pthread_mutex_unlock(&mutex);
}

CliExit cli_fail(CliExit code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("error: ", "\033[1;31m", format, arguments);
    va_end(arguments);
    return code;
}

void cli_continue(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("", "", format, arguments);
    va_end(arguments);
}

void cli_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("warning: ", "\033[1;33m", format, arguments);
    va_end(arguments);
}

void cli_note(const char *format, ...)
{
    if (is_quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    print_line("", "", format, arguments);
    va_end(arguments);
}

void cli_detail(const char *format, ...)
{
    if (!is_verbose)
        return;
    va_list arguments;
    va_start(arguments, format);
    print_line("", "", format, arguments);
    va_end(arguments);
}

void cli_status(const char *text)
{
    pthread_mutex_lock(&mutex);
    show_status(text);
    pthread_mutex_unlock(&mutex);
}
