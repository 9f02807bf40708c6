/* SPDX-License-Identifier: Apache-2.0 */
#include "fact.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Puts `index` in the place of %d. */
static void print_name(const char *name, int index)
{
    const char *place = strstr(name, "%d");
    if (place)
        printf("%.*s%d%s", (int)(place - name), name, index, place + 2);
    else
        printf("%s", name);
}

/* A driver's text may hold anything; a line must stay a line. */
static void print_escaped(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\\\", stdout);
        else if (*text == '\n' || *text == '\r')
            fputs("\\n", stdout);
        else if (*text == '\t')
            fputs("\\t", stdout);
        else
            putchar(*text);
    }
}

void fact(const char *name, int index, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    print_name(name, index);
    fputs("\tvalue\t0\t", stdout);
    print_escaped(text);
    putchar('\n');
    /* What is known before a crash must not be lost in it. */
    fflush(stdout);
}

void fact_absent(const char *name)
{
    printf("%s\tabsent\t0\t\n", name);
    fflush(stdout);
}
