/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"

#include "backend/unbuilt.h"
#include "doctor/catalogue.h"

#define LINE 100
#define TITLE 80

/* What a line of `fix` may begin with if it is not for everybody. */
static const char *const prefixes[] = {"[debian] ", "[ubuntu] ", "[jetson] ", "[x86_64] "};

static bool is_id(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 2 && !id[n] && n < sizeof(((MienError *)0)->reason) && id[0] != '-';
}

/* One line of printable ASCII of at most `width` characters, without space at either end. */
static bool is_line(const char *line, size_t length, size_t width)
{
    if (length == 0 || length > width || line[0] == ' ' || line[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (line[i] < ' ' || line[i] > '~')
            return false;
    }
    return true;
}

static bool has_known_prefix(const char *line)
{
    for (size_t i = 0; i < MIENI_COUNT_OF(prefixes); i++) {
        if (strncmp(line, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return false;
}

static void check_fix(const MieniCause *cause)
{
    const char *line = cause->fix;
    for (;;) {
        size_t length = strcspn(line, "\n");
        if (!is_line(line, length, LINE))
            fail_msg("%s: a line of its fix is not well formed: '%.*s'", cause->id, (int)length,
                     line);
        if (line[0] == '[' && !has_known_prefix(line))
            fail_msg("%s: unknown prefix: '%.*s'", cause->id, (int)length, line);
        if (!line[length])
            return;
        line += length + 1;
    }
}

static void check_entries(const MieniCause *causes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const MieniCause *cause = &causes[i];
        if (!is_id(cause->id))
            fail_msg("%s: not an id, or too long for a reason code", cause->id);
        if (!is_line(cause->title, strlen(cause->title), TITLE))
            fail_msg("%s: its title is not one line of %d characters", cause->id, TITLE);
        if (!is_line(cause->why, strlen(cause->why), 1000) || strlen(cause->why) < LINE)
            fail_msg("%s: its reason is missing, too short or not one paragraph", cause->id);
        check_fix(cause);
        test_in_range(cause->stage, 1, 12);
        test_in_range(cause->severity, MIENI_SEVERITY_FATAL, MIENI_SEVERITY_INFO);
        test_in_range(cause->stacks, 1, 15);
    }
}

static void test_every_entry_is_whole(void **state)
{
    (void)state;
    size_t n;
    const MieniCause *causes = mieni_catalogue(&n);
    check_entries(causes, n);
    causes = mieni_catalogue_own(&n);
    check_entries(causes, n);
}

/* What the registry gives as a reason is a cause, and its text is the cause's title. */
static void test_reasons_are_causes(void **state)
{
    (void)state;
    MienDeviceInfo devices[32];
    size_t n, n_own;
    assert_int_equal(mien_device_list(devices, 32, sizeof(*devices), &n), MIEN_OK);
    for (size_t i = 0; i < n && i < 32; i++)
        if (!devices[i].usable)
            assert_non_null(mieni_catalogue_find(devices[i].reason));
    const MieniCause *own = mieni_catalogue_own(&n_own);
    for (size_t i = 0; i < n_own; i++) {
        assert_true(mieni_cause_is_own(&own[i]));
        assert_ptr_equal(mieni_catalogue_find(own[i].id), &own[i]);
    }
    assert_false(mieni_cause_is_own(mieni_catalogue_find("no-libcuda")));
    MienDeviceInfo unbuilt;
    mieni_unbuilt_describe(0, &unbuilt);
    const char *title = mieni_catalogue_find(unbuilt.reason)->title;
    assert_memory_equal(unbuilt.reason_text + 1, title + 1, strlen(title) - 1);
}

/* Later tables name causes by id: two of one name, or one out of order, would be told wrongly. */
static void test_ids_are_unique_and_stages_rise(void **state)
{
    (void)state;
    size_t n;
    const MieniCause *causes = mieni_catalogue(&n);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && causes[i].stage < causes[i - 1].stage)
            fail_msg("%s stands behind a later stage", causes[i].id);
        assert_ptr_equal(mieni_catalogue_find(causes[i].id), &causes[i]);
    }
    assert_int_equal(n, 109);
    assert_null(mieni_catalogue_find("no-such-cause"));
    assert_null(mieni_catalogue_find(""));
    assert_null(mieni_catalogue_find(NULL));
}

/* Stages that the order of precedence depends on, one a stage. */
static void test_stages_are_those_of_the_rules(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        int32_t stage;
    } cases[] = {
        {"no-gpu-hardware", 1},
        {"nouveau-bound", 2},
        {"no-libcuda", 3},
        {"jetson-video-group", 4},
        {"broken-after-suspend", 5},
        {"cuda-visible-devices-hides", 6},
        {"ptx-newer-than-driver", 7},
        {"out-of-memory", 8},
        {"render-node-permission", 9},
        {"egl-software-renderer", 10},
        {"opencv-without-cuda", 11},
        {"pcie-link-degraded", 12},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(cases); i++)
        assert_int_equal(mieni_catalogue_find(cases[i].id)->stage, cases[i].stage);
}

/* The facts that the catalogue was written from name the same causes, no more and no fewer. */
static void test_causes_are_those_of_the_reference(void **state)
{
    (void)state;
    const char *path = test_need_data("reference/gpu-symptoms.md");
    size_t size, n_found = 0, n;
    char *text = test_read_file(path, &size);
    for (char *at = text; (at = strstr(at, "\n#### `")); at++) {
        char id[64];
        assert_int_equal(sscanf(at, "\n#### `%63[^`]", id), 1);
        if (!mieni_catalogue_find(id))
            fail_msg("%s is missing", id);
        n_found++;
    }
    mieni_catalogue(&n);
    assert_int_equal(n_found, n);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_entry_is_whole),
        cmocka_unit_test(test_reasons_are_causes),
        cmocka_unit_test(test_ids_are_unique_and_stages_rise),
        cmocka_unit_test(test_stages_are_those_of_the_rules),
        cmocka_unit_test(test_causes_are_those_of_the_reference),
    };
    return test_exit_code(cmocka_run_group_tests(tests, NULL, NULL));
}
