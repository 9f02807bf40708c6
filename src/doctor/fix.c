/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the lines of a fix that are for this machine. */
#include "doctor/probe.h"
#include "doctor/report.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_LINES 32

typedef struct Line {
    const char *tag; /* NULL: for everybody */
    size_t n_tag;
    const char *text;
    size_t n_text;
} Line;

static size_t split(const char *fix, Line lines[MAX_LINES])
{
    size_t n = 0;
    while (*fix && n < MAX_LINES) {
        size_t length = strcspn(fix, "\n");
        Line line = {NULL, 0, fix, length};
        const char *close = memchr(fix, ']', length);
        if (*fix == '[' && close && close[1] == ' ') {
            line = (Line){fix + 1, (size_t)(close - fix) - 1, close + 2, 0};
            line.n_text = length - (size_t)(line.text - fix);
        }
        lines[n++] = line;
        fix += length + (fix[length] == '\n');
    }
    return n;
}

static bool has_tag(const Line *lines, size_t n, const char *tag, size_t n_tag)
{
    for (size_t i = 0; i < n && n_tag > 0; i++)
        if (lines[i].tag && lines[i].n_tag == n_tag && !strncmp(lines[i].tag, tag, n_tag))
            return true;
    return false;
}

/* The tag among the lines that fits this machine best: the board, the distribution, what that is
 * like, the processor. "" if none does. */
static void choose_tag(const MieniFacts *facts, const Line *lines, size_t n, char tag[32])
{
    static const char *const names[] = {"P02.id", "P02.id_like", "P01.machine"};
    *tag = '\0';
    if (mieni_facts_has(facts, "P04.soc") && has_tag(lines, n, "jetson", 6)) {
        snprintf(tag, 32, "jetson");
        return;
    }
    for (size_t i = 0; i < MIENI_COUNT_OF(names); i++)
        for (const char *word = mieni_facts_get(facts, names[i])->text; *word;) {
            size_t length = strcspn(word, " ");
            if (length < 32 && has_tag(lines, n, word, length)) {
                snprintf(tag, 32, "%.*s", (int)length, word);
                return;
            }
            word += length + (word[length] == ' ');
        }
}

/* Copies a line with the driver's branch, such as 550, for the word BRANCH. */
static size_t copy_line(const MieniFacts *facts, const Line *line, bool with_tag, char *out,
                        size_t size)
{
    int64_t branch = mieni_facts_number(facts, "H05.version", 0);
    size_t used = 0;
    if (with_tag)
        used = (size_t)snprintf(out, size, "[%.*s] ", (int)line->n_tag, line->tag);
    for (size_t i = 0; i < line->n_text && used + 16 < size;) {
        if (branch > 0 && line->n_text - i >= 6 && !strncmp(line->text + i, "BRANCH", 6)) {
            used += (size_t)snprintf(out + used, size - used, "%d", (int)branch);
            i += 6;
        } else {
            out[used++] = line->text[i++];
        }
    }
    out[used] = '\0';
    return used + 1;
}

char **mieni_fix_lines(const MieniFacts *facts, const MieniCause *cause, size_t *n)
{
    Line lines[MAX_LINES];
    char tag[32];
    size_t n_lines = split(cause->fix, lines), used = 0;
    size_t size = strlen(cause->fix) * 2 + 64 * MAX_LINES;
    choose_tag(facts, lines, n_lines, tag);
    *n = 0;
    char **result = mieni_alloc(MAX_LINES + 1, sizeof(*result));
    char *text = mieni_alloc(size, 1);
    if (!result || !text) {
        mieni_free(result);
        mieni_free(text);
        return NULL;
    }
    result[0] = text;
    for (size_t i = 0; i < n_lines; i++) {
        bool chosen = lines[i].tag && *tag && has_tag(&lines[i], 1, tag, strlen(tag));
        /* For a machine that no tag fits, all of them are better than none. */
        if (lines[i].tag && !chosen && *tag)
            continue;
        result[*n] = text + used;
        used += copy_line(facts, &lines[i], lines[i].tag && !chosen, text + used, size - used);
        (*n)++;
    }
    return result;
}
