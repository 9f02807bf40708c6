/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>

const char *mien_status_name(MienStatus status)
{
    switch (status) {
#define NAME(name, value, text)                                                                    \
    case MIEN_##name:                                                                              \
        return "MIEN_" #name;
        MIEN_STATUS_LIST(NAME)
#undef NAME
    }
    return "MIEN_E_?";
}

const char *mien_status_text(MienStatus status)
{
    switch (status) {
#define TEXT(name, value, text)                                                                    \
    case MIEN_##name:                                                                              \
        return text;
        MIEN_STATUS_LIST(TEXT)
#undef TEXT
    }
    return "unknown status";
}

/* Names that come from files may hold anything; a text for people is one line. */
static void make_one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

MienStatus mieni_fail(MienError *error, MienStatus status, const char *reason, const char *format,
                      ...)
{
    if (!error)
        return status;
    error->status = status;
    snprintf(error->reason, sizeof(error->reason), "%s", reason);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    make_one_line(error->text);
    return status;
}

MienStatus mieni_fail_nomem(MienError *error)
{
    return mieni_fail(error, MIEN_E_NOMEM, "out-of-memory", "out of memory");
}

void mieni_log(const MieniLog *log, MienLogLevel level, const char *area, const char *format, ...)
{
    if (!log->write || level > log->level)
        return;
    char line[500];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    make_one_line(line);
    log->write(log->user, level, area, line);
}
