/* SPDX-License-Identifier: Apache-2.0 */
/* Buffered text on a file descriptor. The first failure sticks and silences what follows. */
#ifndef MIEN_TOOL_WRITER_H
#define MIEN_TOOL_WRITER_H

#include <stddef.h>
#include <stdint.h>

typedef struct CliWriter {
    int fd;
    int error; /* errno of the first failure, or 0 */
    size_t used;
    char buffer[1 << 16];
} CliWriter;

void cli_writer_init(CliWriter *writer, int fd);

void cli_put(CliWriter *writer, const char *text);
void cli_put_bytes(CliWriter *writer, const char *bytes, size_t n);
void cli_put_int(CliWriter *writer, int64_t value);
void cli_put_f32(CliWriter *writer, float value);
void cli_put_seconds(CliWriter *writer, int64_t microseconds);

/* A number with at most `decimals` digits after the point, for figures that are no raw results. */
void cli_put_fixed(CliWriter *writer, double value, int decimals);

/* A JSON string with its quotes; what is not UTF-8 becomes U+FFFD. NULL is written as null. */
void cli_put_json(CliWriter *writer, const char *text);

/* A CSV field, quoted where it must be. Source: RFC 4180, section 2. */
void cli_put_csv(CliWriter *writer, const char *text);

/* Writes out what is buffered; returns errno of the first failure, or 0. */
int cli_writer_flush(CliWriter *writer);

#endif
