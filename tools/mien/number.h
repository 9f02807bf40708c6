/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, the same in every locale. `text` has room for CLI_NUMBER_MAX bytes; functions
 * return the length and write no NUL. */
#ifndef MIEN_TOOL_NUMBER_H
#define MIEN_TOOL_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define CLI_NUMBER_MAX 32

/*
 * Writes the decimal number with the fewest digits that rounds to `value` (to nearest, ties to
 * even), and of those the nearest to it. Plain notation from 1e-5 to below 1e16, else "1.5e-7".
 * NaN and infinities become "null", as JSON has none.
 */
size_t cli_format_f32(float value, char *text);

/* Writes microseconds as seconds, exactly, with at least one digit after the point. */
size_t cli_format_seconds(int64_t microseconds, char *text);

size_t cli_format_int(int64_t value, char *text);

#endif
