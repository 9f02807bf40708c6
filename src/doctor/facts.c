/* SPDX-License-Identifier: Apache-2.0 */
/* The facts lie in one array, sorted by name. */
#include "doctor/facts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_TEXT 4096
#define MAX_NAME 512
#define MAX_FACTS 16384 /* a flood from a broken helper ends here */
#define MAX_LINE 65536

struct MieniFacts {
    MieniFact *items;
    size_t n, capacity;
};

static const MieniFact unknown = {"", MIENI_FACT_UNKNOWN, "", 0};
static const char *const state_names[] = {"unknown", "value", "absent", "unreadable"};

MienStatus mieni_facts_create(MieniFacts **facts)
{
    *facts = mieni_alloc(1, sizeof(**facts));
    return *facts ? MIEN_OK : MIEN_E_NOMEM;
}

static void free_fact(MieniFact *fact)
{
    mieni_free((char *)fact->name);
    mieni_free((char *)fact->text);
}

void mieni_facts_destroy(MieniFacts *facts)
{
    if (!facts)
        return;
    for (size_t i = 0; i < facts->n; i++)
        free_fact(&facts->items[i]);
    mieni_free(facts->items);
    mieni_free(facts);
}

/* Length of the UTF-8 sequence at `text`, or 0 if there is none. Source: RFC 3629, section 4. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
    static const struct {
        unsigned char low, high, second_low, second_high;
        size_t length;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    if (text[0] < 0x80)
        return 1;
    for (size_t i = 0; i < MIENI_COUNT_OF(forms); i++) {
        if (text[0] < forms[i].low || text[0] > forms[i].high || left < forms[i].length)
            continue;
        if (text[1] < forms[i].second_low || text[1] > forms[i].second_high)
            return 0;
        for (size_t k = 2; k < forms[i].length; k++)
            if (text[k] < 0x80 || text[k] > 0xbf)
                return 0;
        return forms[i].length;
    }
    return 0;
}

/* C1 controls, and what breaks or turns lines in a terminal: U+2028, U+2029, U+202A..E, U+2066..9.
 */
static bool is_hidden(const unsigned char *text, size_t length)
{
    if (length == 2)
        return text[0] == 0xc2 && text[1] < 0xa0;
    if (length != 3 || text[0] != 0xe2)
        return false;
    return (text[1] == 0x80 && text[2] >= 0xa8 && text[2] <= 0xae) ||
           (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9);
}

/* A copy that is printable UTF-8 of at most `max` bytes: controls become spaces, what is no UTF-8
 * becomes U+FFFD. */
static char *copy_printable(const char *from, size_t length, size_t max)
{
    const unsigned char *text = (const unsigned char *)from;
    size_t capacity = MIENI_MIN(length, max) * 3 + 1;
    char *copy = mieni_alloc(MIENI_MIN(capacity, max + 1), 1);
    if (!copy)
        return NULL;
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        size_t n = utf8_length(text + i, length - i);
        const char *put = from + i;
        size_t n_put = n;
        if (n == 0) {
            put = "\xef\xbf\xbd";
            n_put = 3;
        } else if ((n == 1 && (text[i] < 0x20 || text[i] == 0x7f)) || is_hidden(text + i, n)) {
            put = " ";
            n_put = 1;
        }
        if (used + n_put > max)
            break;
        memcpy(copy + used, put, n_put);
        used += n_put;
        i += MIENI_MAX(n, (size_t)1);
    }
    copy[used] = '\0';
    return copy;
}

/* Where the fact of this name is or would be. */
static size_t find(const MieniFacts *facts, const char *name, bool *found)
{
    size_t low = 0, high = facts->n;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(facts->items[middle].name, name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static MienStatus grow(MieniFacts *facts)
{
    if (facts->n < facts->capacity)
        return MIEN_OK;
    if (facts->n >= MAX_FACTS)
        return MIEN_E_UNSUPPORTED;
    size_t capacity = MIENI_MAX(facts->capacity * 2, (size_t)64);
    MieniFact *items = mieni_realloc(facts->items, facts->capacity, capacity, sizeof(*items));
    if (!items)
        return MIEN_E_NOMEM;
    facts->items = items;
    facts->capacity = capacity;
    return MIEN_OK;
}

/* Puts a fact whose strings are already the store's own. */
static MienStatus insert(MieniFacts *facts, MieniFact fact)
{
    bool found;
    size_t at = find(facts, fact.name, &found);
    if (found) {
        free_fact(&facts->items[at]);
        facts->items[at] = fact;
        return MIEN_OK;
    }
    MienStatus status = grow(facts);
    if (status != MIEN_OK)
        return status;
    memmove(&facts->items[at + 1], &facts->items[at], (facts->n - at) * sizeof(fact));
    facts->items[at] = fact;
    facts->n++;
    return MIEN_OK;
}

static MienStatus put(MieniFacts *facts, const char *name, size_t n_name, MieniFactState state,
                      const char *text, size_t n_text, int32_t code)
{
    MieniFact fact = {.state = state, .code = code};
    fact.name = copy_printable(name, n_name, MAX_NAME);
    fact.text = copy_printable(text, n_text, MAX_TEXT);
    MienStatus status = MIEN_E_NOMEM;
    if (fact.name && fact.text)
        status = insert(facts, fact);
    if (status != MIEN_OK)
        free_fact(&fact);
    return status;
}

MienStatus mieni_facts_set(MieniFacts *facts, const char *name, const char *text)
{
    return put(facts, name, strlen(name), MIENI_FACT_VALUE, text, strlen(text), 0);
}

MienStatus mieni_facts_set_format(MieniFacts *facts, const char *name, const char *format, ...)
{
    char text[MAX_TEXT + 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return mieni_facts_set(facts, name, text);
}

MienStatus mieni_facts_set_absent(MieniFacts *facts, const char *name)
{
    return put(facts, name, strlen(name), MIENI_FACT_ABSENT, "", 0, 0);
}

MienStatus mieni_facts_set_unreadable(MieniFacts *facts, const char *name, int32_t code)
{
    return put(facts, name, strlen(name), MIENI_FACT_UNREADABLE, "", 0, code);
}

const MieniFact *mieni_facts_get(const MieniFacts *facts, const char *name)
{
    bool found;
    size_t at = find(facts, name, &found);
    return found ? &facts->items[at] : &unknown;
}

bool mieni_facts_has(const MieniFacts *facts, const char *name)
{
    return mieni_facts_get(facts, name)->state == MIENI_FACT_VALUE;
}

bool mieni_facts_absent(const MieniFacts *facts, const char *name)
{
    return mieni_facts_get(facts, name)->state == MIENI_FACT_ABSENT;
}

bool mieni_facts_is(const MieniFacts *facts, const char *name, const char *text)
{
    const MieniFact *fact = mieni_facts_get(facts, name);
    return fact->state == MIENI_FACT_VALUE && strcmp(fact->text, text) == 0;
}

bool mieni_facts_contains(const MieniFacts *facts, const char *name, const char *part)
{
    const MieniFact *fact = mieni_facts_get(facts, name);
    return fact->state == MIENI_FACT_VALUE && strstr(fact->text, part);
}

int64_t mieni_facts_number(const MieniFacts *facts, const char *name, int64_t otherwise)
{
    const MieniFact *fact = mieni_facts_get(facts, name);
    char *end;
    errno = 0;
    long long value = strtoll(fact->text, &end, 0);
    if (fact->state != MIENI_FACT_VALUE || end == fact->text || errno)
        return otherwise;
    return value;
}

/* `*` stands for any characters, none included. Greedy with one point to come back to, so that no
 * pattern takes more than length times length steps. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            resume = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

const MieniFact *mieni_facts_next(const MieniFacts *facts, const char *pattern, size_t *at)
{
    while (*at < facts->n) {
        const MieniFact *fact = &facts->items[(*at)++];
        if (matches(pattern, fact->name))
            return fact;
    }
    return NULL;
}

/* Texts hold neither tabs nor newlines, so the backslash alone needs a second one. */
static size_t escape(const char *text, char *out)
{
    size_t n = 0;
    for (; *text; text++) {
        if (*text == '\\')
            out[n++] = '\\';
        out[n++] = *text;
    }
    return n;
}

MienStatus mieni_facts_write(const MieniFacts *facts, int (*write)(void *user, const char *line),
                             void *user)
{
    char *line = mieni_alloc(2 * (MAX_NAME + MAX_TEXT) + 64, 1);
    if (!line)
        return MIEN_E_NOMEM;
    MienStatus status = MIEN_OK;
    for (size_t i = 0; i < facts->n && status == MIEN_OK; i++) {
        const MieniFact *fact = &facts->items[i];
        size_t n = escape(fact->name, line);
        n += (size_t)snprintf(line + n, 48, "\t%s\t%d\t", state_names[fact->state], fact->code);
        n += escape(fact->text, line + n);
        line[n] = '\0';
        if (write(user, line) != 0)
            status = MIEN_E_IO;
    }
    mieni_free(line);
    return status;
}

/* Undoes escape(), and the `\n` and `\t` of a writer that passes on raw texts, in place. */
static size_t unescape(char *text, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\\' && i + 1 < length) {
            c = text[++i];
            if (c == 'n' || c == 't')
                c = ' ';
        }
        text[n++] = c;
    }
    return n;
}

typedef struct Field {
    char *text;
    size_t length;
} Field;

/* Splits at the first three tabs; false if there are fewer. */
static bool split(char *line, size_t length, Field fields[4])
{
    size_t begin = 0;
    int n = 0;
    for (size_t i = 0; i < length && n < 3; i++)
        if (line[i] == '\t') {
            fields[n++] = (Field){line + begin, i - begin};
            begin = i + 1;
        }
    fields[3] = (Field){line + begin, length - begin};
    return n == 3;
}

static int state_of(Field field)
{
    for (int i = 0; i < (int)MIENI_COUNT_OF(state_names); i++)
        if (strlen(state_names[i]) == field.length &&
            memcmp(state_names[i], field.text, field.length) == 0)
            return i;
    return -1;
}

/* The number in a field, or -1 if it is not one that an errno can have. */
static int32_t code_of(Field field)
{
    int32_t code = 0;
    for (size_t i = 0; i < field.length; i++) {
        if (field.text[i] < '0' || field.text[i] > '9' || code > 100000)
            return -1;
        code = 10 * code + (field.text[i] - '0');
    }
    return field.length ? code : -1;
}

static MienStatus read_fields(MieniFacts *facts, char *copy, size_t length)
{
    Field fields[4];
    if (!split(copy, length, fields))
        return MIEN_E_FORMAT;
    int state = state_of(fields[1]);
    int32_t code = code_of(fields[2]);
    size_t n_name = unescape(fields[0].text, fields[0].length);
    if (state <= MIENI_FACT_UNKNOWN || code < 0 || n_name == 0 || n_name > MAX_NAME)
        return MIEN_E_FORMAT;
    bool has_text = state == MIENI_FACT_VALUE;
    size_t n_text = has_text ? unescape(fields[3].text, fields[3].length) : 0;
    return put(facts, fields[0].text, n_name, (MieniFactState)state, fields[3].text, n_text,
               state == MIENI_FACT_UNREADABLE ? code : 0);
}

MienStatus mieni_facts_read_line(MieniFacts *facts, const char *line, size_t length)
{
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    if (length > MAX_LINE)
        return MIEN_E_FORMAT;
    char *copy = mieni_alloc(length + 1, 1);
    if (!copy)
        return MIEN_E_NOMEM;
    memcpy(copy, line, length);
    MienStatus status = read_fields(facts, copy, length);
    mieni_free(copy);
    return status;
}
