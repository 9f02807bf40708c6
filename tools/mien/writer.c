/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "number.h"

void cli_writer_init(CliWriter *writer, int fd)
{
    writer->fd = fd;
    writer->error = 0;
    writer->used = 0;
}

int cli_writer_flush(CliWriter *writer)
{
    size_t done = 0;
    while (done < writer->used && !writer->error) {
        ssize_t n = write(writer->fd, writer->buffer + done, writer->used - done);
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno != EINTR)
            writer->error = errno;
        else if (n == 0)
            writer->error = ENOSPC;
    }
    writer->used = 0;
    return writer->error;
}

void cli_put_bytes(CliWriter *writer, const char *bytes, size_t n)
{
    while (n > 0 && !writer->error) {
        size_t room = sizeof(writer->buffer) - writer->used;
        size_t part = n < room ? n : room;
        memcpy(writer->buffer + writer->used, bytes, part);
        writer->used += part;
        bytes += part;
        n -= part;
        if (writer->used == sizeof(writer->buffer))
            cli_writer_flush(writer);
    }
}

void cli_put(CliWriter *writer, const char *text)
{
    cli_put_bytes(writer, text, strlen(text));
}

void cli_put_int(CliWriter *writer, int64_t value)
{
    char text[CLI_NUMBER_MAX];
    cli_put_bytes(writer, text, cli_format_int(value, text));
}

void cli_put_f32(CliWriter *writer, float value)
{
    char text[CLI_NUMBER_MAX];
    cli_put_bytes(writer, text, cli_format_f32(value, text));
}

void cli_put_seconds(CliWriter *writer, int64_t microseconds)
{
    char text[CLI_NUMBER_MAX];
    cli_put_bytes(writer, text, cli_format_seconds(microseconds, text));
}

void cli_put_fixed(CliWriter *writer, double value, int decimals)
{
    double scale = 1;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    if (!(fabs(value) * scale < 9e15)) {
        cli_put(writer, "null");
        return;
    }
    int64_t scaled = (int64_t)llround(fabs(value) * scale);
    int64_t whole = scaled / (int64_t)scale, fraction = scaled % (int64_t)scale;
    if (value < 0 && scaled)
        cli_put(writer, "-");
    cli_put_int(writer, whole);
    if (!fraction)
        return;
    char digits[CLI_NUMBER_MAX];
    int n = decimals;
    for (; fraction % 10 == 0; fraction /= 10)
        n--;
    for (int i = n - 1; i >= 0; i--, fraction /= 10)
        digits[i] = (char)('0' + fraction % 10);
    cli_put(writer, ".");
    cli_put_bytes(writer, digits, (size_t)n);
}

/* Length of the UTF-8 sequence that begins here, or 0 if there is none. Source: RFC 3629,
 * section 4. */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xC2 && s[0] <= 0xDF   ? 2
               : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
               : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                              : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
        (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
        return 0;
    return n;
}

/* U+0085, U+2028, U+2029: sound in JSON, but many programs end a line there, and NDJSON is read by
 * lines. */
static bool is_line_break(const unsigned char *s)
{
    return (s[0] == 0xC2 && s[1] == 0x85) ||
           (s[0] == 0xE2 && s[1] == 0x80 && (s[2] == 0xA8 || s[2] == 0xA9));
}

void cli_put_json(CliWriter *writer, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    if (!text) {
        cli_put(writer, "null");
        return;
    }
    cli_put(writer, "\"");
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        size_t n = utf8_length(s);
        if (*s == '"' || *s == '\\') {
            char escaped[2] = {'\\', (char)*s};
            cli_put_bytes(writer, escaped, 2);
        } else if (*s < 0x20 || *s == 0x7F) {
            char escaped[6] = {'\\', 'u', '0', '0', hex[*s >> 4], hex[*s & 15]};
            cli_put_bytes(writer, escaped, 6);
        } else if (n && is_line_break(s)) {
            cli_put(writer, *s == 0xC2 ? "\\u0085" : s[2] == 0xA8 ? "\\u2028" : "\\u2029");
        } else if (n) {
            cli_put_bytes(writer, (const char *)s, n);
        } else {
            cli_put(writer, "\xEF\xBF\xBD");
        }
        s += n ? n : 1;
    }
    cli_put(writer, "\"");
}

void cli_put_csv(CliWriter *writer, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        cli_put(writer, text);
        return;
    }
    cli_put(writer, "\"");
    for (; *text; text++) {
        if (*text == '"')
            cli_put(writer, "\"");
        cli_put_bytes(writer, text, 1);
    }
    cli_put(writer, "\"");
}
