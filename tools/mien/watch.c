/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "message.h"
#include "terminal.h"
#include "watch_view.h"

/* Loads need two looks; nobody wants to wait a long interval for the first. */
#define FIRST_MS 300

typedef struct View {
    bool json, draws;
    CliWriter writer;
    CliWatchLine lines[CLI_WATCH_LINES];
} View;

static const char *style_code(CliWatchStyle style)
{
    static const char *const codes[] = {"", "\033[1m", "\033[32m", "\033[1;31m"};
    return codes[style];
}

/* Over what was there: nothing is wiped first, so nothing flickers. */
static void draw(View *view, const MienWatchSample *sample)
{
    CliWriter *writer = &view->writer;
    int columns, rows;
    bool colored = cli_colored(STDOUT_FILENO);
    cli_terminal_size(&columns, &rows);
    size_t n = cli_watch_screen(sample, columns, rows, view->lines);
    cli_put(writer, "\033[H");
    for (size_t i = 0; i < n; i++) {
        const char *code = colored ? style_code(view->lines[i].style) : "";
        cli_put(writer, i ? "\r\n" : "");
        cli_put(writer, code);
        cli_put(writer, view->lines[i].text);
        cli_put(writer, *code ? "\033[0m\033[K" : "\033[K");
    }
    cli_put(writer, "\033[J");
}

static int show(View *view, const MienWatchSample *sample)
{
    if (view->json)
        cli_watch_json(&view->writer, sample);
    else if (view->draws)
        draw(view, sample);
    else
        cli_watch_plain(&view->writer, sample);
    return cli_writer_flush(&view->writer);
}

/* Waits for the next look; redraws the last one as often as it takes. */
static bool wait_for(View *view, const MienWatchSample *sample, int64_t deadline_ms)
{
    CliWake wake;
    while ((wake = cli_terminal_wait(deadline_ms)) == CLI_WAKE_REDRAW)
        if (sample && view->draws && show(view, sample) != 0)
            return true; /* the next look fails in the same way, and says so */
    return wake == CLI_WAKE_TIME;
}

static CliExit run(View *view, MienWatch *watch, int64_t interval_ms)
{
    const MienWatchSample *sample = NULL;
    int64_t next = cli_terminal_now_ms() + (interval_ms < FIRST_MS ? interval_ms : FIRST_MS);
    while (wait_for(view, sample, next)) {
        if (mien_watch_sample(watch, &sample) != MIEN_OK) {
            cli_terminal_restore();
            return cli_fail(CLI_INTERNAL, "out of memory");
        }
        int error = show(view, sample);
        if (error) {
            cli_terminal_restore();
            return cli_fail(CLI_OUTPUT, "cannot write standard output: %s", strerror(error));
        }
        /* After a pause, such as Ctrl-Z, what was missed is not made up for. */
        int64_t now = cli_terminal_now_ms();
        next = next + interval_ms > now ? next + interval_ms : now + interval_ms;
    }
    return cli_interrupt_exit();
}

CliExit cli_watch(bool json, double interval_s)
{
    MienWatchOptions options;
    MienWatch *watch;
    MienError error;
    View *view = malloc(sizeof(*view));
    if (!view)
        return cli_fail(CLI_INTERNAL, "out of memory");
    view->json = json;
    view->draws = !json && cli_terminal_can_draw();
    cli_writer_init(&view->writer, STDOUT_FILENO);
    mien_watch_options_init(&options);
    options.root = getenv("MIEN_DOCTOR_ROOT");
    options.interval_ms = (int32_t)(interval_s * 1000);
    const char *timeout = getenv("MIEN_DOCTOR_TIMEOUT_MS");
    if (timeout && atoi(timeout) > 0)
        options.timeout_ms = atoi(timeout);
    if (mien_watch_create(&options, &watch, &error) != MIEN_OK) {
        free(view);
        return cli_fail(CLI_INTERNAL, "%s", error.text);
    }
    cli_interrupt_init();
    cli_terminal_enter(view->draws);
    CliExit code = run(view, watch, options.interval_ms);
    cli_terminal_restore();
    mien_watch_destroy(watch);
    free(view);
    return code;
}
