/* SPDX-License-Identifier: Apache-2.0 */
/* Another program's log. Its first byte says how large the pieces are in which it is fed: that must
 * make no difference. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "mien/explain.h"

static void check_line(const char *line)
{
    for (; *line; line++)
        if (*line < ' ' || *line > '~')
            fuzz_fail("a line that is not printable ASCII");
}

static void check_report(const MienLogReport *report)
{
    MienCause cause;
    for (size_t i = 0; i < report->n_lines; i++) {
        const MienLogLine *line = &report->lines[i];
        check_line(line->text);
        if (line->count == 0 || line->first_line == 0 || line->first_line > report->n_lines_read)
            fuzz_fail("line %zu was seen nowhere", i);
        if (line->cause && mien_cause_find(line->cause, &cause) != MIEN_OK)
            fuzz_fail("no cause is called %s", line->cause);
    }
    for (size_t i = 0; i < report->n_causes; i++)
        if (mien_cause_find(report->causes[i], &cause) != MIEN_OK)
            fuzz_fail("no cause is called %s", report->causes[i]);
    if (!*report->summary)
        fuzz_fail("no summary");
}

static MienLogReader *read_log(const uint8_t *data, size_t size, size_t piece)
{
    MienLogReader *reader;
    if (mien_log_reader_create(&reader) != MIEN_OK)
        fuzz_fail("no reader");
    for (size_t at = 0; at < size; at += piece)
        mien_log_reader_feed(reader, data + at, size - at < piece ? size - at : piece);
    return reader;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    MienLogReader *whole = read_log(data + 1, size - 1, size);
    MienLogReader *pieces = read_log(data + 1, size - 1, (size_t)data[0] % 61 + 1);
    const MienLogReport *a = mien_log_reader_finish(whole), *b = mien_log_reader_finish(pieces);
    check_report(a);
    if (a->n_lines_read != b->n_lines_read || a->n_lines != b->n_lines ||
        a->n_causes != b->n_causes || strcmp(a->summary, b->summary) != 0)
        fuzz_fail("pieces of %d bytes are read otherwise than the whole", data[0] % 61 + 1);
    mien_log_reader_destroy(whole);
    mien_log_reader_destroy(pieces);
    return 0;
}
