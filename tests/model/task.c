/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles: zip archives of stored members, sound ones and damaged ones. */
#include "model/task.h"

#include "support/test.h"

enum { END = 22, ENTRY = 46, LOCAL = 30 };

typedef struct Zip {
    uint8_t *data;
    size_t size;
    size_t entries[20], locals[20]; /* where the headers are */
    size_t n, end;
} Zip;

static void put(Zip *zip, uint64_t value, int bytes)
{
    zip->data = realloc(zip->data, zip->size + (size_t)bytes);
    assert_non_null(zip->data);
    for (int i = 0; i < bytes; i++)
        zip->data[zip->size++] = i < 8 ? (uint8_t)(value >> (8 * i)) : 0;
}

static void put_text(Zip *zip, const char *text)
{
    for (; *text; text++)
        put(zip, (uint8_t)*text, 1);
}

typedef struct Member {
    const char *name, *content;
    const char *local_extra, *extra, *comment;
} Member;

/* `padding` zeros, members, directory, end with a comment. */
static Zip make(size_t padding, const Member *members, size_t n, const char *comment)
{
    Zip zip = {.n = n};
    for (size_t i = 0; i < padding; i++)
        put(&zip, 0, 1);
    for (size_t i = 0; i < n; i++) {
        const Member *member = &members[i];
        const char *extra = member->local_extra ? member->local_extra : "";
        zip.locals[i] = zip.size;
        put(&zip, 0x04034b50, 4);
        put(&zip, 20, 2);
        put(&zip, 0, 2 + 2 + 4 + 4); /* flags, method, time, CRC */
        put(&zip, strlen(member->content), 4);
        put(&zip, strlen(member->content), 4);
        put(&zip, strlen(member->name), 2);
        put(&zip, strlen(extra), 2);
        put_text(&zip, member->name);
        put_text(&zip, extra);
        put_text(&zip, member->content);
    }
    size_t directory = zip.size;
    for (size_t i = 0; i < n; i++) {
        const Member *member = &members[i];
        const char *extra = member->extra ? member->extra : "";
        const char *remark = member->comment ? member->comment : "";
        zip.entries[i] = zip.size;
        put(&zip, 0x02014b50, 4);
        put(&zip, 20 | 20 << 16, 4);
        put(&zip, 0, 2 + 2 + 4);
        put(&zip, 0, 4);
        put(&zip, strlen(member->content), 4);
        put(&zip, strlen(member->content), 4);
        put(&zip, strlen(member->name), 2);
        put(&zip, strlen(extra), 2);
        put(&zip, strlen(remark), 2);
        put(&zip, 0, 2 + 2);
        put(&zip, 0, 4);
        put(&zip, zip.locals[i], 4);
        put_text(&zip, member->name);
        put_text(&zip, extra);
        put_text(&zip, remark);
    }
    zip.end = zip.size;
    put(&zip, 0x06054b50, 4);
    put(&zip, 0, 4);
    put(&zip, n | n << 16, 4);
    put(&zip, zip.end - directory, 4);
    put(&zip, directory, 4);
    put(&zip, strlen(comment), 2);
    put_text(&zip, comment);
    return zip;
}

static const Member two[] = {{.name = "first.tflite", .content = "hello"},
                             {.name = "second",
                              .content = "",
                              .local_extra = "extra",
                              .extra = "another",
                              .comment = "remark"}};

static void check_two(const Zip *zip)
{
    MieniTask task;
    MienError error = {0};
    assert_true(mieni_task_probe(zip->data, zip->size));
    if (mieni_task_read(&task, zip->data, zip->size, &error) != MIEN_OK)
        fail_msg("%s", error.text);
    assert_int_equal(task.n_members, 2);
    assert_string_equal(task.members[0].name, "first.tflite");
    assert_int_equal(task.members[0].size_bytes, 5);
    assert_memory_equal(task.members[0].data, "hello", 5);
    assert_string_equal(task.members[1].name, "second");
    assert_int_equal(task.members[1].size_bytes, 0);
}

static void members_are_found(void **state)
{
    (void)state;
    /* The public bundle has two zeros in front. */
    for (size_t padding = 0; padding <= 4; padding += 2) {
        Zip zip = make(padding, two, 2, "");
        check_two(&zip);
        free(zip.data);
    }
    Zip zip = make(0, two, 0, "");
    MieniTask task;
    assert_int_equal(mieni_task_read(&task, zip.data, zip.size, NULL), MIEN_OK);
    assert_int_equal(task.n_members, 0);
    free(zip.data);
}

static void comments_are_skipped(void **state)
{
    (void)state;
    Zip zip = make(2, two, 2, "a comment");
    check_two(&zip);
    free(zip.data);
    char *longest = malloc(65536);
    assert_non_null(longest);
    memset(longest, 'c', 65535);
    longest[65535] = 0;
    zip = make(2, two, 2, longest);
    check_two(&zip);
    free(zip.data);
    free(longest);
    /* One that looks like an end record. */
    zip = make(0, two, 2, "PK\5\6 is where an archive ends");
    check_two(&zip);
    free(zip.data);
}

static void other_files_are_none(void **state)
{
    (void)state;
    static const uint8_t model[] = "\x1c\0\0\0TFL3 and so on";
    assert_false(mieni_task_probe(model, sizeof(model)));
    assert_false(mieni_task_probe(model, 0));
    assert_false(mieni_task_probe((const uint8_t *)"PK\3", 3));
    assert_true(mieni_task_probe((const uint8_t *)"PK\3\4", 4));
    assert_true(mieni_task_probe((const uint8_t *)"1234567PK\3\4", 11));
    assert_false(mieni_task_probe((const uint8_t *)"12345678PK\3\4", 12));
}

static void put_at(Zip *zip, size_t at, uint32_t value, int bytes)
{
    assert_true(at + (size_t)bytes <= zip->size);
    for (int i = 0; i < bytes; i++)
        zip->data[at + (size_t)i] = (uint8_t)(value >> (8 * i));
}

static void expect(Zip *zip, MienStatus want, const char *what)
{
    MieniTask task;
    MienError error = {0};
    MienStatus status = mieni_task_read(&task, zip->data, zip->size, &error);
    free(zip->data);
    if (status != want || error.status != want || strncmp(error.text, "zip archive: ", 13) != 0 ||
        !strstr(error.text, what))
        fail_msg("%s '%s' is not %s '… %s'", mien_status_name(status), error.text,
                 mien_status_name(want), what);
}

static void damaged_archives(void **state)
{
    (void)state;
    /* Where: in entry 1, in the member's own header, or in the end record. */
    static const struct {
        char where;
        size_t at;
        uint32_t value;
        int bytes;
        MienStatus want;
        const char *what;
    } damages[] = {
        {'e', 0, 0x02014b51, 4, MIEN_E_FORMAT, "directory is cut short"},
        {'e', 8, 1, 2, MIEN_E_UNSUPPORTED, "member 'second' is compressed or encrypted"},
        {'e', 10, 8, 2, MIEN_E_UNSUPPORTED, "member 'second' is compressed or encrypted"},
        {'e', 20, 3, 4, MIEN_E_UNSUPPORTED, "member 'second' is compressed or encrypted"},
        {'e', 28, 0xffff, 2, MIEN_E_FORMAT, "directory is cut short"},
        {'e', 30, 0xffff, 2, MIEN_E_FORMAT, "directory is cut short"},
        {'e', 32, 20, 2, MIEN_E_FORMAT, "directory is cut short"},
        {'e', 42, 0xffffffff, 4, MIEN_E_FORMAT, "member 'second': its header lies outside"},
        {'e', 42, 1, 4, MIEN_E_FORMAT, "member 'second': its header lies outside"},
        {'l', 0, 0, 4, MIEN_E_FORMAT, "member 'second': its header lies outside"},
        {'l', 26, 0xffff, 2, MIEN_E_FORMAT, "member 'second': its data lies outside"},
        {'l', 28, 0xffff, 2, MIEN_E_FORMAT, "member 'second': its data lies outside"},
        {'x', 0, 0, 4, MIEN_E_FORMAT, "end record is missing"},
        {'x', 10, 3, 2, MIEN_E_FORMAT, "directory is cut short"},
        {'x', 10, 17, 2, MIEN_E_UNSUPPORTED, "17 members are more than"},
        {'x', 16, 0xffffffff, 4, MIEN_E_FORMAT, "directory is cut short"},
        {'x', 16, 0, 4, MIEN_E_FORMAT, "directory is cut short"},
        {'x', 20, 1, 2, MIEN_E_FORMAT, "end record is missing"},
    };
    for (size_t i = 0; i < MIENI_COUNT_OF(damages); i++) {
        Zip zip = make(0, two, 2, "");
        size_t base = damages[i].where == 'e'   ? zip.entries[1]
                      : damages[i].where == 'l' ? zip.locals[1]
                                                : zip.end;
        put_at(&zip, base + damages[i].at, damages[i].value, damages[i].bytes);
        expect(&zip, damages[i].want, damages[i].what);
    }
    Zip zip = make(0, two, 2, "");
    put_at(&zip, zip.entries[1] + 20, 0x7fffffff, 4);
    put_at(&zip, zip.entries[1] + 24, 0x7fffffff, 4);
    expect(&zip, MIEN_E_FORMAT, "member 'second': its data lies outside");
    /* The directory lies behind the end record. */
    zip = make(0, two, 2, "");
    put_at(&zip, zip.end + 16, (uint32_t)zip.end + 2, 4);
    expect(&zip, MIEN_E_FORMAT, "directory is cut short");
}

static void names(void **state)
{
    (void)state;
    char name[65];
    memset(name, 'n', 64);
    name[64] = 0;
    Member member = {.name = name + 1, .content = "x"};
    Zip zip = make(0, &member, 1, "");
    MieniTask task;
    assert_int_equal(mieni_task_read(&task, zip.data, zip.size, NULL), MIEN_OK);
    assert_string_equal(task.members[0].name, name + 1);
    free(zip.data);
    /* One byte too long: a name that was cut could hide what the member is. */
    member.name = name;
    zip = make(0, &member, 1, "");
    expect(&zip, MIEN_E_UNSUPPORTED, "a member's name has 64 bytes");
    member.name = "a\nb\x1b[0m\xc3";
    zip = make(0, &member, 1, "");
    assert_int_equal(mieni_task_read(&task, zip.data, zip.size, NULL), MIEN_OK);
    assert_string_equal(task.members[0].name, "a?b?[0m?");
    free(zip.data);
}

static void too_many_members(void **state)
{
    (void)state;
    Member members[17];
    for (size_t i = 0; i < 17; i++)
        members[i] = two[i % 2];
    Zip zip = make(0, members, 16, "");
    MieniTask task;
    assert_int_equal(mieni_task_read(&task, zip.data, zip.size, NULL), MIEN_OK);
    assert_int_equal(task.n_members, 16);
    free(zip.data);
    zip = make(0, members, 17, "");
    expect(&zip, MIEN_E_UNSUPPORTED, "17 members");
}

static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    Zip zip = make(2, two, 2, "remark");
    for (size_t at = 0; at < zip.size; at++)
        for (int value = 0; value < 256; value++) {
            size_t length = value == 0 ? at : zip.size;
            uint8_t *copy = malloc(length + 1);
            assert_non_null(copy);
            memcpy(copy + 1, zip.data, length);
            if (length > at)
                copy[1 + at] = (uint8_t)value;
            MieniTask task;
            mieni_task_probe(copy + 1, length);
            MienStatus status = mieni_task_read(&task, copy + 1, length, NULL);
            assert_true(status == MIEN_OK || status == MIEN_E_FORMAT ||
                        status == MIEN_E_UNSUPPORTED);
            for (size_t i = 0; i < task.n_members; i++) {
                const MieniTaskMember *member = &task.members[i];
                assert_true(member->data >= copy + 1 &&
                            member->data + member->size_bytes <= copy + 1 + length);
            }
            free(copy);
        }
    free(zip.data);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(members_are_found),
    cmocka_unit_test(comments_are_skipped),
    cmocka_unit_test(other_files_are_none),
    cmocka_unit_test(damaged_archives),
    cmocka_unit_test(names),
    cmocka_unit_test(too_many_members),
    cmocka_unit_test(any_byte_may_be_wrong),
};

TEST_MAIN(tests)
