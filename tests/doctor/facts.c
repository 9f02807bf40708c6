/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/facts.h"

#include <errno.h>

#include "base/rng.h"
#include "support/test.h"

static int setup(void **state)
{
    return mieni_facts_create((MieniFacts **)state) == MIEN_OK ? 0 : -1;
}

static int teardown(void **state)
{
    mieni_facts_destroy(*state);
    return 0;
}

static void test_states(void **state)
{
    MieniFacts *facts = *state;
    assert_int_equal(mieni_facts_get(facts, "P01.machine")->state, MIENI_FACT_UNKNOWN);
    assert_string_equal(mieni_facts_get(facts, "P01.machine")->text, "");
    assert_int_equal(mieni_facts_set(facts, "P01.machine", "x86_64"), MIEN_OK);
    assert_int_equal(mieni_facts_set_absent(facts, "E01.CUDA_HOME"), MIEN_OK);
    assert_int_equal(mieni_facts_set_unreadable(facts, "D01./dev/nvidiactl.open", EACCES), MIEN_OK);
    assert_true(mieni_facts_is(facts, "P01.machine", "x86_64"));
    assert_false(mieni_facts_is(facts, "P01.machine", "x86"));
    assert_true(mieni_facts_contains(facts, "P01.machine", "86"));
    assert_true(mieni_facts_has(facts, "P01.machine"));
    assert_true(mieni_facts_absent(facts, "E01.CUDA_HOME"));
    assert_false(mieni_facts_has(facts, "E01.CUDA_HOME"));
    const MieniFact *fact = mieni_facts_get(facts, "D01./dev/nvidiactl.open");
    assert_int_equal(fact->state, MIENI_FACT_UNREADABLE);
    assert_int_equal(fact->code, EACCES);
    assert_false(mieni_facts_absent(facts, "D01./dev/nvidiactl.open"));
}

static void test_replace(void **state)
{
    MieniFacts *facts = *state;
    mieni_facts_set_unreadable(facts, "X", EPERM);
    mieni_facts_set_format(facts, "X", "%d.%s", 7, "a");
    assert_true(mieni_facts_is(facts, "X", "7.a"));
    assert_int_equal(mieni_facts_get(facts, "X")->code, 0);
    size_t at = 0;
    assert_non_null(mieni_facts_next(facts, "*", &at));
    assert_null(mieni_facts_next(facts, "*", &at));
}

static void test_numbers(void **state)
{
    MieniFacts *facts = *state;
    mieni_facts_set(facts, "a", "802");
    mieni_facts_set(facts, "b", "-9 (incompatible driver)");
    mieni_facts_set(facts, "c", "0x10de");
    mieni_facts_set(facts, "d", "none");
    mieni_facts_set(facts, "e", "99999999999999999999");
    mieni_facts_set_absent(facts, "f");
    assert_int_equal(mieni_facts_number(facts, "a", -1), 802);
    assert_int_equal(mieni_facts_number(facts, "b", 5), -9);
    assert_int_equal(mieni_facts_number(facts, "c", -1), 0x10de);
    assert_int_equal(mieni_facts_number(facts, "d", -1), -1);
    assert_int_equal(mieni_facts_number(facts, "e", -1), -1);
    assert_int_equal(mieni_facts_number(facts, "f", -1), -1);
    assert_int_equal(mieni_facts_number(facts, "missing", 3), 3);
}

static void test_patterns(void **state)
{
    MieniFacts *facts = *state;
    mieni_facts_set(facts, "H02.0000:65:00.0.driver", "nouveau");
    mieni_facts_set(facts, "H02.0000:01:00.0.driver", "nvidia");
    mieni_facts_set(facts, "H02.0000:01:00.0.driver.name", "x");
    mieni_facts_set(facts, "H01.0000:01:00.0.vendor", "0x10de");
    size_t at = 0;
    assert_string_equal(mieni_facts_next(facts, "H02.*.driver", &at)->text, "nvidia");
    assert_string_equal(mieni_facts_next(facts, "H02.*.driver", &at)->text, "nouveau");
    assert_null(mieni_facts_next(facts, "H02.*.driver", &at));
    at = 0;
    assert_string_equal(mieni_facts_next(facts, "*01:0*.vendor", &at)->text, "0x10de");
    at = 0;
    assert_null(mieni_facts_next(facts, "H02", &at));
    at = 0;
    assert_null(mieni_facts_next(facts, "", &at));
}

static void test_printable(void **state)
{
    MieniFacts *facts = *state;
    mieni_facts_set(facts, "a", "two\nlines\tand \x1b[31mred\x7f");
    assert_true(mieni_facts_is(facts, "a", "two lines and  [31mred "));
    mieni_facts_set(facts, "b", "\xff\xc3(\xe2\x82\xac \xc0\xaf \xed\xa0\x80");
    assert_true(mieni_facts_is(facts, "b",
                               "\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac \xef\xbf\xbd\xef\xbf\xbd "
                               "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
    /* A line separator and a right-to-left override would let a text pretend to be another. */
    mieni_facts_set(facts, "c",
                    "a\xe2\x80\xa8"
                    "b\xe2\x80\xae"
                    "c");
    assert_true(mieni_facts_is(facts, "c", "a b c"));
    char *big = test_read_file(MIEN_SOURCE_DIR "/LICENSE", &(size_t){0});
    mieni_facts_set(facts, "d", big);
    assert_int_equal(strlen(mieni_facts_get(facts, "d")->text), 4096);
    free(big);
}

static int append(void *user, const char *line)
{
    char *all = user;
    size_t used = strlen(all);
    snprintf(all + used, 65536 - used, "%s\n", line);
    return 0;
}

static void test_round_trip(void **state)
{
    MieniFacts *facts = *state, *again;
    mieni_facts_set(facts, "a", "back\\slash \\n \\t \\\\");
    mieni_facts_set(facts, "b", "");
    mieni_facts_set_absent(facts, "c");
    mieni_facts_set_unreadable(facts, "d\\e", EIO);
    static char first[65536], second[65536];
    first[0] = second[0] = '\0';
    assert_int_equal(mieni_facts_write(facts, append, first), MIEN_OK);
    assert_int_equal(mieni_facts_create(&again), MIEN_OK);
    for (char *line = first, *end; (end = strchr(line, '\n')); line = end + 1)
        assert_int_equal(mieni_facts_read_line(again, line, (size_t)(end - line)), MIEN_OK);
    assert_true(mieni_facts_is(again, "a", "back\\slash \\n \\t \\\\"));
    assert_true(mieni_facts_has(again, "b"));
    assert_true(mieni_facts_absent(again, "c"));
    assert_int_equal(mieni_facts_get(again, "d\\e")->code, EIO);
    mieni_facts_write(again, append, second);
    assert_string_equal(first, second);
    mieni_facts_destroy(again);
}

static void test_hostile_lines(void **state)
{
    static const char *const bad[] = {
        "",
        "\t\t\t",
        "name",
        "name\tvalue",
        "name\tvalue\t0",
        "\tvalue\t0\ttext",
        "name\tgood\t0\ttext",
        "name\tvalue\t-1\ttext",
        "name\tvalue\t\ttext",
        "name\tvalue\t99999999999\ttext",
        "name\tunknown\t0\ttext",
        "name\tVALUE\t0\ttext",
    };
    MieniFacts *facts = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(mieni_facts_read_line(facts, bad[i], strlen(bad[i])), MIEN_E_FORMAT);
    size_t at = 0;
    assert_null(mieni_facts_next(facts, "*", &at));
    static const char nul[] = "n\tvalue\t0\ta\0b\tc\\", ignored[] = "n\tabsent\t7\tignored\r\n";
    assert_int_equal(mieni_facts_read_line(facts, nul, sizeof(nul) - 1), MIEN_OK);
    assert_true(mieni_facts_is(facts, "n", "a b c\\"));
    assert_int_equal(mieni_facts_read_line(facts, ignored, sizeof(ignored) - 1), MIEN_OK);
    assert_true(mieni_facts_absent(facts, "n"));
    assert_int_equal(mieni_facts_get(facts, "n")->code, 0);
}

static void test_flood(void **state)
{
    MieniFacts *facts = *state;
    int n_taken = 0;
    for (int i = 0; i < 20000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "flood.%05d", i);
        n_taken += mieni_facts_set(facts, name, "x") == MIEN_OK;
    }
    assert_int_equal(n_taken, 16384);
    assert_int_equal(mieni_facts_set(facts, "flood.00000", "again"), MIEN_OK);
}

static void test_random_lines(void **state)
{
    static const char alphabet[] = "ab\t\t\t\\\n0value absent\xff\xc3\xa9";
    MieniFacts *facts = *state;
    uint64_t rng = 7;
    for (int round = 0; round < 20000; round++) {
        char line[64];
        size_t length = mieni_rng_next(&rng) % sizeof(line);
        for (size_t i = 0; i < length; i++)
            line[i] = alphabet[mieni_rng_next(&rng) % (sizeof(alphabet) - 1)];
        mieni_facts_read_line(facts, line, length);
    }
    size_t at = 0;
    for (const MieniFact *fact; (fact = mieni_facts_next(facts, "*", &at));)
        assert_null(strpbrk(fact->text, "\t\n"));
}

static void test_out_of_memory(void **state)
{
    MieniFacts *facts = *state;
    for (int64_t n = 0; n < 3; n++) {
        mieni_alloc_fail_at(n, false);
        MienStatus status = mieni_facts_set(facts, "name", "text");
        mieni_alloc_fail_at(-1, false);
        assert_int_equal(status, MIEN_E_NOMEM);
        assert_false(mieni_facts_has(facts, "name"));
    }
    assert_int_equal(mieni_facts_set(facts, "name", "text"), MIEN_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_states),        TEST(test_replace),   TEST(test_numbers),
        TEST(test_patterns),      TEST(test_printable), TEST(test_round_trip),
        TEST(test_hostile_lines), TEST(test_flood),     TEST(test_random_lines),
        TEST(test_out_of_memory),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
