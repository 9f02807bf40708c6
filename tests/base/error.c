/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "support/test.h"

static void every_status_has_name_and_text(void **state)
{
    (void)state;
#define CHECK(name, value, text)                                                                   \
    assert_int_equal(MIEN_##name, value);                                                          \
    assert_string_equal(mien_status_name(MIEN_##name), "MIEN_" #name);                             \
    assert_string_equal(mien_status_text(MIEN_##name), text);
    MIEN_STATUS_LIST(CHECK)
#undef CHECK
    assert_string_equal(mien_status_name((MienStatus)-99), "MIEN_E_?");
    assert_string_equal(mien_status_text((MienStatus)-99), "unknown status");
}

static void failing_fills_the_error(void **state)
{
    (void)state;
    MienError error;
    memset(&error, 'x', sizeof(error));
    assert_int_equal(mieni_fail(&error, MIEN_E_IO, "some-reason", "%s: %d", "file", 7), MIEN_E_IO);
    assert_int_equal(error.status, MIEN_E_IO);
    assert_string_equal(error.reason, "some-reason");
    assert_string_equal(error.text, "file: 7");
    assert_int_equal(mieni_fail_nomem(&error), MIEN_E_NOMEM);
    assert_int_equal(error.status, MIEN_E_NOMEM);
    assert_string_equal(error.reason, "out-of-memory");
    assert_int_equal(mieni_fail(NULL, MIEN_E_FORMAT, "r", "t"), MIEN_E_FORMAT);
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    char *text = malloc(2001);
    assert_non_null(text);
    memset(text, 'a', 2000);
    text[2000] = 0;
    MienError error;
    mieni_fail(&error, MIEN_E_IO, text, "%s", text);
    assert_int_equal(strlen(error.reason), sizeof(error.reason) - 1);
    assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
    free(text);
}

typedef struct Lines {
    int n;
    MienLogLevel level;
    char area[16], line[600];
} Lines;

static void keep_line(void *user, MienLogLevel level, const char *area, const char *line)
{
    Lines *lines = user;
    lines->n++;
    lines->level = level;
    snprintf(lines->area, sizeof(lines->area), "%s", area);
    snprintf(lines->line, sizeof(lines->line), "%s", line);
}

static void logs_go_up_to_the_level(void **state)
{
    (void)state;
    Lines lines = {0};
    MieniLog log = {keep_line, &lines, MIEN_LOG_INFO};
    mieni_log(&log, MIEN_LOG_INFO, "cpu", "threads: %d", 4);
    assert_int_equal(lines.n, 1);
    assert_int_equal(lines.level, MIEN_LOG_INFO);
    assert_string_equal(lines.area, "cpu");
    assert_string_equal(lines.line, "threads: 4");
    mieni_log(&log, MIEN_LOG_DEBUG, "cpu", "not wanted");
    assert_int_equal(lines.n, 1);
    mieni_log(&log, MIEN_LOG_ERROR, "cpu", "%0900d", 1);
    assert_int_equal(lines.n, 2);
    assert_int_equal(strlen(lines.line), 499);
    log.write = NULL;
    mieni_log(&log, MIEN_LOG_ERROR, "cpu", "nobody listens");
    assert_int_equal(lines.n, 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_status_has_name_and_text),
    cmocka_unit_test(failing_fills_the_error),
    cmocka_unit_test(long_texts_are_cut),
    cmocka_unit_test(logs_go_up_to_the_level),
};

TEST_MAIN(tests)
