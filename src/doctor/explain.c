/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads logs: collects one line at a time, looks for the known ones, and sums up. Memory is bounded
 * by the table: one record a known line, and one line of the log.
 */
#include "doctor/explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "doctor/catalogue.h"
#include "mien/explain.h"

#define MAX_LINE (64 * 1024)
#define MAX_TEXT 240 /* of a line, as it is shown */
#define LEAD 40      /* shown before what was found, where a line has to be cut in front */

typedef struct Seen {
    uint64_t first_line;
    uint64_t count;
    char text[MAX_TEXT + 1];
} Seen;

struct MienLogReader {
    const MieniKnownLine *known;
    size_t n_known;
    Seen *seen;          /* [n_known] */
    MienLogLine *lines;  /* [n_known], filled by finish */
    const char **causes; /* [n_known], filled by finish */
    MienLogReport report;
    char summary[512];
    uint64_t line_number; /* of the line that is being collected */
    bool line_open;       /* it has got a byte */
    size_t length;
    char line[MAX_LINE];
    uint8_t starts[65536 / 8]; /* bit per start_of: some pattern begins so */
};

static bool find(const char *text, size_t length, const char *what, size_t what_length, size_t *at)
{
    if (what_length == 0 || length < what_length)
        return false;
    const char *end = text + (length - what_length) + 1;
    for (const char *p = text; p < end; p++) {
        p = memchr(p, what[0], (size_t)(end - p));
        if (!p)
            return false;
        if (memcmp(p, what, what_length) == 0) {
            *at = (size_t)(p - text);
            return true;
        }
    }
    return false;
}

/* The first place from which the pieces follow one another. Taking the first place of each piece
 * is enough: a later one leaves less for the next. */
static bool match_pieces(const char *pattern, const char *line, size_t length, size_t *first)
{
    size_t from = 0;
    for (bool is_first = true;; is_first = false) {
        size_t piece = strcspn(pattern, "*"), at;
        if (!find(line + from, length - from, pattern, piece, &at))
            return false;
        if (is_first)
            *first = from + at;
        if (!pattern[piece])
            return true;
        from += at + piece;
        pattern += piece + 1;
    }
}

bool mieni_known_line_matches(const MieniKnownLine *known, const char *line, size_t length,
                              size_t *at)
{
    size_t ignored;
    return match_pieces(known->pattern, line, length, at) &&
           !(known->unless && find(line, length, known->unless, strlen(known->unless), &ignored));
}

/* A number below 65536 for the three bytes that a pattern begins with. */
static uint32_t start_of(const char *text)
{
    uint32_t bytes =
        (uint32_t)(uint8_t)text[0] << 16 | (uint32_t)(uint8_t)text[1] << 8 | (uint8_t)text[2];
    return (bytes * UINT32_C(2654435769)) >> 16;
}

MienStatus mien_log_reader_create(MienLogReader **out)
{
    if (!out)
        return MIEN_E_ARGUMENT;
    *out = NULL;
    MienLogReader *reader = mieni_alloc(1, sizeof(*reader));
    if (!reader)
        return MIEN_E_NOMEM;
    reader->known = mieni_known_lines(&reader->n_known);
    reader->seen = mieni_alloc(reader->n_known, sizeof(*reader->seen));
    reader->lines = mieni_alloc(reader->n_known, sizeof(*reader->lines));
    reader->causes = mieni_alloc(reader->n_known, sizeof(*reader->causes));
    if (!reader->seen || !reader->lines || !reader->causes) {
        mien_log_reader_destroy(reader);
        return MIEN_E_NOMEM;
    }
    for (size_t i = 0; i < reader->n_known; i++) {
        uint32_t start = start_of(reader->known[i].pattern);
        reader->starts[start / 8] |= (uint8_t)(1u << start % 8);
    }
    *out = reader;
    return MIEN_OK;
}

void mien_log_reader_destroy(MienLogReader *reader)
{
    if (!reader)
        return;
    mieni_free(reader->seen);
    mieni_free(reader->lines);
    mieni_free(reader->causes);
    mieni_free(reader);
}

/* Whether any pattern can be in the line: one cheap pass over most lines of most logs. */
static bool is_candidate(const MienLogReader *reader)
{
    for (size_t i = 0; i + 2 < reader->length; i++) {
        uint32_t start = start_of(reader->line + i);
        if (reader->starts[start / 8] >> start % 8 & 1)
            return true;
    }
    return false;
}

/* The line as it is shown: what was found is in it, and nothing that a terminal obeys. */
static void keep_text(const MienLogReader *reader, size_t at, char *text)
{
    size_t from = at > MAX_TEXT - 2 * LEAD ? at - LEAD : 0;
    size_t n = MIENI_MIN(reader->length - from, (size_t)MAX_TEXT);
    for (size_t i = 0; i < n; i++) {
        char c = reader->line[from + i];
        text[i] = c == '\t' ? ' ' : c >= ' ' && c <= '~' ? c : '?';
    }
    while (n > 0 && text[n - 1] == ' ')
        n--;
    text[n] = '\0';
}

static void end_line(MienLogReader *reader)
{
    if (reader->length > 0 && reader->line[reader->length - 1] == '\r')
        reader->length--;
    reader->line_number++;
    if (is_candidate(reader)) {
        for (size_t i = 0; i < reader->n_known; i++) {
            Seen *seen = &reader->seen[i];
            size_t at;
            if (!mieni_known_line_matches(&reader->known[i], reader->line, reader->length, &at))
                continue;
            if (seen->count++ == 0) {
                seen->first_line = reader->line_number;
                keep_text(reader, at, seen->text);
            }
        }
    }
    reader->length = 0;
    reader->line_open = false;
}

void mien_log_reader_feed(MienLogReader *reader, const void *data, size_t size_bytes)
{
    const char *bytes = data;
    if (!reader || !bytes)
        return;
    for (size_t i = 0; i < size_bytes; i++) {
        char c = bytes[i];
        if (c == '\n') {
            end_line(reader);
        } else if (c != '\0') { /* without its zeros, UTF-16 of such lines reads as ASCII */
            reader->line_open = true;
            if (reader->length < MAX_LINE)
                reader->line[reader->length++] = c;
        }
    }
}

static const Seen *seen_by_key(const MienLogReader *reader, const char *key)
{
    for (size_t i = 0; i < reader->n_known; i++) {
        if (strcmp(reader->known[i].key, key) == 0)
            return reader->seen[i].count > 0 ? &reader->seen[i] : NULL;
    }
    return NULL;
}

/* The cause that a line of the table points to in this log. */
static const MieniCause *cause_of(const MienLogReader *reader, const MieniKnownLine *known)
{
    if (!known->cause || (known->needs && !seen_by_key(reader, known->needs)))
        return NULL;
    return mieni_catalogue_find(known->cause);
}

/* Whether `a` is to be mended before `b`: what stops before what slows, what a line says outright
 * before what it makes likely, then the stages of the catalogue, then what came first. */
static bool is_before(const MienLogReader *reader, size_t a, size_t b)
{
    const MieniKnownLine *known_a = &reader->known[a], *known_b = &reader->known[b];
    const MieniCause *cause_a = cause_of(reader, known_a), *cause_b = cause_of(reader, known_b);
    if (cause_a->severity != cause_b->severity)
        return cause_a->severity < cause_b->severity;
    if (known_a->general != known_b->general)
        return known_b->general;
    if (cause_a->stage != cause_b->stage)
        return cause_a->stage < cause_b->stage;
    return reader->seen[a].first_line < reader->seen[b].first_line;
}

static bool is_listed(const MienLogReader *reader, const char *id)
{
    for (size_t i = 0; i < reader->report.n_causes; i++) {
        if (strcmp(reader->causes[i], id) == 0)
            return true;
    }
    return false;
}

static void list_causes(MienLogReader *reader)
{
    reader->report.n_causes = 0;
    for (;;) {
        size_t best = reader->n_known;
        for (size_t i = 0; i < reader->n_known; i++) {
            const MieniCause *cause = cause_of(reader, &reader->known[i]);
            if (reader->seen[i].count == 0 || !cause || cause->severity == MIENI_SEVERITY_INFO ||
                is_listed(reader, cause->id))
                continue;
            if (best == reader->n_known || is_before(reader, i, best))
                best = i;
        }
        if (best == reader->n_known)
            return;
        reader->causes[reader->report.n_causes++] = reader->known[best].cause;
    }
}

static void list_lines(MienLogReader *reader)
{
    size_t n = 0;
    for (size_t i = 0; i < reader->n_known; i++) {
        const MieniKnownLine *known = &reader->known[i];
        const Seen *seen = &reader->seen[i];
        if (seen->count == 0)
            continue;
        const MieniCause *cause = cause_of(reader, known);
        MienLogLine line = {
            known->key,     seen->first_line,        seen->count, seen->text, known->meaning,
            known->caution, cause ? cause->id : NULL};
        size_t at = n++;
        for (; at > 0 && reader->lines[at - 1].first_line > line.first_line; at--)
            reader->lines[at] = reader->lines[at - 1];
        reader->lines[at] = line;
    }
    reader->report.n_lines = n;
}

static void sum_up(MienLogReader *reader)
{
    char *text = reader->summary;
    size_t size = sizeof(reader->summary);
    bool gpu = seen_by_key(reader, "gpu-delegate"), cpu = seen_by_key(reader, "xnnpack-delegate");
    if (reader->report.n_causes > 0) {
        const MieniCause *cause = mieni_catalogue_find(reader->causes[0]);
        snprintf(text, size, "%s (%s).", cause->title, cause->id);
    } else if (gpu) {
        snprintf(text, size, "No fault: the GPU delegate was made%s.%s",
                 cpu ? ", and the XNNPACK lines beside it belong to small networks that always "
                       "stay on the CPU"
                     : "",
                 seen_by_key(reader, "nvidia-renderer")
                     ? ""
                     : " Only the renderer's name can tell whether a GPU is behind it.");
    } else if (cpu) {
        snprintf(text, size,
                 "No fault: an interpreter computes on the CPU, as MediaPipe does unless it is "
                 "asked for the GPU. The log does not tell whether it was.");
    } else if (reader->report.n_lines > 0) {
        snprintf(text, size, "None of the known lines in this log names a fault by itself.");
    } else {
        snprintf(text, size, "No line of this log is known to mean anything about the GPU.");
    }
}

const MienLogReport *mien_log_reader_finish(MienLogReader *reader)
{
    if (!reader)
        return NULL;
    if (reader->line_open)
        end_line(reader);
    list_causes(reader);
    list_lines(reader);
    sum_up(reader);
    reader->report.n_lines_read = reader->line_number;
    reader->report.lines = reader->lines;
    reader->report.causes = reader->causes;
    reader->report.summary = reader->summary;
    return &reader->report;
}

MienStatus mien_cause_find(const char *id, MienCause *cause)
{
    const MieniCause *found = mieni_catalogue_find(id);
    if (!found || !cause)
        return MIEN_E_ARGUMENT;
    *cause = (MienCause){found->id,    found->stage, (MienSeverity)found->severity,
                         found->title, found->why,   found->fix};
    return MIEN_OK;
}
