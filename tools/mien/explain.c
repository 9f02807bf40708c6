/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "mien/explain.h"
#include "mien/install.h"
#include "writer.h"

#define WIDTH 80

static const char *const severities[] = {"fatal", "degrading", "info"};
static const char *const answers[] = {"unknown", "no", "yes"};

/* A paragraph, broken between words; every line begins with `indent`. */
static void put_wrapped(CliWriter *out, const char *indent, const char *text)
{
    while (*text) {
        size_t room = WIDTH - strlen(indent), n = strlen(text);
        if (n > room) {
            n = room;
            while (n > 0 && text[n] != ' ')
                n--;
            if (n == 0)
                n = strcspn(text, " ");
        }
        cli_put(out, indent);
        cli_put_bytes(out, text, n);
        cli_put(out, "\n");
        text += n;
        text += strspn(text, " ");
    }
}

/* The fix, a command or step a line. */
static void put_fix(CliWriter *out, const char *indent, const char *fix)
{
    while (*fix) {
        size_t n = strcspn(fix, "\n");
        cli_put(out, indent);
        cli_put_bytes(out, fix, n);
        cli_put(out, "\n");
        fix += n + (fix[n] == '\n');
    }
}

static void put_field(CliWriter *out, const char *before, const char *name, const char *value)
{
    cli_put(out, before);
    cli_put_json(out, name);
    cli_put(out, ":");
    cli_put_json(out, value);
}

static void put_fix_json(CliWriter *out, const char *fix)
{
    cli_put(out, ",\"fix\":[");
    for (bool first = true; *fix; first = false) {
        char line[256];
        size_t n = strcspn(fix, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)n, fix);
        cli_put(out, first ? "" : ",");
        cli_put_json(out, line);
        fix += n + (fix[n] == '\n');
    }
    cli_put(out, "]");
}

static void put_cause_json(CliWriter *out, const MienCause *cause)
{
    put_field(out, "{", "id", cause->id);
    cli_put(out, ",\"stage\":");
    cli_put_int(out, cause->stage);
    put_field(out, ",", "severity", severities[cause->severity]);
    put_field(out, ",", "title", cause->title);
    put_field(out, ",", "why", cause->why);
    put_fix_json(out, cause->fix);
    cli_put(out, "}");
}

static void put_cause(CliWriter *out, const MienCause *cause)
{
    cli_put(out, cause->id);
    cli_put(out, " (");
    cli_put(out, severities[cause->severity]);
    cli_put(out, "): ");
    cli_put(out, cause->title);
    cli_put(out, "\n\n");
    put_wrapped(out, "", cause->why);
    cli_put(out, "\n");
    put_fix(out, "    ", cause->fix);
}

static void put_causes_json(CliWriter *out, const char *const *ids, size_t n)
{
    cli_put(out, "\"causes\":[");
    for (size_t i = 0; i < n; i++) {
        MienCause cause;
        cli_put(out, i > 0 ? "," : "");
        if (mien_cause_find(ids[i], &cause) == MIEN_OK)
            put_cause_json(out, &cause);
    }
    cli_put(out, "]");
}

static void put_log_json(CliWriter *out, const MienLogReport *report)
{
    cli_put(out, "{\"schema\":\"mien.log/1\",\"lines_read\":");
    cli_put_int(out, (int64_t)report->n_lines_read);
    cli_put(out, ",\"lines\":[");
    for (size_t i = 0; i < report->n_lines; i++) {
        const MienLogLine *line = &report->lines[i];
        put_field(out, i > 0 ? ",{" : "{", "key", line->key);
        cli_put(out, ",\"first_line\":");
        cli_put_int(out, (int64_t)line->first_line);
        cli_put(out, ",\"count\":");
        cli_put_int(out, (int64_t)line->count);
        put_field(out, ",", "text", line->text);
        put_field(out, ",", "meaning", line->meaning);
        put_field(out, ",", "caution", line->caution);
        put_field(out, ",", "cause", line->cause);
        cli_put(out, "}");
    }
    cli_put(out, "],");
    put_causes_json(out, report->causes, report->n_causes);
    put_field(out, ",", "summary", report->summary);
    cli_put(out, "}\n");
}

static void put_log(CliWriter *out, const MienLogReport *report)
{
    for (size_t i = 0; i < report->n_lines; i++) {
        const MienLogLine *line = &report->lines[i];
        cli_put(out, "line ");
        cli_put_int(out, (int64_t)line->first_line);
        if (line->count > 1) {
            cli_put(out, ", ");
            cli_put_int(out, (int64_t)line->count);
            cli_put(out, " times");
        }
        cli_put(out, ": ");
        cli_put(out, line->text);
        cli_put(out, "\n");
        put_wrapped(out, "    ", line->meaning);
        if (line->caution)
            put_wrapped(out, "    ", line->caution);
        if (line->cause) {
            cli_put(out, "    -> ");
            cli_put(out, line->cause);
            cli_put(out, "\n");
        }
        cli_put(out, "\n");
    }
    put_wrapped(out, "", report->summary);
    MienCause cause;
    if (report->n_causes > 0 && mien_cause_find(report->causes[0], &cause) == MIEN_OK) {
        cli_put(out, "\n");
        put_wrapped(out, "", cause.why);
        cli_put(out, "\n");
        put_fix(out, "    ", cause.fix);
    }
}

/* Writes out, frees and says how it went. */
static CliExit finish(CliWriter *out)
{
    int error = cli_writer_flush(out);
    free(out);
    if (error)
        return cli_fail(CLI_OUTPUT, "cannot write standard output: %s", strerror(error));
    return CLI_OK;
}

static CliWriter *open_output(void)
{
    CliWriter *out = malloc(sizeof(*out));
    if (out)
        cli_writer_init(out, 1);
    return out;
}

static CliExit explain_log(FILE *file, const char *name, bool json)
{
    static char piece[1 << 16];
    MienLogReader *reader;
    if (mien_log_reader_create(&reader) != MIEN_OK)
        return cli_fail(CLI_INTERNAL, "out of memory");
    size_t n;
    while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
        mien_log_reader_feed(reader, piece, n);
    CliExit code = CLI_OK;
    CliWriter *out = NULL;
    if (ferror(file)) {
        code = cli_fail(CLI_INPUT, "cannot read %s: %s", name, strerror(errno));
    } else if (!(out = open_output())) {
        code = cli_fail(CLI_INTERNAL, "out of memory");
    } else {
        const MienLogReport *report = mien_log_reader_finish(reader);
        (json ? put_log_json : put_log)(out, report);
        code = finish(out);
    }
    mien_log_reader_destroy(reader);
    return code;
}

CliExit cli_explain(const char *what, bool json)
{
    MienCause cause;
    if (mien_cause_find(what, &cause) == MIEN_OK) {
        CliWriter *out = open_output();
        if (!out)
            return cli_fail(CLI_INTERNAL, "out of memory");
        if (json) {
            cli_put(out, "{\"schema\":\"mien.cause/1\",\"cause\":");
            put_cause_json(out, &cause);
            cli_put(out, "}\n");
        } else {
            put_cause(out, &cause);
        }
        return finish(out);
    }
    if (strcmp(what, "-") == 0)
        return explain_log(stdin, "standard input", json);
    FILE *file = fopen(what, "rb");
    if (!file)
        return cli_fail(CLI_INPUT, "%s is neither a cause nor a log that can be opened: %s", what,
                        strerror(errno));
    CliExit code = explain_log(file, what, json);
    fclose(file);
    return code;
}

static void put_install_json(CliWriter *out, const MienInstallVerdict *verdicts, size_t n)
{
    cli_put(out, "{\"schema\":\"mien.install/1\",\"verdicts\":[");
    for (size_t i = 0; i < n; i++) {
        const MienInstallVerdict *verdict = &verdicts[i];
        put_field(out, i > 0 ? ",{" : "{", "subject", verdict->subject);
        put_field(out, ",", "can_use_gpu", answers[verdict->can_use_gpu]);
        cli_put(out, ",\"cause\":");
        MienCause cause;
        if (verdict->cause && mien_cause_find(verdict->cause, &cause) == MIEN_OK)
            put_cause_json(out, &cause);
        else
            cli_put(out, "null");
        cli_put(out, ",\"evidence\":[");
        for (size_t k = 0; k < verdict->n_evidence; k++) {
            put_field(out, k > 0 ? ",{" : "{", "probe", verdict->evidence[k].probe);
            put_field(out, ",", "value", verdict->evidence[k].value);
            cli_put(out, "}");
        }
        cli_put(out, "]}");
    }
    cli_put(out, "]}\n");
}

static void put_install(CliWriter *out, const MienInstallVerdict *verdicts, size_t n)
{
    static const char *const texts[] = {"cannot be told", "cannot use a GPU",
                                        "nothing in its files speaks against a GPU"};
    for (size_t i = 0; i < n; i++) {
        const MienInstallVerdict *verdict = &verdicts[i];
        cli_put(out, i > 0 ? "\n" : "");
        cli_put(out, verdict->subject);
        cli_put(out, ": ");
        cli_put(out, texts[verdict->can_use_gpu]);
        cli_put(out, "\n");
        for (size_t k = 0; k < verdict->n_evidence; k++) {
            cli_put(out, "    ");
            cli_put(out, verdict->evidence[k].probe);
            cli_put(out, " = ");
            cli_put(out, verdict->evidence[k].value);
            cli_put(out, "\n");
        }
        MienCause cause;
        if (verdict->cause && mien_cause_find(verdict->cause, &cause) == MIEN_OK) {
            cli_put(out, "    -> ");
            cli_put(out, cause.id);
            cli_put(out, ": ");
            cli_put(out, cause.title);
            cli_put(out, "\n");
            put_fix(out, "       ", cause.fix);
        }
    }
    if (n == 0)
        cli_put(out, "No framework that mien knows is installed there.\n");
}

CliExit cli_inspect_python(const char *path, bool json)
{
    MienInstall *install;
    MienError error = {MIEN_OK, "", ""};
    if (mien_install_create(path, NULL, &install, &error) != MIEN_OK)
        return cli_fail(error.status == MIEN_E_NOMEM ? CLI_INTERNAL : CLI_INPUT, "%s", error.text);
    size_t n;
    const MienInstallVerdict *verdicts = mien_install_verdicts(install, &n);
    CliWriter *out = open_output();
    CliExit code = CLI_INTERNAL;
    if (out) {
        (json ? put_install_json : put_install)(out, verdicts, n);
        code = finish(out);
    } else {
        cli_fail(CLI_INTERNAL, "out of memory");
    }
    mien_install_destroy(install);
    return code;
}
