/* SPDX-License-Identifier: Apache-2.0 */
#include "watch_view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "message.h"

#define GIB (1024.0 * 1024 * 1024)
#define BAR 16
#define WIDE 64 /* columns from which there is room for bars */

/* What goes first where there is no room. */
enum { VERDICT, MACHINE, LOAD, SIZE, READING, DETAIL, MORE, HEAD, CORES, BLANK };

/* Lines being made. */
typedef struct Screen {
    CliWatchLine *lines;
    size_t n;
    int columns;
} Screen;

/* Text being made. */
typedef struct Text {
    char *text;
    size_t used, size;
} Text;

static void add(Text *text, const char *format, ...) CLI_PRINTF(2, 3);

static void add(Text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text->text + text->used, text->size - text->used, format, arguments);
    va_end(arguments);
    if (n > 0)
        text->used = text->used + (size_t)n < text->size ? text->used + (size_t)n : text->size - 1;
}

static Text new_line(Screen *screen, CliWatchStyle style, int weight)
{
    /* The last line is written over and over where there is no room for all. */
    CliWatchLine *line = &screen->lines[screen->n < CLI_WATCH_LINES ? screen->n : screen->n - 1];
    screen->n += screen->n < CLI_WATCH_LINES;
    line->style = style;
    line->weight = weight;
    line->text[0] = '\0';
    size_t room =
        screen->columns < CLI_WATCH_COLUMNS ? (size_t)screen->columns : (size_t)CLI_WATCH_COLUMNS;
    return (Text){line->text, 0, room};
}

/* "now of max unit", without what is unknown; nothing if nothing is known. */
static void add_share(Text *text, const char *name, double now, double max, int decimals,
                      const char *unit)
{
    const char *space = text->used > 0 ? "   " : "";
    if (isnan(now))
        return;
    add(text, "%s%s%s%.*f", space, name, *name ? " " : "", decimals, now);
    if (!isnan(max))
        add(text, " of %.*f", decimals, max);
    add(text, " %s", unit);
}

static void add_bar(Text *text, const Screen *screen, double percent)
{
    if (screen->columns < WIDE)
        return;
    int n = percent >= 100 ? BAR : percent > 0 ? (int)(percent * BAR / 100 + 0.5) : 0;
    add(text, "[%.*s%*s]  ", n, "||||||||||||||||", BAR - n, "");
}

static void add_percent(Text *text, double percent)
{
    if (isnan(percent))
        add(text, "  ? %%");
    else
        add(text, "%3.0f %%", percent);
}

static void add_slowdown(Text *text, uint32_t slowdown)
{
    const char *between = "";
    for (int i = 0; i < 30; i++)
        if (slowdown & 1u << i && mien_watch_slowdown_text(1u << i)) {
            add(text, "%s%s", between, mien_watch_slowdown_text(1u << i));
            between = ", ";
        }
}

static void put_users(Screen *screen, const MienWatchGpu *gpu)
{
    if (gpu->n_users == 0)
        return;
    Text text = new_line(screen, CLI_WATCH_TEXT, DETAIL);
    add(&text, "  used by ");
    for (size_t i = 0; i < gpu->n_users; i++) {
        const MienWatchUser *user = &gpu->users[i];
        add(&text, "%s%s (%lld)", i ? ", " : "", user->name, (long long)user->pid);
        if (!isnan(user->memory_bytes))
            add(&text, " %.2f GiB", user->memory_bytes / GIB);
    }
}

static void put_gpu_memory(Screen *screen, const MienWatchGpu *gpu)
{
    if (isnan(gpu->memory_used_bytes))
        return;
    Text text = new_line(screen, CLI_WATCH_TEXT, SIZE);
    add(&text, "  memory  ");
    add_bar(&text, screen, 100 * gpu->memory_used_bytes / gpu->memory_total_bytes);
    add(&text, "%.1f of %.1f GiB", gpu->memory_used_bytes / GIB, gpu->memory_total_bytes / GIB);
}

static void put_gpu(Screen *screen, const MienWatchGpu *gpu)
{
    Text text = new_line(screen, CLI_WATCH_TITLE, LOAD);
    add(&text, "%s  %s%s%s", gpu->id, gpu->name, *gpu->pci ? "  " : "", gpu->pci);
    if (gpu->error) {
        text = new_line(screen, CLI_WATCH_BAD, LOAD);
        add(&text, "  %s", gpu->error);
    }
    text = new_line(screen, CLI_WATCH_TEXT, LOAD);
    add(&text, "  load    ");
    add_bar(&text, screen, gpu->load_percent);
    add_percent(&text, gpu->load_percent);
    add_share(&text, "decoder", gpu->decoder_percent, NAN, 0, "%");
    add_share(&text, "encoder", gpu->encoder_percent, NAN, 0, "%");
    put_gpu_memory(screen, gpu);
    if (!isnan(gpu->clock_mhz)) {
        text = new_line(screen, CLI_WATCH_TEXT, READING);
        add(&text, "  clock   %.0f", gpu->clock_mhz);
        if (!isnan(gpu->clock_max_mhz))
            add(&text, " of %.0f", gpu->clock_max_mhz);
        if (gpu->clock_top_mhz > gpu->clock_max_mhz)
            add(&text, " (in the highest mode %.0f)", gpu->clock_top_mhz);
        add(&text, " MHz");
        add_share(&text, "memory", gpu->memory_clock_mhz, gpu->memory_clock_max_mhz, 0, "MHz");
    }
    if (!isnan(gpu->temperature_c) || !isnan(gpu->power_w)) {
        text = new_line(screen, CLI_WATCH_TEXT, READING);
        add(&text, "  heat    ");
        if (isnan(gpu->temperature_c))
            add(&text, "?");
        text.used -= isnan(gpu->temperature_c) ? 0 : 3;
        add_share(&text, "", gpu->temperature_c, gpu->temperature_limit_c, 0, "C");
        add_share(&text, "power", gpu->power_w, gpu->power_limit_w, 1, "W");
    }
    if (!(gpu->slowdown & MIEN_SLOWDOWN_UNKNOWN) && gpu->slowdown) {
        text = new_line(screen, CLI_WATCH_TEXT, READING);
        add(&text, "  held by ");
        add_slowdown(&text, gpu->slowdown);
    }
    put_users(screen, gpu);
    new_line(screen, CLI_WATCH_TEXT, BLANK);
}

static void put_readings(Screen *screen, const char *title, const MienWatchReading *readings,
                         size_t n, const char *unit)
{
    if (n == 0)
        return;
    Text text = new_line(screen, CLI_WATCH_TEXT, MORE);
    add(&text, "  %-8s", title);
    for (size_t i = 0; i < n; i++)
        add(&text, "%s%s %.1f", i ? ", " : "", readings[i].name, readings[i].value);
    add(&text, " %s", unit);
}

static void put_jetson(Screen *screen, const MienWatchJetson *jetson)
{
    Text text = new_line(screen, CLI_WATCH_TITLE, DETAIL);
    add(&text, "Jetson");
    if (jetson->power_mode >= 0)
        add(&text, "  mode %d%s%s", (int)jetson->power_mode, *jetson->power_name ? " " : "",
            jetson->power_name);
    if (*jetson->l4t)
        add(&text, "  L4T %s", jetson->l4t);
    add(&text, "  %s", jetson->board);
    put_readings(screen, "heat", jetson->zones, jetson->n_zones, "C");
    put_readings(screen, "power", jetson->rails, jetson->n_rails, "W");
    new_line(screen, CLI_WATCH_TEXT, BLANK);
}

static void put_cores(Screen *screen, const MienWatchSample *sample)
{
    size_t a_line = screen->columns > 20 ? (size_t)(screen->columns - 11) / 4 : 2;
    for (size_t i = 0; i < sample->n_cores; i += a_line) {
        Text text = new_line(screen, CLI_WATCH_TEXT, CORES);
        add(&text, i ? "          " : "  cores   ");
        for (size_t k = i; k < i + a_line && k < sample->n_cores; k++)
            if (isnan(sample->cores[k].load_percent))
                add(&text, "   ?");
            else
                add(&text, "%4.0f", sample->cores[k].load_percent);
    }
}

static void put_cpu(Screen *screen, const MienWatchSample *sample)
{
    Text text = new_line(screen, CLI_WATCH_TITLE, MACHINE);
    add(&text, "CPU       ");
    add_bar(&text, screen, sample->cpu_percent);
    add_percent(&text, sample->cpu_percent);
    add(&text, "   %zu core%s", sample->n_cores, sample->n_cores == 1 ? "" : "s");
    if (sample->cpu_waits_percent > 0)
        add(&text, "  waits %.0f %%", sample->cpu_waits_percent);
    put_cores(screen, sample);
    if (sample->n_tasks == 0)
        return;
    text = new_line(screen, CLI_WATCH_TEXT, DETAIL);
    add(&text, "  busiest ");
    for (size_t i = 0; i < sample->n_tasks; i++)
        add(&text, "%s%s (%lld) %.0f %%", i ? ", " : "", sample->tasks[i].name,
            (long long)sample->tasks[i].pid, sample->tasks[i].load_percent);
}

static void put_memory(Screen *screen, const MienWatchSample *sample)
{
    double used = sample->memory_total_bytes - sample->memory_available_bytes;
    Text text = new_line(screen, CLI_WATCH_TITLE, MACHINE);
    add(&text, "Memory    ");
    if (isnan(used)) {
        add(&text, "?");
        return;
    }
    add_bar(&text, screen, 100 * used / sample->memory_total_bytes);
    add(&text, "%.1f of %.1f GiB", used / GIB, sample->memory_total_bytes / GIB);
    if (!isnan(sample->memory_some_percent))
        add(&text, "  waits %.0f %%", sample->memory_some_percent);
    if (sample->swap_total_bytes > 0)
        add(&text, "  swap %.1f of %.1f", sample->swap_used_bytes / GIB,
            sample->swap_total_bytes / GIB);
}

static void put_head(Screen *screen, const MienWatchSample *sample)
{
    time_t seconds = (time_t)(sample->time_us / 1000000);
    struct tm now;
    char time[32] = "";
    if (localtime_r(&seconds, &now))
        strftime(time, sizeof(time), "%H:%M:%S", &now);
    Text text = new_line(screen, CLI_WATCH_TEXT, HEAD);
    add(&text, "mien doctor --watch   %s   Ctrl-C ends it", time);
}

/* A verdict is never cut: it goes on in the next line. */
static void put_verdict(Screen *screen, const MienWatchVerdict *verdict)
{
    CliWatchStyle style = strcmp(verdict->id, "none") ? CLI_WATCH_BAD : CLI_WATCH_GOOD;
    size_t width = screen->columns > 12 ? (size_t)screen->columns - 1 : 11;
    for (const char *at = verdict->text; *at;) {
        size_t n = strlen(at);
        if (n > width) {
            n = width;
            while (n > 0 && at[n] != ' ')
                n--;
            n = n > 0 ? n : width;
        }
        Text text = new_line(screen, style, VERDICT);
        add(&text, "%.*s", (int)n, at);
        at += n + (at[n] == ' ');
    }
}

/* Takes lines away, the least important first and of those the last. */
static void fit(Screen *screen, int rows)
{
    while (screen->n > (size_t)(rows > 0 ? rows : 1)) {
        size_t worst = 0;
        for (size_t i = 1; i < screen->n; i++)
            if (screen->lines[i].weight >= screen->lines[worst].weight)
                worst = i;
        memmove(&screen->lines[worst], &screen->lines[worst + 1],
                (screen->n - worst - 1) * sizeof(screen->lines[0]));
        screen->n--;
    }
}

size_t cli_watch_screen(const MienWatchSample *sample, int columns, int rows,
                        CliWatchLine lines[CLI_WATCH_LINES])
{
    Screen screen = {lines, 0, columns > 2 ? columns : 2};
    put_head(&screen, sample);
    for (size_t i = 0; i < sample->n_verdicts && i < 3; i++)
        put_verdict(&screen, &sample->verdicts[i]);
    new_line(&screen, CLI_WATCH_TEXT, BLANK);
    for (size_t i = 0; i < sample->n_gpus; i++)
        put_gpu(&screen, &sample->gpus[i]);
    if (sample->n_gpus == 0) {
        Text text = new_line(&screen, CLI_WATCH_TITLE, READING);
        add(&text, "GPU       no readings%s%s", *sample->driver_text ? ": " : "",
            sample->driver_text);
        new_line(&screen, CLI_WATCH_TEXT, BLANK);
    }
    if (sample->jetson)
        put_jetson(&screen, sample->jetson);
    put_cpu(&screen, sample);
    put_memory(&screen, sample);
    fit(&screen, rows);
    return screen.n;
}

/* What is unknown is a question mark: columns that come and go are hard to follow. */
static void add_plain(Text *text, const char *name, double value, int decimals, const char *unit)
{
    if (isnan(value))
        add(text, "%s?", name);
    else
        add(text, "%s%.*f%s", name, decimals, value, unit);
}

static void add_plain_gpu(Text *text, const MienWatchGpu *gpu)
{
    add(text, "  %s", gpu->id);
    add_plain(text, " ", gpu->load_percent, 0, " %");
    if (!isnan(gpu->memory_used_bytes))
        add_share(text, "", gpu->memory_used_bytes / GIB, gpu->memory_total_bytes / GIB, 1, "GiB");
    add_share(text, "", gpu->clock_mhz, gpu->clock_max_mhz, 0, "MHz");
    add_share(text, "", gpu->temperature_c, NAN, 0, "C");
    add_share(text, "", gpu->power_w, gpu->power_limit_w, 0, "W");
    if (!(gpu->slowdown & MIEN_SLOWDOWN_UNKNOWN) &&
        (gpu->slowdown & ~(uint32_t)MIEN_SLOWDOWN_IDLE)) {
        add(text, "   slowed by ");
        add_slowdown(text, gpu->slowdown);
    }
}

void cli_watch_plain(CliWriter *writer, const MienWatchSample *sample)
{
    char line[4096];
    Text text = {line, 0, sizeof(line)};
    time_t seconds = (time_t)(sample->time_us / 1000000);
    struct tm now;
    if (localtime_r(&seconds, &now))
        text.used = strftime(line, sizeof(line), "%H:%M:%S", &now);
    for (size_t i = 0; i < sample->n_gpus; i++)
        add_plain_gpu(&text, &sample->gpus[i]);
    double highest = NAN;
    for (size_t i = 0; i < sample->n_cores; i++)
        highest = fmax(highest, sample->cores[i].load_percent);
    add_plain(&text, "  cpu ", sample->cpu_percent, 0, " %");
    add_plain(&text, ", busiest core ", highest, 0, " %");
    double used = sample->memory_total_bytes - sample->memory_available_bytes;
    add_plain(&text, "  memory ", used / GIB, 1, "");
    add_plain(&text, " of ", sample->memory_total_bytes / GIB, 1, " GiB");
    add_plain(&text, ", swap ", sample->swap_used_bytes / GIB, 1, " GiB");
    add(&text, "  |  %s", sample->verdicts[0].text);
    cli_put(writer, line);
    cli_put(writer, "\n");
}
