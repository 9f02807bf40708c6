/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/probe.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_NAME 512

static void (*const probes[])(MieniProbe *probe) = {
    mieni_probe_platform,    mieni_probe_hardware,  mieni_probe_modules,   mieni_probe_nodes,
    mieni_probe_environment, mieni_probe_libraries, mieni_probe_manifests,
};

MienStatus mieni_probe_files(const MieniMachine *machine, MieniFacts *facts)
{
    MieniProbe probe = {machine, facts, MIEN_OK, mieni_alloc(MIENI_FILE_MAX + 1, 1)};
    if (!probe.text)
        return MIEN_E_NOMEM;
    for (size_t i = 0; i < MIENI_COUNT_OF(probes) && probe.status == MIEN_OK; i++)
        probes[i](&probe);
    mieni_free(probe.text);
    return probe.status;
}

/* A full store is a machine with absurdly many things: what is there suffices. */
static void keep(MieniProbe *probe, MienStatus status)
{
    if (status == MIEN_E_NOMEM && probe->status == MIEN_OK)
        probe->status = status;
}

#define FORMAT_NAME(name_text)                                                                     \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, name);                                                                 \
        vsnprintf(name_text, sizeof(name_text), name, arguments);                                  \
        va_end(arguments);                                                                         \
    } while (0)

void mieni_note(MieniProbe *probe, const char *text, const char *name, ...)
{
    char name_text[MAX_NAME];
    FORMAT_NAME(name_text);
    keep(probe, mieni_facts_set(probe->facts, name_text, text));
}

void mieni_note_number(MieniProbe *probe, int64_t number, const char *name, ...)
{
    char name_text[MAX_NAME];
    FORMAT_NAME(name_text);
    keep(probe, mieni_facts_set_format(probe->facts, name_text, "%lld", (long long)number));
}

static void note_error(MieniProbe *probe, int error, const char *name)
{
    if (error == ENOENT || error == ENOTDIR)
        keep(probe, mieni_facts_set_absent(probe->facts, name));
    else
        keep(probe, mieni_facts_set_unreadable(probe->facts, name, error));
}

void mieni_note_error(MieniProbe *probe, int error, const char *name, ...)
{
    char name_text[MAX_NAME];
    FORMAT_NAME(name_text);
    note_error(probe, error, name_text);
}

int mieni_probe_read(MieniProbe *probe, const char *path)
{
    size_t n;
    int error = mieni_machine_read(probe->machine, path, probe->text, &n);
    for (size_t i = 0; i < n; i++)
        if (probe->text[i] == '\0')
            probe->text[i] = ' ';
    return error;
}

bool mieni_note_line(MieniProbe *probe, const char *path, const char *name, ...)
{
    char name_text[MAX_NAME];
    FORMAT_NAME(name_text);
    int error = mieni_probe_read(probe, path);
    if (error)
        note_error(probe, error, name_text);
    else
        keep(probe, mieni_facts_set(probe->facts, name_text, mieni_trim(probe->text)));
    return !error;
}

bool mieni_probe_exists(const MieniProbe *probe, const char *path)
{
    int64_t bytes;
    bool is_dir;
    return mieni_machine_size(probe->machine, path, &bytes, &is_dir) == 0;
}

char *mieni_trim(char *text)
{
    text[strcspn(text, "\r\n")] = '\0';
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        text[--n] = '\0';
    return text;
}

static bool is_word_character(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

bool mieni_has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || !is_word_character(at[-1])) && !is_word_character(at[n]))
            return true;
    return false;
}

bool mieni_path(char *path, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(path, MIENI_PATH_MAX, format, arguments);
    va_end(arguments);
    return n > 0 && n < MIENI_PATH_MAX;
}

bool mieni_find_version(const char *text, char *version, size_t size)
{
    for (const char *at = text; *at; at++) {
        if (!isdigit((unsigned char)*at) ||
            (at > text && (is_word_character(at[-1]) || at[-1] == '.')))
            continue;
        size_t n = strspn(at, "0123456789.");
        while (n > 0 && at[n - 1] == '.')
            n--;
        if (memchr(at, '.', n) && !is_word_character(at[n]) && n < size) {
            memcpy(version, at, n);
            version[n] = '\0';
            return true;
        }
    }
    return false;
}

int mieni_compare_versions(const char *a, const char *b)
{
    while (*a || *b) {
        char *end_a, *end_b;
        long x = strtol(a, &end_a, 10), y = strtol(b, &end_b, 10);
        if (x != y)
            return x < y ? -1 : 1;
        if ((end_a == a && *a) || (end_b == b && *b))
            return strcmp(a, b); /* no numbers any more */
        a = end_a + (*end_a == '.');
        b = end_b + (*end_b == '.');
    }
    return 0;
}
