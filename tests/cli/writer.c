/* SPDX-License-Identifier: Apache-2.0 */
#include "../../tools/mien/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "support/test.h"

static CliWriter writer;

static void begin(void)
{
    cli_writer_init(&writer, -1);
}

static const char *written(void)
{
    assert_true(writer.used < sizeof(writer.buffer));
    writer.buffer[writer.used] = 0;
    return writer.buffer;
}

static void json_strings(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "\"\""},
        {"a/b", "\"a/b\""},
        {"\"\\\n\t\x01\x7F", "\"\\\"\\\\\\u000a\\u0009\\u0001\\u007f\""},
        {"\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\""},
        {"a\xC2\x85 \xE2\x80\xA8 \xE2\x80\xA9z", "\"a\\u0085 \\u2028 \\u2029z\""},
        /* a lone continuation, an overlong slash, half a character, a surrogate, above U+10FFFF */
        {"\x80", "\"\xEF\xBF\xBD\""},
        {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xE0\x80\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"a\xE2\x82", "\"a\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xFF", "\"\xEF\xBF\xBD\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin();
        cli_put_json(&writer, cases[i][0]);
        assert_string_equal(written(), cases[i][1]);
    }
    begin();
    cli_put_json(&writer, NULL);
    assert_string_equal(written(), "null");
}

static void csv_fields(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain name.jpg", "plain name.jpg"},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin();
        cli_put_csv(&writer, cases[i][0]);
        assert_string_equal(written(), cases[i][1]);
    }
}

static void fixed_numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        int decimals;
        const char *text;
    } cases[] = {
        {29.97002997, 6, "29.97003"}, {30, 6, "30"},         {0.5, 1, "0.5"},
        {-1.25, 2, "-1.25"},          {0.04, 1, "0"},        {-0.04, 1, "0"},
        {1.05e-3, 5, "0.00105"},      {123456, 0, "123456"}, {0.9999996, 6, "1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin();
        cli_put_fixed(&writer, cases[i].value, cases[i].decimals);
        assert_string_equal(written(), cases[i].text);
    }
    begin();
    cli_put_fixed(&writer, NAN, 2);
    cli_put_fixed(&writer, INFINITY, 2);
    assert_string_equal(written(), "nullnull");
}

/* What does not fit into the buffer arrives whole and in order. */
static void long_texts(void **state)
{
    (void)state;
    const char *path = test_temporary("long");
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    cli_writer_init(&writer, fd);
    for (int i = 0; i < 50000; i++) {
        cli_put_int(&writer, i);
        cli_put(&writer, "\n");
    }
    assert_int_equal(cli_writer_flush(&writer), 0);
    close(fd);
    size_t size;
    char *text = test_read_file(path, &size), *at = text;
    for (long i = 0; i < 50000; i++)
        assert_int_equal(strtol(at, &at, 10), i);
    assert_string_equal(at, "\n");
    free(text);
}

static void failures_stick(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    cli_writer_init(&writer, fd);
    cli_put(&writer, "text");
    assert_int_equal(cli_writer_flush(&writer), ENOSPC);
    cli_put(&writer, "more");
    assert_int_equal(cli_writer_flush(&writer), ENOSPC);
    assert_int_equal(writer.used, 0);
    close(fd);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(json_strings),   cmocka_unit_test(csv_fields),
    cmocka_unit_test(fixed_numbers),  cmocka_unit_test(long_texts),
    cmocka_unit_test(failures_stick),
};

TEST_MAIN(tests)
